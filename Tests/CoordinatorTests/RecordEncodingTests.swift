// SPDX-License-Identifier: Apache-2.0

import Coordinator
import Foundation
import Primitives
import Testing

@Suite("metadata records as bytes")
struct RecordEncodingTests {
    @Test("a record comes back from its bytes as it went in", arguments: sampleRecords.map(\.record))
    func roundTrip(record: MetadataRecord) throws {
        #expect(try MetadataRecord(decoding: SharedBytes(encoded(record))) == record)
    }

    @Test("a record has the bytes of its golden vector, and the vector decodes to it", arguments: sampleRecords)
    func goldenVectors(name: String, record: MetadataRecord) throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../Vectors/metadata/\(name).hex")
        let bytes = encoded(record)
        if ProcessInfo.processInfo.environment["RECORD"] == "1" {
            let hex = bytes.map { String(format: "%02x", $0) }.joined()
            try Data((hex + "\n").utf8).write(to: file)
        }
        let vector = try String(contentsOf: file, encoding: .utf8).filter(\.isHexDigit)
        let digits = Array(vector)
        let golden = stride(from: 0, to: digits.count, by: 2).map { UInt8(String(digits[$0...$0 + 1]), radix: 16)! }
        #expect(bytes == golden)
        #expect(try MetadataRecord(decoding: SharedBytes(golden)) == record)
    }

    @Test("no shorter prefix of a record decodes to the record", arguments: sampleRecords.map(\.record))
    func prefixes(record: MetadataRecord) {
        let bytes = encoded(record)
        for length in 0..<bytes.count {
            // A prefix may end between two fields and be another lawful record, never the same one.
            let decoded = try? MetadataRecord(decoding: SharedBytes(Array(bytes[..<length])))
            #expect(decoded != record, "\(length) of \(bytes.count) bytes")
        }
    }

    @Test("a field of a later version is skipped", arguments: sampleRecords.map(\.record))
    func unknownFields(record: MetadataRecord) throws {
        let later = encoded(record) + [100, 3, 0xde, 0xad, 0xbe]
        #expect(try MetadataRecord(decoding: SharedBytes(later)) == record)
    }

    @Test("a type or version that is not known is refused at its byte")
    func unknownTypes() {
        #expect(throws: DecodeError(.invalidValue(99), at: 0)) { try MetadataRecord(decoding: [99, 0]) }
        #expect(throws: DecodeError(.invalidValue(1), at: 1)) { try MetadataRecord(decoding: [4, 1]) }
        #expect(throws: DecodeError.self) { try MetadataRecord(decoding: []) }
    }

    @Test("fields out of order, or twice, are refused")
    func fieldOrder() {
        #expect(throws: DecodeError(.invalidValue(1), at: 4)) { try MetadataRecord(decoding: [8, 0, 2, 0, 1, 0]) }
        #expect(throws: DecodeError(.invalidValue(1), at: 5)) {
            try MetadataRecord(decoding: [8, 0, 1, 1, 0x61, 1, 1, 0x61])
        }
        #expect(throws: DecodeError(.invalidValue(0), at: 2)) { try MetadataRecord(decoding: [8, 0, 0, 0]) }
    }

    @Test("a record without a field it needs is refused at its end")
    func missingFields() {
        #expect(throws: DecodeError(.unexpectedNull, at: 2)) { try MetadataRecord(decoding: [1, 0]) }
        #expect(throws: DecodeError(.unexpectedNull, at: 5)) { try MetadataRecord(decoding: [1, 0, 1, 1, 0x61]) }
    }

    @Test("garbled bytes are refused or read, and never trap", arguments: 0..<200)
    func garbled(seed: UInt64) {
        var entropy = Entropy(seed: seed)
        for sample in sampleRecords {
            var bytes = encoded(sample.record)
            for _ in 0...entropy.index(below: 4) {
                bytes[entropy.index(below: bytes.count)] = UInt8(truncatingIfNeeded: entropy.next())
            }
            if let decoded = try? MetadataRecord(decoding: SharedBytes(bytes)) {
                // What reads must be writable, and mean the same again.
                #expect((try? MetadataRecord(decoding: SharedBytes(encoded(decoded)))) == decoded)
            }
        }
    }
}
