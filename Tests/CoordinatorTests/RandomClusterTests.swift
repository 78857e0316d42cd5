// SPDX-License-Identifier: Apache-2.0

import Coordinator
import Primitives
import Testing

/// Brokers that start, crash, stop, catch up and lag, while people move, drain, elect and delete, all by one seed.
///
/// After every decision the image is held against the rules that no sequence of events may break.
private struct Model {
    private(set) var deciding: Deciding
    private var chance: Entropy
    private var incarnations: [Int32: UInt64] = [:]
    private var topicCount = 0
    private(set) var uncleanCount = 0

    init(seed: UInt64) throws {
        deciding = try Deciding(seed: seed, brokers: [])
        chance = Entropy(seed: seed ^ 0xc1a0)
        for id in 1...5 as ClosedRange<Int32> { try start(id) }
    }

    mutating func step() throws {
        deciding.now = deciding.now.advanced(byMilliseconds: Int64(chance.index(below: 900)))
        switch chance.index(below: 16) {
        case 0: try start(anyBroker())
        case 1: try beat(anyBroker(), wantsShutdown: true)
        case 2, 3, 4: for id in 1...5 as ClosedRange<Int32> where chance.chance(4, in: 5) { try beat(id) }
        case 5: try run(FenceBrokers(deciding.sessions.expired(on: deciding.image, at: deciding.now)))
        case 6, 7, 8, 9: try propose()
        case 10: try createTopic()
        case 11: try reassign()
        case 12: try elect()
        case 13: try run(BalanceStep(moveCountMax: 3))
        case 14: try run(DrainBroker(NodeID(anyBroker()), isDraining: chance.chance(1, in: 3)))
        default: try alterMin()
        }
    }

    private mutating func anyBroker() -> Int32 { Int32(1 + chance.index(below: 5)) }

    /// Mostly after a crash; sometimes in order, sometimes with an empty disk.
    private mutating func start(_ id: Int32) throws {
        incarnations[id, default: 0] += 1
        var command = Deciding.registration(id, incarnation: incarnations[id] ?? 0)
        let present = deciding.image.broker(NodeID(id))
        if chance.chance(1, in: 3) { command.previousEpoch = present?.epoch }
        let folder = chance.chance(1, in: 10) ? chance.next() : present?.directory?.low ?? chance.next()
        command.directory = IncarnationID(high: UInt64(id), low: folder)
        try run(command)
        try beat(id)
    }

    private mutating func beat(_ id: Int32, wantsShutdown: Bool = false) throws {
        try run(
            BrokerHeartbeat(
                broker: NodeID(id), epoch: deciding.epoch(of: id), metadataOffset: deciding.nextOffset,
                wantsFence: chance.chance(1, in: 20), wantsShutdown: wantsShutdown))
    }

    private mutating func anyPartition() -> PartitionID? {
        let topics = deciding.image.topicsByName()
        guard !topics.isEmpty else { return nil }
        let topic = topics[chance.index(below: topics.count)]
        let index = PartitionIndex(Int32(chance.index(below: topic.partitions.count)))
        return PartitionID(topic: topic.id, index: index)
    }

    /// A leader proposes whom it likes; what it may not propose is refused.
    private mutating func propose() throws {
        guard let id = anyPartition() else { return }
        let partition = deciding[id]
        guard partition.leader != .none else { return }
        let members = partition.replicas.filter { $0 == partition.leader || chance.chance(2, in: 3) }
        let before = deciding[id]
        _ = try deciding.propose(members.map(\.rawValue), for: id)
        check(after: AlterPartitions.name, before: [(id, before)], proposed: members)
    }

    private mutating func createTopic() throws {
        topicCount += 1
        if topicCount > 12 { try run(DeleteTopics([.name("t\(topicCount - 12)")])) }
        let min = "\(1 + chance.index(below: 3))"
        try run(
            CreateTopics([
                NewTopic(
                    name: "t\(topicCount)", partitionCount: Int32(1 + chance.index(below: 4)),
                    replicationFactor: Int16(1 + chance.index(below: 3)),
                    configs: chance.chance(1, in: 2) ? [.init(name: "min.insync.replicas", value: min)] : [])
            ]))
    }

    private mutating func reassign() throws {
        guard let id = anyPartition(), let topic = deciding.image.topic(id.topic) else { return }
        let brokers = (1...5).map { NodeID($0) }.shuffled(using: &chance).prefix(1 + chance.index(below: 4))
        let target = chance.chance(1, in: 4) ? nil : Array(brokers)
        let reference = PartitionReference(topic: topic.name, index: id.index)
        try run(AlterPartitionReassignments([Reassignment(reference, to: target)]))
    }

    private mutating func elect() throws {
        let isUnclean = chance.chance(1, in: 2)
        let losses = deciding.image.losses().count
        let elections = try run(
            ElectLeaders(isUnclean ? .unclean : .preferred, partitions: nil), isUncleanAllowed: isUnclean)
        let lossy = elections.count { $0.loss != nil }
        uncleanCount += lossy
        #expect(deciding.image.losses().count == losses + lossy)
    }

    private mutating func alterMin() throws {
        let change = AlterConfigs.Change(.set, name: "min.insync.replicas", value: "\(1 + chance.index(below: 3))")
        let topic = chance.chance(1, in: 2) ? "t\(topicCount)" : ""
        try run(AlterConfigs([(ConfigTarget(topic.isEmpty ? .broker : .topic, name: topic), [change])]))
    }

    @discardableResult
    private mutating func run<Command: ControllerCommand>(
        _ command: Command, isUncleanAllowed: Bool = false
    ) throws -> Command.Outcome {
        let before = deciding.image.topicsByName().flatMap { topic in
            topic.partitions.enumerated().map { position, partition in
                (PartitionID(topic: topic.id, index: PartitionIndex(Int32(position))), partition)
            }
        }
        let outcome = try deciding.run(command)
        check(after: Command.name, before: before, isUncleanAllowed: isUncleanAllowed)
        return outcome
    }

