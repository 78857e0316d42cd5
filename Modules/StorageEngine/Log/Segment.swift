// SPDX-License-Identifier: Apache-2.0

internal import Primitives
internal import RecordBatch

/// One file of a log and what is known of it without reading it.
struct Segment: Sendable {
    let baseOffset: Offset
    /// Offset after the last written record.
    var nextOffset: Offset
    /// Bytes that hold batches; the file may be longer by what is reserved.
    var byteCount: Int64 = 0
    /// Length of the file.
    var reservedByteCount: Int64 = 0
    /// Bytes known to be on stable storage.
    var durableByteCount: Int64 = 0
    /// Bytes that need no check before a reader gets them.
    var verified = VerifiedRanges()
    /// The file's name, too, is on stable storage.
    var nameIsDurable = true
    var largestTimestamp = SegmentIndex.TimeEntry(timestamp: .none, lastOffsetDelta: 0)
    /// Wall-clock time of the first batch, for `segment.ms`; `.none` while empty.
    var firstAppend: Timestamp = .none
    /// Entries that the index files must have; nil when the files cannot be trusted.
    var storedEntryCounts: EntryCounts?
    /// Nil until a read needs it. The active segment always has it.
    var index: SegmentIndex?
    /// Aborted transactions whose markers are in the segment. Nil until a read needs it. The active segment always has it.
    var aborted: [AbortedTransaction]?
    /// What the file `.txnindex` holds; nil when that is not known.
    var abortedSummary: AbortedSummary?
    /// Nil until a read needs it. The active segment always has it.
    var file: FileID?

    /// Open while the index is on its way from the disk.
    var indexFiles: (offsets: FileID, times: FileID)?
    /// Open while `.txnindex` is on its way from the disk.
    var abortedFile: FileID?

    struct EntryCounts: Equatable, Sendable {
        let offsets: Int32
        let times: Int32
    }

    init(baseOffset: Offset) {
        self.baseOffset = baseOffset
        nextOffset = baseOffset
    }

    var isDurable: Bool { durableByteCount >= byteCount }

    /// Whether a header found in the file has offsets of this segment. Garbled ones may have any, so nothing is added up.
    func mayHold(_ header: BatchHeader) -> Bool {
        header.lastOffsetDelta >= 0 && header.baseOffset >= baseOffset && header.baseOffset < nextOffset
            && Int64(header.lastOffsetDelta) < nextOffset.distance(from: header.baseOffset)
    }

    /// Takes note of a batch that lies at the end of the bytes known so far.
    mutating func note(_ header: BatchHeader, indexing configuration: LogConfiguration) {
        let lastOffsetDelta = Int32(header.lastOffset.distance(from: baseOffset))
        // The time of a batch that compaction emptied is no record's.
        if header.maxTimestamp > largestTimestamp.timestamp, header.recordCount > 0 {
            largestTimestamp = .init(timestamp: header.maxTimestamp, lastOffsetDelta: lastOffsetDelta)
        }
        index?.note(
            position: byteCount, byteCount: Int64(header.totalByteCount), lastOffsetDelta: lastOffsetDelta,
            largestTimestamp: largestTimestamp, interval: configuration.indexIntervalByteCount,
            entryCountMax: configuration.indexEntryCountMax)
        byteCount += Int64(header.totalByteCount)
        nextOffset = header.nextOffset
    }
}
