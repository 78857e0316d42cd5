// SPDX-License-Identifier: Apache-2.0

import Coordinator
import Primitives
import Testing

@Suite("the metadata image")
struct MetadataImageTests {
    @Test("a topic is found by name and by id, its partitions by index")
    func lookups() throws {
        var deciding = try Deciding()
        let created = try deciding.createTopic(NewTopic(name: "payments", partitionCount: 3))
        let image = deciding.image
        #expect(image.topic(named: "payments")?.id == created.id)
        #expect(image.topic(created.id)?.name == "payments")
        #expect(image.topic(created.id)?.partitions.count == 3)
        let partition = image.partition(PartitionID(topic: created.id, index: PartitionIndex(2)))
        #expect(partition?.leader == NodeID(1))
        #expect(partition?.leaderEpoch == .zero)
        #expect(image.partition(PartitionID(topic: created.id, index: PartitionIndex(3))) == nil)
        #expect(image.partition(PartitionID(topic: created.id, index: PartitionIndex(-1))) == nil)
        #expect(image.topic(named: "other") == nil)
    }

    @Test("a copy stays as it is while the original moves on")
    func snapshotsAreCopies() throws {
        var deciding = try Deciding()
        try deciding.createTopic(NewTopic(name: "first"))
        let before = deciding.image
        try deciding.createTopic(NewTopic(name: "second"))
        #expect(before.topicCount == 1)
        #expect(deciding.image.topicCount == 2)
        #expect(before != deciding.image)
    }

    @Test("a change that names a leader raises both epochs, any other only the partition's")
    func epochs() throws {
        var deciding = try Deciding()
        let created = try deciding.createTopic(NewTopic(name: "payments"))
        let id = PartitionID(topic: created.id, index: PartitionIndex(0))
        try deciding.image.replay(.partitionChanged(PartitionChangeRecord(id: id, inSyncReplicas: [NodeID(1)])))
        #expect(deciding.image.partition(id)?.leaderEpoch == LeaderEpoch(0))
        #expect(deciding.image.partition(id)?.partitionEpoch == PartitionEpoch(1))
        try deciding.image.replay(.partitionChanged(PartitionChangeRecord(id: id, leader: NodeID(1))))
        #expect(deciding.image.partition(id)?.leaderEpoch == LeaderEpoch(1))
        #expect(deciding.image.partition(id)?.partitionEpoch == PartitionEpoch(2))
    }

    @Test("a removed topic takes its configuration and its partitions along, and its name is free again")
    func removal() throws {
        var deciding = try Deciding()
        let first = try deciding.createTopic(
            NewTopic(
                name: "a.b", partitionCount: 4, configs: [.init(name: "retention.ms", value: "1")]))
        #expect(deciding.image.partitionCount == 4)
        #expect(try deciding.run(DeleteTopics([.name("a.b")])) == [.success(try deletedTopic("a.b", first.id))])
        #expect(deciding.image.partitionCount == 0)
        #expect(deciding.image.configEntries(of: .topic("a.b")).isEmpty)
        let second = try deciding.createTopic(NewTopic(name: "a_b"))
        #expect(second.id != first.id)
    }

    @Test("a record that does not follow is refused and changes nothing")
    func contradictions() throws {
        var deciding = try Deciding()
        let created = try deciding.createTopic(NewTopic(name: "payments"))
        let before = deciding.image
        let other = TopicID(high: 9, low: 9)
        let cases: [(MetadataRecord, ReplayError)] = [
            (.topicCreated(TopicRecord(name: "payments", id: other)), .topicExists("payments", other)),
            (.topicCreated(TopicRecord(name: "new", id: created.id)), .topicExists("new", created.id)),
            (.topicRemoved(other), .topicUnknown(other)),
            (
                .partitionCreated(partition(created.id, 5)),
                .partitionOutOfOrder(PartitionID(topic: created.id, index: PartitionIndex(5)), partitionCount: 1)
            ),
            (.partitionCreated(partition(other, 0)), .topicUnknown(other)),
            (
                .partitionChanged(PartitionChangeRecord(id: PartitionID(topic: other, index: PartitionIndex(0)))),
                .partitionUnknown(PartitionID(topic: other, index: PartitionIndex(0)))
            ),
            (.brokerUnregistered(NodeID(1), epoch: BrokerEpoch(99)), .brokerUnknown(NodeID(1), BrokerEpoch(99))),
            (
                .producerIDsAllocated(ProducerIDsRecord(broker: NodeID(1), next: ProducerID(0))),
                .producerIDsReused(next: ProducerID(0), known: ProducerID(0))
            ),
        ]
        for (record, error) in cases {
            #expect(throws: error) { try deciding.image.replay(record) }
            #expect(deciding.image == before)
        }
    }

