// SPDX-License-Identifier: Apache-2.0

import AdminClient
import ArgumentParser
import WireProtocol

struct TopicList: ParsableCommand, NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists topics with their size.",
        discussion: """
            RECORDS is the number of offsets between the beginning and the end of the topic: more than there are records \
            where the topic is compacted.

            EXAMPLES:
              myelin topic list
              myelin topic list 'orders*'
              myelin topic list --internal
              myelin topic list --output json | jq -r '.topics[].name'
            """)

    @Argument(help: "Names, or patterns with * and ?.")
    var patterns: [String] = []

    @Flag(help: "Also topics that the cluster keeps for itself.")
    var `internal` = false

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    func run(_ node: NodeSession, in surroundings: Surroundings) async throws {
        let wanted = patterns.map { NamePattern($0) }
        let topics = try await node.client.topics(includingInternal: `internal`).filter { topic in
            wanted.isEmpty || wanted.contains { $0.matches(topic.name) }
        }
        try surroundings.show(TopicListReport(topics: topics), as: outputOptions.output)
    }
}

struct TopicListReport: Report {
    let topics: [Admin.TopicSummary]

    var document: Document { ["topics": .list(topics.map(\.document))] }

    func lines(on terminal: Terminal) -> [String] {
        guard !topics.isEmpty else { return ["no topics"] }
        var table = Table([
            .text("TOPIC"), .number("PARTITIONS"), .number("REPLICAS"), .number("RECORDS"), .number("SIZE"),
            .text("CLEANUP"), .text("STATE"),
        ])
        for topic in topics {
            let missing = topic.underReplicatedPartitionCount
            table.add([
                Cell(topic.name), "\(topic.partitionCount)", "\(topic.replicationFactor)",
                Cell(Units.count(topic.recordCount)), Cell(Units.bytes(topic.byteCount)), Cell(topic.cleanupPolicy),
                missing == 0 ? Cell("ok", .good) : Cell("\(missing) under-replicated", .warning),
            ])
        }
        return table.lines(on: terminal)
    }
}

extension Admin.TopicSummary {
    var document: Document {
        [
            "name": .text(name), "topicId": .text("\(topicID)"), "isInternal": .bool(isInternal),
            "partitionCount": .integer(partitionCount), "replicationFactor": .integer(replicationFactor),
            "recordCount": .integer(recordCount), "byteCount": .integer(byteCount),
            "cleanupPolicy": .text(cleanupPolicy),
            "underReplicatedPartitionCount": .integer(underReplicatedPartitionCount),
        ]
    }
}
