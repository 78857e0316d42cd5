// SPDX-License-Identifier: Apache-2.0

import AdminClient
import ArgumentParser
import Primitives
import WireProtocol

struct PartitionMove: ParsableCommand, NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "move", abstract: "Changes where the replicas of partitions are.",
        discussion: """
            Data is copied first; an old replica goes when the new ones are in sync, and clients notice nothing. Waits until all \
            is there; Ctrl-C only stops waiting. --throttle bounds the copying of each broker and is taken away at the end: it \
            needs the waiting.

            EXAMPLES:
              myelin partition move orders:0 --replicas 2,3,1 --dry-run
              myelin partition move orders --from 1 --to 4 --throttle 50MiB --yes
              myelin partition move --watch
            """)

    @Argument(help: ArgumentHelp("Which: orders or orders:0,2-5.", valueName: "topic[:set]"))
    var partitions: [TopicSelection] = []

    @Option(help: ArgumentHelp("All replicas; the first is the preferred leader.", valueName: "ids"))
    var replicas: NodeList?

    @Option(help: ArgumentHelp("Broker that a replica leaves.", valueName: "id"))
    var from: NodeArgument?

    @Option(help: ArgumentHelp("Broker that takes its place.", valueName: "id"))
    var to: NodeArgument?

    @Option(help: ArgumentHelp("Most bytes a second that each broker copies.", valueName: "size"))
    var throttle: SizeArgument?

    @Flag(inversion: .prefixedNo, help: "Wait until the data is there.")
    var wait = true

    @Flag(help: "Only wait for the moves that are under way.")
    var watch = false

    @OptionGroup var confirmation: ConfirmationOptions
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        if watch {
            guard partitions.isEmpty, replicas == nil, from == nil, to == nil, throttle == nil else {
                throw ValidationError("--watch takes nothing else: it waits for all moves")
            }
            return
        }
        guard !partitions.isEmpty else { throw ValidationError("Name partitions: orders or orders:0,2-5") }
        guard (replicas != nil) != (from != nil && to != nil), (from != nil) == (to != nil) else {
            throw ValidationError("Give either --replicas, or --from and --to")
        }
        guard throttle.map({ $0.byteCount > 0 }) ?? true else { throw ValidationError("--throttle must be above 0") }
        if throttle != nil, !wait { throw ValidationError("--throttle needs the waiting: leave --no-wait away") }
    }

    func run(_ node: NodeSession, in surroundings: Surroundings) async throws {
        if watch { return try await untilDone(node, surroundings, of: nil) }
        let moves = try await chosen(node)
        guard !moves.isEmpty else { throw Failure("the partitions are where they should be: nothing moves") }
        let plan = try await node.client.movePartitions(moves, validateOnly: true)
        if confirmation.dryRun { return try await show(plan, isPlan: true, node, surroundings) }
        if let failed = plan.failed.first, let error = failed.error {
            throw Failure(error, name: failed.place, subject: failed.place)
        }
        let bytes = plan.reduce(0) { $0 + $1.copiedByteCount }
        try surroundings.confirm(
            [
                "This moves \(Units.count(Int64(plan.count), "partition")) of \(node.address.text) and copies about "
                    + "\(Units.bytes(bytes))."
            ], "Move the replicas?", unless: confirmation.yes)
        try await perform(moves, plan, node, surroundings)
    }

    private func perform(
        _ moves: [Admin.PartitionMove], _ plan: [Admin.PartitionMoveOutcome], _ node: NodeSession,
        _ surroundings: Surroundings
    ) async throws {
        let bound = MoveThrottle(node: node, moves: plan)
        if let throttle { try await bound.set(bytesPerSecond: throttle.byteCount) }
        let result: Result<[Admin.PartitionMoveOutcome], any Error>
        do {
            let done = try await node.client.movePartitions(moves)
            if wait { try await untilDone(node, surroundings, of: done.succeeded) }
            result = .success(done)
        } catch {
            result = .failure(error)
        }
        if throttle != nil {
            guard !Task.isCancelled else {
                surroundings.console.note(
                    "myelin: the moves go on with their throttle; when they are done, remove it with "
                        + "'myelin config alter --broker' and 'myelin topic alter' (*.replication.throttled.*)")
                return _ = try result.get()
            }
            try await bound.remove()
        }
        try await show(try result.get(), isPlan: false, node, surroundings)
    }

    /// What is to change, in the order named; what is right already is left out.
    private func chosen(_ node: NodeSession) async throws -> [Admin.PartitionMove] {
        var moves: [Admin.PartitionMove] = []
        for selection in partitions.map(\.message) {
            let topic = try await node.describe(selection.topic)
            let indices = selection.partitions.isEmpty ? topic.partitions.map(\.partition) : selection.partitions
            for index in indices {
                guard let partition = topic.partitions.first(where: { $0.partition == index }) else {
                    throw Failure(
                        "topic '\(topic.name)' has no partition \(index)",
                        advice: ["It has partitions 0 to \(topic.partitions.count - 1)."])
                }
                let wanted = try target(of: partition)
                guard wanted != partition.settledReplicas else { continue }
                moves.append(.with { ($0.topic, $0.partition, $0.replicas) = (topic.name, index, wanted) })
            }
        }
        return moves
    }

    private func target(of partition: Admin.PartitionInfo) throws -> [NodeID] {
        if let replicas { return replicas.nodes }
        guard let from = from?.node, let to = to?.node else { preconditionFailure("validate lets only pairs through") }
        let now = partition.settledReplicas
        guard now.contains(from) else { return now }
        guard !now.contains(to) else {
            throw Failure("broker \(to) stores \(partition.topic)-\(partition.partition) already")
        }
        return now.map { $0 == from ? to : $0 }
    }

    private func untilDone(
        _ node: NodeSession, _ surroundings: Surroundings, of moves: [Admin.PartitionMoveOutcome]?
    ) async throws {
        let mine = moves.map { Set($0.map(\.place)) }
        var total = Int64(mine?.count ?? 0)
        try await MoveWatch(node: node, surroundings: surroundings, label: "moving").run { moves in
            let left = moves.filter { mine?.contains($0.place) ?? true }
            total = max(total, Int64(left.count))
            return MoveWatch.Standing(
                left: Int64(left.count), total: total, noun: "partition",
                bytesLeft: left.reduce(0) { $0 + $1.bytesLeft })
        }
        if mine == nil {
            try surroundings.show(Sentence("nothing moves", ["moves": .list([])]), as: outputOptions.output)
        }
    }

    private func show(
        _ moves: [Admin.PartitionMoveOutcome], isPlan: Bool, _ node: NodeSession, _ surroundings: Surroundings
    ) async throws {
        let verb = isPlan ? "would move" : wait ? "moved" : "moving"
        let report = OutcomeReport(
            outcomes: moves, listName: "partitions",
            line: {
                "\(verb) \($0.place) from \($0.previousReplicas.listed) to \($0.replicas.listed)"
                    + ($0.copiedByteCount > 0 ? ", \(Units.bytes($0.copiedByteCount)) to copy" : "")
            },
            fields: { $0.fields + [.init("moved", .bool($0.error == nil && !isPlan))] })
        try await node.show(moves, report, as: outputOptions.output, in: surroundings) { .other($0.place) }
    }
}

