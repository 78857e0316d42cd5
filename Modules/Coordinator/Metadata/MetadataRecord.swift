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
    /// The broker leaves; it keeps leaving until it registers again.
    case brokerShutdownStarted(NodeID, epoch: BrokerEpoch)
    /// A draining broker gets no replicas and is relieved of those it has; survives registrations.
    case brokerDrainingChanged(NodeID, epoch: BrokerEpoch, isDraining: Bool)
    /// An unclean election, or what is known of its loss since; one per partition and leader epoch.
    case lossRecorded(LossManifest)
    /// What one kind of quota is from here on; nil: it is taken away.
    case clientQuotaChanged(QuotaEntity, QuotaKey, limit: Double?)
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
    /// `.none` while no replica that may lead lives.
    public var leader: NodeID
    public var leaderEpoch: LeaderEpoch
    public var partitionEpoch: PartitionEpoch
    /// Out of sync, yet with every acknowledged record, because none was acknowledged since they left (KIP-966).
    public var eligibleLeaderReplicas: [NodeID]
    /// Who led last; `.none` while somebody leads.
    public var lastKnownLeader: NodeID
    /// Those of `replicas` that a reassignment brings; empty when none is under way.
    public var addingReplicas: [NodeID]
    /// Those of `replicas` that leave when the reassignment is complete.
    public var removingReplicas: [NodeID]

    public init(
        id: PartitionID, replicas: [NodeID], inSyncReplicas: [NodeID], leader: NodeID,
        leaderEpoch: LeaderEpoch = .zero, partitionEpoch: PartitionEpoch = .zero,
        eligibleLeaderReplicas: [NodeID] = [], lastKnownLeader: NodeID = .none,
        addingReplicas: [NodeID] = [], removingReplicas: [NodeID] = []
    ) {
        self.id = id
        self.replicas = replicas
        self.inSyncReplicas = inSyncReplicas
        self.leader = leader
        self.leaderEpoch = leaderEpoch
        self.partitionEpoch = partitionEpoch
        self.eligibleLeaderReplicas = eligibleLeaderReplicas
        self.lastKnownLeader = lastKnownLeader
        self.addingReplicas = addingReplicas
        self.removingReplicas = removingReplicas
    }
}

/// A change of one partition; what is nil stays. Every change raises the partition epoch by one, a change that names a
/// leader, even the same one, also the leader epoch.
public struct PartitionChangeRecord: Hashable, Sendable {
    public var id: PartitionID
    public var leader: NodeID?
    public var inSyncReplicas: [NodeID]?
    public var replicas: [NodeID]?
    public var eligibleLeaderReplicas: [NodeID]?
    public var lastKnownLeader: NodeID?
    public var addingReplicas: [NodeID]?
    public var removingReplicas: [NodeID]?

    public init(
        id: PartitionID, leader: NodeID? = nil, inSyncReplicas: [NodeID]? = nil, replicas: [NodeID]? = nil,
        eligibleLeaderReplicas: [NodeID]? = nil, lastKnownLeader: NodeID? = nil,
        addingReplicas: [NodeID]? = nil, removingReplicas: [NodeID]? = nil
    ) {
        self.id = id
        self.leader = leader
        self.inSyncReplicas = inSyncReplicas
        self.replicas = replicas
        self.eligibleLeaderReplicas = eligibleLeaderReplicas
        self.lastKnownLeader = lastKnownLeader
        self.addingReplicas = addingReplicas
        self.removingReplicas = removingReplicas
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
