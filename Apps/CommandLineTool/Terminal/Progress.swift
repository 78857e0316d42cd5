// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Tells on standard error how far long work has come: a bar that is drawn over on a terminal, a line every few seconds
/// elsewhere.
package final class Progress: Sendable {
    private struct State {
        var lastShown: ContinuousClock.Instant?
        var isBarOnScreen = false
    }

    private let label: String
    private let console: Console
    private let terminal: Terminal
    private let start = ContinuousClock.now
    private let state = Mutex(State())

    package init(_ label: String, on surroundings: Surroundings) {
        self.label = label
        console = surroundings.console
        terminal = surroundings.terminal
    }

    /// - Parameters:
    ///   - fraction: 0 to 1; nil where the end is not known.
    ///   - detail: Made only when it is shown.
    package func update(_ fraction: Double?, _ detail: @autoclosure () -> String) {
        let now = ContinuousClock.now
        let interval = terminal.isErrorTerminal ? Duration.milliseconds(100) : .seconds(5)
        let isDue = state.withLock { state in
            guard now - (state.lastShown ?? start) >= interval else { return false }
            state.lastShown = now
            state.isBarOnScreen = terminal.isErrorTerminal
            return true
        }
        guard isDue else { return }
        let line = line(fraction, detail())
        console.note(
            terminal.isErrorTerminal ? "\r\u{1b}[K\(line)" : line, terminator: terminal.isErrorTerminal ? "" : "\n")
    }

    /// Takes the bar away, so that what follows has a line of its own.
    package func finish() {
        let wasOnScreen = state.withLock { state in
            defer { state.isBarOnScreen = false }
            return state.isBarOnScreen
        }
        if wasOnScreen { console.note("\r\u{1b}[K", terminator: "") }
    }

    package var elapsed: Duration { ContinuousClock.now - start }

    private func line(_ fraction: Double?, _ detail: String) -> String {
        guard let fraction else { return TextWidth.cut("\(label): \(detail)", to: (terminal.width ?? 200) - 1) }
        let share = min(max(fraction, 0), 1)
        let percent = TextWidth.pad("\(Int(share * 100))", to: 3, on: .right)
        guard terminal.isErrorTerminal else { return "\(label): \(percent) %, \(detail)" }
        let width = 24
        let filled = Int(share * Double(width))
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
        return TextWidth.cut("\(label) \(bar) \(percent) % \(detail)", to: (terminal.width ?? 80) - 1)
    }
}

extension Duration {
    /// Whole nanoseconds, clamped to 64 bits.
    package var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? (seconds < 0 ? .min : .max) : product + attoseconds / 1_000_000_000
    }
}
