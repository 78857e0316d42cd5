// SPDX-License-Identifier: Apache-2.0

public import Primitives

extension Replicas {
    /// Asks a replica for the batches of a part of a log that is damaged, or missing, at the one who asks.
    public struct FetchLogRequest: Message {
        public var topicID = TopicID.zero
        public var partitionIndex = PartitionIndex(0)
        /// First offset that is missing.
        public var startOffset = Offset(0)
        /// Offset after the last that is missing.
        public var endOffset = Offset(0)
        /// Bound of the answer; a first batch larger than it comes whole.
        public var byteCountMax: Int32 = 0

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "topicId", &topicID)
            try visitor.field(2, "partitionIndex", &partitionIndex)
            try visitor.field(3, "startOffset", &startOffset)
            try visitor.field(4, "endOffset", &endOffset)
            try visitor.field(5, "byteCountMax", &byteCountMax)
        }
    }

    /// Whole batches in the attachment, from the one that holds the start on; offsets, epochs and bytes as in the log.
    public struct FetchLogResponse: Message {
        public var outcome = FetchLogOutcome.unspecified
        /// Offset after the last batch given. Short of the end asked for, the rest is to be asked for from here.
        public var nextOffset = Offset(0)
        public var logStartOffset = Offset(0)
        /// As this replica knows it. Batches after it are given too: whoever needs to know that they belong to the same
        /// history compares leader epochs.
        public var highWatermark = Offset(0)
        /// Where this replica's log ends.
        public var logEndOffset = Offset(0)
        /// Of its last record, −1 in a log that never had one.
        public var latestEpoch = LeaderEpoch(0)

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "outcome", &outcome)
            try visitor.field(2, "nextOffset", &nextOffset)
            try visitor.field(3, "logStartOffset", &logStartOffset)
            try visitor.field(4, "highWatermark", &highWatermark)
            try visitor.field(5, "logEndOffset", &logEndOffset)
            try visitor.field(6, "latestEpoch", &latestEpoch)
        }
    }

    /// Whether a replica could give what was asked for.
    public enum FetchLogOutcome: UInt32, MessageEnum {
        case unspecified = 0
        case given = 1
        /// It has no replica of the partition.
        case notHere = 2
        /// It does not have these offsets.
        case outOfRange = 3
        /// They are damaged here too.
        case damaged = 4
    }
}
