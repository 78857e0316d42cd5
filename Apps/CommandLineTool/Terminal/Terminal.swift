// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What is known about the place the tool prints to and is asked from.
package struct Terminal: Sendable {
    /// Somebody can be asked.
    package var isInteractive: Bool
    /// Standard output is a terminal: tables are cut to its width.
    package var isOutputTerminal: Bool
    /// Standard error is a terminal: progress is a bar, not lines.
    package var isErrorTerminal: Bool
    /// Columns; nil where nobody looks at columns: a file, a pipe.
    package var width: Int?
    package var usesColour: Bool

    package init(
        isInteractive: Bool = false, isOutputTerminal: Bool = false, isErrorTerminal: Bool = false, width: Int? = nil,
        usesColour: Bool = false
    ) {
        self.isInteractive = isInteractive
        self.isOutputTerminal = isOutputTerminal
        self.isErrorTerminal = isErrorTerminal
        self.width = width
        self.usesColour = usesColour
    }

    /// The terminal of this process, if it has one.
    ///
    /// Colours need a terminal that is not `dumb`, and nobody who set `NO_COLOR` to anything (no-color.org).
    static func ofProcess(environment: [String: String]) -> Terminal {
        let isOutputTerminal = isatty(STDOUT_FILENO) == 1
        let saysNo = environment["NO_COLOR"]?.isEmpty == false || environment["TERM"] == "dumb"
        return Terminal(
            isInteractive: isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1,
            isOutputTerminal: isOutputTerminal, isErrorTerminal: isatty(STDERR_FILENO) == 1,
            width: isOutputTerminal ? columnCount(environment) : nil, usesColour: isOutputTerminal && !saysNo)
    }

    private static func columnCount(_ environment: [String: String]) -> Int {
        var size = winsize()
        if ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 { return Int(size.ws_col) }
        return environment["COLUMNS"].flatMap { Int($0) }.map { max($0, 20) } ?? 80
    }
}

/// How a piece of text is set off on a terminal.
package enum TextStyle: Sendable {
    case plain, bold, dim, good, warning, bad

    /// `text` between escape sequences, or alone where colours are not wanted.
    package func applied(to text: String, on terminal: Terminal) -> String {
        guard terminal.usesColour, let code else { return text }
        return "\u{1b}[\(code)m\(text)\u{1b}[0m"
    }

    private var code: String? {
        switch self {
        case .plain: nil
        case .bold: "1"
        case .dim: "2"
        case .good: "32"
        case .warning: "33"
        case .bad: "31"
        }
    }
}
