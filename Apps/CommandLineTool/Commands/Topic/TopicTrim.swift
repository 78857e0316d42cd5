// SPDX-License-Identifier: Apache-2.0

import AdminClient
import ArgumentParser
import Primitives
import WireProtocol

struct TopicTrim: ParsableCommand, NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "trim", abstract: "Deletes the oldest records of a topic, for good.",
        discussion: """
            Removes every record below an offset from each partition that is named. Says what will be lost and asks; without \
            a terminal it needs --yes.

            EXAMPLES:
              myelin topic trim orders --before end --dry-run
              myelin topic trim orders --before 1 --partitions 0 --dry-run
              myelin topic trim orders --before end --yes
            """)

    @Argument(help: "Topic.")
    var name: String

    @Option(help: ArgumentHelp("First offset to keep, or end to keep nothing.", valueName: "offset|end"))
    var before: TrimEnd

    @Option(help: ArgumentHelp("Only these, for example 0,2-5.", valueName: "set"))
    var partitions: PartitionSet?

    @OptionGroup var confirmation: ConfirmationOptions
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    func run(_ node: NodeSession, in surroundings: Surroundings) async throws {
        let topic = try await node.describe(name)
        let chosen = partitions?.partitions ?? topic.partitions.map(\.partition)
        let trims = chosen.map { partition in
            Admin.PartitionTrim.with {
                ($0.topic, $0.partition, $0.beforeOffset) = (name, partition, before.offset)
            }
        }
        let planned = try await node.client.trimPartitions(trims, validateOnly: true)
        if confirmation.dryRun { return try await show(planned, "would delete", node, surroundings) }
        if let error = planned.failed.first?.error {
            throw Failure(
                error.message,
                advice: [
                    "--before takes end, or an offset between the start and the end of each partition that is named.",
                    "What they are: myelin topic describe \(name)",
                ])
        }
        let count = planned.reduce(0) { $0 + $1.recordCount }
        let from = planned.count == 1 ? "partition \(planned[0].partition)" : "\(planned.count) partitions"
        try surroundings.confirm(
            [
                "This deletes the oldest \(Units.count(count, "record")) of \(from) of topic \(name) from "
                    + "\(node.address.text). It cannot be undone."
            ], "Delete the records?", unless: confirmation.yes)
        try await show(try await node.client.trimPartitions(trims), "deleted", node, surroundings)
    }

    private func show(
        _ outcomes: [Admin.PartitionTrimOutcome], _ verb: String, _ node: NodeSession, _ surroundings: Surroundings
    ) async throws {
        let report = OutcomeReport(
            outcomes: outcomes, listName: "partitions",
            line: {
                "\(verb) \(Units.count($0.recordCount, "record")) of \($0.topic)-\($0.partition), "
                    + "which begins at offset \($0.logStartOffset)"
            },
            fields: {
                [
                    .init("topic", .text($0.topic)), .init("partition", .integer($0.partition.rawValue)),
                    .init("previousLogStartOffset", .integer($0.previousLogStartOffset.rawValue)),
                    .init("logStartOffset", .integer($0.logStartOffset.rawValue)),
                    .init("trimmed", .bool($0.error == nil && !confirmation.dryRun)),
                ]
            })
        try await node.show(outcomes, report, as: outputOptions.output, in: surroundings) {
            .other("\($0.topic)-\($0.partition)")
        }
    }
}

/// Up to where records are deleted.
struct TrimEnd: ExpressibleByArgument {
    /// −1 is the high watermark.
    let offset: Offset

    init?(argument: String) {
        if argument == "end" {
            offset = Offset(-1)
        } else {
            guard let number = Int64(argument), number >= 0 else { return nil }
            offset = Offset(number)
        }
    }
}

extension Admin.PartitionTrimOutcome {
    fileprivate var recordCount: Int64 { max(logStartOffset.distance(from: previousLogStartOffset), 0) }
}

extension NodeSession {
    /// A topic that must exist; else the failure names the nearest one that does.
    func describe(_ name: String) async throws -> Admin.TopicDescription {
        guard let topic = try await client.describeTopics([name]).first else {
            throw Failure("the node says nothing about topic '\(name)'")
        }
        try await check(topic, about: .topic(name))
        return topic
    }
}
