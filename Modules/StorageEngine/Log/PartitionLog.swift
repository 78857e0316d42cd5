// SPDX-License-Identifier: Apache-2.0

public import Primitives
public import RecordBatch

/// The records of one partition replica: a folder of segments, their indexes, producer states and leader epochs.
///
/// A synchronous value that one thread owns. It knows no clock and no thread: the disk and the wall-clock time come in
/// with each call. One round of work is: `append` for each batch, one `writeStaged`, one `beginSynchronize`; when the
/// disk reports the ticket, `synchronizeCompleted` moves `durableOffset`.
/// - SeeAlso: docs/formats/log.md; docs/decisions/0004-group-commit.md; docs/decisions/0005-recovery.md
public struct PartitionLog: Sendable {
    public let folder: String
    public let partition: PartitionID
    public var configuration: LogConfiguration
    public private(set) var state: LogState = .open
    /// First offset that may be read.
    public private(set) var logStartOffset: Offset = .zero
    /// Offset the next record gets, staged ones counted.
    public private(set) var logEndOffset: Offset = .zero
    /// All records below are in the files; those from here to `logEndOffset` are staged.
    public private(set) var writtenOffset: Offset = .zero
    /// All records below are on stable storage.
    public private(set) var durableOffset: Offset = .zero
    /// Damage found by recovery or by reading, by position.
    public private(set) var damages: [LogDamage] = []
    public private(set) var recovery = RecoveryReport()

    /// Opens the folder, made when absent, and recovers what a crash left.
    ///
    /// - Parameters:
    ///   - folder: Relative to the disk's root, such as `payments-0`.
    ///   - partition: Must be the one the folder was made for.
    /// - Complexity: A handful of system calls after a clean close; otherwise also a scan of what was written after the
    ///   last checkpoint.
    public init(
        opening folder: String, of partition: PartitionID, configuration: LogConfiguration, at now: Timestamp,
        on disk: any Disk
    ) throws(OpenFault) {
        preconditionFailure("drawn, not built")
    }

    /// Bytes of all segments, reserved space not counted.
    public var byteCount: Int64 { preconditionFailure("drawn, not built") }
    /// Leader epoch of the last record, `.none` in an empty log.
    public var latestEpoch: LeaderEpoch { preconditionFailure("drawn, not built") }
}

// MARK: Append

extension PartitionLog {
    /// Stages a batch at the end of the log and gives its records their offsets. No I/O, no copy of the payload.
    ///
    /// Readable after the next `writeStaged`, durable when `durableOffset` passes it.
    /// - Parameters:
    ///   - bytes: The whole batch, header included, already validated. Kept until it is written.
    ///   - header: Parsed from `bytes`; its base offset and leader epoch are ignored.
    ///   - epoch: The leader's, stamped into the batch.
    ///   - now: Wall-clock time, for producer expiry and segment age.
    public mutating func append(
        _ bytes: SharedBytes, header: BatchHeader, epoch: LeaderEpoch, at now: Timestamp
    ) throws(AppendRefusal) -> Appended {
        preconditionFailure("drawn, not built")
    }

    /// Whether `writeStaged` has something to do.
    public var hasStaged: Bool { preconditionFailure("drawn, not built") }

    /// Writes all that was staged since the last call: one vectored write, more only where segments change.
    ///
    /// - Throws: `.disk` when the disk refused; then everything staged is undone: offsets, producer states, epochs and
    ///   file bytes are as before the first `append` since the last call.
    public mutating func writeStaged(on disk: any Disk) throws(LogFault) { preconditionFailure("drawn, not built") }

    /// Undoes every `append` since the last `writeStaged`.
    public mutating func discardStaged() { preconditionFailure("drawn, not built") }
}

// MARK: Durability

extension PartitionLog {
    /// Whether written records are not yet durable and nothing is in flight for them.
    public var needsSynchronize: Bool { preconditionFailure("drawn, not built") }

    /// Submits a synchronize of the oldest file with bytes that are not durable.
    ///
    /// - Returns: False, with nothing submitted, when one is in flight or nothing is missing. After a segment roll the
    ///   closed file comes first: call again after each completion.
    public mutating func beginSynchronize(on disk: any Disk, ticket: DiskTicket) -> Bool {
        preconditionFailure("drawn, not built")
    }

    /// Takes the outcome of the synchronize submitted under `ticket`; a fault puts the log out of service for good.
    public mutating func synchronizeCompleted(_ ticket: DiskTicket, fault: DiskFault?) {
        preconditionFailure("drawn, not built")
    }
}

// MARK: Read

