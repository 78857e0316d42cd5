// SPDX-License-Identifier: Apache-2.0

import AdminClient
import ArgumentParser
import Primitives
import WireProtocol

struct PartitionCancel: ParsableCommand, NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "Takes back moves that are under way.",
        discussion: """
            The replicas are what they were before the move; what was copied is removed.

            EXAMPLES:
              myelin partition cancel --all --dry-run
              myelin partition cancel orders:0,1 --yes
            """)

    @Argument(help: ArgumentHelp("Which: orders or orders:0,2-5.", valueName: "topic[:set]"))
    var partitions: [TopicSelection] = []

    @Flag(help: "Every move of the cluster.")
    var all = false

    @OptionGroup var confirmation: ConfirmationOptions
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        if partitions.isEmpty != all { throw ValidationError("Give either partitions or --all") }
    }

    func run(_ node: NodeSession, in surroundings: Surroundings) async throws {
        let moves = try await node.client.partitionMoves(of: partitions.map(\.message.topic)).moves.filter { move in
            all || partitions.contains { $0.includes(move.topic, move.partition) }
        }
        let cancellations = moves.map { move in
            Admin.PartitionMove.with { ($0.topic, $0.partition) = (move.topic, move.partition) }
        }
        guard !cancellations.isEmpty else { throw Failure("nothing of it moves") }
        if !confirmation.dryRun {
            try surroundings.confirm(
                ["This takes back the moves of \(Units.count(Int64(cancellations.count), "partition"))."],
                "Cancel the moves?", unless: confirmation.yes)
        }
        let outcomes = try await node.client.movePartitions(cancellations, validateOnly: confirmation.dryRun)
        let verb = confirmation.dryRun ? "would leave" : "left"
        let report = OutcomeReport(
            outcomes: outcomes, listName: "partitions", line: { "\(verb) \($0.place) on \($0.replicas.listed)" },
            fields: { $0.fields + [.init("cancelled", .bool($0.error == nil && !confirmation.dryRun))] })
        try await node.show(outcomes, report, as: outputOptions.output, in: surroundings) { .other($0.place) }
    }
}

extension TopicSelection {
    func includes(_ topic: String, _ partition: PartitionIndex) -> Bool {
        message.topic == topic && (message.partitions.isEmpty || message.partitions.contains(partition))
    }
}
