// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import Foundation

/// The life of a server process around its command: signals, parsing, errors, exit status.
package enum Program {
    /// Parses the command line, runs the command it names, and ends the process.
    ///
    /// Exit status 0 after an orderly stop, help and version; 2, with one line on stderr, for what kept it from running.
    package static func run<Command: ParsableCommand>(_ root: Command.Type) async -> Never {
        // A client that goes away in the middle of an answer is no reason to die.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try root.parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            exit(report(error, of: root))
        }
        exit(0)
    }

    private static func report<Command: ParsableCommand>(_ error: any Error, of root: Command.Type) -> Int32 {
        if root.exitCode(for: error) == .success {
            print(root.fullMessage(for: error))
            return 0
        }
        let name = root.configuration.commandName ?? "myelin"
        FileHandle.standardError.write(Data("\(name): \(root.message(for: error))\n".utf8))
        return 2
    }
}
