// SPDX-License-Identifier: Apache-2.0

public import Primitives
internal import RecordBatch

/// One pass over a compacted log: reads what is new, then writes every segment afresh without what newer records made
/// obsolete.
///
/// A value of its own: it is stepped on another thread, with that thread's disk, while the log goes on. Each segment that
/// comes out is handed to `PartitionLog.replace`; after the last, `PartitionLog.finish` takes note of the pass. A pass
/// whose map is full ends at the record that did not fit, and the next one goes on there. Interrupted anywhere it is begun
/// anew: all it does twice has the same outcome.
/// - SeeAlso: docs/decisions/0020-compaction.md
public struct LogCompaction: Sendable {
    public enum Progress: Sendable {
        /// About a mebibyte was read; there is more.
        case working
        /// Goes to `PartitionLog.replace` before the next step.
        case cleaned(CleanedSegment)
        /// Goes to `PartitionLog.finish`.
        case finished
    }

    /// Everything below is compacted when the pass has finished.
    public private(set) var end: Offset
    public private(set) var counts = CompactionCounts()

    let revision: Int
    private let folder: String
    private let configuration: LogConfiguration
    private let sources: [CompactionSource]
    private let firstDirty: Offset
    private let limits: CompactionLimits
    private let secret: KeyHash.Secret
    /// From the first step on until all keys are in it: large, so it is made off the shard's thread.
    private var map: OffsetMap?
    private var retention: BatchRetention?
    private let now: Timestamp
    private let producers: [ProducerID: LastOfProducer]
    private let aborted: [AbortedTransaction]
    private let codecs = CompactionCodecs()
    private var transactions: CleanedTransactions
    private var sourceNumber = 0
    private var reader: SegmentReader?
    private var groups: [[CompactionSource]] = []
    private var groupNumber = 0
    private var writer: SegmentWriter?

    private static let stepByteCount = 1 << 20

    init(
        _ log: PartitionLog, _ standing: CompactionStanding, sources: [CompactionSource], aborted: [AbortedTransaction],
        limits: CompactionLimits, secret: KeyHash.Secret, at now: Timestamp
    ) {
        folder = log.folder
        configuration = log.configuration
        revision = log.revision
        self.sources = sources
        self.aborted = aborted
        self.now = now
        firstDirty = standing.firstDirty
        end = standing.end
        producers = log.producers.lastOfEach
        transactions = CleanedTransactions(aborted: aborted, from: standing.firstDirty)
        self.limits = limits
        self.secret = secret
        sourceNumber = sources.firstIndex { $0.nextOffset > standing.firstDirty } ?? sources.count
    }

    /// Base offset of the first segment that the pass reads.
    var begin: Offset { sources.first?.baseOffset ?? end }

    private var compaction: CompactionConfiguration { configuration.compaction ?? CompactionConfiguration() }

    /// Reads and writes about a mebibyte more, at least one batch. Waits for the disk.
    public mutating func step(on disk: any Disk) throws(CompactionFault) -> Progress {
        let stop = counts.readByteCount + Int64(Self.stepByteCount)
        while counts.readByteCount < stop {
            if retention == nil {
                try mapNext(on: disk)
            } else if let progress = try cleanNext(on: disk) {
                return progress
            }
        }
        return .working
    }

    /// Gives up: closes files and removes what was not handed over.
    public mutating func abandon(on disk: any Disk) {
        reader?.close(on: disk)
        writer?.abandon(on: disk)
        (reader, writer) = (nil, nil)
    }

    private mutating func nextBatch(of source: CompactionSource, on disk: any Disk) throws(CompactionFault) -> Batch? {
        var open = reader ?? SegmentReader(source, in: folder)
        reader = nil
        do throws(CompactionFault) {
            let batch = try open.nextBatch(on: disk)
            counts.readByteCount += Int64(batch?.bytes.count ?? 0)
            reader = batch == nil ? nil : open
            return batch
        } catch {
            open.close(on: disk)
            throw error
        }
    }
}

// MARK: Mapping

