// SPDX-License-Identifier: Apache-2.0

public import Primitives

extension Admin {
    /// Asks which transactional ids there are.
    public struct TransactionListRequest: Message {
        /// Only in these states, Kafka's names; empty gives all.
        public var states: [String] = []
        /// Only transactions that began longer ago.
        public var olderThanMilliseconds: Int64?
        /// Only what this broker does itself; no other is asked.
        public var localOnly = false

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "states", &states)
            try visitor.field(2, "olderThanMilliseconds", &olderThanMilliseconds)
            try visitor.field(3, "localOnly", &localOnly)
        }
    }

    /// The transactional ids, ascending.
    public struct TransactionListResponse: Message {
        /// Ascending by id.
        public var transactions: [TransactionDescription] = []
        /// Brokers that did not answer, so that their ids are missing; ascending by id.
        public var unreachable: [BrokerFailure] = []

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "transactions", &transactions)
            try visitor.field(2, "unreachable", &unreachable)
        }
    }

    /// Asks for everything about transactional ids.
    public struct TransactionDescribeRequest: Message {
        /// At least one.
        public var transactionalIDs: [String] = []
        /// Only what this broker does itself; no other is asked.
        public var localOnly = false

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "transactionalIDs", &transactionalIDs)
            try visitor.field(2, "localOnly", &localOnly)
        }
    }

    /// One answer for each id, in the order asked.
    public struct TransactionDescribeResponse: Message {
        /// In the order asked.
        public var transactions: [TransactionDescription] = []

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "transactions", &transactions)
        }
    }

    /// One transactional id at one moment.
    public struct TransactionDescription: Message {
        /// Its id.
        public var transactionalID = ""
        /// Kafka's name: `Ongoing`, `PrepareCommit` …
        public var state = ""
        /// Who its producer is.
        public var producerID = ProducerID(0)
        public var producerEpoch = ProducerEpoch(0)
        /// How long a transaction may take.
        public var timeoutMilliseconds: Int32 = 0
        /// When the transaction began; nil where none is open.
        public var startedAt: Timestamp?
        /// When anything about it last changed.
        public var updatedAt = Timestamp(0)
        /// Partitions of the open transaction.
        public var partitions: [TopicPartitions] = []
        /// The broker that keeps it.
        public var coordinatorID = NodeID(0)
        /// Nothing was found out.
        public var error: RPCError?

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "transactionalID", &transactionalID)
            try visitor.field(2, "state", &state)
            try visitor.field(3, "producerID", &producerID)
            try visitor.field(4, "producerEpoch", &producerEpoch)
            try visitor.field(5, "timeoutMilliseconds", &timeoutMilliseconds)
            try visitor.field(6, "startedAt", &startedAt)
            try visitor.field(7, "updatedAt", &updatedAt)
            try visitor.field(8, "partitions", &partitions)
            try visitor.field(9, "coordinatorID", &coordinatorID)
            try visitor.field(10, "error", &error)
        }
    }

    /// Aborts the ongoing transactions of ids and fences their producers.
    public struct TransactionAbortRequest: Message {
        /// At least one.
        public var transactionalIDs: [String] = []
        /// Check, and change nothing.
        public var validateOnly = false
        /// Only what this broker does itself; no other is asked.
        public var localOnly = false

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "transactionalIDs", &transactionalIDs)
            try visitor.field(2, "validateOnly", &validateOnly)
            try visitor.field(3, "localOnly", &localOnly)
        }
    }

    /// One outcome for each id, in the order asked.
    public struct TransactionAbortResponse: Message {
        /// In the order asked.
        public var transactions: [TransactionOutcome] = []

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "transactions", &transactions)
        }
    }

    /// What became of one id.
    public struct TransactionOutcome: Message {
        /// Its id.
        public var transactionalID = ""
        /// Nothing was changed.
        public var error: RPCError?

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "transactionalID", &transactionalID)
            try visitor.field(2, "error", &error)
        }
    }
}
