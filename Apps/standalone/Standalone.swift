// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Composition
import Coordinator
import Foundation

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

    @OptionGroup var options: SettingOptions

    func run() async throws {
        let settings = try settings()
        let log = ProcessLog(settings)
        let folder = try DataFolder(settings.dataDirectory)
        defer { folder.removeIfTemporary() }
        try await ServerProcess(log: log, threadCount: BrokerServer.threadCount(settings)).run { group in
            try await BrokerServer.start(settings: settings, dataDirectory: folder.path, on: group, log: log)
        }
    }

    private func settings() throws -> BrokerSettings {
        var flags = try options.flags()
        if let data { flags["log.dirs"] = data }
        if let rpcPort { flags["myelin.rpc.port"] = String(rpcPort) }
        if let adminPort { flags["myelin.admin.port"] = String(adminPort) }
        if let kafkaPort { flags["listeners"] = "PLAINTEXT://127.0.0.1:\(kafkaPort)" }
        var configuration = try Configuration(flags: flags, file: options.config)
        // A laptop's node is for the laptop: other machines are let in by saying so.
        configuration.setDefault("listeners", "PLAINTEXT://127.0.0.1:9092")
        return try configuration.settings()
    }
}

@main
enum Main {
    static func main() async { await Program.run(Standalone.self) }
}
