// SPDX-License-Identifier: Apache-2.0

import Coordinator
import Primitives
import Testing

@Suite("creating topics")
struct CreateTopicsTests {
    private func refusal(_ topic: NewTopic, _ deciding: Deciding? = nil) throws -> CreateTopicRefusal? {
        var deciding = try deciding ?? Deciding()
        let before = deciding.image
        switch try deciding.run(CreateTopics([topic]))[0] {
        case .success: return nil
        case .failure(let refusal):
            #expect(deciding.image == before)
            #expect(!refusal.description.isEmpty)
            return refusal
        }
    }

    @Test("−1 means the broker's defaults, and those can change while it runs")
    func defaults() throws {
        var deciding = try Deciding()
        let first = try deciding.createTopic(NewTopic(name: "a"))
        #expect(first.partitionCount == 1)
        #expect(first.replicationFactor == 1)
        let change = AlterConfigs.Change(.set, name: "num.partitions", value: "6")
        _ = try deciding.run(AlterConfigs([(ConfigTarget(.broker, name: ""), [change])]))[0].get()
        #expect(try deciding.createTopic(NewTopic(name: "b")).partitionCount == 6)
    }

    @Test(
        "illegal names are refused with what is wrong about them",
        arguments: [
            ("", TopicNameProblem.empty), (".", .dots), ("..", .dots), ("a b", .illegalCharacter(" ")),
            ("../x", .illegalCharacter("/")), ("grün", .illegalCharacter("ü")), ("a\0", .illegalCharacter("\0")),
            ("__cluster_metadata", .reserved),
            (String(repeating: "a", count: 250), .tooLong(byteCount: 250)),
        ])
    func names(name: String, problem: TopicNameProblem) throws {
        #expect(try refusal(NewTopic(name: name)) == .illegalName(problem))
    }

    @Test(
        "names at the edge of the rules are lawful", arguments: ["a", "...", "-", "_", "A.b_c-9", "__consumer_offsets"])
    func lawfulNames(name: String) throws {
        #expect(try refusal(NewTopic(name: name)) == nil)
        #expect(try refusal(NewTopic(name: String(repeating: "a", count: 249))) == nil)
    }

    @Test("a name that differs from another only in '.' and '_' is refused, also inside one request")
    func collisions() throws {
        var deciding = try Deciding()
        try deciding.createTopic(NewTopic(name: "a.b_c"))
        #expect(try refusal(NewTopic(name: "a_b.c"), deciding) == .collides(with: "a.b_c"))
        let outcome = try deciding.run(CreateTopics([NewTopic(name: "x.y"), NewTopic(name: "x_y")]))
        #expect(try outcome[0].get().name == "x.y")
        #expect(outcome[1] == .failure(.collides(with: "x.y")))
        #expect(try refusal(NewTopic(name: "abc"), deciding) == nil)
    }

    @Test("a topic that exists, or comes twice in a request, is refused")
    func duplicates() throws {
        var deciding = try Deciding()
        let id = try deciding.createTopic(NewTopic(name: "a")).id
        #expect(try refusal(NewTopic(name: "a"), deciding) == .exists(id))
        let twice = try deciding.run(CreateTopics([NewTopic(name: "b"), NewTopic(name: "c"), NewTopic(name: "b")]))
        #expect(twice[0] == .failure(.duplicate))
        #expect(twice[2] == .failure(.duplicate))
        #expect(try twice[1].get().name == "c")
    }

