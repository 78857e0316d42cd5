// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Composition
import Coordinator

/// The command line of `myelin-controller`.
struct Controller: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "myelin-controller",
        abstract: "Runs one controller of a Myelin cluster: it votes, and decides for the brokers.",
        usage: """
            myelin-controller [--data <dir>] [--config <file>] [--set <key=value> ...]
            myelin-controller format --cluster-id <id> --data <dir> [--node-id <n>]
            myelin-controller new-id
            """,
        discussion: """
            A cluster has 1, 3 or 5 controllers; a majority of them must run. Each gets a folder with the id of the cluster \
            once, and then starts:

              id=$(myelin-controller new-id)
              myelin-controller format --cluster-id $id --node-id 1 --data /var/lib/myelin/controller
              myelin-controller --data /var/lib/myelin/controller \\
                --set node.id=1 \\
                --set controller.quorum.voters=1@c1:9191,2@c2:9191,3@c3:9191 \\
                --set controller.quorum.bootstrap.servers=c1:9191,c2:9191,c3:9191

            controller.quorum.voters is read when the folder is new; a controller that is added later goes without it and is \
            made a voter by 'myelin cluster controllers add ID HOST:PORT'. The RPC port is 9191 unless myelin.rpc.port is set.

            Settings come from --set, then MYELIN_… environment variables, then the YAML file of --config, then defaults.
            'myelin config explain KEY' tells what a setting means. To try a cluster on one machine: infra/local/cluster.
            """,
        version: Version.text,
        subcommands: [Run.self, Format.self, NewID.self],
        defaultSubcommand: Run.self)
}

/// What `myelin-controller` does when no other command is named.
struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Runs the controller.")

    @Option(help: ArgumentHelp("Folder for all data (the setting log.dirs).", valueName: "dir"))
    var data: String?

    @OptionGroup var options: SettingOptions

    func run() async throws {
        var flags = try options.flags()
        if let data { flags["log.dirs"] = data }
        var configuration = try Configuration(flags: flags, file: options.config)
        // Apart from the brokers' port, so that both run on one machine.
        configuration.setDefault("myelin.rpc.port", "9191")
        let settings = try configuration.settings()
        let folder = try settings.requiredDataDirectory()
        let log = ProcessLog(settings)
        // Decisions are made by one thread; another would have nothing to do.
        try await ServerProcess(log: log, threadCount: 1).run { group in
            try await ControllerProcess.start(settings: settings, dataDirectory: folder, on: group, log: log)
        }
    }
}

@main
enum Main {
    static func main() async { await Program.run(Controller.self) }
}
