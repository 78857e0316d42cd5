// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import WireProtocol

/// Version of the tool and of the nodes it is built with.
package let toolVersion = "0.1.0"

/// Runs the tool as this process, and ends it.
///
/// - Parameter arguments: Without the name of the executable.
public func runTool(_ arguments: [String]) async -> Never {
    // A reader that went away is an error of the write that notices it, not the end of the process.
    signal(SIGPIPE, SIG_IGN)
    let surroundings = Surroundings.ofProcess()
    let interrupt = Interrupt()
    let work = Task { await runTool(arguments, in: surroundings) }
    interrupt.onSignal { work.cancel() }
    exit(await work.value.rawValue)
}

/// Runs the tool once, in surroundings of the caller's.
package func runTool(_ arguments: [String], in surroundings: Surroundings) async -> ExitStatus {
    let status: ExitStatus
    do {
        try await perform(arguments, in: surroundings)
        status = .success
    } catch {
        status = report(error, on: surroundings.console)
    }
    do {
        try surroundings.console.flush()
    } catch {
        return status == .success ? report(error, on: surroundings.console) : status
    }
    return status
}

private func perform(_ arguments: [String], in surroundings: Surroundings) async throws {
    do {
        var command = try MyelinCommand.parseAsRoot(arguments)
        guard let tool = command as? any ToolCommand else { return try command.run() }
        try await tool.run(in: surroundings)
    } catch let error where MyelinCommand.exitCode(for: error) == .success && !(error is any Quiet) {
        // Help and version are results.
        try surroundings.console.print(
            MyelinCommand.fullMessage(for: error, columns: surroundings.terminal.width ?? 100))
    }
}

private func report(_ error: any Error, on console: Console) -> ExitStatus {
    switch error {
    case is OutputClosed: return .success
    case is NotWell: return .failure
    case is CancellationError: return .interrupted
    case let error as RPCError where error.code == .cancelled && Task.isCancelled: return .interrupted
    case let error as RPCError: return report(Failure(error), on: console)
    case let failure as Failure:
        console.note("myelin: \(failure.message.printable)")
        for line in failure.advice { console.note("        \(line.printable)") }
        return failure.status
    case let error where MyelinCommand.exitCode(for: error) == .validationFailure:
        console.note("myelin: \(UsageMessage.line(for: error))")
        return .usage
    default:
        console.note("myelin: \(reason(error))")
        return .failure
    }
}

/// Errors of our own, which the parser must not take for its own.
private protocol Quiet {}
extension OutputClosed: Quiet {}
extension NotWell: Quiet {}
extension Failure: Quiet {}
extension RPCError: Quiet {}
extension CancellationError: Quiet {}

/// What the parser says about a wrong command line, in one line.
enum UsageMessage {
    static func line(for error: any Error) -> String {
        let message = MyelinCommand.message(for: error).split(separator: "\n").map {
            $0.trimmingCharacters(in: .whitespaces)
        }.joined(separator: " ")
        return help(MyelinCommand.fullMessage(for: error)).map { "\(message) (see: \($0))" } ?? message
    }

    /// The command between quotes in "See 'myelin … --help' for more information."
    private static func help(_ text: String) -> String? {
        guard let line = text.split(separator: "\n").last(where: { $0.contains("--help'") }) else { return nil }
        return line.split(separator: "'").first { $0.hasSuffix("--help") }.map(String.init)
    }
}
