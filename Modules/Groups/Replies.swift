// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// The answer to one `GroupRequest`, of the same name.
public enum GroupReply: Equatable, Sendable {
    case join(Result<JoinedGroup, GroupRefusal>)
    case sync(Result<SyncedGroup, GroupRefusal>)
    case heartbeat(GroupRefusal?)
    /// One result for each member of the request, in its order; or one refusal for all.
    case leave(Result<[LeftMember], GroupRefusal>)
    /// One result for each partition of the request, in its order; or one refusal for all.
    case commitOffsets(Result<[PartitionResult], GroupRefusal>)
    /// One for each group of the request, in its order.
    case fetchOffsets([FetchedOffsets])
    /// One result for each partition of the request, in its order; or one refusal for all.
    case deleteOffsets(Result<[PartitionResult], GroupRefusal>)
    /// One for each group of the request, in its order.
    case describe([GroupDescription])
    /// Sorted by group id.
    case list(Result<[ListedGroup], GroupRefusal>)
    /// One result for each group of the request, in its order.
    case deleteGroups([DeletedGroup])
}

/// A member's place in a generation.
public struct JoinedGroup: Equatable, Sendable {
    public struct Member: Equatable, Sendable {
        public let memberID: MemberID
        public let instanceID: GroupInstanceID?
        public let metadata: SharedBytes
    }

    public let memberID: MemberID
    public let generation: GenerationID
    public let protocolType: String?
    public let protocolName: String?
    public let leader: MemberID
    /// True where the leader must not assign again (KIP-814).
    public let skipAssignment: Bool
    /// For the leader: everyone, in the order they joined. For others: empty.
    public let members: [Member]
}

/// A member's assignment.
public struct SyncedGroup: Equatable, Sendable {
    public let protocolType: String?
    public let protocolName: String?
    public let assignment: SharedBytes
}

public struct LeftMember: Equatable, Sendable {
    public let identity: MemberIdentity
    public let refusal: GroupRefusal?
}

public struct PartitionResult: Equatable, Sendable {
    public let partition: TopicPartition
    public let refusal: GroupRefusal?
}

public struct FetchedOffsets: Equatable, Sendable {
    public struct Partition: Equatable, Sendable {
        public let partition: TopicPartition
        /// Nil where the group has no position: −1 on the wire.
        public let committed: CommittedOffset?
        /// A transaction that is open wants to commit another offset, and the request asked for stable ones only: ask again.
        public let isUnstable: Bool

        public init(partition: TopicPartition, committed: CommittedOffset?, isUnstable: Bool = false) {
            self.partition = partition
            self.committed = committed
            self.isUnstable = isUnstable
        }
    }

    public let group: GroupID
    /// As asked, in that order; or all, sorted. A group that does not exist has none.
    public let partitions: [Partition]
    public let refusal: GroupRefusal?
}

public struct GroupDescription: Equatable, Sendable {
    public let group: GroupID
    /// `.groupNotFound` goes with state `.dead`: DescribeGroups before version 6 shows only the state.
    public let refusal: GroupRefusal?
    public let state: GroupState
    public let protocolType: String
    /// Empty unless the group is stable.
    public let protocolName: String
    public let generation: GenerationID
    /// In the order they joined. `subscription` is empty unless the group is stable.
    public let members: [MemberMetadata]
}

public struct ListedGroup: Equatable, Sendable {
    public let group: GroupID
    public let protocolType: String
    public let state: GroupState
    public let type: GroupType
}

public struct DeletedGroup: Equatable, Sendable {
    public let group: GroupID
    public let refusal: GroupRefusal?
}

/// Where a classic group stands; the raw values are those of Kafka's tools.
public enum GroupState: String, Sendable, CaseIterable {
    case empty = "Empty"
    case preparingRebalance = "PreparingRebalance"
    case completingRebalance = "CompletingRebalance"
    case stable = "Stable"
    case dead = "Dead"
}

/// The protocol a group speaks; the raw values are those of Kafka's tools.
public enum GroupType: String, Sendable, CaseIterable {
    case classic = "classic"
}
