// SPDX-License-Identifier: Apache-2.0

public import Primitives

extension Admin {
    /// Asks a broker what it alone knows: its process, its disk, its partitions.
    public struct BrokerStateRequest: Message {
        /// Partitions of these only; empty gives those of all.
        public var topics: [String] = []
        /// Else the totals only.
        public var includesPartitions = false

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "topics", &topics)
            try visitor.field(2, "includesPartitions", &includesPartitions)
        }
    }

    /// One broker at one moment.
    public struct BrokerStateResponse: Message {
        /// Software version, `0.1.0`.
        public var version = ""
        /// When its process began.
        public var startedAt = Timestamp(0)
        /// Its clock when it answered.
        public var wallClock = Timestamp(0)
        /// Size of all its logs.
        public var byteCount: Int64 = 0
        /// Room on its disk; nil where the file system did not say.
        public var freeByteCount: Int64?
        /// Where it stores.
        public var logDirectory = ""
        /// First record of the metadata log that it does not know yet.
        public var imageOffset = Offset(0)
        /// Replicas that are open there, ascending by topic id, then index.
        public var partitions: [ReplicaState] = []

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "version", &version)
            try visitor.field(2, "startedAt", &startedAt)
            try visitor.field(3, "wallClock", &wallClock)
            try visitor.field(4, "byteCount", &byteCount)
            try visitor.field(5, "freeByteCount", &freeByteCount)
            try visitor.field(6, "logDirectory", &logDirectory)
            try visitor.field(7, "imageOffset", &imageOffset)
            try visitor.field(8, "partitions", &partitions)
        }
    }

    /// One replica as its broker has it.
    public struct ReplicaState: Message {
        /// Its topic's id.
        public var topicID = TopicID.zero
        /// Its index.
        public var partition = PartitionIndex(0)
        /// It leads; else its high watermark is what its leader last told.
        public var isLeader = false
        /// First offset that can be read.
        public var logStartOffset = Offset(0)
        /// First offset that consumers do not see yet.
        public var highWatermark = Offset(0)
        /// The next record gets it.
        public var logEndOffset = Offset(0)
        /// Size of its log.
        public var byteCount: Int64 = 0
        /// Its log takes no records.
        public var isFailed = false
        /// From producers, smoothed; of leaders only.
        public var bytesInPerSecond: Int64 = 0
        /// To consumers, smoothed.
        public var bytesOutPerSecond: Int64 = 0
        /// First offset that consumers of committed records do not see yet.
        public var lastStableOffset = Offset(0)

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "topicID", &topicID)
            try visitor.field(2, "partition", &partition)
            try visitor.field(3, "isLeader", &isLeader)
            try visitor.field(4, "logStartOffset", &logStartOffset)
            try visitor.field(5, "highWatermark", &highWatermark)
            try visitor.field(6, "logEndOffset", &logEndOffset)
            try visitor.field(7, "byteCount", &byteCount)
            try visitor.field(8, "isFailed", &isFailed)
            try visitor.field(9, "bytesInPerSecond", &bytesInPerSecond)
            try visitor.field(10, "bytesOutPerSecond", &bytesOutPerSecond)
            try visitor.field(11, "lastStableOffset", &lastStableOffset)
        }
    }

    /// Asks the leaders of partitions for offsets and times.
    public struct OffsetLookupRequest: Message {
        /// At least one.
        public var lookups: [OffsetLookup] = []

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "lookups", &lookups)
        }
    }

    /// One question about one partition.
    public struct OffsetLookup: Message {
        /// Its topic's name.
        public var topic = ""
        /// Its index.
        public var partition = PartitionIndex(0)
        /// Find the first record at or after this time.
        public var timestamp: Timestamp?
        /// Find the time of the first record at or after this offset.
        public var offset: Offset?

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "topic", &topic)
            try visitor.field(2, "partition", &partition)
            try visitor.field(3, "timestamp", &timestamp)
            try visitor.field(4, "offset", &offset)
        }
    }

    /// An answer for each question, in the order asked.
    public struct OffsetLookupResponse: Message {
        /// In the order asked.
        public var answers: [OffsetAnswer] = []

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "answers", &answers)
        }
    }

    /// What a leader found.
    public struct OffsetAnswer: Message {
        /// First offset that can be read.
        public var logStartOffset = Offset(0)
        /// First offset that consumers do not see yet.
        public var highWatermark = Offset(0)
        /// Of the first record at or after the time; nil where there is none.
        public var offset: Offset?
        /// Of the first record at or after the offset; nil where there is none.
        public var timestamp: Timestamp?
        /// Nothing was found out.
        public var error: RPCError?

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "logStartOffset", &logStartOffset)
            try visitor.field(2, "highWatermark", &highWatermark)
            try visitor.field(3, "offset", &offset)
            try visitor.field(4, "timestamp", &timestamp)
            try visitor.field(5, "error", &error)
        }
    }
}
