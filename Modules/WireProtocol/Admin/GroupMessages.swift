// SPDX-License-Identifier: Apache-2.0

public import Primitives

extension Admin {
    /// Asks which groups there are.
    public struct GroupListRequest: Message {
        /// Only in these states, Kafka's names; empty gives all.
        public var states: [String] = []
        /// Only of these types: `classic`, `consumer`, `share`; empty gives all.
        public var types: [String] = []
        /// Only what this broker does itself; no other is asked.
        public var localOnly = false

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "states", &states)
            try visitor.field(2, "types", &types)
            try visitor.field(3, "localOnly", &localOnly)
        }
    }

    /// The groups, ascending by id.
    public struct GroupListResponse: Message {
        /// Ascending by id.
        public var groups: [GroupSummary] = []
        /// Brokers that did not answer, so that their numbers are missing; ascending by id.
        public var unreachable: [BrokerFailure] = []

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "groups", &groups)
            try visitor.field(2, "unreachable", &unreachable)
        }
    }

    /// One line about a group.
    public struct GroupSummary: Message {
        /// Its id.
        public var groupID = ""
        /// Kafka's name: `Stable`, `Empty` …
        public var state = ""
        /// `classic`, `consumer` or `share`.
        public var groupType = ""
        /// `consumer` for consumers; empty for a group of offsets only.
        public var protocolType = ""
        /// Members.
        public var memberCount: Int32 = 0
        /// The broker that keeps it.
        public var coordinatorID = NodeID(0)

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "groupID", &groupID)
            try visitor.field(2, "state", &state)
            try visitor.field(3, "groupType", &groupType)
            try visitor.field(4, "protocolType", &protocolType)
            try visitor.field(5, "memberCount", &memberCount)
            try visitor.field(6, "coordinatorID", &coordinatorID)
        }
    }

    /// Asks for everything about some groups.
    public struct GroupDescribeRequest: Message {
        /// At least one.
        public var groupIDs: [String] = []
        /// Only what this broker does itself; no other is asked.
        public var localOnly = false

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "groupIDs", &groupIDs)
            try visitor.field(2, "localOnly", &localOnly)
        }
    }

    /// One entry per id asked for, in that order.
    public struct GroupDescribeResponse: Message {
        /// In the order asked.
        public var groups: [GroupDescription] = []

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "groups", &groups)
        }
    }

    /// Everything about a group but its offsets.
    public struct GroupDescription: Message {
        /// Its id.
        public var groupID = ""
        /// Kafka's name.
        public var state = ""
        /// `classic`, `consumer` or `share`.
        public var groupType = ""
        /// `consumer` for consumers.
        public var protocolType = ""
        /// The assignor in use.
        public var protocolName = ""
        /// The broker that keeps it.
        public var coordinatorID = NodeID(0)
        /// Classic: generation; otherwise the group epoch.
        public var generation: Int32 = 0
        /// Ascending by member id.
        public var members: [GroupMember] = []
        /// Why there is nothing about this id.
        public var error: RPCError?

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "groupID", &groupID)
            try visitor.field(2, "state", &state)
            try visitor.field(3, "groupType", &groupType)
            try visitor.field(4, "protocolType", &protocolType)
            try visitor.field(5, "protocolName", &protocolName)
            try visitor.field(6, "coordinatorID", &coordinatorID)
            try visitor.field(7, "generation", &generation)
            try visitor.field(8, "members", &members)
            try visitor.field(9, "error", &error)
        }
    }

    /// One member of a group.
    public struct GroupMember: Message {
        /// Given by the coordinator.
        public var memberID = ""
        /// Of a static member (KIP-345); else empty.
        public var groupInstanceID = ""
        /// As the client calls itself.
        public var clientID = ""
        /// Its address.
        public var clientHost = ""
        /// What it reads, ascending by topic.
        public var assignment: [TopicPartitions] = []

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "memberID", &memberID)
            try visitor.field(2, "groupInstanceID", &groupInstanceID)
            try visitor.field(3, "clientID", &clientID)
            try visitor.field(4, "clientHost", &clientHost)
            try visitor.field(5, "assignment", &assignment)
        }
    }

    /// Partitions of one topic.
    public struct TopicPartitions: Message {
        /// Its name.
        public var topic = ""
        /// Ascending. In a selection empty means all.
        public var partitions: [PartitionIndex] = []

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "topic", &topic)
            try visitor.field(2, "partitions", &partitions)
        }
    }

    /// Asks how far groups are behind.
    public struct GroupLagRequest: Message {
        /// Empty asks for all.
        public var groupIDs: [String] = []
        /// Only in these; empty for all.
        public var topics: [String] = []
        /// Only what this broker does itself; no other is asked.
        public var localOnly = false

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "groupIDs", &groupIDs)
            try visitor.field(2, "topics", &topics)
            try visitor.field(3, "localOnly", &localOnly)
        }
    }

    /// Lag by group and partition.
    public struct GroupLagResponse: Message {
        /// In the order asked; all: ascending by id.
        public var groups: [GroupLag] = []

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "groups", &groups)
        }
    }

    /// How far one group is behind.
    public struct GroupLag: Message {
        /// Its id.
        public var groupID = ""
        /// Kafka's name.
        public var state = ""
        /// Every partition with a committed offset or an owner; by topic, then index.
        public var partitions: [PartitionLag] = []
        /// Sum over the partitions.
        public var recordLag: Int64 = 0
        /// The largest of the partitions.
        public var timeLagMilliseconds: Int64 = 0
        /// Why there is nothing about this id.
        public var error: RPCError?

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "groupID", &groupID)
            try visitor.field(2, "state", &state)
            try visitor.field(3, "partitions", &partitions)
            try visitor.field(4, "recordLag", &recordLag)
            try visitor.field(5, "timeLagMilliseconds", &timeLagMilliseconds)
            try visitor.field(6, "error", &error)
        }
    }

    /// How far a group is behind in one partition.
    public struct PartitionLag: Message {
        /// Its topic's name.
        public var topic = ""
        /// Its index.
        public var partition = PartitionIndex(0)
        /// nil while nothing is committed.
        public var committedOffset: Offset?
        /// First offset that can be read.
        public var logStartOffset = Offset(0)
        /// End of what consumers see.
        public var highWatermark = Offset(0)
        /// High watermark less committed offset.
        public var recordLag: Int64?
        /// Age of the oldest record not yet committed, by its timestamp; 0 when there is none.
        public var timeLagMilliseconds: Int64?
        /// Who reads it; empty when nobody does.
        public var memberID = ""
        /// Of that member.
        public var clientID = ""
        /// Of that member.
        public var clientHost = ""
        /// Why numbers are missing.
        public var error: RPCError?

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "topic", &topic)
            try visitor.field(2, "partition", &partition)
            try visitor.field(3, "committedOffset", &committedOffset)
            try visitor.field(4, "logStartOffset", &logStartOffset)
            try visitor.field(5, "highWatermark", &highWatermark)
            try visitor.field(6, "recordLag", &recordLag)
            try visitor.field(7, "timeLagMilliseconds", &timeLagMilliseconds)
            try visitor.field(8, "memberID", &memberID)
            try visitor.field(9, "clientID", &clientID)
            try visitor.field(10, "clientHost", &clientHost)
            try visitor.field(11, "error", &error)
        }
    }

    /// Moves the committed offsets of a group that has no members.
    public struct GroupOffsetResetRequest: Message {
        /// Its id.
        public var groupID = ""
        /// Which partitions; empty takes all with a committed offset.
        public var selection: [TopicPartitions] = []
        /// Where to.
        public var target = OffsetTarget()
        /// Says what would be committed, commits nothing.
        public var validateOnly = false
        /// Only what this broker does itself; no other is asked.
        public var localOnly = false

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "groupID", &groupID)
            try visitor.field(2, "selection", &selection)
            try visitor.field(3, "target", &target)
            try visitor.field(4, "validateOnly", &validateOnly)
            try visitor.field(5, "localOnly", &localOnly)
        }
    }

    /// What an offset reset aims at.
    public enum OffsetTargetKind: UInt32, MessageEnum {
        /// Refused.
        case unspecified = 0
        /// The log start.
        case earliest = 1
        /// The high watermark.
        case latest = 2
        /// `offset`, moved into the log where it lies outside.
        case offset = 3
        /// First record at or after `timestamp`.
        case timestamp = 4
        /// `shiftBy` records from the committed offset, moved into the log.
        case shiftBy = 5
        /// First record younger than `durationMilliseconds`.
        case duration = 6
        /// The committed offset, moved into the log where it fell out.
        case current = 7
    }

    /// Where an offset reset moves to.
    public struct OffsetTarget: Message {
        /// Which of the values counts.
        public var kind = OffsetTargetKind.unspecified
        /// For `offset`.
        public var offset = Offset(0)
        /// For `timestamp`.
        public var timestamp = Timestamp(0)
        /// For `shiftBy`; negative goes back.
        public var shiftBy: Int64 = 0
        /// For `duration`.
        public var durationMilliseconds: Int64 = 0

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "kind", &kind)
            try visitor.field(2, "offset", &offset)
            try visitor.field(3, "timestamp", &timestamp)
            try visitor.field(4, "shiftBy", &shiftBy)
            try visitor.field(5, "durationMilliseconds", &durationMilliseconds)
        }
    }

    /// What became of each partition.
    public struct GroupOffsetResetResponse: Message {
        /// By topic, then index.
        public var partitions: [OffsetReset] = []

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "partitions", &partitions)
        }
    }

    /// What was, or would be, committed for one partition.
    public struct OffsetReset: Message {
        /// Its topic's name.
        public var topic = ""
        /// Its index.
        public var partition = PartitionIndex(0)
        /// nil when nothing was committed.
        public var previousOffset: Offset?
        /// Committed now.
        public var newOffset = Offset(0)
        /// Nothing was changed.
        public var error: RPCError?

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "topic", &topic)
            try visitor.field(2, "partition", &partition)
            try visitor.field(3, "previousOffset", &previousOffset)
            try visitor.field(4, "newOffset", &newOffset)
            try visitor.field(5, "error", &error)
        }
    }

    /// Deletes groups that have no members, with their offsets; each succeeds or fails alone.
    public struct GroupDeleteRequest: Message {
        /// At least one.
        public var groupIDs: [String] = []
        /// Checks everything, changes nothing.
        public var validateOnly = false
        /// Only what this broker does itself; no other is asked.
        public var localOnly = false

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "groupIDs", &groupIDs)
            try visitor.field(2, "validateOnly", &validateOnly)
            try visitor.field(3, "localOnly", &localOnly)
        }
    }

    /// What became of each group, in the order asked.
    public struct GroupDeleteResponse: Message {
        /// In the order asked.
        public var groups: [GroupOutcome] = []

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "groups", &groups)
        }
    }

    /// What became of one group.
    public struct GroupOutcome: Message {
        /// Its id.
        public var groupID = ""
        /// Nothing was changed.
        public var error: RPCError?

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "groupID", &groupID)
            try visitor.field(2, "error", &error)
        }
    }
}