    @Test("counts out of range are refused by name")
    func counts() throws {
        #expect(try refusal(NewTopic(name: "a", partitionCount: 0)) == .invalidPartitionCount(0))
        #expect(try refusal(NewTopic(name: "a", partitionCount: -2)) == .invalidPartitionCount(-2))
        #expect(try refusal(NewTopic(name: "a", replicationFactor: 0)) == .invalidReplicationFactor(0))
        #expect(
            try refusal(NewTopic(name: "a", replicationFactor: 2))
                == .tooFewBrokers(replicationFactor: 2, brokerCount: 1))
        #expect(
            try refusal(NewTopic(name: "a", partitionCount: .max))
                == .tooManyPartitions(Int(Int32.max), limit: 10_000))
    }

    @Test("the partitions of a whole request count against the cluster's limit")
    func clusterLimit() throws {
        var deciding = try Deciding()
        deciding.settings = try BrokerSettings(SettingLayers(flags: ["myelin.cluster.partitions.max": "10"]))
        let outcome = try deciding.run(
            CreateTopics([
                NewTopic(name: "a", partitionCount: 6), NewTopic(name: "b", partitionCount: 5),
                NewTopic(name: "c", partitionCount: 4),
            ]))
        #expect(outcome[1] == .failure(.clusterIsFull(11, limit: 10)))
        #expect(deciding.image.partitionCount == 10)
    }

    @Test("brokers chosen by hand are taken as they are, or refused with the reason")
    func assignments() throws {
        var deciding = try Deciding(brokers: [(1, nil), (2, nil), (3, nil)])
        func topic(_ replicas: [(Int32, [Int32])]) -> NewTopic {
            NewTopic(
                name: "a",
                assignment: replicas.map {
                    ReplicaAssignment(partition: PartitionIndex($0.0), brokers: $0.1.map { NodeID($0) })
                })
        }
        let cases: [([(Int32, [Int32])], AssignmentProblem)] = [
            ([(1, [1])], .partitionsNotConsecutive(first: 0, count: 1)),
            ([(0, [1]), (0, [1])], .partitionsNotConsecutive(first: 0, count: 2)),
            ([(0, [])], .noBroker(PartitionIndex(0))),
            ([(0, [1, 1])], .brokerTwice(PartitionIndex(0), NodeID(1))),
            ([(0, [9])], .unknownBroker(PartitionIndex(0), NodeID(9))),
            ([(0, [1, 2]), (1, [3])], .unequalReplicationFactor(PartitionIndex(1), expected: 2, found: 1)),
        ]
        for (assignment, problem) in cases {
            #expect(try refusal(topic(assignment), deciding) == .invalidAssignment(problem))
        }
        var withCounts = topic([(0, [1])])
        withCounts.partitionCount = 1
        #expect(try refusal(withCounts, deciding) == .assignmentWithCounts)
        let created = try deciding.createTopic(topic([(1, [3, 1]), (0, [2, 3])]))
        #expect(
            deciding.image.topic(created.id)?.partitions.map(\.replicas)
                == [[2, 3], [3, 1]].map { $0.map { NodeID($0) } })
        #expect(deciding.image.topic(created.id)?.partitions.map(\.leader) == [NodeID(2), NodeID(3)])
    }

    @Test("only live brokers are in sync, and one of them leads")
    func fencedReplicas() throws {
        var deciding = try Deciding(brokers: [(1, nil), (2, nil)])
        let epoch = try #require(deciding.image.broker(NodeID(1))?.epoch)
        try deciding.image.replay(.brokerFencingChanged(NodeID(1), epoch: epoch, isFenced: true))
        let both = ReplicaAssignment(partition: PartitionIndex(0), brokers: [NodeID(1), NodeID(2)])
        let created = try deciding.createTopic(NewTopic(name: "a", assignment: [both]))
        let partition = try #require(deciding.image.topic(created.id)?.partitions[0])
        #expect(partition.inSyncReplicas == [NodeID(2)])
        #expect(partition.leader == NodeID(2))
        let dead = ReplicaAssignment(partition: PartitionIndex(0), brokers: [NodeID(1)])
        #expect(
            try refusal(NewTopic(name: "b", assignment: [dead]), deciding)
                == .invalidAssignment(.noLiveBroker(PartitionIndex(0))))
    }

    @Test("a bad configuration is refused and names the setting")
    func configs() throws {
        func topic(_ name: String, _ value: String?) -> NewTopic {
            NewTopic(name: "a", configs: [.init(name: name, value: value)])
        }
        #expect(
            try refusal(topic("retention.m", "1"))
                == .config(.unknown(name: "retention.m", nearest: "retention.ms")))
        #expect(
            try refusal(topic("retention.ms", "soon"))
                == .config(.malformed(name: "retention.ms", value: "soon", kind: .long)))
        #expect(
            try refusal(topic("cleanup.policy", "burn"))
                == .config(
                    .notAllowed(name: "cleanup.policy", value: "burn", allowed: .someOf(["compact", "delete"]))))
        #expect(try refusal(topic("retention.ms", nil)) == .nullConfig(name: "retention.ms"))
    }

    @Test("a request that only validates answers as if and changes nothing")
    func validateOnly() throws {
        var deciding = try Deciding()
        let before = deciding.image
        let outcome = try deciding.run(
            CreateTopics([NewTopic(name: "a", partitionCount: 3), NewTopic(name: "..")], validateOnly: true))
        #expect(try outcome[0].get().partitionCount == 3)
        #expect(try outcome[0].get().id == .zero)
        #expect(outcome[1] == .failure(.illegalName(.dots)))
        #expect(deciding.image == before)
    }

    @Test("the answer shows every topic setting, with what was asked for on top")
    func effectiveConfigs() throws {
        var deciding = try Deciding()
        let created = try deciding.createTopic(
            NewTopic(name: "a", configs: [.init(name: "retention.ms", value: " 5 ")]))
        #expect(created.configs.count == SettingsTable.topic.definitions.count)
        let retention = try #require(created.configs.first { $0.name == "retention.ms" })
        #expect(retention.value == "5")
        #expect(retention.origin == .topic)
        #expect(created.configs.filter { $0.origin == .topic }.map(\.name) == ["retention.ms"])
        // Agreed upon for the whole cluster.
        #expect(created.configs.filter { $0.origin == .dynamicDefault }.map(\.name) == ["min.insync.replicas"])
    }

    @Test("__consumer_offsets is created once, compacted, with as many replicas as there are brokers")
    func internalTopic() throws {
        var deciding = try Deciding(brokers: [(1, nil), (2, nil)])
        let id = try deciding.run(EnsureInternalTopic(.consumerOffsets)).get()
        let topic = try #require(deciding.image.topic(id))
        #expect(topic.name == "__consumer_offsets")
        #expect(topic.partitions.count == 50)
        #expect(topic.partitions.allSatisfy { $0.replicas.count == 2 })
        #expect(deciding.image.configValue("cleanup.policy", of: .topic(topic.name)) == "compact")
        let again = EnsureInternalTopic(.consumerOffsets).decide(on: deciding.state, using: &deciding.entropy)
        #expect(again.records.isEmpty)
        #expect(try again.outcome.get() == id)
        #expect(InternalTopic.isInternal("__consumer_offsets"))
        #expect(!InternalTopic.isInternal("payments"))
    }
}

