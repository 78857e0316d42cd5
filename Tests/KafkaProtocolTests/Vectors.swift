// SPDX-License-Identifier: Apache-2.0

import Foundation
import KafkaProtocol
import Primitives

/// A captured message: `<Name>-v<version>-<case>.hex`, its origin in the `.txt` beside it.
struct Vector: CustomStringConvertible, Sendable {
    enum Kind: Equatable {
        case request, response, data
    }

    var name: String
    var bytes: SharedBytes
    var description: String { name }

    private var parts: [Substring] { name.split(separator: "-") }
    var version: Int16 { Int16(parts[1].dropFirst()) ?? -1 }

    var kind: Kind {
        switch parts[2] {
        case "request": .request
        case "response": .response
        default: .data
        }
    }

    /// Name of the Swift type.
    var messageName: String {
        switch kind {
        case .request: "\(parts[0])Request"
        case .response: "\(parts[0])Response"
        case .data: String(parts[0])
        }
    }

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Vectors/kafka")

    static func all() throws -> [Vector] {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        return try names.filter { $0.hasSuffix(".hex") }.map { name in
            let text = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
            return Vector(name: String(name.dropLast(4)), bytes: SharedBytes(bytes(ofHex: text)))
        }
    }

    private static func bytes(ofHex text: String) -> [UInt8] {
        let digits = text.compactMap(\.hexDigitValue)
        precondition(digits.count % 2 == 0, "\(digits.count) hex digits")
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}
