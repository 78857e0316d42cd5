// SPDX-License-Identifier: Apache-2.0

public import Primitives

extension Admin {
    /// Asks which topics there are.
    public struct TopicListRequest: Message {
        /// Only these; empty gives all.
        public var names: [String] = []
        /// Also topics whose name begins with `__`.
        public var includesInternal = false

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "names", &names)
            try visitor.field(2, "includesInternal", &includesInternal)
        }
    }

    /// The topics, ascending by name. A name asked for that does not exist comes with an error.
    public struct TopicListResponse: Message {
        /// Ascending by name.
        public var topics: [TopicSummary] = []
        /// Brokers that did not answer, so that their numbers are missing; ascending by id.
        public var unreachable: [BrokerFailure] = []

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "topics", &topics)
            try visitor.field(2, "unreachable", &unreachable)
        }
    }

    /// One line about a topic.
    public struct TopicSummary: Message {
        /// Its name.
        public var name = ""
        /// Its id (KIP-516).
        public var topicID = TopicID.zero
        /// Kept by the cluster for itself.
        public var isInternal = false
        /// Partitions.
        public var partitionCount: Int32 = 0
        /// Replicas a partition should have.
        public var replicationFactor: Int16 = 0
        /// Size of the leaders' logs.
        public var byteCount: Int64 = 0
        /// High watermark less log start over all partitions: an upper bound where logs are compacted.
        public var recordCount: Int64 = 0
        /// `delete`, `compact` or both.
        public var cleanupPolicy = ""
        /// Fewer in-sync than assigned replicas.
        public var underReplicatedPartitionCount: Int32 = 0
        /// Why there is nothing about this name.
        public var error: RPCError?

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "name", &name)
            try visitor.field(2, "topicID", &topicID)
            try visitor.field(3, "isInternal", &isInternal)
            try visitor.field(4, "partitionCount", &partitionCount)
            try visitor.field(5, "replicationFactor", &replicationFactor)
            try visitor.field(6, "byteCount", &byteCount)
            try visitor.field(7, "recordCount", &recordCount)
            try visitor.field(8, "cleanupPolicy", &cleanupPolicy)
            try visitor.field(9, "underReplicatedPartitionCount", &underReplicatedPartitionCount)
            try visitor.field(10, "error", &error)
        }
    }

    /// Asks for everything about some topics.
    public struct TopicDescribeRequest: Message {
        /// Names; at least one.
        public var topics: [String] = []

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "topics", &topics)
        }
    }

    /// One entry per name asked for, in that order.
    public struct TopicDescribeResponse: Message {
        /// In the order asked.
        public var topics: [TopicDescription] = []

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "topics", &topics)
        }
    }

    /// Everything about a topic.
    public struct TopicDescription: Message {
        /// Its name.
        public var name = ""
        /// Its id.
        public var topicID = TopicID.zero
        /// Kept by the cluster for itself.
        public var isInternal = false
        /// Replicas a partition should have.
        public var replicationFactor: Int16 = 0
        /// Ascending by index.
        public var partitions: [PartitionInfo] = []
        /// Every topic config, ascending by name.
        public var configs: [ConfigEntry] = []
        /// Why there is nothing about this name.
        public var error: RPCError?

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "name", &name)
            try visitor.field(2, "topicID", &topicID)
            try visitor.field(3, "isInternal", &isInternal)
            try visitor.field(4, "replicationFactor", &replicationFactor)
            try visitor.field(5, "partitions", &partitions)
            try visitor.field(6, "configs", &configs)
            try visitor.field(7, "error", &error)
        }
    }

    /// The state of one partition.
    public struct PartitionInfo: Message {
        /// Its topic's name.
        public var topic = ""
        /// Its topic's id.
        public var topicID = TopicID.zero
        /// Its index.
        public var partition = PartitionIndex(0)
        /// −1 while there is none.
        public var leaderID = NodeID(0)
        /// Counts its leaders.
        public var leaderEpoch = LeaderEpoch(0)
        /// Counts all its changes.
        public var partitionEpoch = PartitionEpoch(0)
        /// As assigned; the first is the preferred leader.
        public var replicas: [NodeID] = []
        /// The ISR.
        public var inSyncReplicas: [NodeID] = []
        /// KIP-966.
        public var eligibleLeaderReplicas: [NodeID] = []
        /// On nodes or disks that are gone.
        public var offlineReplicas: [NodeID] = []
        /// First offset that can be read.
        public var logStartOffset = Offset(0)
        /// First offset that consumers do not see yet.
        public var highWatermark = Offset(0)
        /// First offset that read_committed does not see yet.
        public var lastStableOffset = Offset(0)
        /// The next record gets it.
        public var logEndOffset = Offset(0)
        /// Size of the leader's log.
        public var byteCount: Int64 = 0
        /// Where the leader stores it.
        public var logDirectory = ""
        /// Why offsets and size are missing.
        public var error: RPCError?
        /// They copy, and become replicas when they are in sync.
        public var addingReplicas: [NodeID] = []
        /// They go when the added ones are in sync.
        public var removingReplicas: [NodeID] = []
        /// Who led last, of a partition that has no leader and nobody eligible.
        public var lastKnownLeaderID: NodeID?

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "topic", &topic)
            try visitor.field(2, "topicID", &topicID)
            try visitor.field(3, "partition", &partition)
            try visitor.field(4, "leaderID", &leaderID)
            try visitor.field(5, "leaderEpoch", &leaderEpoch)
            try visitor.field(6, "partitionEpoch", &partitionEpoch)
            try visitor.field(7, "replicas", &replicas)
            try visitor.field(8, "inSyncReplicas", &inSyncReplicas)
            try visitor.field(9, "eligibleLeaderReplicas", &eligibleLeaderReplicas)
            try visitor.field(10, "offlineReplicas", &offlineReplicas)
            try visitor.field(11, "logStartOffset", &logStartOffset)
            try visitor.field(12, "highWatermark", &highWatermark)
            try visitor.field(13, "lastStableOffset", &lastStableOffset)
            try visitor.field(14, "logEndOffset", &logEndOffset)
            try visitor.field(15, "byteCount", &byteCount)
            try visitor.field(16, "logDirectory", &logDirectory)
            try visitor.field(17, "error", &error)
            try visitor.field(18, "addingReplicas", &addingReplicas)
            try visitor.field(19, "removingReplicas", &removingReplicas)
            try visitor.field(20, "lastKnownLeaderID", &lastKnownLeaderID)
        }
    }

    /// Asks for the state of partitions.
    public struct PartitionListRequest: Message {
        /// Only of these; empty gives all.
        public var topics: [String] = []
        /// Which of them.
        public var filter = PartitionFilter.unspecified
        /// Also of internal topics.
        public var includesInternal = false

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "topics", &topics)
            try visitor.field(2, "filter", &filter)
            try visitor.field(3, "includesInternal", &includesInternal)
        }
    }

    /// Which partitions to list.
    public enum PartitionFilter: UInt32, MessageEnum {
        /// All.
        case unspecified = 0
        /// Fewer in-sync than assigned replicas.
        case underReplicated = 1
        /// Fewer in-sync than `min.insync.replicas`: acks=all is refused.
        case underMinInSync = 2
        /// Without a leader.
        case offline = 3
        /// Replicas are being added or removed.
        case moving = 4
        /// Led by another than the first of their replicas.
        case notPreferred = 5
    }

    /// The partitions asked for.
    public struct PartitionListResponse: Message {
        /// Ascending by topic name, then index.
        public var partitions: [PartitionInfo] = []

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "partitions", &partitions)
        }
    }

    /// Creates topics; each succeeds or fails alone.
    public struct TopicCreateRequest: Message {
        /// At least one.
        public var topics: [NewTopic] = []
        /// Checks everything, changes nothing.
        public var validateOnly = false

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "topics", &topics)
            try visitor.field(2, "validateOnly", &validateOnly)
        }
    }

    /// A topic to create.
    public struct NewTopic: Message {
        /// 1 to 249 of `[a-zA-Z0-9._-]`.
        public var name = ""
        /// 0 takes `num.partitions`.
        public var partitionCount: Int32 = 0
        /// 0 takes `default.replication.factor`.
        public var replicationFactor: Int16 = 0
        /// What differs from the defaults.
        public var configs: [ConfigSetting] = []
        /// Empty lets the controller place; else all partitions.
        public var assignments: [ReplicaAssignment] = []

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "name", &name)
            try visitor.field(2, "partitionCount", &partitionCount)
            try visitor.field(3, "replicationFactor", &replicationFactor)
            try visitor.field(4, "configs", &configs)
            try visitor.field(5, "assignments", &assignments)
        }
    }

    /// Replicas of one partition, chosen by hand.
    public struct ReplicaAssignment: Message {
        /// Its index.
        public var partition = PartitionIndex(0)
        /// The first is the preferred leader.
        public var replicas: [NodeID] = []

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "partition", &partition)
            try visitor.field(2, "replicas", &replicas)
        }
    }

    /// A config and its value.
    public struct ConfigSetting: Message {
        /// `retention.ms` …
        public var name = ""
        /// As Kafka writes it.
        public var value = ""

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "name", &name)
            try visitor.field(2, "value", &value)
        }
    }

    /// What became of each topic, in the order asked.
    public struct TopicCreateResponse: Message {
        /// In the order asked.
        public var topics: [TopicOutcome] = []

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "topics", &topics)
        }
    }

    /// What became, or under `validateOnly` would become, of one topic.
    public struct TopicOutcome: Message {
        /// Its name.
        public var name = ""
        /// Zero when nothing was created.
        public var topicID = TopicID.zero
        /// Afterwards.
        public var partitionCount: Int32 = 0
        /// Afterwards.
        public var replicationFactor: Int16 = 0
        /// Set on the topic, afterwards.
        public var configs: [ConfigSetting] = []
        /// Nothing was changed.
        public var error: RPCError?

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "name", &name)
            try visitor.field(2, "topicID", &topicID)
            try visitor.field(3, "partitionCount", &partitionCount)
            try visitor.field(4, "replicationFactor", &replicationFactor)
            try visitor.field(5, "configs", &configs)
            try visitor.field(6, "error", &error)
        }
    }

    /// Changes configs or adds partitions; each topic succeeds or fails alone.
    public struct TopicAlterRequest: Message {
        /// At least one.
        public var topics: [TopicAlteration] = []
        /// Checks everything, changes nothing.
        public var validateOnly = false

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "topics", &topics)
            try visitor.field(2, "validateOnly", &validateOnly)
        }
    }

    /// Changes to one topic, all or none.
    public struct TopicAlteration: Message {
        /// Its name.
        public var name = ""
        /// Config changes.
        public var configs: [ConfigAlteration] = []
        /// The new total; only ever more.
        public var partitionCount: Int32?

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "name", &name)
            try visitor.field(2, "configs", &configs)
            try visitor.field(3, "partitionCount", &partitionCount)
        }
    }

    /// What became of each topic, in the order asked.
    public struct TopicAlterResponse: Message {
        /// In the order asked.
        public var topics: [TopicOutcome] = []

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "topics", &topics)
        }
    }

    /// Deletes topics with their records; each succeeds or fails alone.
    public struct TopicDeleteRequest: Message {
        /// Names.
        public var topics: [String] = []
        /// Checks everything, changes nothing.
        public var validateOnly = false

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "topics", &topics)
            try visitor.field(2, "validateOnly", &validateOnly)
        }
    }

    /// What became of each topic, in the order asked; counts are as before the deletion.
    public struct TopicDeleteResponse: Message {
        /// In the order asked.
        public var topics: [TopicOutcome] = []

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "topics", &topics)
        }
    }

    /// Deletes the oldest records of partitions (Kafka's DeleteRecords).
    public struct TopicTrimRequest: Message {
        /// At least one.
        public var partitions: [PartitionTrim] = []
        /// Checks everything, changes nothing.
        public var validateOnly = false
        /// Only what this broker does itself; no other is asked.
        public var localOnly = false

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "partitions", &partitions)
            try visitor.field(2, "validateOnly", &validateOnly)
            try visitor.field(3, "localOnly", &localOnly)
        }
    }

    /// Up to where to trim one partition.
    public struct PartitionTrim: Message {
        /// Its topic's name.
        public var topic = ""
        /// Its index.
        public var partition = PartitionIndex(0)
        /// First offset to keep; −1 is the high watermark.
        public var beforeOffset = Offset(0)

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "topic", &topic)
            try visitor.field(2, "partition", &partition)
            try visitor.field(3, "beforeOffset", &beforeOffset)
        }
    }

    /// What became of each partition, in the order asked.
    public struct TopicTrimResponse: Message {
        /// In the order asked.
        public var partitions: [PartitionTrimOutcome] = []

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "partitions", &partitions)
        }
    }

    /// What became, or would become, of one partition.
    public struct PartitionTrimOutcome: Message {
        /// Its topic's name.
        public var topic = ""
        /// Its index.
        public var partition = PartitionIndex(0)
        /// Before.
        public var previousLogStartOffset = Offset(0)
        /// Afterwards.
        public var logStartOffset = Offset(0)
        /// Nothing was removed.
        public var error: RPCError?

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "topic", &topic)
            try visitor.field(2, "partition", &partition)
            try visitor.field(3, "previousLogStartOffset", &previousLogStartOffset)
            try visitor.field(4, "logStartOffset", &logStartOffset)
            try visitor.field(5, "error", &error)
        }
    }
}
