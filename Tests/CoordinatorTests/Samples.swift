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
        "client-quota-set",
        .clientQuotaChanged(
            QuotaEntity(user: .named("ann"), clientID: .byDefault), .producerByteRate, limit: 1_048_576)
    ),
    (
        "client-quota-removed",
        .clientQuotaChanged(QuotaEntity(address: .byDefault), .connectionCreationRate, limit: nil)
    ),
    ("config-set-client-metrics", .configSet(.clientMetrics("all"), name: "interval.ms", value: "60000")),
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
    (
        "partition-created-reassigning",
        .partitionCreated(
            PartitionRecord(
                id: PartitionID(topic: topicID, index: PartitionIndex(1)),
                replicas: [NodeID(4), NodeID(1), NodeID(2)], inSyncReplicas: [], leader: .none,
                leaderEpoch: LeaderEpoch(9), partitionEpoch: PartitionEpoch(12),
                eligibleLeaderReplicas: [NodeID(1), NodeID(2)], lastKnownLeader: NodeID(1),
                addingReplicas: [NodeID(4)], removingReplicas: [NodeID(2)]))
    ),
    (
        "partition-changed-eligible",
        .partitionChanged(
            PartitionChangeRecord(
                id: PartitionID(topic: topicID, index: PartitionIndex(1)), leader: NodeID.none,
                inSyncReplicas: [], eligibleLeaderReplicas: [NodeID(1)], lastKnownLeader: NodeID(1),
                addingReplicas: [], removingReplicas: [NodeID(300)]))
    ),
    (
        "broker-registered-cluster",
        .brokerRegistered(
            BrokerRecord(
                id: NodeID(2), epoch: BrokerEpoch(18), incarnation: IncarnationID(high: 3, low: 4), listeners: [],
                isFenced: false, rpc: RPCEndpoint(host: "b2", port: 9190),
                directory: IncarnationID(high: 5, low: 6), isInControlledShutdown: true, isDraining: true))
    ),
    ("broker-shutdown-started", .brokerShutdownStarted(NodeID(1), epoch: BrokerEpoch(17))),
    ("broker-draining", .brokerDrainingChanged(NodeID(1), epoch: BrokerEpoch(17), isDraining: true)),
    (
        "loss",
        .lossRecorded(
            LossManifest(
                partition: PartitionID(topic: topicID, index: PartitionIndex(1)), leaderEpoch: LeaderEpoch(4),
                electedLeader: NodeID(3), lastKnownLeader: NodeID(1), inSyncReplicas: [NodeID(1)],
                eligibleLeaderReplicas: [NodeID(2)], time: Timestamp(1_700_000_000_000), logEnd: Offset(70),
                highWatermark: Offset(75)))
    ),
    ("loss-accounts", .lossRecorded(accountedLoss)),
    ("broker-unregistered", .brokerUnregistered(NodeID(1), epoch: BrokerEpoch(17))),
]

/// With all that anybody may add to it.
private let accountedLoss: LossManifest = {
    var manifest = LossManifest(
        partition: PartitionID(topic: topicID, index: PartitionIndex(1)), leaderEpoch: LeaderEpoch(4),
        electedLeader: NodeID(3), lastKnownLeader: NodeID(1), inSyncReplicas: [NodeID(1)],
        eligibleLeaderReplicas: [], time: Timestamp(1_700_000_000_000), logEnd: Offset(70))
    manifest.accounts = [
        ReplicaAccount(
            replica: NodeID(1), from: Offset(70), end: Offset(75), recordCount: 4,
            lastTimestamp: Timestamp(1_699_999_999_000), highWatermark: Offset(74),
            producers: [
                LostProducer(
                    id: ProducerID(1000), epoch: ProducerEpoch(1), firstOffset: Offset(70), lastOffset: Offset(73),
                    recordCount: 3)
            ], leftOutProducerCount: 1),
        ReplicaAccount(replica: NodeID(2), from: Offset(70), end: Offset(70)),
    ]
    manifest.groups = [TouchedGroup(group: "g", committedOffset: Offset(74))]
    manifest.leftOutGroupCount = 2
    return manifest
}()

func encoded(_ record: MetadataRecord) -> [UInt8] {
    var writer = ByteWriter()
    record.encode(into: &writer)
    return writer.bytes
}

/// A world for decisions: an image, the settings of controller 1, sessions, clocks and entropy.
struct Deciding {
    var image = MetadataImage()
    var settings = BrokerSettings()
    var entropy: Entropy
    var nextOffset = Offset.zero
    var sessions = BrokerSessions(timeoutMilliseconds: 2000)
    var now = Instant(nanoseconds: 0)
    var time = Timestamp(1_700_000_000_000)
    let cluster = ClusterID("here")

