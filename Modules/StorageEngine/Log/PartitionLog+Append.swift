// SPDX-License-Identifier: Apache-2.0

public import Primitives
public import RecordBatch

/// Batches that have their offsets and are not yet in a file, with what is needed to take them back.
struct Staging: Sendable {
    /// Which of a batch's first bytes are written afresh.
    enum Stamp {
        case none, place, header
    }

    struct Entry: Sendable {
        /// As it will stand in the log.
        let header: BatchHeader
        let stampStart: Int
        /// 0 for a batch that is stored as it came.
        let stampByteCount: Int
        /// What follows the stamp, shared with the request it came in.
        let body: SharedBytes
        let time: Timestamp
        let beganEpoch: Bool
        let producerBefore: ProducerState?
        /// What a marker aborts.
        let aborted: AbortedTransaction?
        /// Present when the batch begins a segment: the producers before it.
        let snapshot: SharedBytes?
    }

    var entries: [Entry] = []
    /// The fresh first bytes of all staged batches, one after the other: one allocation serves a whole write.
    var stamps = ByteWriter()
    var pieces: [SharedBytes] = []
    /// Segment and position the next batch would get.
    var segment: Offset = .zero
    var position: Int64 = 0
    var firstAppend: Timestamp = .none

    mutating func removeAll() {
        entries.removeAll(keepingCapacity: true)
        stamps.reset()
        pieces.removeAll(keepingCapacity: true)
    }
}

extension PartitionLog {
    /// Stages a batch at the end of the log and gives its records their offsets. No I/O, no copy of the payload.
    ///
    /// Readable after the next `writeStaged`, durable when `durableOffset` passes it.
    /// - Parameters:
    ///   - batch: Already validated. Its memory is kept until it is written.
    ///   - replacement: A header to store instead of the batch's own, of the same length and with a checksum that holds,
    ///     for topics whose time is set by the broker. Base offset and leader epoch are ignored, as in the batch's own.
    ///   - epoch: The leader's, stamped into the batch.
    ///   - now: Wall-clock time, for producer expiry and segment age.
    public mutating func append(
        _ batch: Batch, header replacement: BatchHeader? = nil, epoch: LeaderEpoch, at now: Timestamp
    ) throws(AppendRefusal) -> Appended {
        var header = replacement ?? batch.header
        precondition(
            header.batchLength == batch.header.batchLength,
            "a header for \(header.batchLength) bytes before \(batch.header.batchLength)")
        try check(header, epoch: epoch)
        if header.hasProducer, let duplicate = try producers.check(header) {
            return Appended(baseOffset: duplicate.baseOffset, lastOffset: duplicate.lastOffset, isDuplicate: true)
        }
        header.baseOffset = logEndOffset
        header.partitionLeaderEpoch = epoch
        stage(batch, header, stamp: replacement == nil ? .place : .header, at: now)
        return Appended(baseOffset: header.baseOffset, lastOffset: header.lastOffset, isDuplicate: false)
    }

    /// Whether `writeStaged` has something to do.
    public var hasStaged: Bool { !staging.entries.isEmpty }

    func check(_ header: BatchHeader, epoch: LeaderEpoch) throws(AppendRefusal) {
        switch state {
        case .open: break
        case .failed(let fault): throw .failed(fault)
        case .closed: throw .closed
        }
        let byteCountMax = min(configuration.segmentByteCountMax, Int64(Int32.max))
        guard Int64(header.totalByteCount) <= byteCountMax else {
            throw .batchTooLarge(byteCount: header.totalByteCount, segmentByteCountMax: byteCountMax)
        }
        guard epoch >= epochs.latest else { throw .staleLeaderEpoch(current: epochs.latest, received: epoch) }
    }

    mutating func stage(_ batch: Batch, _ header: BatchHeader, stamp: Staging.Stamp, at now: Timestamp) {
        if staging.entries.isEmpty {
            let active = segments[segments.count - 1]
            (staging.segment, staging.position) = (active.baseOffset, active.byteCount)
            staging.firstAppend = active.firstAppend
        }
        var snapshot: SharedBytes?
        if mustRoll(before: header, at: now) {
            snapshot = ProducerSnapshot.encode(producers)
            (staging.segment, staging.position, staging.firstAppend) = (header.baseOffset, 0, .none)
        }
        let stampStart = staging.stamps.count
        switch stamp {
        case .none: break
        case .place: writePlace(of: header)
        case .header: header.write(to: &staging.stamps)
        }
        let stampByteCount = staging.stamps.count - stampStart
        let beganEpoch = epochs.note(header.partitionLeaderEpoch, at: header.baseOffset)
        let marker = header.isControl ? EndTransactionMarker(batch) : nil
        let aborted = marker.flatMap { Self.aborted(by: $0, header, in: producers) }
        let before = header.hasProducer ? producers.note(header, marker, at: header.baseOffset, wroteAt: now) : nil
        // A leader has compacted batches away, and with them what they told of their producers.
        if header.isFiller { producers.hasForgotten = true }
        staging.entries.append(
            Staging.Entry(
                header: header, stampStart: stampStart, stampByteCount: stampByteCount,
                body: batch.bytes.slice(from: stampByteCount, count: batch.bytes.count - stampByteCount), time: now,
                beganEpoch: beganEpoch, producerBefore: before, aborted: aborted, snapshot: snapshot))
        if staging.firstAppend == .none { staging.firstAppend = now }
        staging.position += Int64(header.totalByteCount)
        logEndOffset = header.nextOffset
    }

