// SPDX-License-Identifier: Apache-2.0

import Coordinator
import Primitives
import Testing

@Suite("deleting topics and adding partitions")
struct TopicChangeTests {
    @Test("a topic is deleted by name or by id, once")
    func deletion() throws {
        var deciding = try Deciding()
        let a = try deciding.createTopic(NewTopic(name: "a"))
        let b = try deciding.createTopic(NewTopic(name: "b"))
        let unknown = TopicID(high: 1, low: 1)
        let outcome = try deciding.run(
            DeleteTopics([.name("a"), .id(b.id), .id(a.id), .name("c"), .id(unknown)]))
        #expect(try outcome[0].get().id == a.id)
        #expect(try outcome[1].get().name == "b")
        #expect(outcome[2] == .failure(.duplicate(.id(a.id))))
        #expect(outcome[3] == .failure(.unknown(.name("c"))))
        #expect(outcome[4] == .failure(.unknown(.id(unknown))))
        #expect(deciding.image.topicCount == 0)
    }

    @Test("partitions are added behind those that are there")
    func morePartitions() throws {
        var deciding = try Deciding(brokers: [(1, nil), (2, nil)])
        let topic = try deciding.createTopic(NewTopic(name: "a", partitionCount: 2, replicationFactor: 2))
        let before = try #require(deciding.image.topic(topic.id)).partitions
        #expect(try deciding.run(CreatePartitions([MorePartitions(topic: "a", totalCount: 5)]))[0].get() == 5)
        let after = try #require(deciding.image.topic(topic.id)).partitions
        #expect(Array(after.prefix(2)) == before)
        #expect(after.count == 5)
        #expect(after.allSatisfy { $0.replicas.count == 2 })
    }

    @Test("fewer partitions, unknown topics and wrong assignments are refused")
    func refusals() throws {
        var deciding = try Deciding(brokers: [(1, nil), (2, nil)])
        try deciding.createTopic(NewTopic(name: "a", partitionCount: 2))
        let before = deciding.image
        func refusal(_ request: MorePartitions) throws -> CreatePartitionsRefusal? {
            switch try deciding.run(CreatePartitions([request]))[0] {
            case .success: nil
            case .failure(let refusal): refusal
            }
        }
        #expect(try refusal(MorePartitions(topic: "b", totalCount: 3)) == .unknownTopic("b"))
        #expect(try refusal(MorePartitions(topic: "a", totalCount: 2)) == .notMore(current: 2, asked: 2))
        #expect(try refusal(MorePartitions(topic: "a", totalCount: -1)) == .notMore(current: 2, asked: -1))
        #expect(
            try refusal(MorePartitions(topic: "a", totalCount: 10_001)) == .tooManyPartitions(10_001, limit: 10_000))
        #expect(
            try refusal(MorePartitions(topic: "a", totalCount: 4, assignment: [[NodeID(1)]]))
                == .assignmentCount(expected: 2, found: 1))
        #expect(
            try refusal(MorePartitions(topic: "a", totalCount: 3, assignment: [[NodeID(1), NodeID(2)]]))
                == .invalidAssignment(.unequalReplicationFactor(PartitionIndex(2), expected: 1, found: 2)))
        #expect(deciding.image == before)
    }
}

@Suite("altering configuration")
struct AlterConfigsTests {
    private let topic = ConfigTarget(.topic, name: "a")

    private func prepared() throws -> Deciding {
        var deciding = try Deciding()
        try deciding.createTopic(NewTopic(name: "a", configs: [.init(name: "segment.ms", value: "9")]))
        return deciding
    }

    private func refusal(_ target: ConfigTarget, _ change: AlterConfigs.Change) throws -> AlterConfigRefusal? {
        var deciding = try prepared()
        let before = deciding.image
        guard case .failure(let refusal) = try deciding.run(AlterConfigs([(target, [change])]))[0] else { return nil }
        #expect(deciding.image == before)
        #expect(!refusal.description.isEmpty)
        return refusal
    }

