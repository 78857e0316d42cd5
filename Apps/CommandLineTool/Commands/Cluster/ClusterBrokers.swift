// SPDX-License-Identifier: Apache-2.0

import AdminClient
import ArgumentParser
import Foundation
import Primitives
import WireProtocol

struct ClusterBrokers: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "brokers", abstract: "Lists the brokers; forgets one that is gone.",
        discussion: """
            EXAMPLES:
              myelin cluster brokers
              myelin cluster brokers --output json | jq -r '.brokers[].state'
              myelin cluster brokers unregister 4 --dry-run
            """,
        subcommands: [BrokerList.self, BrokerUnregister.self], defaultSubcommand: BrokerList.self)
}

struct BrokerList: ParsableCommand, NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Shows each broker with its state, partitions, size and room.",
        discussion: """
            A broker that is registered and does not answer is shown with what the others know of it. States: active; fenced \
            (does not lead and is not in sync: stopped, or cut off from the controllers); stopping; draining.

            EXAMPLES:
              myelin cluster brokers list
            """)

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    func run(_ node: NodeSession, in surroundings: Surroundings) async throws {
        let info = try await node.client.clusterInfo()
        try surroundings.show(
            BrokerListReport(brokers: info.brokers, now: Date.timestamp), as: outputOptions.output)
        for broker in info.brokers {
            guard let error = broker.error, !broker.isFenced else { continue }
            surroundings.console.note("myelin: broker \(broker.nodeID) did not answer: \(error.message.printable)")
        }
    }
}

struct BrokerUnregister: ParsableCommand, NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "unregister", abstract: "Forgets a broker that stores nothing and is stopped for good.",
        discussion: """
            A broker with replicas is refused: drain it first. One that runs would register again.

            EXAMPLES:
              myelin cluster brokers unregister 4 --yes
            """)

    @Argument(help: "Broker.")
    var id: NodeArgument

    @OptionGroup var confirmation: ConfirmationOptions
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    func run(_ node: NodeSession, in surroundings: Surroundings) async throws {
        try await node.client.unregisterBroker(id.node, validateOnly: true)
        if !confirmation.dryRun {
            try surroundings.confirm(
                ["This makes the cluster of \(node.address.text) forget broker \(id.node)."], "Forget the broker?",
                unless: confirmation.yes)
            try await node.client.unregisterBroker(id.node)
        }
        let verb = confirmation.dryRun ? "would forget" : "forgot"
        try surroundings.show(
            Sentence(
                "\(verb) broker \(id.node)",
                ["brokerId": .integer(id.node.rawValue), "unregistered": .bool(!confirmation.dryRun)]),
            as: outputOptions.output)
    }
}

struct BrokerListReport: Report {
    let brokers: [Admin.BrokerInfo]
    let now: Timestamp

    var document: Document { ["brokers": .list(brokers.map(\.document))] }

    func lines(on terminal: Terminal) -> [String] {
        var table = Table([
            .number("BROKER"), .text("ENDPOINTS"), .text("RACK"), .text("STATE"), .number("LEADERS"),
            .number("REPLICAS"), .number("IN SYNC"), .number("SIZE"), .number("FREE"), .text("UP"), .text("VERSION"),
        ])
        for broker in brokers {
            let isBehind = broker.inSyncCount < broker.replicaCount
            table.add([
                "\(broker.nodeID)", Cell(broker.endpoints.map(\.shown).joined(separator: ",")), Cell(broker.rack),
                broker.stateCell, "\(broker.leaderCount)", "\(broker.replicaCount)",
                Cell("\(broker.inSyncCount)", isBehind ? .warning : .plain),
                Cell(broker.error == nil ? Units.bytes(broker.byteCount) : "-"),
                Cell(broker.freeByteCount.map { Units.bytes($0) } ?? "-"), Cell(broker.shownUptime(at: now)),
                Cell(broker.version.isEmpty ? "-" : broker.version),
            ])
        }
        return table.lines(on: terminal)
    }
}

extension Admin.BrokerInfo {
    /// One word for scripts.
    var state: String {
        if isFenced { return "fenced" }
        if isInControlledShutdown { return "stopping" }
        return isDraining ? "draining" : "active"
    }

    var stateCell: Cell {
        let text = isFenced && isDraining ? "fenced, draining" : state
        if error != nil, !isFenced { return Cell("\(text), no answer", .bad) }
        return Cell(text, isFenced ? .bad : state == "active" ? .good : .warning)
    }

    func shownUptime(at now: Timestamp) -> String {
        guard startedAt > Timestamp(0) else { return "-" }
        return Units.duration(milliseconds: max(now.rawValue - startedAt.rawValue, 0))
    }

    var document: Document {
        [
            "nodeId": .integer(nodeID.rawValue), "endpoints": .list(endpoints.map(\.document)), "rack": .text(rack),
            "version": .text(version), "isFenced": .bool(isFenced), "startedAt": .time(startedAt),
            "leaderCount": .integer(leaderCount), "replicaCount": .integer(replicaCount),
            "byteCount": .integer(byteCount), "state": .text(state), "inSyncCount": .integer(inSyncCount),
            "isInControlledShutdown": .bool(isInControlledShutdown), "isDraining": .bool(isDraining),
            "freeByteCount": .optional(freeByteCount), "error": .error(error),
        ]
    }
}

/// The id of a broker or controller on the command line.
struct NodeArgument: ExpressibleByArgument, Sendable {
    let node: NodeID

    init?(argument: String) {
        guard let id = Int32(argument), id >= 0 else { return nil }
        node = NodeID(id)
    }
}
