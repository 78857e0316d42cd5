// SPDX-License-Identifier: Apache-2.0

import Coordinator
import Primitives
import Testing

/// A cluster with racks, topics and loads of chance.
private struct RandomCluster {
    var deciding: Deciding
    private(set) var loads: [PartitionLoad] = []

    init(seed: UInt64) throws {
        var chance = Entropy(seed: seed ^ 0xba1a)
        let rackCount = 1 + chance.index(below: 4)
        let brokers = (1...Int32(3 + chance.index(below: 6))).map {
            (id: $0, rack: String?.some("r\(Int($0) % rackCount)"))
        }
        deciding = try Deciding(seed: seed, brokers: brokers)
        for topic in 0..<(5 + chance.index(below: 15)) {
            let created = try deciding.createTopic(
                NewTopic(
                    name: "t\(topic)", partitionCount: Int32(1 + chance.index(below: 8)),
                    replicationFactor: Int16(1 + chance.index(below: 3))))
            for index in 0..<created.partitionCount {
                loads.append(
                    PartitionLoad(
                        partition: PartitionID(topic: created.id, index: PartitionIndex(index)),
                        bytes: Int64(chance.index(below: 1000)), bytesInPerSecond: Int64(chance.index(below: 100)),
                        bytesOutPerSecond: Int64(chance.index(below: 200))))
            }
        }
    }

    func racks(_ replicas: [NodeID]) -> Int { Set(replicas.map { deciding.image.broker($0)?.rack }).count }

    /// Takes one step and lets every move finish.
    mutating func step(_ moveCountMax: Int) throws -> BalancePlan {
        let plan = try deciding.run(BalanceStep(loads: loads, moveCountMax: moveCountMax))
        for partition in deciding.image.reassigningPartitions() {
            _ = try deciding.propose(deciding[partition].replicas.map(\.rawValue), for: partition).get()
        }
        return plan
    }
}

@Suite("balancing")
struct BalanceTests {
    @Test(
        "no move puts two replicas on a broker, a partition into fewer racks, or goes past the limit", arguments: 0..<40
    )
    func lawfulMoves(seed: UInt64) throws {
        var cluster = try RandomCluster(seed: seed)
        try cluster.deciding.join(90, rack: "r0")
        let limit = 1 + Int(seed % 7)
        for _ in 0..<8 {
            let plan = try cluster.step(limit)
            #expect(plan.moves.count <= limit)
            for move in plan.moves {
                #expect(Set(move.to).count == move.to.count)
                #expect(move.to.count == move.from.count)
                #expect(cluster.racks(move.to) >= cluster.racks(move.from))
                #expect(
                    Set(move.to).symmetricDifference(move.from).count <= 2, "one replica moves, or two change places")
            }
        }
        #expect(cluster.deciding.image.reassigningPartitions() == [])
    }

    @Test(
        "balancing comes to an end, no goal is worse than it was, and the same cluster is planned alike",
        arguments: 0..<40)
    func converges(seed: UInt64) throws {
        var cluster = try RandomCluster(seed: seed)
        var twin = try RandomCluster(seed: seed)
        var steps = 0
        while true {
            let plan = try cluster.step(10)
            #expect(try twin.step(10) == plan)
            if plan.moves.isEmpty { break }
            steps += 1
            guard steps < 100 else {
                Issue.record("still moving after \(steps) steps")
                return
            }
        }
    }

    @Test("a broker that is new and empty gets its share of replicas and leaders", arguments: 0..<20)
    func newBroker(seed: UInt64) throws {
        var deciding = try Deciding(seed: seed, brokers: [(1, nil), (2, nil), (3, nil)])
        let topic = try deciding.createTopic(NewTopic(name: "t", partitionCount: 40, replicationFactor: 3))
        try deciding.join(4)
        while try !deciding.run(BalanceStep(moveCountMax: 5)).moves.isEmpty {
            for partition in deciding.image.reassigningPartitions() {
                _ = try deciding.propose(deciding[partition].replicas.map(\.rawValue), for: partition).get()
            }
        }
        let counts = (1...4).map { deciding.image.replicaCount(on: NodeID($0)) }
        #expect(counts.allSatisfy { (27...33).contains($0) }, "\(counts), 30 each are even")
        let leaders = Dictionary(grouping: deciding.image.topic(topic.id)?.partitions ?? []) { $0.replicas[0] }
        #expect((1...4).allSatisfy { (8...12).contains(leaders[NodeID($0)]?.count ?? 0) }, "10 each are even")
    }

    @Test("what is even stays as it is, whatever the brokers are called")
    func quiet() throws {
        var deciding = try Deciding(brokers: [(7, "a"), (3, "b"), (5, "c")])
        try deciding.createTopic(NewTopic(name: "t", partitionCount: 30, replicationFactor: 3))
        #expect(try deciding.run(BalanceStep(moveCountMax: 100)).moves == [])
    }

    @Test("busy partitions are spread even where every broker has equally many")
    func traffic() throws {
        var deciding = try Deciding(brokers: [(1, nil), (2, nil)])
        let partitions = try [1, 1, 2, 2].map { try deciding.partition([$0]) }
        let loads = zip(partitions, [100, 90, 5, 5] as [Int64]).map { partition, rate in
            PartitionLoad(partition: partition, bytes: 10, bytesInPerSecond: rate, bytesOutPerSecond: rate)
        }
        let plan = try deciding.run(BalanceStep(loads: loads, moveCountMax: 4, validateOnly: true))
        let traffic = try #require(plan.after.first { $0.goal == .bytesIn })
        #expect(traffic.most - traffic.least <= 20, "\(plan)")
        #expect(plan.moves.allSatisfy { !$0.reason.description.isEmpty })
        #expect(deciding.image.reassigningPartitions() == [])
    }

    @Test("replicas that share a rack are parted when another rack has room, and the leader need not move")
    func racks() throws {
        var deciding = try Deciding(brokers: [(1, "a"), (2, "a"), (3, "b")])
        let partition = try deciding.partition([1, 2])
        let plan = try deciding.run(BalanceStep(moveCountMax: 1, evens: false))
        #expect(plan.moves.map(\.to) == [[NodeID(1), NodeID(3)]])
        #expect(plan.moves.map(\.reason) == [.spreadsRacks])
        #expect(deciding[partition].leader == NodeID(1))
    }

    @Test("leaders are evened out without copying a byte, and lead at once")
    func leadersOnly() throws {
        var deciding = try Deciding(brokers: [(1, nil), (2, nil)])
        let partitions = try (0..<6).map { _ in try deciding.partition([1, 2]) }
        let plan = try deciding.run(BalanceStep(moveCountMax: 10))
        #expect(plan.moves.count == 3)
        #expect(plan.moves.allSatisfy { $0.isLeadershipOnly })
        #expect(plan.bytes == 0)
        #expect(partitions.count { deciding[$0].leader == NodeID(2) } == 3)
        #expect(deciding.image.leaderCount(on: NodeID(2)) == 3)
    }

    @Test("what nobody leads, and what is in motion, is left alone")
    func unmovable() throws {
        var deciding = try Deciding(brokers: [(1, nil), (2, nil), (3, nil)])
        for _ in 0..<6 { _ = try deciding.partition([1]) }
        try deciding.fence(1)
        #expect(try deciding.run(BalanceStep(moveCountMax: 10)).moves == [])
    }
}

