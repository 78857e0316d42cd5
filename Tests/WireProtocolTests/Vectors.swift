// SPDX-License-Identifier: Apache-2.0

import Foundation
import Primitives

/// Files in `Tests/Vectors/rpc`.
enum Vectors {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Vectors/rpc")

    /// The bytes of `<name>.hex`.
    static func bytes(_ name: String) throws -> SharedBytes {
        let text = try String(contentsOf: folder.appendingPathComponent("\(name).hex"), encoding: .utf8)
        return SharedBytes(
            try text.split(whereSeparator: \.isWhitespace).map { pair in
                guard let byte = UInt8(pair, radix: 16) else { throw VectorError.notHexadecimal(name, String(pair)) }
                return byte
            })
    }

    static func text(_ file: String) throws -> String {
        try String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8)
    }
}

enum VectorError: Error {
    case notHexadecimal(String, String)
}