    @Test("SET and DELETE change one setting and leave the others")
    func setAndDelete() throws {
        var deciding = try prepared()
        let set = AlterConfigs.Change(.set, name: "retention.ms", value: "5")
        _ = try deciding.run(AlterConfigs([(topic, [set])]))[0].get()
        #expect(deciding.image.configEntries(of: .topic("a")).map(\.name) == ["retention.ms", "segment.ms"])
        let delete = AlterConfigs.Change(.delete, name: "retention.ms", value: nil)
        _ = try deciding.run(AlterConfigs([(topic, [delete])]))[0].get()
        #expect(deciding.image.configEntries(of: .topic("a")).map(\.name) == ["segment.ms"])
        let again = AlterConfigs([(topic, [delete])]).decide(on: deciding.state, using: &deciding.entropy)
        #expect(again.records.isEmpty)
    }

    @Test("APPEND and SUBTRACT start from the inherited list, and what is there already is no error")
    func lists() throws {
        var deciding = try prepared()
        func change(_ operation: AlterConfigs.Operation, _ value: String) throws -> String? {
            let change = AlterConfigs.Change(operation, name: "cleanup.policy", value: value)
            _ = try deciding.run(AlterConfigs([(topic, [change])]))[0].get()
            return deciding.image.configValue("cleanup.policy", of: .topic("a"))
        }
        #expect(try change(.append, "compact") == "delete,compact")
        #expect(try change(.append, "compact") == "delete,compact")
        #expect(try change(.subtract, "delete") == "compact")
        #expect(try change(.subtract, "delete") == "compact")
        #expect(
            try refusal(topic, .init(.subtract, name: "cleanup.policy", value: "delete"))
                == .setting(
                    .notAllowed(name: "cleanup.policy", value: "", allowed: .someOf(["compact", "delete"]))))
        #expect(
            try refusal(topic, .init(.append, name: "retention.ms", value: "5"))
                == .setting(.notAList(name: "retention.ms")))
    }

    @Test("the older request replaces everything that was set")
    func replacement() throws {
        var deciding = try prepared()
        let replace = ReplaceConfigs([(topic, [.init(name: "retention.ms", value: "7")])])
        _ = try deciding.run(replace)[0].get()
        #expect(deciding.image.configEntries(of: .topic("a")).map(\.name) == ["retention.ms"])
        #expect(replace.decide(on: deciding.state, using: &deciding.entropy).records.isEmpty)
        _ = try deciding.run(ReplaceConfigs([(topic, [])]))[0].get()
        #expect(deciding.image.configEntries(of: .topic("a")).isEmpty)
    }

    @Test("resources that are not there, or not supported, are refused by name")
    func resources() throws {
        let set = AlterConfigs.Change(.set, name: "num.partitions", value: "2")
        #expect(try refusal(ConfigTarget(.topic, name: "b"), set) == .unknownTopic("b"))
        #expect(try refusal(ConfigTarget(.topic, name: "/"), set) == .illegalTopicName(.illegalCharacter("/")))
        #expect(try refusal(ConfigTarget(.broker, name: "x"), set) == .invalidBrokerID("x"))
        #expect(try refusal(ConfigTarget(.broker, name: "9"), set) == .unknownBroker(NodeID(9)))
        for kind: ConfigTarget.Kind in [.group, .brokerLogger, .unknown(99)] {
            #expect(try refusal(ConfigTarget(kind, name: "g"), set) == .unsupportedResource(kind))
        }
        #expect(try refusal(ConfigTarget(.broker, name: "1"), set) == nil)
    }

    @Test("a setting that is read at start only cannot be changed, and a value must be there")
    func settings() throws {
        #expect(
            try refusal(ConfigTarget(.broker, name: ""), .init(.set, name: "listeners", value: "PLAINTEXT://:1"))
                == .setting(.readOnly(name: "listeners")))
        #expect(
            try refusal(topic, .init(.set, name: "retention.ms", value: nil)) == .nullValue(name: "retention.ms"))
    }

    @Test("a resource with one bad change keeps all it had, and another resource of the request does not suffer")
    func wholeResources() throws {
        var deciding = try prepared()
        let outcome = try deciding.run(
            AlterConfigs([
                (
                    topic,
                    [
                        .init(.set, name: "retention.ms", value: "5"),
                        .init(.set, name: "retention.bytes", value: "many"),
                    ]
                ),
                (ConfigTarget(.broker, name: ""), [.init(.set, name: "num.partitions", value: "3")]),
            ]))
        #expect(throws: AlterConfigRefusal.self) { try outcome[0].get() }
        _ = try outcome[1].get()
        #expect(deciding.image.configValue("retention.ms", of: .topic("a")) == nil)
        #expect(deciding.image.configValue("num.partitions", of: .brokerDefaults) == "3")
    }

    @Test("naming a resource or a setting twice, or only validating, changes nothing")
    func duplicates() throws {
        var deciding = try prepared()
        let before = deciding.image
        let set = AlterConfigs.Change(.set, name: "retention.ms", value: "5")
        let twice = try deciding.run(AlterConfigs([(topic, [set]), (topic, [set])]))
        for outcome in twice { #expect(throws: AlterConfigRefusal.duplicateResource) { try outcome.get() } }
        let same = try deciding.run(AlterConfigs([(topic, [set, set])]))[0]
        #expect(throws: AlterConfigRefusal.duplicateConfig(name: "retention.ms")) { try same.get() }
        _ = try deciding.run(AlterConfigs([(topic, [set])], validateOnly: true))[0].get()
        #expect(deciding.image == before)
    }
}

