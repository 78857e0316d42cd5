// SPDX-License-Identifier: Apache-2.0

public import Primitives

extension Replicas {
    /// Opens the stream from a leader's shard to a follower.
    public struct PushRequest: Message {
        /// Whom the sender takes the receiver for; another one refuses.
        public var recipient = NodeID(0)
        /// The sender's registration with the controller.
        public var brokerEpoch: Int64 = 0
        /// The sender's shard, from 0.
        public var shard: Int32 = 0

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "recipient", &recipient)
            try visitor.field(2, "brokerEpoch", &brokerEpoch)
            try visitor.field(3, "shard", &shard)
        }
    }

    /// Ends the stream: the follower is going away.
    public struct PushResponse: Message {
        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {}
    }

    /// What a leader tells about some of its partitions. Their batches are the attachment, in the order of the list.
    public struct AppendFrame: Message {
        public var partitions: [PartitionAppend] = []

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "partitions", &partitions)
        }

        /// Where each partition's batches lie in the attachment, in the order of the list; nothing is copied.
        ///
        /// - Throws: `.invalidValue` when the byte counts do not add up to the attachment.
        public func batches(in attachment: SharedBytes) throws(DecodeError) -> [SharedBytes] {
            var slices: [SharedBytes] = []
            slices.reserveCapacity(partitions.count)
            var position = 0
            for partition in partitions {
                let count = Int(partition.byteCount)
                guard count >= 0, count <= attachment.count - position else {
                    throw DecodeError(.invalidValue(Int64(count)), at: position)
                }
                slices.append(attachment.slice(from: position, count: count))
                position += count
            }
            guard position == attachment.count else {
                throw DecodeError(.invalidValue(Int64(attachment.count)), at: position)
            }
            return slices
        }
    }

    /// One partition in an `AppendFrame`. Plain numbers only, so that reading one allocates nothing.
    public struct PartitionAppend: Message {
        public var topicID = TopicID.zero
        public var partitionIndex = PartitionIndex(0)
        public var leaderEpoch = LeaderEpoch(0)
        /// Where the batches begin.
        public var previousOffset = Offset(0)
        /// Epoch of the record before; −1 where none is known.
        public var previousEpoch = LeaderEpoch(0)
        public var order = AppendOrderKind.unspecified
        /// With `cut` and `restart`: where to.
        public var targetOffset = Offset(0)
        /// With `cut`: the epoch whose end the target is.
        public var targetEpoch = LeaderEpoch(0)
        /// With `cut` and `restart`: the end of the follower's log that the order is for.
        public var endingOffset = Offset(0)
        public var endingEpoch = LeaderEpoch(0)
        public var highWatermark = Offset(0)
        public var logStartOffset = Offset(0)
        /// Bytes of this partition's batches in the attachment.
        public var byteCount: Int32 = 0

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "topicId", &topicID)
            try visitor.field(2, "partitionIndex", &partitionIndex)
            try visitor.field(3, "leaderEpoch", &leaderEpoch)
            try visitor.field(4, "previousOffset", &previousOffset)
            try visitor.field(5, "previousEpoch", &previousEpoch)
            try visitor.field(6, "order", &order)
            try visitor.field(7, "targetOffset", &targetOffset)
            try visitor.field(8, "targetEpoch", &targetEpoch)
            try visitor.field(9, "endingOffset", &endingOffset)
            try visitor.field(10, "endingEpoch", &endingEpoch)
            try visitor.field(11, "highWatermark", &highWatermark)
            try visitor.field(12, "logStartOffset", &logStartOffset)
            try visitor.field(13, "byteCount", &byteCount)
        }
    }

    /// What the follower is to do. One that it does not know it answers with `failed`.
    public enum AppendOrderKind: UInt32, MessageEnum {
        case unspecified = 0
        /// Append the batches; none only spread the news.
        case append = 1
        /// Only say whether the logs end alike.
        case compare = 2
        /// Drop what is after an epoch's end.
        case cut = 3
        /// Drop everything and begin at another offset.
        case restart = 4
    }

    /// A follower's answers. The first one of a stream comes at once and has no partitions.
    public struct AppendFrameReply: Message {
        /// The follower's registration with the controller, which the leader names in proposals (KIP-903).
        public var brokerEpoch: Int64 = 0
        public var partitions: [PartitionAnswer] = []

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "brokerEpoch", &brokerEpoch)
            try visitor.field(2, "partitions", &partitions)
        }
    }

    /// The answer about one partition; fields that its outcome does not need are absent.
    public struct PartitionAnswer: Message {
        public var topicID = TopicID.zero
        public var partitionIndex = PartitionIndex(0)
        /// Of the append that is answered.
        public var leaderEpoch = LeaderEpoch(0)
        public var outcome = AppendOutcome.unspecified
        /// With `diverged`.
        public var logStartOffset = Offset(0)
        /// With `accepted` and `diverged`.
        public var logEndOffset = Offset(0)
        /// With `accepted` and `diverged`: all before is on stable storage.
        public var durableEndOffset = Offset(0)
        /// With `diverged`: of the last record, −1 in a log that never had one. With `fenced`: the newer leader's.
        public var epoch = LeaderEpoch(0)

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "topicId", &topicID)
            try visitor.field(2, "partitionIndex", &partitionIndex)
            try visitor.field(3, "leaderEpoch", &leaderEpoch)
            try visitor.field(4, "outcome", &outcome)
            try visitor.field(5, "logStartOffset", &logStartOffset)
            try visitor.field(6, "logEndOffset", &logEndOffset)
            try visitor.field(7, "durableEndOffset", &durableEndOffset)
            try visitor.field(8, "epoch", &epoch)
        }
    }

    /// What came of one partition's append. A leader treats one that it does not know as `failed`.
    public enum AppendOutcome: UInt32, MessageEnum {
        case unspecified = 0
        case accepted = 1
        case diverged = 2
        case fenced = 3
        case notHere = 4
        case failed = 5
    }
}
