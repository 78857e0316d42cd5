// SPDX-License-Identifier: Apache-2.0

import AdminClient
import ArgumentParser
import Primitives
import WireProtocol

struct ClusterDrain: ParsableCommand, NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain", abstract: "Moves every leadership and replica away from a broker.",
        discussion: """
            The others take over without an interruption for clients. Waits until the broker stores nothing; Ctrl-C only stops \
            waiting. Afterwards it can be stopped and forgotten. --undo lets it have partitions again; what has moved stays where \
            it is until the next balance.

            EXAMPLES:
              myelin cluster drain 4 --dry-run
              myelin cluster drain 4 --yes
              myelin cluster drain 4 --undo
            """)

    @Argument(help: "Broker.")
    var id: NodeArgument

    @Flag(help: "End the drain.")
    var undo = false

    @Flag(inversion: .prefixedNo, help: "Wait until the broker stores nothing.")
    var wait = true

    @OptionGroup var confirmation: ConfirmationOptions
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    func run(_ node: NodeSession, in surroundings: Surroundings) async throws {
        if undo { return try await end(node, surroundings) }
        let plan = try await node.client.drainBroker(id.node, validateOnly: true)
        let work = "\(Units.count(Int64(plan.replicaCount), "replica")), \(plan.leaderCount) of them leaders"
        if confirmation.dryRun {
            let report = DrainReport(id: id.node, state: "planned", leaders: plan.leaderCount, plan.replicaCount)
            return try surroundings.show(report, as: outputOptions.output)
        }
        try surroundings.confirm(
            ["This moves \(work), away from broker \(id.node) of \(node.address.text)."], "Drain the broker?",
            unless: confirmation.yes)
        _ = try await node.client.drainBroker(id.node)
        guard wait else {
            let report = DrainReport(id: id.node, state: "draining", leaders: plan.leaderCount, plan.replicaCount)
            return try surroundings.show(report, as: outputOptions.output)
        }
        try await untilEmpty(node, surroundings, Int64(plan.replicaCount))
        try surroundings.show(
            DrainReport(id: id.node, state: "drained", leaders: 0, 0), as: outputOptions.output)
    }

    private func end(_ node: NodeSession, _ surroundings: Surroundings) async throws {
        _ = try await node.client.drainBroker(id.node, undo: true, validateOnly: confirmation.dryRun)
        let verb = confirmation.dryRun ? "may have" : "has"
        try surroundings.show(
            Sentence(
                "broker \(id.node) \(verb) partitions again",
                ["brokerId": .integer(id.node.rawValue), "state": .text("active")]), as: outputOptions.output)
    }

    private func untilEmpty(_ node: NodeSession, _ surroundings: Surroundings, _ total: Int64) async throws {
        let watch = MoveWatch(node: node, surroundings: surroundings, label: "draining broker \(id.node)")
        try await watch.run { moves in
            let info = try await node.client.clusterInfo()
            guard let broker = info.brokers.first(where: { $0.nodeID == id.node }) else {
                throw Failure("broker \(id.node) is not registered any more")
            }
            guard broker.isDraining else {
                throw Failure("somebody ended the drain of broker \(id.node)")
            }
            // Only so many partitions move at a time: asking again begins the next ones.
            if broker.replicaCount > 0 { _ = try await node.client.drainBroker(id.node) }
            let leaving = moves.filter { $0.removingReplicas.contains(id.node) }
            return MoveWatch.Standing(
                left: Int64(broker.replicaCount), total: max(total, Int64(broker.replicaCount)), noun: "replica",
                bytesLeft: leaving.reduce(0) { $0 + $1.bytesLeft })
        }
    }
}

struct DrainReport: Report {
    let id: NodeID
    let state: String
    let leaderCount: Int32
    let replicaCount: Int32

    init(id: NodeID, state: String, leaders: Int32, _ replicas: Int32) {
        self.id = id
        self.state = state
        leaderCount = leaders
        replicaCount = replicas
    }

    var document: Document {
        [
            "brokerId": .integer(id.rawValue), "state": .text(state), "leaderCount": .integer(leaderCount),
            "replicaCount": .integer(replicaCount),
        ]
    }

    func lines(on terminal: Terminal) -> [String] {
        let count = "\(Units.count(Int64(replicaCount), "replica")), \(leaderCount) of them leaders"
        let sentence =
            switch state {
            case "planned": "would move \(count), away from broker \(id)"
            case "draining": "broker \(id) drains: \(count), are still there"
            default:
                "broker \(id) stores nothing and may be stopped; forget it with: myelin cluster brokers unregister \(id)"
            }
        return [sentence]
    }
}
