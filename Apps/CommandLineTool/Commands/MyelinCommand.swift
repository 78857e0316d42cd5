// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The root of all commands.
struct MyelinCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "myelin",
        abstract: "Operates a Myelin cluster.",
        discussion: """
            EXAMPLES:
              myelin cluster health                       Is the cluster well?
              myelin topic create orders --partitions 6   Makes a topic.
              myelin topic list                           What is there?
              myelin topic consume orders --from -10      The last ten records.
              myelin group lag                            Which consumers are behind?
              myelin doctor                               What is wrong, what to do?

            The node is the one of --cluster, --profile, MYELIN_CLUSTER, the current profile, or 127.0.0.1:9190. \
            Every command takes --output json or yaml, with field names that stay.

            EXIT STATUS: 0 done, 1 failed or not well, 2 wrong command line, 130 interrupted.
            """,
        version: "myelin \(toolVersion)",
        subcommands: [
            ClusterCommand.self, TopicCommand.self, PartitionCommand.self, GroupCommand.self,
            TransactionCommand.self, QuotaCommand.self, BenchCommand.self, DoctorCommand.self, ConfigCommand.self,
            CompletionsCommand.self, VersionCommand.self,
        ])

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions
}
