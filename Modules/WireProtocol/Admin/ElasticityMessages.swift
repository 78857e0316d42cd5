// SPDX-License-Identifier: Apache-2.0

public import Primitives

extension Admin {
    /// A broker that did not answer, so that its numbers are missing.
    public struct BrokerFailure: Message {
        /// Its id.
        public var nodeID = NodeID(0)
        /// Why.
        public var error = RPCError()

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "nodeID", &nodeID)
            try visitor.field(2, "error", &error)
        }
    }

    /// Moves leaderships and replicas away from a broker, so that it can be stopped for good, or ends that.
    ///
    /// Answered when the order is durable; `ClusterInfo` and `PartitionMoveList` tell how far it is.
    public struct BrokerDrainRequest: Message {
        /// Which.
        public var brokerID = NodeID(0)
        /// Let it have partitions again.
        public var undo = false
        /// Checks everything, changes nothing.
        public var validateOnly = false

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "brokerID", &brokerID)
            try visitor.field(2, "undo", &undo)
            try visitor.field(3, "validateOnly", &validateOnly)
        }
    }

    /// What is to move.
    public struct BrokerDrainResponse: Message {
        /// Partitions it leads now.
        public var leaderCount: Int32 = 0
        /// Partitions it stores now.
        public var replicaCount: Int32 = 0

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "leaderCount", &leaderCount)
            try visitor.field(2, "replicaCount", &replicaCount)
        }
    }

    /// Forgets a broker that has no replicas (Kafka's UnregisterBroker).
    public struct BrokerUnregisterRequest: Message {
        /// Which.
        public var brokerID = NodeID(0)
        /// Checks everything, changes nothing.
        public var validateOnly = false

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "brokerID", &brokerID)
            try visitor.field(2, "validateOnly", &validateOnly)
        }
    }

    /// It is forgotten.
    public struct BrokerUnregisterResponse: Message {
        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {}
    }

    /// Asks a broker to hand its leaderships over and to stop, as SIGTERM does. Whoever supervises the process starts it
    /// again.
    public struct BrokerStopRequest: Message {
        /// Which.
        public var brokerID = NodeID(0)
        /// Checks everything, changes nothing.
        public var validateOnly = false

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "brokerID", &brokerID)
            try visitor.field(2, "validateOnly", &validateOnly)
        }
    }

    /// It has begun to stop.
    public struct BrokerStopResponse: Message {
        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {}
    }

    /// Plans how replicas and leaderships should lie, by load and rack.
    public struct BalanceRequest: Message {
        /// Checks everything, changes nothing.
        public var validateOnly = false

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "validateOnly", &validateOnly)
        }
    }

    /// What the planner found.
    public struct BalanceResponse: Message {
        /// In the order in which they are made.
        public var moves: [BalanceMove] = []
        /// Ascending by id.
        public var brokers: [BrokerLoad] = []
        /// The moves have begun.
        public var isApplied = false

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "moves", &moves)
            try visitor.field(2, "brokers", &brokers)
            try visitor.field(3, "isApplied", &isApplied)
        }
    }

    /// One change of the plan, and why.
    public struct BalanceMove: Message {
        /// Its topic's name.
        public var topic = ""
        /// Its index.
        public var partition = PartitionIndex(0)
        /// Now.
        public var previousReplicas: [NodeID] = []
        /// Then; the first is the preferred leader.
        public var replicas: [NodeID] = []
        /// Bytes to copy; 0 for a change of leader only, or where the leader did not say.
        public var byteCount: Int64 = 0
        /// One sentence.
        public var reason = ""

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "topic", &topic)
            try visitor.field(2, "partition", &partition)
            try visitor.field(3, "previousReplicas", &previousReplicas)
            try visitor.field(4, "replicas", &replicas)
            try visitor.field(5, "byteCount", &byteCount)
            try visitor.field(6, "reason", &reason)
        }
    }

    /// What a broker carries now and after the plan.
    public struct BrokerLoad: Message {
        /// Its id.
        public var nodeID = NodeID(0)
        /// `broker.rack`; empty when not set.
        public var rack = ""
        /// Now.
        public var leaderCount: Int32 = 0
        /// Now.
        public var replicaCount: Int32 = 0
        /// Now; 0 where it did not say.
        public var byteCount: Int64 = 0
        /// After the plan.
        public var plannedLeaderCount: Int32 = 0
        /// After the plan.
        public var plannedReplicaCount: Int32 = 0
        /// After the plan.
        public var plannedByteCount: Int64 = 0
        /// Now, written to its disk: of what it leads and of what it follows.
        public var bytesInPerSecond: Int64 = 0
        /// After the plan.
        public var plannedBytesInPerSecond: Int64 = 0
        /// Now, to consumers of what it leads.
        public var bytesOutPerSecond: Int64 = 0
        /// After the plan, when preferred replicas lead.
        public var plannedBytesOutPerSecond: Int64 = 0

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "nodeID", &nodeID)
            try visitor.field(2, "rack", &rack)
            try visitor.field(3, "leaderCount", &leaderCount)
            try visitor.field(4, "replicaCount", &replicaCount)
            try visitor.field(5, "byteCount", &byteCount)
            try visitor.field(6, "plannedLeaderCount", &plannedLeaderCount)
            try visitor.field(7, "plannedReplicaCount", &plannedReplicaCount)
            try visitor.field(8, "plannedByteCount", &plannedByteCount)
            try visitor.field(9, "bytesInPerSecond", &bytesInPerSecond)
            try visitor.field(10, "plannedBytesInPerSecond", &plannedBytesInPerSecond)
            try visitor.field(11, "bytesOutPerSecond", &bytesOutPerSecond)
            try visitor.field(12, "plannedBytesOutPerSecond", &plannedBytesOutPerSecond)
        }
    }

    /// Raises or lowers levels of features (KIP-584); all of them or none.
    public struct FeatureUpdateRequest: Message {
        /// At least one.
        public var updates: [FeatureUpdate] = []
        /// Levels may be lowered.
        public var allowsDowngrade = false
        /// Checks everything, changes nothing.
        public var validateOnly = false

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "updates", &updates)
            try visitor.field(2, "allowsDowngrade", &allowsDowngrade)
            try visitor.field(3, "validateOnly", &validateOnly)
        }
    }

    /// The level that a feature is to have.
    public struct FeatureUpdate: Message {
        /// `metadata.version` …
        public var name = ""
        /// 0 turns it off.
        public var level: Int32 = 0

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "name", &name)
            try visitor.field(2, "level", &level)
        }
    }

    /// The features afterwards.
    public struct FeatureUpdateResponse: Message {
        /// Ascending by name.
        public var features: [FeatureInfo] = []

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "features", &features)
        }
    }

    /// Adds a controller to the quorum, takes one from it (KIP-853), or says where one answers from now on.
    public struct VoterChangeRequest: Message {
        /// Which of both.
        public var action = VoterAction.unspecified
        /// The controller's id.
        public var nodeID = NodeID(0)
        /// Of its data folder, 22 characters; empty takes the only one known under the id.
        public var directoryID = ""
        /// Where it answers RPC; for adding and moving.
        public var host = ""
        /// TCP port; for adding and moving.
        public var port: Int32 = 0
        /// Checks everything, changes nothing.
        public var validateOnly = false

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "action", &action)
            try visitor.field(2, "nodeID", &nodeID)
            try visitor.field(3, "directoryID", &directoryID)
            try visitor.field(4, "host", &host)
            try visitor.field(5, "port", &port)
            try visitor.field(6, "validateOnly", &validateOnly)
        }
    }

    /// How the voters change.
    public enum VoterAction: UInt32, MessageEnum {
        /// Not said: refused.
        case unspecified = 0
        /// One more votes.
        case add = 1
        /// One votes no more.
        case remove = 2
        /// One is looked for at another address.
        case move = 3
    }

    /// The voters afterwards.
    public struct VoterChangeResponse: Message {
        /// Ascending by node id.
        public var controllers: [ControllerInfo] = []

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "controllers", &controllers)
        }
    }
}
