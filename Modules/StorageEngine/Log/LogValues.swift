// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// Where a batch went, or, for a duplicate, where it has been all along.
public struct Appended: Hashable, Sendable {
    public let baseOffset: Offset
    public let lastOffset: Offset
    /// The same producer had sent it before: nothing was staged, and the answer waits for `lastOffset` like any other.
    public let isDuplicate: Bool

    public init(baseOffset: Offset, lastOffset: Offset, isDuplicate: Bool) {
        self.baseOffset = baseOffset
        self.lastOffset = lastOffset
        self.isDuplicate = isDuplicate
    }
}

/// What `appendReplicated` staged.
public struct ReplicatedAppend: Hashable, Sendable {
    public let offsets: Range<Offset>
    public let batchCount: Int
    public let byteCount: Int
}

/// Whole batches in one file, ready for `sendfile`, `readIfCached` or `submitRead`.
///
/// Valid until `closeColdFiles`, `truncate`, `close` or, after the segment was removed, until its file is deleted.
public struct LogSlice: Hashable, Sendable {
    public let file: FileID
    public let position: Int64
    public let byteCount: Int
    /// Offset of the first batch's first record: at or before the offset asked for.
    public let baseOffset: Offset
    /// Offset after the last batch; the next read continues here without I/O.
    public let nextOffset: Offset
}

/// An offset and the time of its record.
public struct TimestampedOffset: Hashable, Sendable {
    public let offset: Offset
    public let timestamp: Timestamp
    public let leaderEpoch: LeaderEpoch

    public init(offset: Offset, timestamp: Timestamp, leaderEpoch: LeaderEpoch) {
        self.offset = offset
        self.timestamp = timestamp
        self.leaderEpoch = leaderEpoch
    }
}

/// Where an epoch's records end (KIP-101): the largest known epoch at or before the one asked for.
public struct EpochEnd: Hashable, Sendable {
    public let epoch: LeaderEpoch
    /// Offset after the epoch's last record.
    public let endOffset: Offset

    public init(epoch: LeaderEpoch, endOffset: Offset) {
        self.epoch = epoch
        self.endOffset = endOffset
    }
}

/// What DescribeProducers tells about one producer.
public struct ProducerDescription: Hashable, Sendable {
    public let producerID: ProducerID
    public let producerEpoch: ProducerEpoch
    /// −1 when only its epoch is known.
    public let lastSequence: Int32
    public let lastTimestamp: Timestamp
    public let coordinatorEpoch: Int32
    /// First offset of its open transaction; nil when none is open.
    public let currentTransactionStart: Offset?
}

/// Which segments retention lets go, oldest first. Taken apart from the act, so that it can be shown before it is done.
public struct RetentionDecision: Hashable, Sendable {
    /// Base offsets of the segments to remove.
    public let segments: [Offset]
    public let byteCount: Int64
    /// First offset that remains.
    public let newLogStart: Offset
    public var isEmpty: Bool { segments.isEmpty }
}

/// What opening a log did.
public struct RecoveryReport: Hashable, Sendable {
    /// The last close finished; nothing was scanned.
    public var wasClean = false
    public var scannedByteCount: Int64 = 0
    /// Bytes of a torn tail that were cut, reserved zeros not counted.
    public var cutByteCount: Int64 = 0
    public var rebuiltIndexCount = 0
    public var segmentCount = 0
}

/// Whether a log takes records.
public enum LogState: Hashable, Sendable {
    case open
    /// A synchronize failed, or a failed write could not be cut back. Never recovers by itself.
    case failed(DiskFault)
    case closed
}
