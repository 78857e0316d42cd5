// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Composition
import Coordinator

/// The command line of `myelin-broker`.
struct Broker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "myelin-broker",
        abstract: "Runs one broker of a Myelin cluster: it stores partitions and serves Kafka clients.",
        discussion: """
            A broker joins the cluster whose controllers it is told of; start those first.

              myelin-broker --data /var/lib/myelin/broker \\
                --set node.id=1 \\
                --set controller.quorum.bootstrap.servers=c1:9191,c2:9191,c3:9191 \\
                --set advertised.listeners=PLAINTEXT://b1.example.org:9092

            Each broker has a node.id and a data folder of its own; advertised.listeners and myelin.rpc.advertised.host
            name it as clients and other brokers reach it. SIGTERM hands its partitions over and stops it.

            Settings come from --set, then MYELIN_… environment variables, then the YAML file of --config, then defaults.
            'myelin config explain KEY' tells what a setting means. To try a cluster on one machine: infra/local/cluster.
            """,
        version: Version.text)

    @Option(help: ArgumentHelp("Folder for all data (the setting log.dirs).", valueName: "dir"))
    var data: String?

    @OptionGroup var options: SettingOptions

    func run() async throws {
        var flags = try options.flags()
        if let data { flags["log.dirs"] = data }
        let settings = try Configuration(flags: flags, file: options.config).settings()
        let folder = try settings.requiredDataDirectory()
        guard settings[.quorumBootstrapServers] != nil else {
            throw UsageError(
                "controller.quorum.bootstrap.servers must be set to the RPC addresses of the controllers; "
                    + "myelin-standalone runs without them")
        }
        let log = ProcessLog(settings)
        try await ServerProcess(log: log, threadCount: BrokerServer.threadCount(settings)).run { group in
            try await BrokerServer.start(settings: settings, dataDirectory: folder, on: group, log: log)
        }
    }
}

@main
enum Main {
    static func main() async { await Program.run(Broker.self) }
}