extension LogCompaction {
    /// Takes the keys of one batch into the map.
    private mutating func mapNext(on disk: any Disk) throws(CompactionFault) {
        if map == nil { makeMap() }
        guard sourceNumber < sources.count else { return endMapping(at: end) }
        guard let batch = try nextBatch(of: sources[sourceNumber], on: disk) else {
            sourceNumber += 1
            return
        }
        let header = batch.header
        guard header.nextOffset > firstDirty, !header.isEmpty else { return }
        do throws(RecordsError) {
            if header.isControl {
                _ = try transactions.markerIsFree(batch, with: codecs)
            } else if !transactions.isAborted(header), let last = try map(batch) {
                reader?.close(on: disk)
                reader = nil
                endMapping(at: last)
            }
        } catch { throw .unreadable(header.baseOffset) }
    }

    private mutating func makeMap() {
        let made = OffsetMap(
            countMax: end.distance(from: firstDirty), byteCountMax: limits.mapByteCountMax,
            loadFactor: limits.mapLoadFactor, secret: secret)
        counts.mapByteCount = made.byteCount
        map = made
    }

    /// - Returns: The offset of the first record that did not fit.
    private mutating func map(_ batch: Batch) throws(RecordsError) -> Offset? {
        var records = try StoredRecords(batch, using: codecs.decompressor)
        while let record = try records.next() {
            guard record.offset >= firstDirty, let key = record.key else { continue }
            guard map?.note(key, at: record.offset) == true else { return record.offset }
        }
        return nil
    }

    private mutating func endMapping(at offset: Offset) {
        guard let full = map else { preconditionFailure("a pass ends its map before it has one") }
        map = nil
        end = offset
        counts.keyCount = full.count
        retention = BatchRetention(
            map: full, lastMapped: offset - 1, now: now,
            deleteRetentionMilliseconds: compaction.deleteRetentionMilliseconds, producers: producers,
            transactions: CleanedTransactions(aborted: aborted, from: .zero))
        sourceNumber = 0
        groups = Self.groups(
            of: sources.filter { $0.baseOffset < offset }, byteCountMax: configuration.segmentByteCountMax)
    }

    /// Neighbours that fit into one segment together, so that small remains do not stay many files.
    static func groups(of sources: [CompactionSource], byteCountMax: Int64) -> [[CompactionSource]] {
        var groups: [[CompactionSource]] = []
        var byteCount: Int64 = 0
        for source in sources {
            if let first = groups.last?.first, byteCount + source.byteCount <= byteCountMax,
                source.nextOffset.distance(from: first.baseOffset) <= Int64(Int32.max)
            {
                groups[groups.count - 1].append(source)
                byteCount += source.byteCount
            } else {
                groups.append([source])
                byteCount = source.byteCount
            }
        }
        return groups
    }
}

// MARK: Cleaning

extension LogCompaction {
    /// Decides about one batch and copies what stays; a segment, or the end, when one is reached.
    private mutating func cleanNext(on disk: any Disk) throws(CompactionFault) -> Progress? {
        guard groupNumber < groups.count else { return .finished }
        let group = groups[groupNumber]
        guard sourceNumber < group.count else { return try endGroup(on: disk) }
        var output = writer ?? SegmentWriter(replacing: group, in: folder, configuration: configuration)
        writer = nil
        defer { writer = output }
        guard let batch = try nextBatch(of: group[sourceNumber], on: disk) else {
            sourceNumber += 1
            return nil
        }
        switch try retention?.verdict(on: batch, with: codecs, counting: &counts) {
        case .keep: try output.keep(batch, isAsItWas: true, on: disk)
        case .replace(let rewritten): try output.keep(rewritten, isAsItWas: false, on: disk)
        case .drop, nil: try output.drop(batch.header, on: disk)
        }
        return nil
    }

    private mutating func endGroup(on disk: any Disk) throws(CompactionFault) -> Progress? {
        guard var output = writer else { preconditionFailure("group \(groupNumber) ended before it began") }
        (groupNumber, sourceNumber) = (groupNumber + 1, 0)
        let aborted = retention?.transactions.takeRetained() ?? []
        guard !output.isCopy else {
            output.abandon(on: disk)
            writer = nil
            return nil
        }
        defer { writer = nil }
        do throws(CompactionFault) {
            let cleaned = try output.finish(aborted: aborted, revision: revision, on: disk)
            counts.writtenByteCount += cleaned.byteCount
            return .cleaned(cleaned)
        } catch {
            output.abandon(on: disk)
            throw error
        }
    }
}