extension PartitionLog {
    /// Finds the batches from `start` on, at most one segment's.
    ///
    /// - Parameters:
    ///   - byteCountMax: Bound of the slice. A first batch larger than it is given whole if `minOneBatch`.
    ///   - bound: Batches that hold this offset or a later one are left out: the high watermark.
    /// - Returns: Nil when `start` is at or beyond `bound`, or the first batch does not fit.
    /// - Throws: `.cold` when the way needs bytes from the device. Reads at the tail never do.
    public mutating func locate(
        from start: Offset, byteCountMax: Int, below bound: Offset, minOneBatch: Bool, on disk: any Disk
    ) throws(ReadRefusal) -> LogSlice? {
        preconditionFailure("drawn, not built")
    }

    /// The first record at or after `timestamp`, below `bound`.
    public mutating func offset(
        atOrAfter timestamp: Timestamp, below bound: Offset, on disk: any Disk
    ) throws(ReadRefusal) -> TimestampedOffset? {
        preconditionFailure("drawn, not built")
    }

    /// The first record with the largest timestamp below `bound` (KIP-734); nil in an empty log.
    public mutating func maxTimestamp(
        below bound: Offset, on disk: any Disk
    ) throws(ReadRefusal) -> TimestampedOffset? {
        preconditionFailure("drawn, not built")
    }

    /// Where `epoch` ends, for OffsetForLeaderEpoch; nil when it is newer than any known.
    public func endOffset(of epoch: LeaderEpoch) -> EpochEnd? { preconditionFailure("drawn, not built") }
    /// Epoch of the record at `offset`, `.none` when unknown.
    public func epoch(of offset: Offset) -> LeaderEpoch { preconditionFailure("drawn, not built") }
    /// Producers by id, for DescribeProducers.
    public func describeProducers() -> [ProducerDescription] { preconditionFailure("drawn, not built") }
}

// MARK: Maintenance

extension PartitionLog {
    /// Decides which whole segments lie beyond `retention.ms` or `retention.bytes`, never past `bound`.
    public func retention(at now: Timestamp, below bound: Offset) -> RetentionDecision {
        preconditionFailure("drawn, not built")
    }

    /// Takes the decided segments out of service: the log start moves durably, files get the suffix `.deleted`.
    public mutating func remove(_ decision: RetentionDecision, at now: Timestamp, on disk: any Disk) throws(LogFault) {
        preconditionFailure("drawn, not built")
    }

    /// Submits the deletion of files that have been `.deleted` for `file.delete.delay.ms`.
    ///
    /// - Parameter nextTicket: Gives one ticket for each submission; their outcomes need no answer.
    public mutating func purgeRemoved(at now: Timestamp, on disk: any Disk, nextTicket: () -> DiskTicket) {
        preconditionFailure("drawn, not built")
    }

    /// Moves the first readable offset (DeleteRecords), durably; never back, never past `logEndOffset`.
    public mutating func advanceLogStart(to offset: Offset, at now: Timestamp, on disk: any Disk) throws(LogFault) {
        preconditionFailure("drawn, not built")
    }

    /// Drops every record from the batch that holds `offset` on. Discards acknowledged data when the caller is wrong.
    public mutating func truncateDiscarding(from offset: Offset, on disk: any Disk) throws(LogFault) {
        preconditionFailure("drawn, not built")
    }

    /// Forgets producers that wrote nothing for `producer.id.expiration.ms`.
    public mutating func expireProducers(at now: Timestamp) { preconditionFailure("drawn, not built") }

    /// Durable bytes that recovery would have to scan after a crash now.
    public var byteCountBeyondCheckpoint: Int64 { preconditionFailure("drawn, not built") }

    /// Writes indexes, epochs, producers and the recovery point, so that recovery scans only what follows.
    public mutating func writeCheckpoint(on disk: any Disk) throws(LogFault) { preconditionFailure("drawn, not built") }

    /// Closes the files of all segments but the active one, and drops their indexes. No slice may be in use.
    public mutating func closeColdFiles(on disk: any Disk) { preconditionFailure("drawn, not built") }

    /// Synchronizes everything, cuts reserved space and marks the log clean. Staged batches are written first.
    public mutating func close(on disk: any Disk) throws(LogFault) { preconditionFailure("drawn, not built") }

    /// Closes the files and renames the folder to `<folder>.<topic id>-delete`, durably.
    ///
    /// - Returns: The new name, for `submitRemove`.
    public mutating func markDeleted(on disk: any Disk) throws(LogFault) -> String {
        preconditionFailure("drawn, not built")
    }
}
