// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// Why a log did not take a batch. Nothing was staged.
public enum AppendRefusal: Error, Hashable, Sendable {
    /// A synchronize or a repair of this log failed before. Only opening it again helps.
    case failed(DiskFault)
    case closed
    /// The sequence does not follow the producer's last one. Kafka: OUT_OF_ORDER_SEQUENCE_NUMBER.
    case outOfOrderSequence(ProducerID, expected: Int32, received: Int32)
    /// A newer incarnation of the producer has written. Kafka: INVALID_PRODUCER_EPOCH.
    case invalidProducerEpoch(ProducerID, current: ProducerEpoch, received: ProducerEpoch)
    /// The producer's transaction is open here, and the batch is not part of one. Kafka: INVALID_TXN_STATE.
    case transactionIsOpen(ProducerID, since: Offset)
    /// A newer coordinator has written a marker of this producer. Kafka: TRANSACTION_COORDINATOR_FENCED.
    case transactionCoordinatorFenced(ProducerID, current: Int32, received: Int32)
    /// No segment could hold it. Kafka: RECORD_LIST_TOO_LARGE.
    case batchTooLarge(byteCount: Int, segmentByteCountMax: Int64)
    /// The log already holds records of a newer leader. Kafka: NOT_LEADER_OR_FOLLOWER.
    case staleLeaderEpoch(current: LeaderEpoch, received: LeaderEpoch)
}

/// Why a log did not take batches that another replica had stored. Nothing of them was staged.
public enum ReplicatedAppendRefusal: Error, Equatable, Sendable {
    /// A synchronize or a repair of this log failed before. Only opening it again helps.
    case failed(DiskFault)
    case closed
    /// The bytes are not whole batches with right checksums; the position counts from the first byte given.
    case malformed(DecodeError)
    /// The first batch does not begin where the log ends, or a later one not where the one before it ends.
    case notContiguous(expected: Offset, received: Offset)
    /// A batch is of an older leader than the batch before it.
    case staleLeaderEpoch(current: LeaderEpoch, received: LeaderEpoch)
    /// No segment could hold it. The leader's `segment.bytes` is larger than ours.
    case batchTooLarge(byteCount: Int, segmentByteCountMax: Int64)
}

/// Why a read gave nothing.
public enum ReadRefusal: Error, Hashable, Sendable {
    /// Kafka: OFFSET_OUT_OF_RANGE.
    case offsetOutOfRange(logStart: Offset, logEnd: Offset)
    /// The way to the batch leads through bytes that are not in memory. Submit a read of this range (its bytes may be
    /// dropped), and ask again when it has completed.
    case cold(FileID, position: Int64, byteCount: Int)
    /// The batch lies in bytes that do not check. Kafka: KAFKA_STORAGE_ERROR.
    case damaged(LogDamage)
    case disk(DiskFault)
    case closed
}

/// Bytes inside a log that are not what was written.
public struct LogDamage: Error, Hashable, Sendable {
    /// The numbers stand in the file `checkpoint`.
    public enum Evidence: UInt8, Hashable, Sendable {
        /// No header that could belong here.
        case noBatch = 0
        /// A batch whose bytes do not give its checksum.
        case checksumMismatch = 1
        /// A batch with another offset or leader epoch than its place demands.
        case wrongPlace = 2
        /// Nothing but zeros: bytes that were reserved and never reached the device.
        case zeros = 3
        /// The file ends before the bytes it should have.
        case missing = 4
    }

    /// Base offset of the segment.
    public let segment: Offset
    /// First bad byte in the segment's file.
    public let position: Int64
    /// Bytes up to the next batch that checks, or to the segment's end.
    public let byteCount: Int64
    /// Offsets that cannot be read: from the first that is missing to the one before the next batch that checks.
    public let offsets: Range<Offset>
    public let evidence: Evidence

    public init(segment: Offset, position: Int64, byteCount: Int64, offsets: Range<Offset>, evidence: Evidence) {
        self.segment = segment
        self.position = position
        self.byteCount = byteCount
        self.offsets = offsets
        self.evidence = evidence
    }
}

/// Why maintenance of a log did not succeed.
public enum LogFault: Error, Hashable, Sendable {
    /// This operation did not work; the log is as before it.
    case disk(DiskFault)
    /// The log is out of service until it is opened again.
    case failed(DiskFault)
    case closed
}

/// Why a partition folder could not be opened. Its files are as they were.
public enum OpenFault: Error, Equatable, Sendable {
    case disk(DiskFault)
    /// The folder belongs to an older or newer topic of the same name.
    case foreignPartition(expected: PartitionID, found: TopicID)
    /// `partition.metadata` is not what this version writes.
    case unreadable(file: String, DecodeError)
}
