// SPDX-License-Identifier: Apache-2.0

/// A column of a table.
package struct Column: Sendable {
    package enum Alignment: Sendable { case left, right }

    package let title: String
    package let alignment: Alignment
    /// Text may be cut with `…`; a number never, because a cut number is a wrong one.
    package let isCuttable: Bool

    package static func text(_ title: String) -> Column { Column(title: title, alignment: .left, isCuttable: true) }
    package static func number(_ title: String) -> Column {
        Column(title: title, alignment: .right, isCuttable: false)
    }
}

/// What stands in one place of a table.
package struct Cell: Sendable, ExpressibleByStringInterpolation {
    package let text: String
    package let style: TextStyle

    package init(_ text: String, _ style: TextStyle = .plain) {
        self.text = text.printable
        self.style = style
    }

    package init(stringLiteral text: String) { self.init(text) }
}

/// Rows under titles, aligned, in as many columns as the terminal has.
package struct Table: Sendable {
    private static let gap = "  "
    /// What a cut text keeps at least, `…` included.
    private static let cutWidthMin = 6

    package let columns: [Column]
    package private(set) var rows: [[Cell]] = []

    package init(_ columns: [Column]) { self.columns = columns }

    package mutating func add(_ row: [Cell]) {
        precondition(row.count == columns.count, "\(row.count) cells in \(columns.count) columns")
        rows.append(row)
    }

    /// The lines of the table, without trailing spaces.
    ///
    /// Too little room shrinks the widest text columns first. Where that does not suffice, each row becomes a block of
    /// lines, one for each column.
    package func lines(on terminal: Terminal) -> [String] {
        guard let widths = widths(within: terminal.width) else { return blocks(on: terminal) }
        let titles = columns.map { Cell($0.title, .bold) }
        return ([titles] + rows).map { line($0, widths, terminal) }
    }

    private func line(_ row: [Cell], _ widths: [Int], _ terminal: Terminal) -> String {
        let last = row.lastIndex { !$0.text.isEmpty } ?? 0
        return row.indices.prefix(last + 1).map { index in
            let cell = row[index]
            let text = TextWidth.cut(cell.text, to: widths[index])
            let styled = cell.style.applied(to: text, on: terminal)
            // Spaces are counted on the text, not on its escape sequences.
            let spaces = String(repeating: " ", count: widths[index] - TextWidth.columns(of: text))
            if columns[index].alignment == .right { return spaces + styled }
            return index == last ? styled : styled + spaces
        }.joined(separator: Self.gap)
    }

    /// A width for each column; nil when the table cannot be made to fit.
    private func widths(within available: Int?) -> [Int]? {
        var widths = columns.indices.map { index in
            rows.reduce(TextWidth.columns(of: columns[index].title)) {
                max($0, TextWidth.columns(of: $1[index].text))
            }
        }
        guard let available else { return widths }
        var excess = widths.reduce(0, +) + Self.gap.count * (widths.count - 1) - available
        while excess > 0 {
            let cuttable = widths.indices.filter { columns[$0].isCuttable && widths[$0] > Self.cutWidthMin }
            guard let widest = cuttable.max(by: { widths[$0] < widths[$1] }) else { return nil }
            widths[widest] -= 1
            excess -= 1
        }
        return widths
    }

    private func blocks(on terminal: Terminal) -> [String] {
        let titleWidth = columns.reduce(0) { max($0, TextWidth.columns(of: $1.title)) }
        let room = max((terminal.width ?? .max) - titleWidth - Self.gap.count, 1)
        return rows.enumerated().flatMap { number, row in
            let lines = zip(columns, row).map { column, cell in
                let title = TextWidth.pad(column.title, to: titleWidth, on: .left)
                let text = TextWidth.cut(cell.text, to: room)
                return TextStyle.bold.applied(to: title, on: terminal) + Self.gap
                    + cell.style.applied(to: text, on: terminal)
            }
            return number == 0 ? lines : [""] + lines
        }
    }
}

/// Names and values under each other: what there is one of.
package struct Facts: Sendable {
    package private(set) var rows: [(name: String, value: Cell)] = []

    package init() {}

    package mutating func add(_ name: String, _ value: Cell) { rows.append((name, value)) }

    package func lines(on terminal: Terminal) -> [String] {
        let width = rows.reduce(0) { max($0, TextWidth.columns(of: $1.name)) }
        return rows.map { row in
            let name = TextWidth.pad(row.name, to: width, on: .left)
            return TextStyle.bold.applied(to: name, on: terminal) + "  "
                + row.value.style.applied(to: row.value.text, on: terminal)
        }
    }
}
