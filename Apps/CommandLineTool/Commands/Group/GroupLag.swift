// SPDX-License-Identifier: Apache-2.0

import AdminClient
import ArgumentParser
import Primitives
import WireProtocol

struct GroupLag: ParsableCommand, NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "lag", abstract: "Shows how far groups are behind, in records and in time.",
        discussion: """
            LAG counts the records between the committed offset and the end. BEHIND is the age of the oldest record that is \
            not committed, by its timestamp: what a reader of the group's results waits for.

            EXAMPLES:
              myelin group lag
              myelin group lag billing
              myelin group lag billing --topic orders
              myelin group lag --output json | jq '.groups[].recordLag'
            """)

    @Argument(help: "Groups; without any: all.")
    var ids: [String] = []

    @Option(help: ArgumentHelp("Only in these topics.", valueName: "topic"))
    var topic: [String] = []

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    func run(_ node: NodeSession, in surroundings: Surroundings) async throws {
        let groups = try await node.client.groupLag(ids, topics: topic)
        let report = GroupLagReport(groups: groups, showsPartitions: !ids.isEmpty)
        try await node.show(groups, report, as: outputOptions.output, in: surroundings) { .group($0.groupID) }
    }
}

struct GroupLagReport: Report {
    let groups: [Admin.GroupLag]
    /// Without it, one line for each group.
    let showsPartitions: Bool

    var document: Document { ["groups": .list(groups.map(\.document))] }

    func lines(on terminal: Terminal) -> [String] {
        guard !groups.isEmpty else { return ["no groups"] }
        guard showsPartitions else { return summary.lines(on: terminal) }
        return groups.succeeded.enumerated().flatMap { index, group in
            (index == 0 ? [] : [""])
                + ["\(TextStyle.bold.applied(to: group.groupID.printable, on: terminal))  \(group.state.printable)"]
                + table(group).lines(on: terminal)
        }
    }

    private var summary: Table {
        var table = Table([
            .text("GROUP"), .text("STATE"), .number("PARTITIONS"), .number("LAG"), .number("BEHIND"),
        ])
        for group in groups.succeeded {
            table.add([
                Cell(group.groupID), Cell(group.state), "\(group.partitions.count)", Cell(Units.count(group.recordLag)),
                Cell(Units.duration(milliseconds: group.timeLagMilliseconds)),
            ])
        }
        return table
    }

    private func table(_ group: Admin.GroupLag) -> Table {
        var table = Table([
            .text("TOPIC"), .number("PARTITION"), .number("COMMITTED"), .number("END"), .number("LAG"),
            .number("BEHIND"), .text("CLIENT"), .text("HOST"),
        ])
        for partition in group.partitions {
            table.add([
                Cell(partition.topic), "\(partition.partition)", Cell(partition.committedOffset.map { "\($0)" } ?? "-"),
                "\(partition.highWatermark)", Cell(partition.recordLag.map { Units.count($0) } ?? "-"),
                Cell(partition.timeLagMilliseconds.map { Units.duration(milliseconds: $0) } ?? "-"),
                Cell(partition.clientID), Cell(partition.clientHost),
            ])
        }
        let total: [Cell] = [
            Cell("total", .bold), "\(group.partitions.count)", "", "", Cell(Units.count(group.recordLag), .bold),
            Cell(Units.duration(milliseconds: group.timeLagMilliseconds), .bold), "", "",
        ]
        table.add(total)
        return table
    }
}

extension Admin.GroupLag {
    fileprivate var document: Document {
        [
            "groupId": .text(groupID), "state": .text(state), "recordLag": .integer(recordLag),
            "timeLagMilliseconds": .integer(timeLagMilliseconds), "partitions": .list(partitions.map(\.document)),
            "error": .error(error),
        ]
    }
}

extension Admin.PartitionLag {
    fileprivate var document: Document {
        [
            "topic": .text(topic), "partition": .integer(partition.rawValue),
            "committedOffset": .optional(committedOffset?.rawValue),
            "logStartOffset": .integer(logStartOffset.rawValue), "highWatermark": .integer(highWatermark.rawValue),
            "recordLag": .optional(recordLag), "timeLagMilliseconds": .optional(timeLagMilliseconds),
            "memberId": .text(memberID), "clientId": .text(clientID), "clientHost": .text(clientHost),
            "error": .error(error),
        ]
    }
}
