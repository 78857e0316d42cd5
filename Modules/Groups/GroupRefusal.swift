// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// Why a request about a group got a lawful no. Each case but the bounds of our own has one Kafka error.
public enum GroupRefusal: Error, Hashable, Sendable {
    /// The records are still being replayed (COORDINATOR_LOAD_IN_PROGRESS).
    case loadInProgress
    /// Another node coordinates the group, or this one has just stopped doing so (NOT_COORDINATOR).
    case notCoordinator
    /// The log could not take the records now, or the group is being deleted (COORDINATOR_NOT_AVAILABLE).
    case coordinatorNotAvailable
    /// The group id is empty (INVALID_GROUP_ID).
    case invalidGroupID
    /// No such group (GROUP_ID_NOT_FOUND; OffsetCommit before version 9 says ILLEGAL_GENERATION).
    case groupNotFound
    /// The group has members (NON_EMPTY_GROUP).
    case groupIsNotEmpty
    /// The session timeout is outside the bounds, in milliseconds (INVALID_SESSION_TIMEOUT).
    case invalidSessionTimeout(min: Int32, max: Int32)
    /// Join again with this id (MEMBER_ID_REQUIRED, KIP-394).
    case memberIDRequired(MemberID)
    /// The group does not know the member (UNKNOWN_MEMBER_ID).
    case unknownMember
    /// A newer member holds the instance id (FENCED_INSTANCE_ID, KIP-345).
    case fencedInstance
    /// The request is from another generation than the group's (ILLEGAL_GENERATION).
    case illegalGeneration(current: GenerationID)
    /// The group is between two generations: join again (REBALANCE_IN_PROGRESS).
    case rebalanceInProgress
    /// Type or names of the protocols do not fit those of the other members (INCONSISTENT_GROUP_PROTOCOL).
    case inconsistentProtocol
    /// `group.max.size` is reached (GROUP_MAX_SIZE_REACHED).
    case groupIsFull(capacity: Int)
    /// Too many member ids of the group wait to be used (GROUP_MAX_SIZE_REACHED).
    case tooManyPendingMembers(capacity: Int)
    /// This coordinator holds as many groups as it may (COORDINATOR_NOT_AVAILABLE).
    case tooManyGroups(capacity: Int)
    /// Too many appends wait for the log (COORDINATOR_NOT_AVAILABLE: the client backs off).
    case tooManyAppendsInFlight(capacity: Int)
    /// More protocols in one join than allowed (INVALID_REQUEST).
    case tooManyProtocols(capacity: Int)
    /// Metadata or assignments are larger than the group may keep (INVALID_REQUEST).
    case groupMetadataTooLarge(limit: ByteCount)
    /// A text is longer than a record can say, 32,767 bytes (INVALID_REQUEST).
    case textTooLong
    /// The remark of a commit is too long, in UTF-16 units (OFFSET_METADATA_TOO_LARGE).
    case offsetMetadataTooLarge(limit: Int)
    /// The group still reads the topic (GROUP_SUBSCRIBED_TO_TOPIC).
    case groupSubscribedToTopic
    /// The log refuses records of that size (UNKNOWN_SERVER_ERROR, as Kafka answers it).
    case recordsTooLarge
}

extension AppendFailure {
    var refusal: GroupRefusal {
        switch self {
        case .notEnoughReplicas, .timedOut: .coordinatorNotAvailable
        case .leadershipLost, .storageFailed: .notCoordinator
        case .recordsTooLarge: .recordsTooLarge
        }
    }
}
