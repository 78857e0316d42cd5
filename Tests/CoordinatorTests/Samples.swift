// SPDX-License-Identifier: Apache-2.0

import Coordinator
import Primitives

let topicID = TopicID(high: 0x0102_0304_0506_4708, low: 0x890a_0b0c_0d0e_0f10)

/// One record of every type, fields at unusual values.
let sampleRecords: [(name: String, record: MetadataRecord)] = [
    ("topic-created", .topicCreated(TopicRecord(name: "payments", id: topicID))),
    (
        "partition-created",
        .partitionCreated(
            PartitionRecord(
                id: PartitionID(topic: topicID, index: PartitionIndex(2)), replicas: [NodeID(1), NodeID(200)],
                inSyncReplicas: [NodeID(1)], leader: NodeID(1), leaderEpoch: LeaderEpoch(3),
                partitionEpoch: PartitionEpoch(300)))
    ),
    (
        "partition-created-first",
        .partitionCreated(
            PartitionRecord(
                id: PartitionID(topic: topicID, index: PartitionIndex(0)), replicas: [NodeID(1)],
                inSyncReplicas: [], leader: .none))
    ),
    (
        "partition-changed",
        .partitionChanged(
            PartitionChangeRecord(
                id: PartitionID(topic: topicID, index: PartitionIndex(0)), leader: NodeID.none,
                inSyncReplicas: [], replicas: [NodeID(7)]))
    ),
    ("topic-removed", .topicRemoved(topicID)),
    ("config-set", .configSet(.topic("payments"), name: "retention.ms", value: "86400000")),
    ("config-removed", .configRemoved(.broker(7), name: "num.partitions")),
    ("config-set-defaults", .configSet(.brokerDefaults, name: "num.partitions", value: "6")),
    ("producer-ids", .producerIDsAllocated(ProducerIDsRecord(broker: NodeID(1), next: ProducerID(3000)))),
    ("feature-level", .featureLevelSet(name: "myelin.metadata", level: 1)),
    (
        "broker-registered",
        .brokerRegistered(
            BrokerRecord(
                id: NodeID(1), epoch: BrokerEpoch(17), incarnation: IncarnationID(high: 1, low: 2),
                listeners: [
                    BrokerListener(name: "PLAINTEXT", host: "::1", port: 9092, securityProtocol: .plaintext),
                    BrokerListener(name: "TLS", host: "b1", port: 65535, securityProtocol: .ssl),
                ], rack: "a", features: [FeatureRange(name: "myelin.metadata", levelMin: 1, levelMax: 1)]))
    ),
    ("broker-fencing", .brokerFencingChanged(NodeID(1), epoch: BrokerEpoch(17), isFenced: true)),
    ("broker-unregistered", .brokerUnregistered(NodeID(1), epoch: BrokerEpoch(17))),
]

func encoded(_ record: MetadataRecord) -> [UInt8] {
    var writer = ByteWriter()
    record.encode(into: &writer)
    return writer.bytes
}

/// A world for decisions: an image, the settings of node 1, and entropy.
struct Deciding {
    var image = MetadataImage()
    var settings = BrokerSettings()
    var entropy: Entropy
    var nextOffset = Offset.zero

    init(seed: UInt64 = 1, brokers: [(id: Int32, rack: String?)] = [(1, nil)]) throws {
        entropy = Entropy(seed: seed)
        for broker in brokers {
            let registered = try run(
                RegisterBroker(
                    id: NodeID(broker.id), incarnation: IncarnationID(high: 0, low: UInt64(broker.id)),
                    listeners: [
                        BrokerListener(name: "PLAINTEXT", host: "h", port: 9092, securityProtocol: .plaintext)
                    ], rack: broker.rack))
            _ = try registered.get()
        }
    }

    var state: ControllerState {
        ControllerState(image: image, settings: settings, node: NodeID(1), nextOffset: nextOffset)
    }

    /// Decides, replays the records, and returns the answer.
    @discardableResult
    mutating func run<Command: ControllerCommand>(_ command: Command) throws -> Command.Outcome {
        let decision = command.decide(on: state, using: &entropy)
        for record in decision.records { try image.replay(record) }
        nextOffset = nextOffset + Int64(decision.records.count)
        return decision.outcome
    }

    @discardableResult
    mutating func createTopic(_ topic: NewTopic) throws -> CreatedTopic {
        try run(CreateTopics([topic]))[0].get()
    }
}