@Suite("placing replicas by load")
struct LoadPlacementTests {
    @Test("three brokers without racks take turns in leading, and what one leads is followed by both others")
    func leadersTakeTurns() throws {
        var deciding = try Deciding(brokers: [(1, nil), (2, nil), (3, nil)])
        let topic = try deciding.createTopic(NewTopic(name: "t", partitionCount: 12, replicationFactor: 2))
        let partitions = deciding.image.topic(topic.id)?.partitions ?? []
        let leaders = Dictionary(grouping: partitions, by: \.leader)
        #expect(leaders.count == 3 && leaders.values.allSatisfy { $0.count == 4 })
        for led in leaders.values { #expect(Set(led.map { $0.replicas[1] }).count == 2) }
        let alone = try deciding.createTopic(NewTopic(name: "u", partitionCount: 6, replicationFactor: 3))
        let turns = Set((deciding.image.topic(alone.id)?.partitions ?? []).map(\.leader))
        #expect(turns.count == 3)
    }

    @Test("single partitions go to the emptiest broker, also within one request; large topics go everywhere")
    func emptiestFirst() throws {
        var deciding = try Deciding(brokers: [(1, nil), (2, nil)])
        try deciding.createTopic(NewTopic(name: "t", partitionCount: 8))
        try deciding.join(3)
        let topics = (0..<4).map { NewTopic(name: "s\($0)", partitionCount: 1) }
        for created in try deciding.run(CreateTopics(topics)) {
            #expect(deciding.image.topic(try created.get().id)?.partitions[0].leader == NodeID(3))
        }
        #expect(deciding.image.replicaCount(on: NodeID(3)) == 4)
        let large = try deciding.createTopic(NewTopic(name: "l", partitionCount: 9))
        let leaders = Dictionary(grouping: deciding.image.topic(large.id)?.partitions ?? [], by: \.leader)
        #expect(leaders.values.allSatisfy { $0.count == 3 })
    }
}