    // MARK: Rules

    /// Cheaper than `#expect` by far, and asked a million times.
    private func rule(_ holds: Bool, _ what: @autoclosure () -> String) {
        if !holds { Issue.record("\(what())") }
    }

    /// - Parameter proposed: Whom the leader itself vouches for.
    private func check(
        after command: String, before: [(PartitionID, PartitionImage)], proposed: [NodeID] = [],
        isUncleanAllowed: Bool = false
    ) {
        for topic in deciding.image.topicsByName() {
            for (position, partition) in topic.partitions.enumerated() {
                check(partition, of: topic, "\(command): \(topic.name)-\(position)")
            }
        }
        for (id, old) in before {
            guard let new = deciding.image.partition(id), new != old else { continue }
            let isLaterLeader = new.leader == old.leader || new.leaderEpoch > old.leaderEpoch
            let isLater = new.partitionEpoch > old.partitionEpoch && new.leaderEpoch >= old.leaderEpoch
            rule(isLater && isLaterLeader, "\(command): epochs of \(old) and \(new)")
            let mayLead = old.inSyncReplicas + old.eligibleLeaderReplicas + proposed
            let isClean = new.leader == .none || new.leader == old.leader || mayLead.contains(new.leader)
            rule(isClean || isUncleanAllowed, "\(command): \(old) became \(new)")
        }
        checkIndexes()
    }

    private func check(_ partition: PartitionImage, of topic: TopicImage, _ name: String) {
        let replicas = Set(partition.replicas)
        let eligible = Set(partition.eligibleLeaderReplicas)
        rule(replicas.count == partition.replicas.count && !replicas.isEmpty, name)
        rule(Set(partition.inSyncReplicas).isSubset(of: replicas), name)
        rule(eligible.isSubset(of: replicas) && eligible.isDisjoint(with: partition.inSyncReplicas), name)
        rule(replicas.isSuperset(of: partition.addingReplicas + partition.removingReplicas), name)
        rule(Set(partition.addingReplicas).isDisjoint(with: partition.removingReplicas), name)
        if partition.leader == .none {
            rule(!(partition.inSyncReplicas + partition.eligibleLeaderReplicas).contains(where: isActive), name)
        } else {
            rule(partition.inSyncReplicas.contains(partition.leader), name)
            rule(isActive(partition.leader), name)
            rule(partition.lastKnownLeader == .none, name)
        }
        rule(partition.inSyncReplicas.allSatisfy(isActive), name)
        let own = deciding.image.configValue("min.insync.replicas", of: .topic(topic.name))
        let all = deciding.image.configValue("min.insync.replicas", of: .brokerDefaults)
        let min = min((own ?? all).flatMap { Int($0) } ?? 1, partition.replicas.count)
        rule(partition.inSyncReplicas.count < min || eligible.isEmpty, name)
    }

    private func isActive(_ id: NodeID) -> Bool { deciding.image.broker(id)?.isActive ?? false }

    /// What the image keeps beside the partitions is what follows from them.
    private func checkIndexes() {
        var held: [NodeID: [PartitionID]] = [:]
        var leading: [NodeID: Int] = [:]
        var moving: [PartitionID] = []
        for topic in deciding.image.topicsByName() {
            for (position, partition) in topic.partitions.enumerated() {
                let id = PartitionID(topic: topic.id, index: PartitionIndex(Int32(position)))
                for broker in partition.replicas { held[broker, default: []].append(id) }
                leading[partition.leader, default: 0] += 1
                if partition.isReassigning { moving.append(id) }
            }
        }
        for id in (1...5).map({ NodeID($0) }) {
            rule(deciding.image.partitions(on: id) == (held[id] ?? []).sorted(), "replicas of \(id)")
            rule(deciding.image.replicaCount(on: id) == held[id]?.count ?? 0, "count of replicas of \(id)")
            rule(deciding.image.leaderCount(on: id) == leading[id] ?? 0, "count of leaders of \(id)")
        }
        rule(deciding.image.reassigningPartitions() == moving.sorted(), "what is in motion")
    }
}

@Suite("a cluster by chance")
struct RandomClusterTests {
    @Test(
        "whatever happens, leaders are in sync or eligible, sets fit, epochs rise, and no loss goes without order",
        arguments: 0..<100)
    func rules(seed: UInt64) throws {
        var model = try Model(seed: seed)
        for _ in 0..<40 { try model.step() }
        let snapshot = MetadataSnapshot(
            image: model.deciding.image, nextOffset: model.deciding.nextOffset, term: Term(1))
        #expect(try MetadataSnapshot(decoding: snapshot.encoded()).image == model.deciding.image)
    }

    @Test("chance reaches what the rules are about: losses by order, leaderless partitions, eligible leaders, moves")
    func reaches() throws {
        var (unclean, leaderless, eligible, moving) = (0, 0, 0, 0)
        for seed in 0..<20 as Range<UInt64> {
            var model = try Model(seed: seed)
            for _ in 0..<80 { try model.step() }
            let partitions = model.deciding.image.topicsByName().flatMap(\.partitions)
            unclean += model.uncleanCount
            leaderless += partitions.count { $0.leader == .none }
            eligible += partitions.count { !$0.eligibleLeaderReplicas.isEmpty && $0.leader != .none }
            moving += partitions.count { $0.isReassigning }
        }
        #expect(
            unclean > 0 && leaderless > 20 && eligible > 20 && moving > 20, "\((unclean, leaderless, eligible, moving))"
        )
    }
}
