// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// The records of one partition replica: a folder of segments, their indexes, producer states and leader epochs.
///
/// A synchronous value that one thread owns. It knows no clock and no thread: the disk and the wall-clock time come in
/// with each call. One round of work is: `append` for each batch, one `writeStaged`, one `beginSynchronize`; when the
/// disk reports the ticket, `synchronizeCompleted` moves `durableOffset`.
/// - SeeAlso: docs/formats/log.md; docs/decisions/0004-group-commit.md; docs/decisions/0005-recovery.md
public struct PartitionLog: Sendable {
    /// Relative to the disk's root.
    public internal(set) var folder: String
    public let partition: PartitionID
    public var configuration: LogConfiguration
    public internal(set) var state: LogState = .open
    /// First offset that may be read.
    public internal(set) var logStartOffset: Offset = .zero
    /// Offset the next record gets, staged ones counted.
    public internal(set) var logEndOffset: Offset = .zero
    /// All records below are on stable storage.
    public internal(set) var durableOffset: Offset = .zero
    /// Damage found by recovery or by reading, by position.
    public internal(set) var damages: [LogDamage] = []
    public internal(set) var recovery = RecoveryReport()

    /// All records below are in the files; those from here to `logEndOffset` are staged.
    public private(set) var writtenOffset: Offset = .zero

    /// By base offset; never empty. The last one is active: it takes appends and has its file and index open.
    var segments: [Segment] = [] {
        // Stored, because shards ask several times a round: another module copies the whole log to call a method of it.
        didSet { writtenOffset = segments.last?.nextOffset ?? .zero }
    }
    var producers = ProducerStates()
    /// Where the first damage begins that recovery passed over: who wrote from there on may not be among `producers`.
    var unlearnedOffset: Offset?
    var epochs = LeaderEpochs()
    var staging = Staging()
    var recent = RecentPositions()
    var synchronizing: Synchronizing?
    /// The folder's name and the topic id in it are on stable storage; before that, no record is.
    var folderIsDurable = false
    /// Largest space reserved at once so far: how busy the partition is.
    var reservationStep: Int64 = 0
    /// A failed write may have left bytes after the last batch; they must go before the next write.
    var mustCut = false
    /// Taken when not all was durable yet; written by a later `writeCheckpoint`.
    var capturedCheckpoint: LogCheckpoint?
    /// The recovery point of the last checkpoint, and how many bytes of the log lie before it.
    var checkpointOffset: Offset = .zero
    var checkpointByteCount: Int64 = 0
    var checkpointIsClean = false
    /// Closed segments whose index is in memory, the one loaded first in front.
    var loadedIndexes: [Offset] = []
    /// How often records were cut off or put back: what was found in the files before means nothing after.
    var revision = 0
    /// Every record below was met by a pass of compaction.
    var cleanedOffset: Offset = .zero
    /// How often a cleaned segment took the place of others.
    var exchangeCount: Int64 = 0
    /// Segments below have no snapshot of producers any more.
    var snapshotStart: Offset = .zero
    /// Files renamed to `.deleted` and since when.
    var removedFiles: [RemovedFile] = []

    struct RemovedFile: Sendable {
        let path: String
        let since: Timestamp
        var file: FileID?
    }

    /// A synchronize on its way, and what it covers.
    struct Synchronizing: Sendable {
        let ticket: DiskTicket
        let segment: Offset
        var byteCount: Int64
        var offset: Offset
    }

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
        self.folder = folder
        self.partition = partition
        self.configuration = configuration
        try recover(at: now, on: disk)
    }

    /// Bytes of all segments, reserved space not counted.
    public var byteCount: Int64 { segments.reduce(0) { $0 + $1.byteCount } }
    /// Leader epoch of the last record, `.none` in an empty log.
    public var latestEpoch: LeaderEpoch { epochs.latest }
    /// Base offset and size of each segment, in order.
    public var segmentByteCounts: [(baseOffset: Offset, byteCount: Int64)] {
        segments.map { ($0.baseOffset, $0.byteCount) }
    }

    /// Producers by id, for DescribeProducers.
    public func describeProducers() -> [ProducerDescription] {
        producers.inOrder.sorted { $0.producerID < $1.producerID }.map {
            ProducerDescription(
                producerID: $0.producerID, producerEpoch: $0.epoch, lastSequence: $0.last?.lastSequence ?? -1,
                lastTimestamp: $0.lastWrite, coordinatorEpoch: $0.coordinatorEpoch,
                currentTransactionStart: $0.transactionStart)
        }
    }

    /// Forgets producers that wrote nothing for `producer.id.expiration.ms`.
    public mutating func expireProducers(at now: Timestamp) {
        producers.expire(before: now.advanced(byMilliseconds: -configuration.producerExpirationMilliseconds))
    }

    /// Where `epoch` ends, for OffsetForLeaderEpoch; nil when it is newer than any known.
    public func endOffset(of epoch: LeaderEpoch) -> EpochEnd? { epochs.end(of: epoch, logEnd: logEndOffset) }
    /// The largest known epoch at or before `epoch`, and where its records end; nil when all known ones are newer.
    ///
    /// For replicas that look for where their logs part (KIP-101, KIP-279); unlike `endOffset(of:)` it says nothing of
    /// epochs whose records are gone, and answers the newest epoch with the log's end.
    public func lastEpochEnd(atOrBefore epoch: LeaderEpoch) -> EpochEnd? {
        epochs.lastEnd(atOrBefore: epoch, logEnd: logEndOffset)
    }

    /// Epoch of the record at `offset`, `.none` when unknown.
    public func epoch(of offset: Offset) -> LeaderEpoch { epochs.epoch(of: offset) }

    func path(_ name: String) -> String { folder + "/" + name }
    func path(_ segment: Segment, _ suffix: String) -> String { path(LogFiles.name(segment.baseOffset, suffix)) }

    func checkInService() throws(LogFault) {
        switch state {
        case .open: return
        case .failed(let fault): throw .failed(fault)
        case .closed: throw .closed
        }
    }
}
