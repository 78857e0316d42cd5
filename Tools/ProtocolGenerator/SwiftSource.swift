// SPDX-License-Identifier: Apache-2.0

/// Swift text that grows line by line, laid out as `swift format` would.
struct SwiftSource {
    private(set) var text: String
    private var depth = 0

    private static let lineLengthMax = 120

    init(madeFrom origin: String) {
        text = """
            // SPDX-License-Identifier: Apache-2.0
            // Made by protocol-generator from \(origin): change that, not this.

            """
    }

    private func fits(_ line: String) -> Bool { depth * 4 + line.count <= Self.lineLengthMax }

    mutating func blank() { text += "\n" }

    /// One line. When it is too long and a call, its arguments move to the next lines, broken at commas.
    mutating func line(_ content: String) {
        guard !fits(content), let open = content.firstIndex(of: "("), content.hasSuffix(")") else {
            precondition(fits(content), "a line of \(content.count) characters: \(content)")
            return append(content)
        }
        append(String(content[...open]))
        depth += 1
        var row = ""
        for argument in content[content.index(after: open)...].replacing(", ", with: ",\n").split(separator: "\n") {
            let longer = row.isEmpty ? String(argument) : "\(row) \(argument)"
            if !row.isEmpty, !fits(longer) { append(row) }
            row = row.isEmpty || fits(longer) ? longer : String(argument)
        }
        append(row)
        depth -= 1
    }

    private mutating func append(_ content: String) {
        text += String(repeating: " ", count: depth * 4) + content + "\n"
    }

    /// `head {`, what `body` adds one step further in, `}`.
    mutating func block(_ head: String, _ body: (inout SwiftSource) throws -> Void) rethrows {
        append(head + " {")
        depth += 1
        try body(&self)
        depth -= 1
        append("}")
    }

    /// `statement` under `condition`, if there is one; on one line where it fits.
    mutating func statement(_ statement: String, when condition: String?) {
        guard let condition else { return line(statement) }
        let short = "if \(condition) { \(statement) }"
        guard !fits(short) else { return append(short) }
        block("if \(condition)") { $0.line(statement) }
    }

    /// A `case` of a `switch`, on one line where it fits.
    mutating func branch(_ label: String, _ statement: String) {
        let short = "\(label): \(statement)"
        guard !fits(short) else { return append(short) }
        append("\(label):")
        depth += 1
        line(statement)
        depth -= 1
    }
}
