// SPDX-License-Identifier: Apache-2.0

/// How many columns text takes on a terminal, and text cut to columns.
package enum TextWidth {
    /// Ranges of Unicode's East Asian Width W and F and of emoji: two columns each.
    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115f, 0x2e80...0x303e, 0x3041...0xa4cf, 0xac00...0xd7a3, 0xf900...0xfaff, 0xfe30...0xfe6f,
        0xff00...0xff60, 0xffe0...0xffe6, 0x1f300...0x1f64f, 0x1f680...0x1f6ff, 0x1f900...0x1f9ff, 0x20000...0x3fffd,
    ]

    package static func columns(of text: String) -> Int {
        text.utf8.allSatisfy { $0 < 0x80 } ? text.utf8.count : text.reduce(0) { $0 + columns(of: $1) }
    }

    private static func columns(of character: Character) -> Int {
        guard let scalar = character.unicodeScalars.first else { return 0 }
        return wide.contains { $0.contains(scalar.value) } ? 2 : 1
    }

    /// `text`, or its beginning and `…` where it does not fit into `width` columns.
    package static func cut(_ text: String, to width: Int) -> String {
        guard columns(of: text) > width else { return text }
        guard width > 1 else { return String("…".prefix(max(width, 0))) }
        var result = ""
        var used = 0
        for character in text {
            let next = columns(of: character)
            guard used + next <= width - 1 else { break }
            result.append(character)
            used += next
        }
        return result + "…"
    }

    /// `text` with spaces up to `width` columns.
    package static func pad(_ text: String, to width: Int, on alignment: Column.Alignment) -> String {
        let spaces = String(repeating: " ", count: max(width - columns(of: text), 0))
        return alignment == .left ? text + spaces : spaces + text
    }
}

extension String {
    /// The same with control characters written as `\n`, `\t` or `\x1b`: nothing that comes from elsewhere may steer a
    /// terminal.
    package var printable: String {
        guard unicodeScalars.contains(where: \.isControl) else { return self }
        return unicodeScalars.reduce(into: "") { result, scalar in
            switch scalar {
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where scalar.isControl: result += "\\x" + hexadecimal(UInt64(scalar.value), digits: 2)
            default: result.unicodeScalars.append(scalar)
            }
        }
    }
}

extension Unicode.Scalar {
    /// C0, DEL, C1, and the marks that turn the direction of writing round.
    fileprivate var isControl: Bool {
        switch value {
        case 0..<0x20, 0x7f...0x9f, 0x202a...0x202e, 0x2066...0x2069: true
        default: false
        }
    }
}

/// `value` in lower-case hexadecimal digits, with zeros in front up to `digits`.
func hexadecimal(_ value: UInt64, digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: max(digits - text.utf8.count, 0)) + text
}