    private func partition(_ topic: TopicID, _ index: Int32) -> PartitionRecord {
        PartitionRecord(
            id: PartitionID(topic: topic, index: PartitionIndex(index)), replicas: [NodeID(1)],
            inSyncReplicas: [NodeID(1)], leader: NodeID(1))
    }
}

func deletedTopic(_ name: String, _ id: TopicID) throws -> DeletedTopic {
    var deciding = try Deciding()
    try deciding.image.replay(.topicCreated(TopicRecord(name: name, id: id)))
    return try deciding.run(DeleteTopics([.id(id)]))[0].get()
}

@Suite("metadata deltas")
struct MetadataDeltaTests {
    @Test("a delta names what changed, sorted, and nothing else")
    func contents() throws {
        var deciding = try Deciding(brokers: [(1, nil), (2, nil)])
        let kept = try deciding.createTopic(NewTopic(name: "kept", partitionCount: 2))
        let gone = try deciding.createTopic(NewTopic(name: "gone"))
        var recorder = MetadataDeltaRecorder(from: deciding.image)
        let changed = PartitionID(topic: kept.id, index: PartitionIndex(1))
        let added = TopicID(high: 5, low: 5)
        for record: MetadataRecord in [
            .topicCreated(TopicRecord(name: "added", id: added)),
            .partitionChanged(PartitionChangeRecord(id: changed, inSyncReplicas: [NodeID(2)])),
            .topicRemoved(gone.id),
            .configSet(.topic("kept"), name: "retention.ms", value: "5"),
            .configSet(.brokerDefaults, name: "num.partitions", value: "5"),
            .brokerFencingChanged(NodeID(2), epoch: deciding.epoch(of: 2), isFenced: true),
            .featureLevelSet(name: "myelin.metadata", level: 1),
        ] { try recorder.replay(record) }
        let delta = recorder.delta()
        #expect(delta.removedTopics.map(\.name) == ["gone"])
        #expect(delta.topics.map(\.name) == ["added", "kept"])
        #expect(delta.topics.map(\.isNew) == [true, false])
        #expect(delta.topics[1].partitions.map(\.index) == [PartitionIndex(1)])
        #expect(delta.topics[1].partitions[0].new.inSyncReplicas == [NodeID(2)])
        #expect(delta.configs == [.topic("kept"), .brokerDefaults])
        #expect(delta.brokers == [NodeID(2)])
        #expect(delta.features == ["myelin.metadata"])
    }

    @Test("what is done and undone is no change")
    func undone() throws {
        var recorder = MetadataDeltaRecorder(from: try Deciding().image)
        let id = TopicID(high: 5, low: 5)
        for record: MetadataRecord in [
            .topicCreated(TopicRecord(name: "brief", id: id)), .topicRemoved(id),
            .configSet(.brokerDefaults, name: "num.partitions", value: "5"),
            .configRemoved(.brokerDefaults, name: "num.partitions"),
        ] { try recorder.replay(record) }
        #expect(recorder.delta().isEmpty)
    }

    @Test("a topic that is deleted and created again is removed under one id and new under the other")
    func recreated() throws {
        var deciding = try Deciding()
        let old = try deciding.createTopic(NewTopic(name: "again"))
        var recorder = MetadataDeltaRecorder(from: deciding.image)
        let new = TopicID(high: 5, low: 5)
        try recorder.replay(.topicRemoved(old.id))
        try recorder.replay(.topicCreated(TopicRecord(name: "again", id: new)))
        let delta = recorder.delta()
        #expect(delta.removedTopics.map(\.id) == [old.id])
        #expect(delta.topics.map(\.id) == [new])
    }
}
