// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BrokerNode
import Coordinator
import Foundation
import Telemetry
import Transport

/// The command line of `myelin-standalone`.
struct Standalone: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "myelin-standalone",
        abstract: "Runs a whole Myelin in one process: broker, controller and metrics.",
        discussion: """
            Any Kafka client connects to the Kafka port; the myelin tool connects to the RPC port.

              myelin-standalone --data ./data
              kcat -b 127.0.0.1:9092 -L
              myelin cluster info

            Settings come from --set, then MYELIN_… environment variables, then the YAML file of --config, then defaults.
            'myelin config explain KEY' tells what a setting means. Listens on 127.0.0.1 unless 'listeners' is set.
            """,
        version: Version.text)

    @Option(
        help: ArgumentHelp(
            "Folder for all data. Without it a temporary one is used and removed at exit.", valueName: "dir"))
    var data: String?

    @Option(help: ArgumentHelp("Port for Kafka clients (default: 9092; 0: any free one).", valueName: "port"))
    var kafkaPort: UInt16?

    @Option(help: ArgumentHelp("Port for the myelin tool (default: 9190).", valueName: "port"))
    var rpcPort: UInt16?

    @Option(help: ArgumentHelp("Port for /metrics, /healthz and /readyz (default: 9644).", valueName: "port"))
    var adminPort: UInt16?

    // Scripts name the ports of every role; these two roles are not served yet.
    @Option(help: .hidden) var registryPort: UInt16?
    @Option(help: .hidden) var portalPort: UInt16?

    @Option(help: ArgumentHelp("YAML file with settings.", valueName: "file"))
    var config: String?

    @Option(
        name: .customLong("set"), parsing: .singleValue,
        help: ArgumentHelp("A setting; may be repeated.", valueName: "key=value"))
    var assignments: [String] = []

    /// What was given on the command line, as settings.
    func flags() throws -> [String: String] {
        var flags: [String: String] = [:]
        for assignment in assignments {
            guard let separator = assignment.firstIndex(of: "="), separator != assignment.startIndex else {
                throw UsageError("--set \(assignment): write key=value")
            }
            flags[String(assignment[..<separator])] = String(assignment[assignment.index(after: separator)...])
        }
        if let data { flags["log.dirs"] = data }
        if let rpcPort { flags["myelin.rpc.port"] = String(rpcPort) }
        if let adminPort { flags["myelin.admin.port"] = String(adminPort) }
        if let kafkaPort { flags["listeners"] = "PLAINTEXT://127.0.0.1:\(kafkaPort)" }
        return flags
    }

    func run() async throws {
        let settings = try Configuration(flags: flags(), file: config).settings()
        try await Node(settings: settings).run()
    }
}

/// A command line or a setting that cannot be used: one line, exit status 2.
struct UsageError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

@main
enum Main {
    static func main() async {
        // A client that goes away in the middle of an answer is no reason to die.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try Standalone.parseAsRoot()
            if let standalone = command as? Standalone { try await standalone.run() } else { try command.run() }
        } catch {
            exit(report(error))
        }
    }

    /// Says what is wrong in one line.
    ///
    /// - Returns: the exit status: 0 for help and version, 2 for what the caller can correct, 1 for anything else.
    private static func report(_ error: any Error) -> Int32 {
        if Standalone.exitCode(for: error) == .success {
            print(Standalone.fullMessage(for: error))
            return 0
        }
        let text =
            switch error {
            case let error as UsageError: error.description
            case let error as SettingError: error.description
            case let error as StartFailure: error.description
            case let error as ListenerFault: error.description
            default: Standalone.message(for: error)
            }
        FileHandle.standardError.write(Data("myelin-standalone: \(text)\n".utf8))
        return 2
    }
}
