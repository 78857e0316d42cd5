// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// What a client asks of its coordinator. Groups of other coordinators must have been split off before.
public enum GroupRequest: Equatable, Sendable {
    case join(JoinRequest)
    case sync(SyncRequest)
    case heartbeat(HeartbeatRequest)
    case leave(LeaveRequest)
    case commitOffsets(OffsetCommitRequest)
    /// Answered with `.commitOffsets`.
    case commitTransactionalOffsets(TransactionalCommitRequest)
    case fetchOffsets([OffsetFetchRequest])
    case deleteOffsets(OffsetDeleteRequest)
    case describe([GroupID])
    case list(ListRequest)
    case deleteGroups([GroupID])
}

/// Who asks: a member by its id, and by its instance id where it is static.
public struct MemberIdentity: Equatable, Sendable {
    public var memberID: MemberID
    public var instanceID: GroupInstanceID?

    public init(_ memberID: MemberID, instanceID: GroupInstanceID? = nil) {
        self.memberID = memberID
        self.instanceID = instanceID
    }
}

/// A protocol (assignor) that a member offers, with its metadata for it.
public struct MemberProtocol: Equatable, Sendable {
    public var name: String
    public var metadata: SharedBytes

    public init(name: String, metadata: SharedBytes) {
        self.name = name
        self.metadata = metadata
    }
}

/// JoinGroup.
public struct JoinRequest: Equatable, Sendable {
    public var group: GroupID
    public var member: MemberIdentity
    public var clientID: String
    /// Address as text, with the slash that Kafka's tools expect (`/10.0.0.7`).
    public var clientHost: String
    public var sessionTimeoutMilliseconds: Int32
    /// JoinGroup 0 has none: give the session timeout.
    public var rebalanceTimeoutMilliseconds: Int32
    public var protocolType: String
    /// In order of preference.
    public var protocols: [MemberProtocol]
    /// True from JoinGroup 4 on: a dynamic member without id is sent away with one (KIP-394).
    public var requiresKnownMemberID: Bool
    /// True from JoinGroup 9 on: a returning static leader may be told to skip the assignment (KIP-814).
    public var supportsSkippingAssignment: Bool

    public init(
        group: GroupID, member: MemberIdentity, clientID: String, clientHost: String,
        sessionTimeoutMilliseconds: Int32, rebalanceTimeoutMilliseconds: Int32, protocolType: String,
        protocols: [MemberProtocol], requiresKnownMemberID: Bool = true, supportsSkippingAssignment: Bool = true
    ) {
        self.group = group
        self.member = member
        self.clientID = clientID
        self.clientHost = clientHost
        self.sessionTimeoutMilliseconds = sessionTimeoutMilliseconds
        self.rebalanceTimeoutMilliseconds = rebalanceTimeoutMilliseconds
        self.protocolType = protocolType
        self.protocols = protocols
        self.requiresKnownMemberID = requiresKnownMemberID
        self.supportsSkippingAssignment = supportsSkippingAssignment
    }
}

/// SyncGroup. Only the leader's carries assignments.
public struct SyncRequest: Equatable, Sendable {
    public struct Assignment: Equatable, Sendable {
        public var memberID: MemberID
        public var bytes: SharedBytes

        public init(_ memberID: MemberID, _ bytes: SharedBytes) {
            self.memberID = memberID
            self.bytes = bytes
        }
    }

    public var group: GroupID
    public var generation: GenerationID
    public var member: MemberIdentity
    /// From SyncGroup 5 on; nil is not compared.
    public var protocolType: String?
    public var protocolName: String?
    public var assignments: [Assignment]

    public init(
        group: GroupID, generation: GenerationID, member: MemberIdentity, protocolType: String? = nil,
        protocolName: String? = nil, assignments: [Assignment] = []
    ) {
        self.group = group
        self.generation = generation
        self.member = member
        self.protocolType = protocolType
        self.protocolName = protocolName
        self.assignments = assignments
    }
}

