// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// What brokers say to each other about transactions: methods 0x0400 to 0x04ff and their messages.
public enum TransactionPeers {
    /// From a transaction's coordinator to the leaders of its partitions, when it has ended.
    public static let writeMarkers = UnaryMethod<WriteMarkersRequest, WriteMarkersResponse>(0x0401, "WriteMarkers")
    /// From a partition's leader to a transaction's coordinator, before the first batch (KIP-890).
    public static let verify = UnaryMethod<VerifyRequest, VerifyResponse>(0x0402, "VerifyTransaction")

    /// Every method above, ascending by id.
    public static let methods: [MethodDescriptor] = [writeMarkers.descriptor, verify.descriptor]

    /// One partition by name, as transactions keep them.
    public struct Partition: Message {
        public var topic = ""
        public var index = PartitionIndex(0)

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "topic", &topic)
            try visitor.field(2, "index", &index)
        }
    }

    /// How a transaction ended.
    public struct WriteMarkersRequest: Message {
        public var producerID = ProducerID(0)
        public var producerEpoch = ProducerEpoch(0)
        public var isCommit = false
        /// A marker of an older coordinator is refused.
        public var coordinatorEpoch = LeaderEpoch(0)
        /// `transaction.version` of the client.
        public var transactionVersion: Int16 = 0
        /// At least one, each led by the receiver as far as the sender knows.
        public var partitions: [Partition] = []

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "producerId", &producerID)
            try visitor.field(2, "producerEpoch", &producerEpoch)
            try visitor.field(3, "isCommit", &isCommit)
            try visitor.field(4, "coordinatorEpoch", &coordinatorEpoch)
            try visitor.field(5, "transactionVersion", &transactionVersion)
            try visitor.field(6, "partitions", &partitions)
        }
    }

    /// What became of each marker.
    public struct WriteMarkersResponse: Message {
        /// Kafka's code for each partition, in the order asked; 0 for a marker below the high watermark.
        public var errorCodes: [Int16] = []

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "errorCodes", &errorCodes)
        }
    }

    /// Whether partitions belong to the ongoing transaction.
    public struct VerifyRequest: Message {
        public var transactionalID = ""
        public var producerID = ProducerID(0)
        public var producerEpoch = ProducerEpoch(0)
        /// At least one.
        public var partitions: [Partition] = []
        /// Make them part of it (`transaction.version` 2).
        public var adds = false

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "transactionalId", &transactionalID)
            try visitor.field(2, "producerId", &producerID)
            try visitor.field(3, "producerEpoch", &producerEpoch)
            try visitor.field(4, "partitions", &partitions)
            try visitor.field(5, "adds", &adds)
        }
    }

    /// The coordinator's word on each partition.
    public struct VerifyResponse: Message {
        /// Kafka's code for each partition, in the order asked; 0 for one that is part of the transaction.
        public var errorCodes: [Int16] = []

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "errorCodes", &errorCodes)
        }
    }
}

extension Catalogue {
    /// Everything that brokers say to each other about transactions.
    public static var transactions: Catalogue {
        var catalogue = Catalogue()
        catalogue.add(TransactionPeers.writeMarkers)
        catalogue.add(TransactionPeers.verify)
        return catalogue
    }
}
