// SPDX-License-Identifier: Apache-2.0

import AdminClient
import ArgumentParser
import Primitives
import WireProtocol

struct ClusterBalance: ParsableCommand, NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "balance", abstract: "Shows how load should lie on the brokers, and moves it there.",
        discussion: """
            The planner spreads replicas over racks, then replicas, leaderships, bytes on disk and bytes a second in and out \
            evenly over brokers, with as few moves as it can. Without an option it only shows the plan.

            EXAMPLES:
              myelin cluster balance
              myelin cluster balance --apply --yes
              myelin cluster balance --status
            """)

    @Flag(help: "Make the moves.")
    var apply = false

    @Flag(help: "Show the moves that are under way.")
    var status = false

    @Flag(inversion: .prefixedNo, help: "With --apply: wait until the data is there.")
    var wait = true

    @OptionGroup var confirmation: ConfirmationOptions
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        if apply, status { throw ValidationError("Give one of --apply and --status") }
    }

    func run(_ node: NodeSession, in surroundings: Surroundings) async throws {
        if status {
            let moves = try await node.client.partitionMoves()
            return try surroundings.show(MoveStatusReport(moves: moves.moves), as: outputOptions.output)
        }
        var plan = try await node.client.balance()
        guard apply, !confirmation.dryRun, !plan.moves.isEmpty else {
            return try surroundings.show(BalanceReport(plan: plan), as: outputOptions.output)
        }
        let bytes = plan.moves.reduce(0) { $0 + $1.byteCount }
        try surroundings.confirm(
            [
                "This makes \(Units.count(Int64(plan.moves.count), "move")) on \(node.address.text) and copies about "
                    + "\(Units.bytes(bytes))."
            ], "Balance the cluster?", unless: confirmation.yes)
        let total = Int64(plan.moves.count)
        plan = try await node.client.balance(validateOnly: false)
        try surroundings.show(BalanceReport(plan: plan), as: outputOptions.output)
        if wait { try await untilBalanced(node, surroundings, total, begun: Int64(plan.moves.count)) }
    }

    /// - Parameters:
    ///   - total: Moves of the whole plan.
    ///   - begun: Those of them that are under way.
    private func untilBalanced(
        _ node: NodeSession, _ surroundings: Surroundings, _ total: Int64, begun: Int64
    ) async throws {
        var begun = begun
        try await MoveWatch(node: node, surroundings: surroundings, label: "balancing").run { moves in
            var inMotion = Int64(moves.count)
            if moves.isEmpty {
                // Only so many partitions move at a time: asking again begins the next ones.
                inMotion = Int64(try await node.client.balance(validateOnly: false).moves.count)
                begun += inMotion
            }
            let all = max(total, begun)
            return MoveWatch.Standing(
                left: inMotion == 0 ? 0 : all - begun + inMotion, total: all, noun: "move",
                bytesLeft: moves.reduce(0) { $0 + $1.bytesLeft })
        }
    }
}

struct BalanceReport: Report {
    let plan: Admin.BalanceResponse

    var document: Document {
        [
            "isBalanced": .bool(plan.moves.isEmpty), "isApplied": .bool(plan.isApplied),
            "moves": .list(
                plan.moves.map {
                    [
                        "topic": .text($0.topic), "partition": .integer($0.partition.rawValue),
                        "previousReplicas": .nodes($0.previousReplicas), "replicas": .nodes($0.replicas),
                        "byteCount": .integer($0.byteCount), "reason": .text($0.reason),
                    ]
                }), "brokers": .list(plan.brokers.map(\.document)),
        ]
    }

    func lines(on terminal: Terminal) -> [String] {
        var brokers = Table([
            .number("BROKER"), .text("RACK"), .number("LEADERS"), .number("THEN"), .number("REPLICAS"),
            .number("THEN"), .number("SIZE"), .number("THEN"), .number("IN/S"), .number("THEN"), .number("OUT/S"),
            .number("THEN"),
        ])
        for broker in plan.brokers {
            brokers.add([
                "\(broker.nodeID)", Cell(broker.rack), "\(broker.leaderCount)", "\(broker.plannedLeaderCount)",
                "\(broker.replicaCount)", "\(broker.plannedReplicaCount)", Cell(Units.bytes(broker.byteCount)),
                Cell(Units.bytes(broker.plannedByteCount)), Cell(Units.bytes(broker.bytesInPerSecond)),
                Cell(Units.bytes(broker.plannedBytesInPerSecond)), Cell(Units.bytes(broker.bytesOutPerSecond)),
                Cell(Units.bytes(broker.plannedBytesOutPerSecond)),
            ])
        }
        guard !plan.moves.isEmpty else {
            return brokers.lines(on: terminal)
                + ["", TextStyle.good.applied(to: "balanced: nothing to move", on: terminal)]
        }
        var moves = Table([
            .text("TOPIC"), .number("PARTITION"), .text("NOW"), .text("THEN"), .number("TO COPY"), .text("WHY"),
        ])
        for move in plan.moves {
            moves.add([
                Cell(move.topic), "\(move.partition)", Cell(move.previousReplicas.listed), Cell(move.replicas.listed),
                Cell(Units.bytes(move.byteCount)), Cell(move.reason),
            ])
        }
        return brokers.lines(on: terminal) + [""] + moves.lines(on: terminal)
    }
}

extension Admin.BrokerLoad {
    fileprivate var document: Document {
        [
            "nodeId": .integer(nodeID.rawValue), "rack": .text(rack), "leaderCount": .integer(leaderCount),
            "replicaCount": .integer(replicaCount), "byteCount": .integer(byteCount),
            "plannedLeaderCount": .integer(plannedLeaderCount),
            "plannedReplicaCount": .integer(plannedReplicaCount), "plannedByteCount": .integer(plannedByteCount),
            "bytesInPerSecond": .integer(bytesInPerSecond),
            "plannedBytesInPerSecond": .integer(plannedBytesInPerSecond),
            "bytesOutPerSecond": .integer(bytesOutPerSecond),
            "plannedBytesOutPerSecond": .integer(plannedBytesOutPerSecond),
        ]
    }
}

struct MoveStatusReport: Report {
    let moves: [Admin.PartitionMoveProgress]

    var document: Document {
        [
            "moves": .list(
                moves.map {
                    [
                        "topic": .text($0.topic), "partition": .integer($0.partition.rawValue),
                        "replicas": .nodes($0.replicas), "addingReplicas": .nodes($0.addingReplicas),
                        "removingReplicas": .nodes($0.removingReplicas), "byteCount": .integer($0.byteCount),
                        "bytesLeft": .integer($0.bytesLeft),
                    ]
                })
        ]
    }

    func lines(on terminal: Terminal) -> [String] {
        guard !moves.isEmpty else { return ["nothing moves"] }
        var table = Table([
            .text("TOPIC"), .number("PARTITION"), .text("REPLICAS"), .text("ADDING"), .text("REMOVING"),
            .number("SIZE"), .number("LEFT"),
        ])
        for move in moves {
            table.add([
                Cell(move.topic), "\(move.partition)", Cell(move.replicas.listed), Cell(move.addingReplicas.listed),
                Cell(move.removingReplicas.listed), Cell(Units.bytes(move.byteCount)),
                Cell(Units.bytes(move.bytesLeft)),
            ])
        }
        return table.lines(on: terminal)
    }
}
