// SPDX-License-Identifier: Apache-2.0

import Foundation
import Primitives
import Testing
import WireProtocol

@Suite("Messages")
struct MessageTests {
    @Test("a message of zeros takes no bytes")
    func zeros() throws {
        #expect(MessageEncoder.bytes(of: Admin.TopicDescription()).isEmpty)
        #expect(MessageEncoder.bytes(of: Hello()).isEmpty)
        let read: Admin.TopicDescription = try MessageDecoder.message(from: .empty)
        #expect(read == Admin.TopicDescription())
    }

    @Test("the vectors decode to what they say and encode back to the same bytes", arguments: MessageVector.all)
    func vectors(vector: MessageVector) throws {
        let bytes = try Vectors.bytes(vector.name)
        try vector.check(bytes)
    }

    @Test(
        "a vector cut anywhere is refused or is a shorter message, never something else", arguments: MessageVector.all)
    func prefixes(vector: MessageVector) throws {
        let bytes = try Vectors.bytes(vector.name)
        for count in 0..<bytes.count {
            try vector.checkPrefix(bytes.slice(from: 0, count: count))
        }
    }

    @Test("what N says, N-1 reads without the fields it does not know")
    func newerToOlder() throws {
        let newer = NewerSample.with {
            $0.name = "orders"
            $0.size = 2.5
            $0.color = .violet
            $0.tags = ["a", "b"]
            $0.count = 7
        }
        let older: OlderSample = try MessageDecoder.message(from: MessageEncoder.bytes(of: newer))
        #expect(older == .with { ($0.name, $0.count, $0.color) = ("orders", 7, .unspecified) })
    }

    @Test("what N-1 says, N reads with zeros for the fields that are new")
    func olderToNewer() throws {
        let older = OlderSample.with { ($0.name, $0.count, $0.color) = ("orders", -7, .red) }
        let newer: NewerSample = try MessageDecoder.message(from: MessageEncoder.bytes(of: older))
        #expect(newer == .with { ($0.name, $0.count, $0.color) = ("orders", -7, .red) })
    }

    @Test("an optional tells not said from zero")
    func optionals() throws {
        for lag in [Int64?.none, 0, 1, .min, .max] {
            let message = Admin.PartitionLag.with { $0.recordLag = lag }
            #expect(
                try MessageDecoder.message(Admin.PartitionLag.self, from: MessageEncoder.bytes(of: message)) == message)
        }
    }

    @Test(
        "damaged messages are refused with the reason",
        arguments: [
            ("0a ff", DecodeError.Reason.truncated(needed: 1, available: 0)),
            ("0a 05 61", .truncated(needed: 5, available: 1)),
            ("0a 01 ff", .invalidUTF8),
            ("10 02 0a 01 61", .invalidValue(0x0a)),
            ("0a 01 61 0a 01 61", .invalidValue(0x0a)),
            ("08 01", .invalidValue(0)),
            ("0b", .invalidValue(0x0b)),
            ("00", .invalidValue(0)),
            ("10 ff ff ff ff 7f", .varintTooLong),
            ("ff ff ff ff ff 01", .varintTooLong),
            ("2a ff ff ff ff ff ff ff ff ff 01", .truncated(needed: .max, available: 0)),
        ])
    func damage(hex: String, reason: DecodeError.Reason) throws {
        let bytes = SharedBytes(hex.split(separator: " ").map { UInt8($0, radix: 16) ?? 0 })
        let error = #expect(throws: DecodeError.self) {
            try MessageDecoder.message(OlderSample.self, from: bytes)
        }
        #expect(error?.reason == reason)
    }

    @Test("a bool is 0 or 1 and nothing else")
    func bools() {
        #expect(throws: DecodeError.self) {
            try MessageDecoder.message(Admin.TopicListRequest.self, from: SharedBytes([0x10, 2]))
        }
    }

    @Test("messages nest 16 deep and no deeper")
    func nesting() throws {
        var matryoshka = Matryoshka()
        for _ in 1..<MessageDecoder.depthMax { matryoshka = .with { $0.inner = [matryoshka] } }
        let fits = MessageEncoder.bytes(of: matryoshka)
        #expect(try MessageDecoder.message(Matryoshka.self, from: fits) == matryoshka)
        let tooDeep = MessageEncoder.bytes(of: Matryoshka.with { $0.inner = [matryoshka] })
        let error = #expect(throws: DecodeError.self) { try MessageDecoder.message(Matryoshka.self, from: tooDeep) }
        #expect(error?.reason == .nestingTooDeep(17))
    }

    @Test("a list of empty messages cannot take hundreds of times its bytes in memory")
    func listAmplification() throws {
        let stride = MemoryLayout<Admin.PartitionInfo>.stride
        #expect(stride > MessageDecoder.listMemoryFactorMax)
        let rows = SharedBytes([UInt8](repeating: 0, count: 100_000))
        var writer = ByteWriter()
        writer.writeUInt8(0x0a)
        writer.writeUnsignedVarint32(UInt32(rows.count))
        writer.writeBytes(rows)
        let error = #expect(throws: DecodeError.self) {
            try MessageDecoder.message(Admin.PartitionListResponse.self, from: writer.shared)
        }
        let limit = rows.count * MessageDecoder.listMemoryFactorMax / stride
        #expect(error?.reason == .countTooLarge(limit + 1, limit: limit))
    }

    @Test("attached bytes are shared with what was received, not copied")
    func sharing() throws {
        let frame = MessageEncoder.bytes(of: BytesSample.with { $0.bytes = SharedBytes("payload") })
        let read: BytesSample = try MessageDecoder.message(from: frame)
        let inside = frame.withUnsafeBytes { whole in
            read.bytes.withUnsafeBytes { part in
                guard let start = whole.baseAddress, let end = part.baseAddress else { return false }
                return start <= end && end < start + whole.count
            }
        }
        #expect(inside)
        #expect(read.bytes == SharedBytes("payload"))
    }

    @Test("the catalogue only grows")
    func catalogue() throws {
        // RECORD=1 writes the file anew: a line there may be added, never changed.
        if ProcessInfo.processInfo.environment["RECORD"] != nil {
            try Catalogue.admin.text.write(
                to: Vectors.folder.appendingPathComponent("catalogue.txt"), atomically: true, encoding: .utf8)
        }
        let pinned = try Vectors.text("catalogue.txt")
        #expect(Catalogue.admin.text == pinned)
    }

    @Test("method ids and names are unique and mutating requests can be rehearsed")
    func methods() {
        #expect(Set(Admin.methods.map(\.id)).count == Admin.methods.count)
        #expect(Set(Admin.methods.map(\.name)).count == Admin.methods.count)
        #expect(Admin.methods.map(\.id) == Admin.methods.map(\.id).sorted())
        let catalogue = Catalogue.admin.text
        for method in Admin.methods where method.isMutating {
            let request = "message \(method.name)Request\n"
            let body = catalogue.components(after: request)
            #expect(body.contains("validateOnly bool"), "\(method.name)")
        }
    }
}

extension String {
    /// The indented lines that follow `header`.
    fileprivate func components(after header: String) -> String {
        guard let range = firstRange(of: header) else { return "" }
        let lines = self[range.upperBound...].split(separator: "\n", omittingEmptySubsequences: false)
        return lines.prefix { $0.hasPrefix("  ") }.joined(separator: "\n")
    }
}
