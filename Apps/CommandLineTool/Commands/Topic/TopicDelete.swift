// SPDX-License-Identifier: Apache-2.0

import AdminClient
import ArgumentParser
import WireProtocol

struct TopicDelete: ParsableCommand, NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Deletes topics with all their records, for good.",
        discussion: """
            Says what will be lost and asks; without a terminal it needs --yes.

            EXAMPLES:
              myelin topic delete orders --dry-run
              myelin topic delete orders
              myelin topic delete orders customers --yes
            """)

    @Argument(help: "Topics. No patterns: every one has to be named.")
    var names: [String]

    @OptionGroup var confirmation: ConfirmationOptions
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        if names.isEmpty { throw ValidationError("Name at least one topic") }
    }

    func run(_ node: NodeSession, in surroundings: Surroundings) async throws {
        let topics = try await node.client.topics(names, includingInternal: true)
        for topic in topics { try await node.check(topic, about: .topic(topic.name)) }
        if !confirmation.dryRun {
            let losses = topics.map(\.loss)
            try surroundings.confirm(
                ["This deletes \(losses.joined(separator: ", ")) from \(node.address.text). It cannot be undone."],
                topics.count == 1 ? "Delete the topic?" : "Delete the \(topics.count) topics?", unless: confirmation.yes
            )
        }
        let outcomes = try await node.client.deleteTopics(names, validateOnly: confirmation.dryRun)
        let losses = Dictionary(topics.map { ($0.name, $0.loss) }, uniquingKeysWith: { first, _ in first })
        let report = OutcomeReport(
            outcomes: outcomes, listName: "topics",
            line: { "\(confirmation.dryRun ? "would delete" : "deleted") \(losses[$0.name] ?? $0.name)" },
            fields: { $0.fields + [.init("deleted", .bool($0.error == nil && !confirmation.dryRun))] })
        try await node.show(outcomes, report, as: outputOptions.output, in: surroundings) { .topic($0.name) }
    }
}

extension Admin.TopicSummary {
    /// `topic orders with 6 partitions, 1,200 records and 3.4 MiB`.
    fileprivate var loss: String {
        "topic \(name) with \(Units.count(Int64(partitionCount), "partition")), \(Units.count(recordCount, "record"))"
            + " and \(Units.bytes(byteCount))"
    }
}