    /// Base offset, length and leader epoch: the bytes a broker sets, outside the checksum.
    private mutating func writePlace(of header: BatchHeader) {
        staging.stamps.writeInt64(header.baseOffset.rawValue)
        staging.stamps.writeInt32(header.batchLength)
        staging.stamps.writeInt32(header.partitionLeaderEpoch.rawValue)
    }

    /// Whether the batch has to begin a new segment: by size, age, a full index, or offsets too far from the base.
    private func mustRoll(before header: BatchHeader, at now: Timestamp) -> Bool {
        guard staging.position > 0 else { return false }
        let byteCountMax = min(configuration.segmentByteCountMax, Int64(Int32.max))
        if staging.position + Int64(header.totalByteCount) > byteCountMax { return true }
        if header.lastOffset.distance(from: staging.segment) > Int64(Int32.max) { return true }
        let ageMax = configuration.segmentAgeMax(of: staging.segment)
        if now > staging.firstAppend.advanced(byMilliseconds: ageMax) { return true }
        guard staging.segment == segments[segments.count - 1].baseOffset, let index = segments.last?.index else {
            return false
        }
        return max(index.offsetByteCount, index.timeByteCount) > configuration.indexByteCountMax - 12
    }
}

// MARK: Write

extension PartitionLog {
    /// Writes all that was staged since the last call, if anything: one vectored write, more only where segments change.
    ///
    /// - Throws: `.disk` when the disk refused. What was not written is undone: offsets, producer states, epochs and file
    ///   bytes are as before its `append`. `writtenOffset` tells what stayed: nothing, unless a segment change lay
    ///   between two writes.
    public mutating func writeStaged(on disk: any Disk) throws(LogFault) {
        guard hasStaged else { return }
        try checkInService()
        var next = 0
        do throws(DiskFault) {
            while next < staging.entries.count {
                if staging.entries[next].snapshot != nil { try roll(before: staging.entries[next], on: disk) }
                var end = next + 1
                while end < staging.entries.count, staging.entries[end].snapshot == nil { end += 1 }
                try write(next..<end, on: disk)
                next = end
            }
        } catch {
            undoStaged(from: next)
            throw .disk(error)
        }
        staging.removeAll()
        producers.evict(downTo: configuration.producerCountMax)
    }

    /// Undoes every `append` since the last `writeStaged`.
    public mutating func discardStaged() { undoStaged(from: 0) }

    private mutating func undoStaged(from start: Int) {
        for entry in staging.entries[start...].reversed() {
            if entry.header.hasProducer { producers.undo(entry.header, entry.producerBefore) }
            if entry.beganEpoch { epochs.forgetLatest() }
        }
        logEndOffset = writtenOffset
        staging.removeAll()
    }

    private mutating func write(_ range: Range<Int>, on disk: any Disk) throws(DiskFault) {
        let active = segments.count - 1
        guard let file = segments[active].file else { preconditionFailure("the active segment has no file") }
        let start = segments[active].byteCount
        if mustCut { try cutBack(on: disk) }
        let byteCount = staging.entries[range].reduce(0) { $0 + Int64($1.header.totalByteCount) }
        try reserve(upTo: start + byteCount, on: disk)
        collectPieces(range)
        do throws(DiskFault) {
            try disk.write(staging.pieces, to: file, at: start)
        } catch {
            mustCut = true
            throw error
        }
        for index in range { commit(staging.entries[index]) }
    }

    private mutating func collectPieces(_ range: Range<Int>) {
        staging.pieces.removeAll(keepingCapacity: true)
        let stamps = staging.stamps.shared
        for entry in staging.entries[range] {
            if entry.stampByteCount > 0 {
                staging.pieces.append(stamps.slice(from: entry.stampStart, count: entry.stampByteCount))
            }
            if !entry.body.isEmpty { staging.pieces.append(entry.body) }
        }
    }

    private mutating func commit(_ entry: Staging.Entry) {
        let active = segments.count - 1
        recent.noteAppended(
            .init(
                offset: entry.header.baseOffset, segment: segments[active].baseOffset,
                position: segments[active].byteCount))
        if segments[active].firstAppend == .none { segments[active].firstAppend = entry.time }
        let position = segments[active].byteCount
        segments[active].note(entry.header, indexing: configuration)
        segments[active].verified.add(position..<segments[active].byteCount)
        if let aborted = entry.aborted { segments[active].aborted?.append(aborted) }
    }