    /// A cluster of the highest metadata level with brokers that are live.
    init(
        seed: UInt64 = 1, brokers: [(id: Int32, rack: String?)] = [(1, nil)],
        level: Int16 = Features.metadata.levelMax, settings: BrokerSettings = BrokerSettings()
    ) throws {
        entropy = Entropy(seed: seed)
        self.settings = settings
        _ = try run(UpdateFeatures([FeatureUpdate(name: Features.metadata.name, level: level)]))[0].get()
        for broker in brokers { try join(broker.id, rack: broker.rack) }
    }

    var state: ControllerState {
        ControllerState(
            image: image, settings: settings, node: NodeID(1), nextOffset: nextOffset, sessions: sessions, now: now,
            time: time, cluster: cluster)
    }

    /// Decides, replays the records, notes the contact, and returns the answer.
    @discardableResult
    mutating func run<Command: ControllerCommand>(_ command: Command) throws -> Command.Outcome {
        let decision = command.decide(on: state, using: &entropy)
        for record in decision.records { try image.replay(record) }
        nextOffset = nextOffset + Int64(decision.records.count)
        if let contact = decision.contact { sessions.note(contact, at: now) }
        return decision.outcome
    }

    @discardableResult
    mutating func createTopic(_ topic: NewTopic) throws -> CreatedTopic {
        try run(CreateTopics([topic]))[0].get()
    }

    // MARK: Brokers

    static func registration(_ id: Int32, incarnation: UInt64 = 0, rack: String? = nil) -> RegisterBroker {
        RegisterBroker(
            id: NodeID(id), incarnation: IncarnationID(high: incarnation, low: UInt64(id)),
            listeners: [BrokerListener(name: "PLAINTEXT", host: "h", port: 9092, securityProtocol: .plaintext)],
            rack: rack)
    }

    /// Registers a broker and lets it catch up.
    @discardableResult
    mutating func join(_ id: Int32, incarnation: UInt64 = 0, rack: String? = nil) throws -> BrokerEpoch {
        let epoch = try run(Self.registration(id, incarnation: incarnation, rack: rack)).get()
        try beat(id)
        return epoch
    }

    /// A heartbeat of a broker that has replayed everything.
    @discardableResult
    mutating func beat(_ id: Int32, wantsFence: Bool = false, wantsShutdown: Bool = false) throws -> BrokerStanding {
        try run(
            BrokerHeartbeat(
                broker: NodeID(id), epoch: epoch(of: id), metadataOffset: nextOffset, wantsFence: wantsFence,
                wantsShutdown: wantsShutdown)
        ).get()
    }

    /// Lets sessions of the others go on while this one's ends, and fences it.
    mutating func fence(_ ids: Int32...) throws {
        for broker in image.brokers() where !broker.isFenced && !ids.contains(broker.id.rawValue) {
            sessions.note(
                BrokerContact(broker: broker.id, epoch: broker.epoch, metadataOffset: nextOffset),
                at: now.advanced(byMilliseconds: 2000))
        }
        now = now.advanced(byMilliseconds: 2000)
        let fenced = try run(FenceBrokers(ids.map { NodeID($0) }))
        guard fenced == ids.map({ NodeID($0) }) else { throw Unfenced(brokers: ids) }
    }

    struct Unfenced: Error { let brokers: [Int32] }

    func epoch(of broker: Int32) -> BrokerEpoch { image.broker(NodeID(broker))?.epoch ?? BrokerEpoch(-1) }
}

extension Deciding {
    /// A topic of one partition on the given brokers.
    mutating func partition(_ brokers: [Int32], inSyncMin: Int? = nil, topic: String? = nil) throws -> PartitionID {
        let assignment = ReplicaAssignment(partition: PartitionIndex(0), brokers: brokers.map { NodeID($0) })
        let created = try createTopic(
            NewTopic(
                name: topic ?? "topic\(image.topicCount)", assignment: [assignment],
                configs: inSyncMin.map { [.init(name: "min.insync.replicas", value: String($0))] } ?? []))
        return PartitionID(topic: created.id, index: PartitionIndex(0))
    }

    /// A partition that is there.
    subscript(partition: PartitionID) -> PartitionImage {
        guard let found = image.partition(partition) else { preconditionFailure("no \(partition)") }
        return found
    }

    /// The leader proposes an in-sync set; epochs are the present ones.
    @discardableResult
    mutating func propose(_ members: [Int32], for partition: PartitionID) throws -> Result<
        PartitionState, InSyncRefusal
    > {
        let present = self[partition]
        let proposal = InSyncProposal(
            partition: partition, leaderEpoch: present.leaderEpoch, partitionEpoch: present.partitionEpoch,
            inSyncReplicas: members.map { .init(NodeID($0), epoch: epoch(of: $0)) })
        return try run(
            AlterPartitions(
                broker: present.leader, epoch: epoch(of: present.leader.rawValue), proposals: [proposal])
        ).get()[0]
    }
}
