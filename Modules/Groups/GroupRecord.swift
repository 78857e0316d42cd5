// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// What the coordinator writes into `__consumer_offsets`; the only durable state it has.
///
/// - SeeAlso: docs/formats/consumer-offsets.md
public enum GroupRecord: Equatable, Sendable {
    /// A group committed its position in one partition.
    case offsetCommitted(GroupID, TopicPartition, CommittedOffset)
    /// Tombstone: the group has no position in the partition any more.
    case offsetRemoved(GroupID, TopicPartition)
    /// A generation of a group became final, or the group became empty.
    case groupChanged(GroupID, GroupMetadata)
    /// Tombstone: the group has no members and no generation any more.
    case groupRemoved(GroupID)

    public var group: GroupID {
        switch self {
        case .offsetCommitted(let group, _, _), .offsetRemoved(let group, _), .groupChanged(let group, _),
            .groupRemoved(let group):
            group
        }
    }
}

/// A position that a group committed.
public struct CommittedOffset: Equatable, Sendable {
    /// The next record the group wants.
    public var offset: Offset
    /// Leader epoch of the last record consumed (KIP-320), `.none` where the client sent none.
    public var leaderEpoch: LeaderEpoch
    /// The client's own remark; empty for none.
    public var metadata: String
    public var committedAt: Timestamp
    /// When the position expires by the client's wish (OffsetCommit 2 to 4), `.none` for the broker's retention.
    public var expiresAt: Timestamp
    /// The topic the client meant when it named it by id (OffsetCommit 10), `.zero` otherwise.
    public var topicID: TopicID

    public init(
        offset: Offset, leaderEpoch: LeaderEpoch = .none, metadata: String = "", committedAt: Timestamp,
        expiresAt: Timestamp = .none, topicID: TopicID = .zero
    ) {
        self.offset = offset
        self.leaderEpoch = leaderEpoch
        self.metadata = metadata
        self.committedAt = committedAt
        self.expiresAt = expiresAt
        self.topicID = topicID
    }
}

/// A group as it is written at the end of a rebalance.
public struct GroupMetadata: Equatable, Sendable {
    /// `consumer`, `connect` …; empty for a group that only stores offsets.
    public var protocolType: String
    public var generation: GenerationID
    /// The assignor the members voted for, nil in an empty group.
    public var protocolName: String?
    public var leader: MemberID?
    /// When the group entered its state, `.none` in records older than version 2.
    public var stateChangedAt: Timestamp
    public var members: [MemberMetadata]

    public init(
        protocolType: String, generation: GenerationID, protocolName: String?, leader: MemberID?,
        stateChangedAt: Timestamp, members: [MemberMetadata]
    ) {
        self.protocolType = protocolType
        self.generation = generation
        self.protocolName = protocolName
        self.leader = leader
        self.stateChangedAt = stateChangedAt
        self.members = members
    }
}

/// A member as it is written at the end of a rebalance.
public struct MemberMetadata: Equatable, Sendable {
    public var memberID: MemberID
    public var instanceID: GroupInstanceID?
    public var clientID: String
    public var clientHost: String
    /// −1 in records older than version 1: the session timeout holds.
    public var rebalanceTimeoutMilliseconds: Int32
    public var sessionTimeoutMilliseconds: Int32
    /// The member's metadata for the chosen protocol, opaque to the broker.
    public var subscription: SharedBytes
    /// What the leader assigned, opaque to the broker.
    public var assignment: SharedBytes

    public init(
        memberID: MemberID, instanceID: GroupInstanceID?, clientID: String, clientHost: String,
        rebalanceTimeoutMilliseconds: Int32, sessionTimeoutMilliseconds: Int32, subscription: SharedBytes,
        assignment: SharedBytes
    ) {
        self.memberID = memberID
        self.instanceID = instanceID
        self.clientID = clientID
        self.clientHost = clientHost
        self.rebalanceTimeoutMilliseconds = rebalanceTimeoutMilliseconds
        self.sessionTimeoutMilliseconds = sessionTimeoutMilliseconds
        self.subscription = subscription
        self.assignment = assignment
    }
}
