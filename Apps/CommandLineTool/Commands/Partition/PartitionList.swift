// SPDX-License-Identifier: Apache-2.0

import AdminClient
import ArgumentParser
import Primitives
import WireProtocol

struct PartitionList: ParsableCommand, NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists partitions with leader, replicas, offsets and size.",
        discussion: """
            EXAMPLES:
              myelin partition list
              myelin partition list orders --output json
              myelin partition list --under-replicated
              myelin partition list --offline
              myelin partition list --moving
            """)

    @Argument(help: "Only of these topics.")
    var topics: [String] = []

    @Flag(help: "Only those with fewer in-sync than assigned replicas.")
    var underReplicated = false

    @Flag(help: "Only those with fewer in-sync replicas than min.insync.replicas: acks=all is refused there.")
    var underMinInSync = false

    @Flag(help: "Only those without a leader.")
    var offline = false

    @Flag(help: "Only those whose replicas are being added or removed.")
    var moving = false

    @Flag(help: "Only those that another than the first of their replicas leads.")
    var notPreferred = false

    @Flag(help: "Also of topics that the cluster keeps for itself.")
    var `internal` = false

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        if filters.count > 1 {
            throw ValidationError(
                "Give one of --under-replicated, --under-min-in-sync, --offline, --moving and --not-preferred")
        }
    }

    private var filters: [Admin.PartitionFilter] {
        [
            (underReplicated, .underReplicated), (underMinInSync, .underMinInSync), (offline, .offline),
            (moving, .moving), (notPreferred, .notPreferred),
        ].compactMap { isGiven, filter in isGiven ? filter : nil }
    }

    func run(_ node: NodeSession, in surroundings: Surroundings) async throws {
        for topic in try await topics.isEmpty ? [] : node.client.topics(topics, includingInternal: true) {
            try await node.check(topic, about: .topic(topic.name))
        }
        let partitions = try await node.client.partitions(
            of: topics, filter: filters.first ?? .unspecified, includingInternal: `internal` || !topics.isEmpty)
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
                    "\(partition.leaderEpoch)", Cell(partition.shownReplicas),
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
            "logDirectory": .text(logDirectory), "error": .error(error), "addingReplicas": .nodes(addingReplicas),
            "removingReplicas": .nodes(removingReplicas),
            "lastKnownLeaderId": .optional(lastKnownLeaderID.map { Int64($0.rawValue) }),
        ]
    }

    /// `1, 2, +4, -3`: 4 copies, and 3 goes when it has.
    fileprivate var shownReplicas: String {
        replicas.map { node in
            addingReplicas.contains(node) ? "+\(node)" : removingReplicas.contains(node) ? "-\(node)" : "\(node)"
        }.joined(separator: ", ")
    }
}
