// SPDX-License-Identifier: Apache-2.0

import Foundation
package import Primitives
package import RecordBatch

/// A record and where it was found.
package struct FoundRecord: Sendable {
    package let topic: String
    package let partition: PartitionIndex
    package let record: Record

    package init(topic: String, partition: PartitionIndex, record: Record) {
        self.topic = topic
        self.partition = partition
        self.record = record
    }
}

/// How records are printed: text with `%` before a letter, as kcat has it.
package struct RecordFormat: Sendable {
    package static let help = """
        %v value, %k key, %o offset, %p partition, %t topic, %h headers, %T timestamp in milliseconds, %d timestamp in ISO \
        8601, %S and %K length of value and key (-1 for null), %% a percent sign; \\n, \\t, \\\\ and \\xHH as in C.
        """
    package static let values = RecordFormat(pieces: [.value, .text([0x0a])])

    private enum Piece: Sendable {
        case text([UInt8])
        case value, key, offset, partition, topic, headers, timestamp, date, valueSize, keySize
    }

    private let pieces: [Piece]

    private init(pieces: [Piece]) { self.pieces = pieces }

    /// - Throws: `Failure.usage` for an unknown letter or an incomplete escape.
    package init(_ template: String) throws {
        var pieces: [Piece] = []
        var rest = Array(template.utf8)[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "%"): pieces.append(try Self.piece(rest.popFirst()))
            case UInt8(ascii: "\\"): pieces.append(.text([try Self.escape(&rest)]))
            default: pieces.append(.text([byte]))
            }
        }
        self.init(pieces: pieces)
    }

    private static func piece(_ letter: UInt8?) throws -> Piece {
        switch letter.map({ Character(Unicode.Scalar($0)) }) {
        case "v", "s": return .value
        case "k": return .key
        case "o": return .offset
        case "p": return .partition
        case "t": return .topic
        case "h": return .headers
        case "T": return .timestamp
        case "d": return .date
        case "S": return .valueSize
        case "K": return .keySize
        case "%": return .text([UInt8(ascii: "%")])
        case let letter:
            throw Failure.usage("the format has no %\(letter.map { String($0) } ?? "")", advice: ["There is: \(help)"])
        }
    }

    private static func escape(_ rest: inout ArraySlice<UInt8>) throws -> UInt8 {
        switch rest.popFirst().map({ Character(Unicode.Scalar($0)) }) {
        case "n": return 0x0a
        case "r": return 0x0d
        case "t": return 0x09
        case "0": return 0
        case "\\": return UInt8(ascii: "\\")
        case "x":
            let digits = String(decoding: rest.prefix(2), as: UTF8.self)
            if digits.utf8.count == 2, let byte = UInt8(digits, radix: 16) {
                rest = rest.dropFirst(2)
                return byte
            }
        default: break
        }
        throw Failure.usage("a backslash of the format is followed by nothing it knows", advice: ["There is: \(help)"])
    }

    /// - Parameter isSafe: Writes control characters and bytes that are no UTF-8 as `\x1b`, line feed and tab excepted, so
    ///   that no record can steer the terminal it is shown on. Otherwise keys and values come out as they are.
    package func bytes(of found: FoundRecord, isSafe: Bool) -> [UInt8] {
        let record = found.record
        var result: [UInt8] = []
        for piece in pieces {
            switch piece {
            case .text(let bytes): result += bytes
            case .value: result += Self.content(record.value, isSafe)
            case .key: result += Self.content(record.key, isSafe)
            case .offset: result += "\(record.offset)".utf8
            case .partition: result += "\(found.partition)".utf8
            case .topic: result += found.topic.utf8
            case .headers: result += Self.headers(record.headers, isSafe)
            case .timestamp: result += "\(record.timestamp)".utf8
            case .date: result += TimeText.format(record.timestamp).utf8
            case .valueSize: result += "\(record.value?.count ?? -1)".utf8
            case .keySize: result += "\(record.key?.count ?? -1)".utf8
            }
        }
        return result
    }

    /// `name=value,name=value`; a null value is `NULL`, as kcat has it.
    private static func headers(_ headers: [RecordHeader], _ isSafe: Bool) -> [UInt8] {
        Array(
            headers.map { header in
                content(header.key, isSafe) + [UInt8(ascii: "=")]
                    + (header.value.map { content($0, isSafe) } ?? Array("NULL".utf8))
            }.joined(separator: [UInt8(ascii: ",")]))
    }

    private static func content(_ bytes: SharedBytes?, _ isSafe: Bool) -> [UInt8] {
        guard let bytes else { return [] }
        return isSafe ? Array(SafeText.text(of: bytes.array).utf8) : bytes.array
    }
}

/// Bytes of records as text that does nothing but show them.
package enum SafeText {
    package static func text(of bytes: [UInt8]) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else { return escaped(bytes) }
        return text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.split(separator: "\t", omittingEmptySubsequences: false).map { String($0).printable }
                .joined(separator: "\t")
        }.joined(separator: "\n")
    }

    /// What is no UTF-8: printable ASCII as it is, the rest as `\xHH`.
    private static func escaped(_ bytes: [UInt8]) -> String {
        bytes.reduce(into: "") { text, byte in
            if (0x20..<0x7f).contains(byte) {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                text += "\\x" + hexadecimal(UInt64(byte), digits: 2)
            }
        }
    }
}

extension FoundRecord {
    /// Text where the bytes are UTF-8, else base64; the encoding says which.
    package var document: Document {
        let (key, value) = (Self.content(record.key), Self.content(record.value))
        return [
            "topic": .text(topic), "partition": .integer(partition.rawValue),
            "offset": .integer(record.offset.rawValue), "timestamp": .integer(record.timestamp.rawValue),
            "key": key.text, "keyEncoding": key.encoding, "value": value.text, "valueEncoding": value.encoding,
            "headers": .list(
                record.headers.map { header in
                    let (name, value) = (Self.content(header.key), Self.content(header.value))
                    return [
                        "name": name.text, "nameEncoding": name.encoding, "value": value.text,
                        "valueEncoding": value.encoding,
                    ]
                }),
        ]
    }

    private static func content(_ bytes: SharedBytes?) -> (text: Document, encoding: Document) {
        guard let bytes = bytes?.array else { return (.null, .null) }
        if let text = String(validating: bytes, as: UTF8.self) { return (.text(text), "utf8") }
        return (.text(Data(bytes).base64EncodedString()), "base64")
    }
}
