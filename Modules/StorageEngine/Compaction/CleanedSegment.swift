// SPDX-License-Identifier: Apache-2.0

public import Primitives
internal import RecordBatch

/// A segment that a pass has written and made durable, and which ones it is to take the place of.
public struct CleanedSegment: Sendable {
    public let baseOffset: Offset
    public let nextOffset: Offset
    public let byteCount: Int64
    /// Bytes of the segments it replaces.
    public let sourceByteCount: Int64
    let sources: [CompactionSource]
    let largestTimestamp: SegmentIndex.TimeEntry
    let firstAppend: Timestamp
    let entryCounts: Segment.EntryCounts
    /// Aborted transactions that readers of the segment have to know of.
    let aborted: [AbortedTransaction]
    /// Of the log when the pass began: records that were cut off since must not come back.
    let revision: Int
}

/// Writes the files of one cleaned segment next to those that serve readers.
struct SegmentWriter: Sendable {
    private let sources: [CompactionSource]
    private let folder: String
    private let configuration: LogConfiguration
    private var segment: Segment
    private var file: FileID?
    private var pieces: [SharedBytes] = []
    private var pieceByteCount: Int64 = 0
    private var gap: (offsets: Range<Offset>, epoch: LeaderEpoch)?
    /// Every batch of a single source was kept as it was.
    private(set) var isCopy: Bool

    private static let writeByteCount = 1 << 20

    init(replacing sources: [CompactionSource], in folder: String, configuration: LogConfiguration) {
        precondition(!sources.isEmpty, "a segment of nothing")
        self.sources = sources
        self.folder = folder
        self.configuration = configuration
        segment = Segment(baseOffset: sources[0].baseOffset)
        segment.index = SegmentIndex()
        isCopy = sources.count == 1
    }

    var byteCount: Int64 { segment.byteCount }

    mutating func keep(_ batch: Batch, isAsItWas: Bool, on disk: any Disk) throws(CompactionFault) {
        isCopy = isCopy && isAsItWas
        try endGap(on: disk)
        try add(batch, on: disk)
    }

    /// Leaves out a batch: what stands for its offsets is written before the next batch that stays.
    mutating func drop(_ header: BatchHeader, on disk: any Disk) throws(CompactionFault) {
        // A filler alone, between batches that stay, comes out as it was.
        isCopy = isCopy && header.isFiller && gap == nil
        let (end, epoch) = (header.nextOffset, header.partitionLeaderEpoch)
        if let open = gap, open.epoch == epoch, end.distance(from: open.offsets.lowerBound) <= Int64(Int32.max) {
            gap = (open.offsets.lowerBound..<end, epoch)
        } else {
            try endGap(on: disk)
            gap = (header.baseOffset..<end, epoch)
        }
    }

    private mutating func endGap(on disk: any Disk) throws(CompactionFault) {
        guard let open = gap else { return }
        gap = nil
        try add(.filler(open.offsets, leaderEpoch: open.epoch), on: disk)
    }

    private mutating func add(_ batch: Batch, on disk: any Disk) throws(CompactionFault) {
        guard segment.byteCount + Int64(batch.bytes.count) <= Int64(Int32.max) else {
            throw .tooLarge(segment: segment.baseOffset)
        }
        segment.note(batch.header, indexing: configuration)
        pieces.append(batch.bytes)
        pieceByteCount += Int64(batch.bytes.count)
        if pieceByteCount >= Int64(Self.writeByteCount) { try flush(on: disk) }
    }

    private mutating func flush(on disk: any Disk) throws(CompactionFault) {
        do throws(DiskFault) {
            let file = try opened(on: disk)
            guard !pieces.isEmpty else { return }
            try disk.write(pieces, to: file, at: segment.byteCount - pieceByteCount)
        } catch { throw .disk(error) }
        pieces.removeAll(keepingCapacity: true)
        pieceByteCount = 0
    }

    private mutating func opened(on disk: any Disk) throws(DiskFault) -> FileID {
        if let file { return file }
        let file = try disk.open(path(LogFiles.log), .createOrOpen)
        self.file = file
        try disk.truncate(file, to: 0)
        return file
    }

    /// Ends the segment durably. What is left out behind its last batch gets its filler, so that it ends where its
    /// sources did.
    mutating func finish(
        aborted: [AbortedTransaction], revision: Int, on disk: any Disk
    ) throws(CompactionFault) -> CleanedSegment {
        try endGap(on: disk)
        try flush(on: disk)
        let last = sources[sources.count - 1]
        precondition(segment.nextOffset == last.nextOffset, "\(segment.nextOffset) of \(last.nextOffset)")
        do throws(DiskFault) {
            try disk.synchronize(opened(on: disk))
            try storeIndex(on: disk)
            if !aborted.isEmpty {
                try LogFiles.overwrite(
                    path(LogFiles.transactionIndex), with: AbortedIndex.encode(aborted), on: disk)
            }
        } catch { throw .disk(error) }
        close(on: disk)
        let index = segment.index ?? SegmentIndex()
        return CleanedSegment(
            baseOffset: segment.baseOffset, nextOffset: segment.nextOffset, byteCount: segment.byteCount,
            sourceByteCount: sources.reduce(0) { $0 + $1.byteCount }, sources: sources,
            largestTimestamp: segment.largestTimestamp, firstAppend: last.firstAppend,
            entryCounts: .init(offsets: Int32(index.offsets.count), times: Int32(index.times.count)),
            aborted: aborted, revision: revision)
    }

    private mutating func storeIndex(on disk: any Disk) throws(DiskFault) {
        guard var index = segment.index else { return }
        index.finish(segment.largestTimestamp)
        segment.index = index
        try LogFiles.overwrite(path(LogFiles.index), with: index.offsetBytes, on: disk)
        try LogFiles.overwrite(path(LogFiles.timeIndex), with: index.timeBytes, on: disk)
    }

    private mutating func close(on disk: any Disk) {
        if let file { disk.close(file) }
        file = nil
    }

    /// Closes and removes what was written, as far as the disk lets us; recovery removes the rest.
    mutating func abandon(on disk: any Disk) {
        close(on: disk)
        for suffix in LogFiles.cleanedSuffixes where disk.exists(path(suffix)) {
            do throws(DiskFault) { try disk.remove(path(suffix)) } catch { continue }
        }
    }

    private func path(_ suffix: String) -> String {
        folder + "/" + LogFiles.name(segment.baseOffset, suffix) + LogFiles.cleaned
    }
}