@Suite("producer ids, brokers and features")
struct MembershipTests {
    @Test("blocks of a thousand producer ids follow each other and are never given twice")
    func producerIDs() throws {
        var deciding = try Deciding()
        let epoch = try #require(deciding.image.broker(NodeID(1))?.epoch)
        let blocks = try (0..<3).map { _ in
            try deciding.run(AllocateProducerIDs(broker: NodeID(1), epoch: epoch)).get()
        }
        #expect(blocks.map(\.first) == [ProducerID(0), ProducerID(1000), ProducerID(2000)])
        #expect(blocks.allSatisfy { $0.count == 1000 })
        #expect(
            try deciding.run(AllocateProducerIDs(broker: NodeID(2), epoch: epoch))
                == .failure(.unknownBroker(NodeID(2))))
        #expect(
            try deciding.run(AllocateProducerIDs(broker: NodeID(1), epoch: BrokerEpoch(99)))
                == .failure(.staleEpoch(current: epoch)))
        let last = ProducerID(Int64.max - 999)
        try deciding.image.replay(.producerIDsAllocated(ProducerIDsRecord(broker: NodeID(1), next: last)))
        #expect(try deciding.run(AllocateProducerIDs(broker: NodeID(1), epoch: epoch)) == .failure(.exhausted))
    }

    @Test("a broker without listeners, or that lacks a finalized feature, is refused")
    func refusedRegistration() throws {
        var deciding = try Deciding()
        try deciding.image.replay(.featureLevelSet(name: "myelin.metadata", level: 1))
        let listener = BrokerListener(name: "A", host: "h", port: 1, securityProtocol: .plaintext)
        let incarnation = IncarnationID(high: 3, low: 3)
        #expect(
            try deciding.run(RegisterBroker(id: NodeID(2), incarnation: incarnation, listeners: []))
                == .failure(.noListener))
        #expect(
            try deciding.run(
                RegisterBroker(id: NodeID(2), incarnation: incarnation, listeners: [listener, listener]))
                == .failure(.listenerTwice("A")))
        #expect(
            try deciding.run(
                RegisterBroker(id: NodeID(2), incarnation: incarnation, listeners: [listener], features: []))
                == .failure(.unsupportedFeature(name: "myelin.metadata", level: 1, supported: nil)))
    }

    @Test("a broker with replicas is not forgotten, one without is")
    func unregistration() throws {
        var deciding = try Deciding(brokers: [(1, nil), (2, nil)])
        let only = ReplicaAssignment(partition: PartitionIndex(0), brokers: [NodeID(2)])
        try deciding.createTopic(NewTopic(name: "a", assignment: [only]))
        #expect(throws: UnregisterBrokerRefusal.hasReplicas(topic: "a")) {
            try deciding.run(UnregisterBroker(NodeID(2))).get()
        }
        _ = try deciding.run(UnregisterBroker(NodeID(1))).get()
        #expect(deciding.image.brokers().map(\.id) == [NodeID(2)])
        #expect(throws: UnregisterBrokerRefusal.unknownBroker(NodeID(1))) {
            try deciding.run(UnregisterBroker(NodeID(1))).get()
        }
    }
}