/// Heartbeat.
public struct HeartbeatRequest: Equatable, Sendable {
    public var group: GroupID
    public var generation: GenerationID
    public var member: MemberIdentity

    public init(group: GroupID, generation: GenerationID, member: MemberIdentity) {
        self.group = group
        self.generation = generation
        self.member = member
    }
}

/// LeaveGroup, for one member or several. An empty member id with an instance id removes the static member.
public struct LeaveRequest: Equatable, Sendable {
    public var group: GroupID
    public var members: [MemberIdentity]

    public init(group: GroupID, members: [MemberIdentity]) {
        self.group = group
        self.members = members
    }
}

/// OffsetCommit. Topics and permissions have been checked before.
public struct OffsetCommitRequest: Equatable, Sendable {
    public struct Partition: Equatable, Sendable {
        public var partition: TopicPartition
        public var offset: Offset
        public var leaderEpoch: LeaderEpoch
        /// Nil is stored as the empty text.
        public var metadata: String?
        /// Where the client named the topic by id, else `.zero`.
        public var topicID: TopicID

        public init(
            _ partition: TopicPartition, offset: Offset, leaderEpoch: LeaderEpoch = .none, metadata: String? = nil,
            topicID: TopicID = .zero
        ) {
            self.partition = partition
            self.offset = offset
            self.leaderEpoch = leaderEpoch
            self.metadata = metadata
            self.topicID = topicID
        }
    }

    public var group: GroupID
    /// `.none` from a client that does not use group membership.
    public var generation: GenerationID
    public var member: MemberIdentity
    /// How long to keep the offsets (OffsetCommit 2 to 4); nil for the broker's retention.
    public var retentionMilliseconds: Int64?
    public var partitions: [Partition]

    public init(
        group: GroupID, generation: GenerationID = .none, member: MemberIdentity = MemberIdentity(.unknown),
        retentionMilliseconds: Int64? = nil, partitions: [Partition]
    ) {
        self.group = group
        self.generation = generation
        self.member = member
        self.retentionMilliseconds = retentionMilliseconds
        self.partitions = partitions
    }
}

/// TxnOffsetCommit: offsets that count once the producer's transaction is committed. Its coordinator has vouched for it.
public struct TransactionalCommitRequest: Equatable, Sendable {
    public var producerID: ProducerID
    public var producerEpoch: ProducerEpoch
    public var offsets: OffsetCommitRequest

    public init(producerID: ProducerID, producerEpoch: ProducerEpoch, offsets: OffsetCommitRequest) {
        self.producerID = producerID
        self.producerEpoch = producerEpoch
        self.offsets = offsets
    }
}

/// One group of an OffsetFetch.
public struct OffsetFetchRequest: Equatable, Sendable {
    public struct Partition: Equatable, Sendable {
        public var partition: TopicPartition
        /// Where the client named the topic by id, else `.zero`: a commit for another topic of that name is not shown.
        public var topicID: TopicID

        public init(_ partition: TopicPartition, topicID: TopicID = .zero) {
            self.partition = partition
            self.topicID = topicID
        }
    }

    public var group: GroupID
    /// Nil for every partition the group has committed.
    public var partitions: [Partition]?
    /// No offset of a partition for which a transaction wants to commit another one (KIP-447).
    public var requiresStable: Bool

    public init(group: GroupID, partitions: [Partition]?, requiresStable: Bool = false) {
        self.group = group
        self.partitions = partitions
        self.requiresStable = requiresStable
    }
}

/// OffsetDelete.
public struct OffsetDeleteRequest: Equatable, Sendable {
    public var group: GroupID
    public var partitions: [TopicPartition]

    public init(group: GroupID, partitions: [TopicPartition]) {
        self.group = group
        self.partitions = partitions
    }
}

/// ListGroups. Filters as clients send them: any case, spaces around; empty for no filter, unknown words match nothing.
public struct ListRequest: Equatable, Sendable {
    public var states: [String]
    public var types: [String]

    public init(states: [String] = [], types: [String] = []) {
        self.states = states
        self.types = types
    }
}
