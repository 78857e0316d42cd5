// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// One durable fact about the cluster. The metadata log is a sequence of these, and so is a snapshot.
///
/// Numbers and fields on disk: docs/formats/metadata.md. A record states the outcome, never a wish, so replaying it
/// needs no settings, no clock and no chance.
public enum MetadataRecord: Hashable, Sendable {
    case topicCreated(TopicRecord)
    case partitionCreated(PartitionRecord)
    case partitionChanged(PartitionChangeRecord)
    /// The topic, its partitions and its configuration are gone.
    case topicRemoved(TopicID)
    case configSet(ConfigResource, name: String, value: String)
    case configRemoved(ConfigResource, name: String)
    case producerIDsAllocated(ProducerIDsRecord)
    /// The level of a feature from here on; 0 means the feature is off.
    case featureLevelSet(name: String, level: Int16)
    case brokerRegistered(BrokerRecord)
    case brokerFencingChanged(NodeID, epoch: BrokerEpoch, isFenced: Bool)
    case brokerUnregistered(NodeID, epoch: BrokerEpoch)
}

/// A topic's name and id; its partitions follow in records of their own.
public struct TopicRecord: Hashable, Sendable {
    public var name: String
    public var id: TopicID

    public init(name: String, id: TopicID) {
        self.name = name
        self.id = id
    }
}

/// A partition as it is created, or as a snapshot found it.
public struct PartitionRecord: Hashable, Sendable {
    public var id: PartitionID
    /// In order of preference: the first one leads where it can.
    public var replicas: [NodeID]
    public var inSyncReplicas: [NodeID]
    /// `.none` while no in-sync replica lives.
    public var leader: NodeID
    public var leaderEpoch: LeaderEpoch
    public var partitionEpoch: PartitionEpoch

    public init(
        id: PartitionID, replicas: [NodeID], inSyncReplicas: [NodeID], leader: NodeID,
        leaderEpoch: LeaderEpoch = .zero, partitionEpoch: PartitionEpoch = .zero
    ) {
        self.id = id
        self.replicas = replicas
        self.inSyncReplicas = inSyncReplicas
        self.leader = leader
        self.leaderEpoch = leaderEpoch
        self.partitionEpoch = partitionEpoch
    }
}

/// A change of one partition; what is nil stays. Every change raises the partition epoch by one, a change that names a
/// leader, even the same one, also the leader epoch.
public struct PartitionChangeRecord: Hashable, Sendable {
    public var id: PartitionID
    public var leader: NodeID?
    public var inSyncReplicas: [NodeID]?
    public var replicas: [NodeID]?

    public init(
        id: PartitionID, leader: NodeID? = nil, inSyncReplicas: [NodeID]? = nil, replicas: [NodeID]? = nil
    ) {
        self.id = id
        self.leader = leader
        self.inSyncReplicas = inSyncReplicas
        self.replicas = replicas
    }
}

/// Producer ids up to, but without, `next` belong to somebody.
public struct ProducerIDsRecord: Hashable, Sendable {
    /// Who was given the last block.
    public var broker: NodeID
    public var next: ProducerID

    public init(broker: NodeID, next: ProducerID) {
        self.broker = broker
        self.next = next
    }
}

/// Where a broker can be reached.
public struct BrokerListener: Hashable, Sendable {
    /// The protocol spoken on a listener; the names are Kafka's.
    public enum SecurityProtocol: UInt8, Sendable, CaseIterable {
        case plaintext = 0
        case ssl = 1
        case saslPlaintext = 2
        case saslSSL = 3
    }

    public var name: String
    public var host: String
    public var port: UInt16
    public var securityProtocol: SecurityProtocol

    public init(name: String, host: String, port: UInt16, securityProtocol: SecurityProtocol) {
        self.name = name
        self.host = host
        self.port = port
        self.securityProtocol = securityProtocol
    }
}

/// A range of levels of a feature that a broker understands.
public struct FeatureRange: Hashable, Sendable {
    public var name: String
    public var levelMin: Int16
    public var levelMax: Int16

    public init(name: String, levelMin: Int16, levelMax: Int16) {
        self.name = name
        self.levelMin = levelMin
        self.levelMax = levelMax
    }
}

/// A broker as it registered.
public struct BrokerRecord: Hashable, Sendable {
    public var id: NodeID
    public var epoch: BrokerEpoch
    public var incarnation: IncarnationID
    /// In the order of the broker's own setting.
    public var listeners: [BrokerListener]
    public var rack: String?
    /// Sorted by name.
    public var features: [FeatureRange]
    /// A fenced broker leads nothing and is not shown to clients.
    public var isFenced: Bool

    public init(
        id: NodeID, epoch: BrokerEpoch, incarnation: IncarnationID, listeners: [BrokerListener], rack: String? = nil,
        features: [FeatureRange] = [], isFenced: Bool = true
    ) {
        self.id = id
        self.epoch = epoch
        self.incarnation = incarnation
        self.listeners = listeners
        self.rack = rack
        self.features = features
        self.isFenced = isFenced
    }
}