@Suite("placing replicas")
struct PlacementTests {
    @Test("replicas of a partition never share a broker, nor a rack while there are racks left", arguments: 0..<100)
    func spread(seed: UInt64) {
        var entropy = Entropy(seed: seed)
        let racks = 1 + entropy.index(below: 4)
        let candidates = (0..<Int32(1 + entropy.index(below: 9))).map {
            PlacementCandidate(id: NodeID($0), rack: "r\(Int($0) % racks)")
        }
        let rackOf = Dictionary(uniqueKeysWithValues: candidates.map { ($0.id, $0.rack) })
        let rackCount = Set(candidates.map(\.rack)).count
        var placement = Placement(over: candidates, using: &entropy)
        let factor = 1 + entropy.index(below: candidates.count)
        for _ in 0..<20 {
            let replicas = placement.next(replicationFactor: factor)
            #expect(Set(replicas).count == factor)
            #expect(Set(replicas.map { rackOf[$0] }).count == min(factor, rackCount))
        }
    }

    @Test("leaders and replicas are spread evenly over equal racks", arguments: 0..<20)
    func evenly(seed: UInt64) {
        var entropy = Entropy(seed: seed)
        let candidates = (0..<6).map { PlacementCandidate(id: NodeID($0), rack: "r\($0 % 3)") }
        var placement = Placement(over: candidates, using: &entropy)
        var leaders: [NodeID: Int] = [:]
        var replicas: [NodeID: Int] = [:]
        for _ in 0..<60 {
            let chosen = placement.next(replicationFactor: 3)
            leaders[chosen[0], default: 0] += 1
            for broker in chosen { replicas[broker, default: 0] += 1 }
        }
        #expect(replicas.values.allSatisfy { $0 == 30 })
        #expect(leaders.count == 6 && leaders.values.allSatisfy { $0 == 10 }, "\(leaders)")
    }

    @Test("the same seed places alike, another one elsewhere")
    func seeds() {
        let candidates = (0..<9).map { PlacementCandidate(id: NodeID($0), rack: nil) }
        func placed(_ seed: UInt64) -> [[NodeID]] {
            var entropy = Entropy(seed: seed)
            var placement = Placement(over: candidates, using: &entropy)
            return (0..<5).map { _ in placement.next(replicationFactor: 2) }
        }
        #expect(placed(1) == placed(1))
        #expect(Set((0..<20).map { placed($0) }).count > 1)
    }
}
