// SPDX-License-Identifier: Apache-2.0

package import Foundation

/// The world around one run of the tool, so that a test can be that world.
package struct Surroundings: Sendable {
    package var console: Console
    package var terminal: Terminal
    package var environment: [String: String]
    /// Lines and bytes of standard input.
    package var input: @Sendable () -> FileHandle

    package init(
        console: Console, terminal: Terminal, environment: [String: String],
        input: @escaping @Sendable () -> FileHandle = { .standardInput }
    ) {
        self.console = console
        self.terminal = terminal
        self.environment = environment
        self.input = input
    }

    static func ofProcess() -> Surroundings {
        let environment = ProcessInfo.processInfo.environment
        return Surroundings(
            console: .ofProcess(), terminal: .ofProcess(environment: environment), environment: environment)
    }

    var profilePath: String { ProfileFile.path(environment: environment) }

    func show(_ report: some Report, as format: OutputFormat) throws {
        switch format {
        case .table: for line in report.lines(on: terminal) { try console.print(line) }
        case .json: try console.print(report.document.json)
        case .yaml: try console.write(Array(report.document.yaml().utf8))
        }
    }

    /// Asks before something is destroyed.
    ///
    /// - Parameters:
    ///   - deed: What will be destroyed, exactly, in sentences.
    ///   - question: Ends with a question mark.
    /// - Throws: when the answer is no, and without asking where nobody can be asked.
    func confirm(_ deed: [String], _ question: String, unless isAgreed: Bool) throws {
        guard !isAgreed else { return }
        guard terminal.isInteractive else {
            throw Failure.usage(
                "\(deed.joined(separator: " ")) Nobody can be asked here, so nothing was done",
                advice: ["Add --yes to do it, or --dry-run to see what it would do."])
        }
        console.note(deed.joined(separator: "\n"))
        console.note("\(question) [y/N] ", terminator: "")
        let answer = readLine()?.lowercased() ?? ""
        guard answer == "y" || answer == "yes" else { throw Failure("nothing was done") }
    }
}