    /// Takes away what a failed write may have left, so that recovery cannot find it behind later batches.
    private mutating func cutBack(on disk: any Disk) throws(DiskFault) {
        let active = segments.count - 1
        guard let file = segments[active].file else { preconditionFailure("the active segment has no file") }
        try disk.truncate(file, to: segments[active].byteCount)
        segments[active].reservedByteCount = segments[active].byteCount
        mustCut = false
    }

    /// Reserves space in steps that double while the partition is busy; only what is needed on a disk that is nearly full.
    private mutating func reserve(upTo end: Int64, on disk: any Disk) throws(DiskFault) {
        let active = segments.count - 1
        guard end > segments[active].reservedByteCount, let file = segments[active].file else { return }
        let step = min(
            max(reservationStep * 2, configuration.preallocationByteCountMin), configuration.preallocationByteCountMax)
        let generous = max(end, min(segments[active].reservedByteCount + step, configuration.segmentByteCountMax))
        do throws(DiskFault) {
            try disk.allocate(file, size: generous)
            segments[active].reservedByteCount = generous
            reservationStep = step
        } catch {
            guard error.isOutOfSpace, generous > end else { throw error }
            try disk.allocate(file, size: end)
            segments[active].reservedByteCount = end
            reservationStep = 0
        }
    }
}

// MARK: Roll

extension PartitionLog {
    /// Ends the active segment at its real size and begins the next, with the producers as they were in between.
    private mutating func roll(before entry: Staging.Entry, on disk: any Disk) throws(DiskFault) {
        guard let snapshot = entry.snapshot else { preconditionFailure("a roll without a snapshot") }
        try beginSegment(at: entry.header.baseOffset, snapshot: snapshot, on: disk)
    }

    mutating func beginSegment(at offset: Offset, snapshot: SharedBytes, on disk: any Disk) throws(DiskFault) {
        if mustCut { try cutBack(on: disk) }
        let old = segments.count - 1
        guard let oldFile = segments[old].file else { preconditionFailure("the active segment has no file") }
        var fresh = Segment(baseOffset: offset)
        try LogFiles.overwrite(path(fresh, LogFiles.snapshot), with: snapshot, on: disk)
        try storeIndex(ofSegment: old, on: disk)
        if segments[old].reservedByteCount > segments[old].byteCount {
            try disk.truncate(oldFile, to: segments[old].byteCount)
            segments[old].reservedByteCount = segments[old].byteCount
        }
        let file = try disk.open(path(fresh, LogFiles.log), .createOrOpen)
        do throws(DiskFault) { try disk.truncate(file, to: 0) } catch {
            disk.close(file)
            throw error
        }
        (fresh.file, fresh.index, fresh.aborted, fresh.nameIsDurable) = (file, SegmentIndex(), [], false)
        reservationStep /= 2
        keepIndex(ofSegment: old)
        segments.append(fresh)
    }

    /// Writes the index files of a segment as they are in memory.
    mutating func storeIndex(ofSegment number: Int, on disk: any Disk) throws(DiskFault) {
        guard var index = segments[number].index else { return }
        if number < segments.count - 1 || segments[number].byteCount > 0 {
            index.finish(segments[number].largestTimestamp)
        }
        segments[number].storedEntryCounts = nil
        try LogFiles.overwrite(path(segments[number], LogFiles.index), with: index.offsetBytes, on: disk)
        try LogFiles.overwrite(path(segments[number], LogFiles.timeIndex), with: index.timeBytes, on: disk)
        segments[number].storedEntryCounts = .init(
            offsets: Int32(index.offsets.count), times: Int32(index.times.count))
        segments[number].index = index
        try storeAborted(ofSegment: number, on: disk)
    }

    /// Remembers that a closed segment's index is in memory, and drops the one loaded longest ago beyond four.
    mutating func keepIndex(ofSegment number: Int) {
        loadedIndexes.append(segments[number].baseOffset)
        guard loadedIndexes.count > 4 else { return }
        let dropped = loadedIndexes.removeFirst()
        if let number = segments.firstIndex(where: { $0.baseOffset == dropped }), number < segments.count - 1 {
            (segments[number].index, segments[number].aborted) = (nil, nil)
        }
    }
}

extension LogConfiguration {
    /// `segment.ms` less this segment's share of the jitter.
    func segmentAgeMax(of segment: Offset) -> Int64 {
        guard segmentJitterMilliseconds > 0 else { return segmentMilliseconds }
        var entropy = Entropy(seed: jitterSeed ^ UInt64(bitPattern: segment.rawValue))
        let bound = min(segmentJitterMilliseconds, segmentMilliseconds)
        return segmentMilliseconds - Int64(entropy.index(below: Int(bound) + 1))
    }
}
