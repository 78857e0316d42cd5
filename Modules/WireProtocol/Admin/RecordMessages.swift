// SPDX-License-Identifier: Apache-2.0

public import Primitives

extension Admin {
    /// Opens a stream of record batches into one topic.
    public struct ProduceRequest: Message {
        /// Its name.
        public var topic = ""
        /// 0, 1 or −1 (all in-sync replicas), as in Kafka.
        public var acks: Int16 = 0
        /// For each batch; 0 takes the broker's default.
        public var timeoutMilliseconds: Int32 = 0
        /// Only what this broker does itself; no other is asked.
        public var localOnly = false

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "topic", &topic)
            try visitor.field(2, "acks", &acks)
            try visitor.field(3, "timeoutMilliseconds", &timeoutMilliseconds)
            try visitor.field(4, "localOnly", &localOnly)
        }
    }

    /// Record batches for one partition. Attachment: whole v2 batches, back to back, exactly as stored.
    public struct ProduceItem: Message {
        /// Chosen by the caller, ascending; comes back in the acknowledgement.
        public var sequence: UInt64 = 0
        /// Where to.
        public var partition = PartitionIndex(0)

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "sequence", &sequence)
            try visitor.field(2, "partition", &partition)
        }
    }

    /// The answer to one `ProduceItem`; with acks=0 only failures are answered.
    public struct ProduceAcknowledgement: Message {
        /// That of the item.
        public var sequence: UInt64 = 0
        /// Where to.
        public var partition = PartitionIndex(0)
        /// Offset of the item's first record.
        public var baseOffset = Offset(0)
        /// −1 when records keep the producer's timestamps.
        public var logAppendTime = Timestamp(0)
        /// Nothing of the item was stored.
        public var error: RPCError?

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "sequence", &sequence)
            try visitor.field(2, "partition", &partition)
            try visitor.field(3, "baseOffset", &baseOffset)
            try visitor.field(4, "logAppendTime", &logAppendTime)
            try visitor.field(5, "error", &error)
        }
    }

    /// Closes a produce stream after the client's end mark, when every item is answered.
    public struct ProduceResponse: Message {
        /// Items stored.
        public var itemCount: UInt64 = 0
        /// Records stored.
        public var recordCount: UInt64 = 0
        /// Bytes stored.
        public var byteCount: UInt64 = 0
        /// Items refused.
        public var failedItemCount: UInt64 = 0

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "itemCount", &itemCount)
            try visitor.field(2, "recordCount", &recordCount)
            try visitor.field(3, "byteCount", &byteCount)
            try visitor.field(4, "failedItemCount", &failedItemCount)
        }
    }

    /// Where in a partition to begin or end.
    public enum PositionKind: UInt32, MessageEnum {
        /// Begin: as `latest`. End: there is none.
        case unspecified = 0
        /// The log start.
        case earliest = 1
        /// The high watermark; with read_committed the last stable offset.
        case latest = 2
        /// `offset`.
        case offset = 3
        /// First record at or after `timestamp`.
        case timestamp = 4
        /// `offset` records before `latest`, not before the log start.
        case countFromEnd = 5
    }

    /// A place in a partition.
    public struct Position: Message {
        /// Which of the values counts.
        public var kind = PositionKind.unspecified
        /// For `offset` and `countFromEnd`.
        public var offset = Offset(0)
        /// For `timestamp`.
        public var timestamp = Timestamp(0)

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "kind", &kind)
            try visitor.field(2, "offset", &offset)
            try visitor.field(3, "timestamp", &timestamp)
        }
    }

    /// Which records of transactions are seen (KIP-98).
    public enum IsolationLevel: UInt32, MessageEnum {
        /// As `readUncommitted`.
        case unspecified = 0
        /// All below the high watermark.
        case readUncommitted = 1
        /// All below the last stable offset, less aborted transactions.
        case readCommitted = 2
    }

    /// Opens a stream of record batches out of one topic.
    public struct ConsumeRequest: Message {
        /// Its name.
        public var topic = ""
        /// Empty reads all.
        public var partitions: [PartitionIndex] = []
        /// Where to begin.
        public var start = Position()
        /// Where to stop, exclusive; resolved once, at the beginning.
        public var end: Position?
        /// Goes on at the end of the log, until cancelled.
        public var follow = false
        /// Stops after the batch that reaches so many; 0 has no limit.
        public var recordCountMax: Int64 = 0
        /// Which records are seen.
        public var isolationLevel = IsolationLevel.unspecified
        /// Attachment of one item; at least one batch always comes. 0 takes 1 MiB.
        public var itemBytesMax: Int32 = 0
        /// Only what this broker does itself; no other is asked.
        public var localOnly = false

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "topic", &topic)
            try visitor.field(2, "partitions", &partitions)
            try visitor.field(3, "start", &start)
            try visitor.field(4, "end", &end)
            try visitor.field(5, "follow", &follow)
            try visitor.field(6, "recordCountMax", &recordCountMax)
            try visitor.field(7, "isolationLevel", &isolationLevel)
            try visitor.field(8, "itemBytesMax", &itemBytesMax)
            try visitor.field(9, "localOnly", &localOnly)
        }
    }

    /// Records of one partition. Attachment: whole v2 batches, back to back, as stored; none when it only caught up.
    public struct ConsumeItem: Message {
        /// Whose.
        public var partition = PartitionIndex(0)
        /// Records below it are to be ignored: a batch may begin earlier.
        public var startOffset = Offset(0)
        /// Records from it on are to be ignored: a batch may end later.
        public var endOffset: Offset?
        /// Where the following item of this partition begins.
        public var nextOffset = Offset(0)
        /// At the time of the read.
        public var highWatermark = Offset(0)
        /// At the time of the read.
        public var lastStableOffset = Offset(0)
        /// At the time of the read.
        public var logStartOffset = Offset(0)
        /// With read_committed: whose records are to be ignored.
        public var abortedTransactions: [AbortedTransaction] = []
        /// Nothing is left up to the end or, when following, for the moment.
        public var isCaughtUp = false

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "partition", &partition)
            try visitor.field(2, "startOffset", &startOffset)
            try visitor.field(3, "endOffset", &endOffset)
            try visitor.field(4, "nextOffset", &nextOffset)
            try visitor.field(5, "highWatermark", &highWatermark)
            try visitor.field(6, "lastStableOffset", &lastStableOffset)
            try visitor.field(7, "logStartOffset", &logStartOffset)
            try visitor.field(8, "abortedTransactions", &abortedTransactions)
            try visitor.field(9, "isCaughtUp", &isCaughtUp)
        }
    }

    /// A transaction whose records a read_committed consumer drops, up to its marker.
    public struct AbortedTransaction: Message {
        /// Whose.
        public var producerID = ProducerID(0)
        /// Its first record.
        public var firstOffset = Offset(0)

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "producerID", &producerID)
            try visitor.field(2, "firstOffset", &firstOffset)
        }
    }

    /// Closes a consume stream that came to its end.
    public struct ConsumeResponse: Message {
        /// Ascending by index.
        public var partitions: [ConsumedPartition] = []

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "partitions", &partitions)
        }
    }

    /// How far one partition was read.
    public struct ConsumedPartition: Message {
        /// Its index.
        public var partition = PartitionIndex(0)
        /// First offset that was not sent.
        public var nextOffset = Offset(0)
        /// Why reading stopped early.
        public var error: RPCError?

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "partition", &partition)
            try visitor.field(2, "nextOffset", &nextOffset)
            try visitor.field(3, "error", &error)
        }
    }
}
