// SPDX-License-Identifier: Apache-2.0

import AdminClient
import ArgumentParser
import Primitives
import WireProtocol

struct PartitionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "partition", abstract: "Looks at single partitions.", subcommands: [PartitionList.self])
}

struct PartitionList: ParsableCommand, NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists partitions with leader, replicas, offsets and size.",
        discussion: """
            EXAMPLES:
              myelin partition list
              myelin partition list orders --output json
              myelin partition list --under-replicated
              myelin partition list --offline
            """)

    @Argument(help: "Only of these topics.")
    var topics: [String] = []

    @Flag(help: "Only those with fewer in-sync than assigned replicas.")
    var underReplicated = false

    @Flag(help: "Only those with fewer in-sync replicas than min.insync.replicas: acks=all is refused there.")
    var underMinInSync = false

    @Flag(help: "Only those without a leader.")
    var offline = false

    @Flag(help: "Also of topics that the cluster keeps for itself.")
    var `internal` = false

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        if [underReplicated, underMinInSync, offline].filter(\.self).count > 1 {
            throw ValidationError("Give one of --under-replicated, --under-min-in-sync and --offline")
        }
    }

    func run(_ node: NodeSession, in surroundings: Surroundings) async throws {
        for topic in try await topics.isEmpty ? [] : node.client.topics(topics, includingInternal: true) {
            try await node.check(topic, about: .topic(topic.name))
        }
        let filter: Admin.PartitionFilter =
            underReplicated ? .underReplicated : underMinInSync ? .underMinInSync : offline ? .offline : .unspecified
        let partitions = try await node.client.partitions(
            of: topics, filter: filter, includingInternal: `internal` || !topics.isEmpty)
        try surroundings.show(PartitionListReport(partitions: partitions), as: outputOptions.output)
    }
}

struct PartitionListReport: Report {
    let partitions: [Admin.PartitionInfo]

    var document: Document { ["partitions": .list(partitions.map(\.document))] }

    func lines(on terminal: Terminal) -> [String] {
        partitions.isEmpty
            ? ["no partitions"] : PartitionTable(partitions: partitions, showsTopic: true).lines(on: terminal)
    }
}

struct PartitionTable {
    let partitions: [Admin.PartitionInfo]
    let showsTopic: Bool

    func lines(on terminal: Terminal) -> [String] {
        var table = Table(
            (showsTopic ? [.text("TOPIC")] : []) + [
                .number("PARTITION"), .number("LEADER"), .number("EPOCH"), .text("REPLICAS"), .text("IN SYNC"),
                .number("START"), .number("END"), .number("RECORDS"), .number("SIZE"),
            ])
        for partition in partitions {
            let isShort = partition.inSyncReplicas.count < partition.replicas.count
            table.add(
                (showsTopic ? [Cell(partition.topic)] : []) + [
                    "\(partition.partition)",
                    Cell(partition.leaderID.shown, partition.leaderID.rawValue < 0 ? .bad : .plain),
                    "\(partition.leaderEpoch)", Cell(partition.replicas.listed),
                    Cell(partition.inSyncReplicas.listed, isShort ? .warning : .plain),
                ] + numbers(partition))
        }
        return table.lines(on: terminal)
    }

    private func numbers(_ partition: Admin.PartitionInfo) -> [Cell] {
        guard partition.error == nil else { return ["-", "-", "-", "-"] }
        return [
            "\(partition.logStartOffset)", "\(partition.highWatermark)",
            Cell(Units.count(partition.highWatermark.distance(from: partition.logStartOffset))),
            Cell(Units.bytes(partition.byteCount)),
        ]
    }
}

extension Admin.PartitionInfo {
    var document: Document {
        [
            "topic": .text(topic), "partition": .integer(partition.rawValue), "leaderId": .integer(leaderID.rawValue),
            "leaderEpoch": .integer(leaderEpoch.rawValue), "partitionEpoch": .integer(partitionEpoch.rawValue),
            "replicas": .nodes(replicas), "inSyncReplicas": .nodes(inSyncReplicas),
            "eligibleLeaderReplicas": .nodes(eligibleLeaderReplicas), "offlineReplicas": .nodes(offlineReplicas),
            "logStartOffset": .integer(logStartOffset.rawValue), "highWatermark": .integer(highWatermark.rawValue),
            "lastStableOffset": .integer(lastStableOffset.rawValue),
            "logEndOffset": .integer(logEndOffset.rawValue), "byteCount": .integer(byteCount),
            "logDirectory": .text(logDirectory), "error": .error(error),
        ]
    }
}