extension Admin.PartitionMoveOutcome {
    var place: String { "\(topic)-\(partition)" }
    var copiedByteCount: Int64 { byteCount * Int64(replicas.filter { !previousReplicas.contains($0) }.count) }

    var fields: [Document.Field] {
        [
            .init("topic", .text(topic)), .init("partition", .integer(partition.rawValue)),
            .init("previousReplicas", .nodes(previousReplicas)), .init("replicas", .nodes(replicas)),
            .init("copiedByteCount", .integer(copiedByteCount)),
        ]
    }
}

extension Admin.PartitionMoveProgress {
    var place: String { "\(topic)-\(partition)" }
}

extension Admin.PartitionInfo {
    /// The replicas when a move that is under way is done.
    var settledReplicas: [NodeID] { replicas.filter { !removingReplicas.contains($0) } }
}

/// `1,2,3`: brokers, each once.
struct NodeList: ExpressibleByArgument, Sendable {
    let nodes: [NodeID]

    init?(argument: String) {
        let ids = argument.split(separator: ",", omittingEmptySubsequences: false).map {
            NodeArgument(argument: String($0))
        }
        guard !ids.contains(where: { $0 == nil }) else { return nil }
        nodes = ids.compactMap { $0?.node }
        guard Set(nodes).count == nodes.count else { return nil }
    }
}
