// SPDX-License-Identifier: Apache-2.0

public import Primitives

extension Admin {
    /// Changes where the replicas of partitions are (Kafka's AlterPartitionReassignments); each succeeds or fails
    /// alone. Data is copied first; old replicas go when the new ones are in sync.
    public struct PartitionMoveRequest: Message {
        /// At least one.
        public var moves: [PartitionMove] = []
        /// Checks everything, changes nothing.
        public var validateOnly = false

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "moves", &moves)
            try visitor.field(2, "validateOnly", &validateOnly)
        }
    }

    /// Where one partition is to be.
    public struct PartitionMove: Message {
        /// Its topic's name.
        public var topic = ""
        /// Its index.
        public var partition = PartitionIndex(0)
        /// The first is the preferred leader; empty cancels a move that is under way.
        public var replicas: [NodeID] = []

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "topic", &topic)
            try visitor.field(2, "partition", &partition)
            try visitor.field(3, "replicas", &replicas)
        }
    }

    /// What became of each partition, in the order asked.
    public struct PartitionMoveResponse: Message {
        /// In the order asked.
        public var moves: [PartitionMoveOutcome] = []

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "moves", &moves)
        }
    }

    /// What became, or under `validateOnly` would become, of one partition.
    public struct PartitionMoveOutcome: Message {
        /// Its topic's name.
        public var topic = ""
        /// Its index.
        public var partition = PartitionIndex(0)
        /// Before.
        public var previousReplicas: [NodeID] = []
        /// As they will be when the data is there.
        public var replicas: [NodeID] = []
        /// Size of the log that each added replica copies; 0 where its leader did not say.
        public var byteCount: Int64 = 0
        /// Nothing was changed.
        public var error: RPCError?

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "topic", &topic)
            try visitor.field(2, "partition", &partition)
            try visitor.field(3, "previousReplicas", &previousReplicas)
            try visitor.field(4, "replicas", &replicas)
            try visitor.field(5, "byteCount", &byteCount)
            try visitor.field(6, "error", &error)
        }
    }

    /// Asks which replicas are on their way (Kafka's ListPartitionReassignments).
    public struct PartitionMoveListRequest: Message {
        /// Only of these; empty gives all.
        public var topics: [String] = []

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "topics", &topics)
        }
    }

    /// The moves under way.
    public struct PartitionMoveListResponse: Message {
        /// Ascending by topic name, then index.
        public var moves: [PartitionMoveProgress] = []
        /// Brokers that did not say how far they are, ascending by id.
        public var unreachable: [BrokerFailure] = []

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "moves", &moves)
            try visitor.field(2, "unreachable", &unreachable)
        }
    }

    /// One move under way.
    public struct PartitionMoveProgress: Message {
        /// Its topic's name.
        public var topic = ""
        /// Its index.
        public var partition = PartitionIndex(0)
        /// As they will be afterwards.
        public var replicas: [NodeID] = []
        /// They copy.
        public var addingReplicas: [NodeID] = []
        /// They go when those have copied.
        public var removingReplicas: [NodeID] = []
        /// Bytes to copy in all: the size of the leader's log times the number of added replicas.
        public var byteCount: Int64 = 0
        /// Bytes that are still missing, as far as the brokers said.
        public var bytesLeft: Int64 = 0

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "topic", &topic)
            try visitor.field(2, "partition", &partition)
            try visitor.field(3, "replicas", &replicas)
            try visitor.field(4, "addingReplicas", &addingReplicas)
            try visitor.field(5, "removingReplicas", &removingReplicas)
            try visitor.field(6, "byteCount", &byteCount)
            try visitor.field(7, "bytesLeft", &bytesLeft)
        }
    }

    /// Makes partitions change their leader (Kafka's ElectLeaders); each succeeds or fails alone.
    public struct LeaderElectRequest: Message {
        /// Which; a topic without indices stands for all of its partitions; empty for all of the cluster.
        public var partitions: [TopicPartitions] = []
        /// How.
        public var type = LeaderElectionType.unspecified
        /// Checks everything, changes nothing.
        public var validateOnly = false

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "partitions", &partitions)
            try visitor.field(2, "type", &type)
            try visitor.field(3, "validateOnly", &validateOnly)
        }
    }

    /// Who may become leader.
    public enum LeaderElectionType: UInt32, MessageEnum {
        /// Not said: refused.
        case unspecified = 0
        /// The first of the replicas, where it is in sync and does not lead.
        case preferred = 1
        /// Any live replica of a partition without a leader. Records that it does not have are lost.
        case unclean = 2
    }

    /// What became of each partition.
    public struct LeaderElectResponse: Message {
        /// Ascending by topic name, then index; of those not named, only where something was done or failed.
        public var partitions: [LeaderElectOutcome] = []

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "partitions", &partitions)
        }
    }

    /// What became, or under `validateOnly` would become, of one partition.
    public struct LeaderElectOutcome: Message {
        /// Its topic's name.
        public var topic = ""
        /// Its index.
        public var partition = PartitionIndex(0)
        /// −1 where there was none.
        public var previousLeaderID = NodeID(0)
        /// Afterwards; −1 where there is none.
        public var leaderID = NodeID(0)
        /// Nothing was changed.
        public var error: RPCError?

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "topic", &topic)
            try visitor.field(2, "partition", &partition)
            try visitor.field(3, "previousLeaderID", &previousLeaderID)
            try visitor.field(4, "leaderID", &leaderID)
            try visitor.field(5, "error", &error)
        }
    }
}
