// SPDX-License-Identifier: Apache-2.0

import Foundation
public import Primitives
import RecordBatch
import Testing

/// A batch that another client wrote (Tests/Vectors/batches).
struct Vector: CustomTestStringConvertible {
    let name: String
    var testDescription: String { name }
    var producer: Substring { name.prefix { $0 != "-" } }
    var story: Substring { name.split(separator: "-").dropLast().last ?? "" }
    var codecName: Substring { name.split(separator: "-").last ?? "" }

    var codec: Codec {
        switch codecName {
        case "gzip": .gzip
        case "snappy": .snappy
        case "lz4": .lz4
        case "zstd": .zstd
        default: .none
        }
    }

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Vectors/batches")

    /// All of them, in the order of their names.
    static let all: [Vector] = {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return files.filter { $0.hasSuffix(".hex") }.sorted().map { Vector(name: String($0.dropLast(4))) }
    }()

    static let ofRecords = all.filter { ["simple", "hundred", "single"].contains($0.story) }

    /// One client's batches in every codec and everybody's shortest: all bits of all would take minutes in a debug build.
    static let flipped = all.filter { $0.story == "single" || ($0.producer == "java" && $0.story != "hundred") }

    func bytes() throws -> SharedBytes {
        let text = try String(contentsOf: Self.folder.appending(path: name + ".hex"), encoding: .utf8)
        let digits = text.utf8.compactMap { Character(UnicodeScalar($0)).hexDigitValue }
        return SharedBytes(stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) })
    }

    /// What the producer was given; offsets count from 0.
    var expected: [Record] {
        switch story {
        case "simple": Self.simple
        case "hundred": Self.hundred
        default: [Record(timestamp: Self.start, value: "one")]
        }
    }

    static let start = Timestamp(1_700_000_000_000)

    private static let simple = [
        Record(offset: Offset(0), timestamp: start, key: "key", value: "value"),
        Record(offset: Offset(1), timestamp: start.advanced(byMilliseconds: 5), value: "no key"),
        Record(offset: Offset(2), timestamp: start.advanced(byMilliseconds: 3), key: "tombstone", value: nil),
        Record(
            offset: Offset(3), timestamp: start.advanced(byMilliseconds: 1000), key: "", value: "",
            headers: [
                RecordHeader(key: "", value: ""), RecordHeader(key: "trace-id", value: [0x00, 0x01, 0xfe, 0xff]),
                RecordHeader(key: "null", value: nil),
            ]),
        Record(
            offset: Offset(4), timestamp: start.advanced(byMilliseconds: 1000), key: "schlüssel",
            value: SharedBytes(Array(0...255)),
            headers: [RecordHeader(key: "hä", value: SharedBytes(Array(repeating: 0x78, count: 100)))]),
    ]

    private static let hundred: [Record] = (0..<100).map { (index: Int) -> Record in
        let text = "{\"sensor\":\(index),\"temperature\":21.\(index % 10),\"unit\":\"celsius\"}"
        let header = RecordHeader(key: "seq", value: SharedBytes("\(index)"))
        return Record(
            offset: Offset(Int64(index)), timestamp: start.advanced(byMilliseconds: Int64(7 * index)),
            key: SharedBytes("key-\(index % 10)"), value: SharedBytes(text),
            headers: index % 3 == 0 ? [header] : [])
    }
}

extension SharedBytes: ExpressibleByStringLiteral {
    public init(stringLiteral text: String) { self.init(text) }
}

extension Array where Element == SharedBytes {
    /// The pieces one after the other, as a vectored write would store them.
    var joined: SharedBytes { SharedBytes(flatMap(\.array)) }
}

extension SharedBytes {
    /// A copy with `change` done to it.
    func changed(_ change: (inout [UInt8]) -> Void) -> SharedBytes {
        var bytes = array
        change(&bytes)
        return SharedBytes(bytes)
    }

    /// A copy whose batch checksum fits its bytes: to reach the checks behind it.
    func resealed() -> SharedBytes {
        changed { bytes in
            let checksum = CRC32C.checksum(of: Array(bytes[BatchHeader.checksumStart...]))
            for index in 0..<4 { bytes[17 + index] = UInt8(truncatingIfNeeded: checksum >> UInt32(24 - 8 * index)) }
        }
    }
}
