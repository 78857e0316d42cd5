// SPDX-License-Identifier: Apache-2.0

public import Primitives
internal import RecordBatch

extension PartitionLog {
    /// Finds the batches from `start` on, at most one segment's.
    ///
    /// - Parameters:
    ///   - byteCountMax: Bound of the slice. A first batch larger than it is given whole if `minOneBatch`.
    ///   - bound: Batches that hold this offset or a later one are left out: the high watermark.
    /// - Returns: Nil when `start` is at or beyond `bound`, or the first batch does not fit.
    /// - Throws: `.cold` when the way needs bytes from the device. Reads that go on where one ended, and those of the last
    ///   256 batches, never do.
    public mutating func locate(
        from start: Offset, byteCountMax: Int, below bound: Offset, minOneBatch: Bool, on disk: any Disk
    ) throws(ReadRefusal) -> LogSlice? {
        guard state != .closed else { throw .closed }
        guard start >= logStartOffset, start <= writtenOffset else {
            throw .offsetOutOfRange(logStart: logStartOffset, logEnd: writtenOffset)
        }
        let limit = min(bound, writtenOffset)
        guard start < limit else { return nil }
        let number = segmentNumber(holding: start)
        // A gap between segments has no file to open.
        if start >= segments[number].nextOffset { try checkUndamaged(start) }
        let file = try openFile(ofSegment: number, on: disk)
        try checkUndamaged(start)
        let first = try place(of: start, inSegment: number, on: disk)
        let end = try endPlace(below: limit, after: first, inSegment: number, on: disk)
        guard end.position > first.position else { return nil }
        let cut = try cut(first, end, byteCountMax: byteCountMax, minOneBatch: minOneBatch, number, on: disk)
        guard let cut else {
            if minOneBatch { try checkBegins(first, inSegment: number, on: disk) }
            return nil
        }
        recent.noteCursor(cut)
        return LogSlice(
            file: file, position: first.position, byteCount: Int(cut.position - first.position),
            baseOffset: first.offset, nextOffset: cut.offset)
    }

    /// Whether the bytes of a slice are known to be what was written. Others must pass `verify` before anybody gets them.
    public func isVerified(_ slice: LogSlice) -> Bool {
        segments[segmentNumber(holding: slice.baseOffset)].verified
            .covers(slice.position..<slice.position + Int64(slice.byteCount))
    }

    /// Checks every batch of a slice as it was read. Where one does not check, damage is noted, and the slice has to be
    /// located anew: it ends before the damage then, or is refused. Waits for the disk in that case.
    ///
    /// - Returns: Whether all is as it was written.
    public mutating func verify(
        _ bytes: SharedBytes, of slice: LogSlice, on disk: any Disk
    ) throws(ReadRefusal) -> Bool {
        guard state != .closed else { throw .closed }
        let number = segmentNumber(holding: slice.baseOffset)
        let base = segments[number].baseOffset
        var (position, next) = (0, slice.baseOffset)
        while position < slice.byteCount {
            guard let header = checkedHeader(in: bytes, at: position), header.baseOffset == next else { break }
            position += header.totalByteCount
            next = header.nextOffset
        }
        let isWhole = position == slice.byteCount
        // Cut or removed since it was located: what is there now is something else.
        guard segments[number].file == slice.file, slice.nextOffset <= segments[number].nextOffset else {
            return isWhole
        }
        segments[number].verified.add(slice.position..<slice.position + Int64(position))
        guard !isWhole else { return true }
        let stop = RecentPositions.Place(offset: next, segment: base, position: slice.position + Int64(position))
        do throws(DiskFault) {
            // What was read while it was mended is not damaged.
            if try !holdsBatch(stop, inSegment: number, on: disk) {
                _ = try noteDamage(at: stop, inSegment: number, on: disk)
            }
        } catch { throw .disk(error) }
        return false
    }

    private func checkedHeader(in bytes: SharedBytes, at position: Int) -> BatchHeader? {
        do throws(DecodeError) {
            let batch = try Batch(parsing: bytes, at: position)
            try batch.verifyChecksum()
            return batch.header.lastOffsetDelta >= 0 ? batch.header : nil
        } catch { return nil }
    }

    private mutating func holdsBatch(
        _ place: RecentPositions.Place, inSegment number: Int, on disk: any Disk
    ) throws(DiskFault) -> Bool {
        let segment = segments[number]
        let file = try openCheckedFile(ofSegment: number, on: disk)
        var scanner = SegmentScanner(file, base: segment.baseOffset, byteCount: segment.byteCount)
        if case .batch = try scanner.look(at: place.position, for: place.offset, epoch: .none, on: disk) { return true }
        return false
    }

    /// A place that was known from before may hold something else by now: a reader that is not told would wait for ever.
    private mutating func checkBegins(
        _ place: RecentPositions.Place, inSegment number: Int, on disk: any Disk
    ) throws(ReadRefusal) {
        guard try header(at: place.position, inSegment: number, on: disk).baseOffset != place.offset else { return }
        let damage: LogDamage
        do throws(DiskFault) { damage = try noteDamage(at: place, inSegment: number, on: disk) } catch {
            throw .disk(error)
        }
        throw .damaged(damage)
    }

    private func checkUndamaged(_ offset: Offset) throws(ReadRefusal) {
        if let damage = damages.first(where: { $0.offsets.contains(offset) }) { throw .damaged(damage) }
    }

    func segmentNumber(holding offset: Offset) -> Int {
        max(0, segments.partitioningIndex { $0.baseOffset > offset } - 1)
    }

    /// Shortens a slice to `byteCountMax`, at the best batch start that is known or found in a few steps.
    private mutating func cut(
        _ first: RecentPositions.Place, _ end: RecentPositions.Place, byteCountMax: Int, minOneBatch: Bool,
        _ number: Int, on disk: any Disk
    ) throws(ReadRefusal) -> RecentPositions.Place? {
        guard end.position - first.position > Int64(byteCountMax) else { return end }
        let positions = first.position...max(first.position, first.position + Int64(byteCountMax))
        var best = first
        if let known = recent.last(in: positions, of: first.segment), known.position > best.position {
            best = known
        } else if let indexed = segments[number].index?.last(in: positions), indexed > best.position,
            // A stale index leads to anything: then only the looks that follow find more.
            let header = try plausibleHeader(at: indexed, inSegment: number, on: disk), header.baseOffset > first.offset
        {
            best = .init(offset: header.baseOffset, segment: first.segment, position: indexed)
        }
        // Batches between two known starts: worth a few looks, not a walk through thousands.
        for _ in 0..<16 {
            let header = try header(at: best.position, inSegment: number, on: disk)
            let next = best.position + Int64(header.totalByteCount)
            let isForced = best == first && minOneBatch
            guard header.baseOffset == best.offset, next <= positions.upperBound || isForced, next <= end.position
            else {
                break
            }
            best = .init(offset: header.nextOffset, segment: first.segment, position: next)
            if isForced, next >= positions.upperBound { break }
        }
        return best == first ? nil : best
    }

    /// Where the last batch ends that lies wholly below `limit`, and before any damage that follows `first`.
    private mutating func endPlace(
        below limit: Offset, after first: RecentPositions.Place, inSegment number: Int, on disk: any Disk
    ) throws(ReadRefusal) -> RecentPositions.Place {
        let segment = segments[number]
        if let damage = damages.first(where: {
            // Damage without bytes, a lost end, lies where the first batch after it begins.
            $0.segment == segment.baseOffset && $0.position >= first.position && $0.offsets.lowerBound <= limit
                && $0.offsets.lowerBound >= first.offset
        }) {
            return .init(offset: damage.offsets.lowerBound, segment: segment.baseOffset, position: damage.position)
        }
        guard limit < segment.nextOffset else {
            return .init(offset: segment.nextOffset, segment: segment.baseOffset, position: segment.byteCount)
        }
        return try place(of: limit, inSegment: number, on: disk)
    }
}

// MARK: Finding batches

extension PartitionLog {
    /// Where the batch begins that holds `offset`.
    mutating func place(
        of offset: Offset, inSegment number: Int, on disk: any Disk
    ) throws(ReadRefusal) -> RecentPositions.Place {
        let base = segments[number].baseOffset
        if let known = recent.place(of: offset), known.segment == base, !isDamaged(known) { return known }
        let beginning = RecentPositions.Place(offset: base, segment: base, position: 0)
        if offset == base, !isDamaged(beginning) { return beginning }
        try loadIndex(ofSegment: number, on: disk)
        if let place = try walk(to: offset, inSegment: number, on: disk).place { return place }
        // A stale index leads astray as a bad batch does: only with a fresh one is it the batch.
        do throws(DiskFault) { try rebuildIndex(ofSegment: number, on: disk) } catch { throw .disk(error) }
        var reached: Int64 = -1
        while true {
            let walk = try walk(to: offset, inSegment: number, on: disk)
            if let place = walk.place { return place }
            let damage: LogDamage
            do throws(DiskFault) {
                damage = try noteDamage(at: walk.stop, inSegment: number, on: disk)
            } catch { throw .disk(error) }
            try checkUndamaged(offset)
            // Past this damage the way goes on, or else there is none.
            guard walk.stop.position > reached else { throw .damaged(damage) }
            reached = walk.stop.position
        }
    }

    /// Goes from header to header, from the last known batch before `offset`.
    ///
    /// - Returns: The batch that holds it, or else where the way ended at something that is no batch in its place.
    private mutating func walk(
        to offset: Offset, inSegment number: Int, on disk: any Disk
    ) throws(ReadRefusal) -> (place: RecentPositions.Place?, stop: RecentPositions.Place) {
        let base = segments[number].baseOffset
        var position = segments[number].index?.floor(offsetDelta: offset.distance(from: base)) ?? 0
        var expected: Offset? = position == 0 ? base : nil
        for damage in damages where damage.segment == base && damage.offsets.upperBound <= offset {
            guard damage.position + damage.byteCount >= position else { continue }
            (position, expected) = (damage.position + damage.byteCount, damage.offsets.upperBound)
        }
        while true {
            let header = try plausibleHeader(at: position, inSegment: number, on: disk)
            let stop = RecentPositions.Place(offset: expected ?? offset, segment: base, position: position)
            guard let header, header.baseOffset == expected ?? header.baseOffset, header.baseOffset <= offset else {
                return (nil, stop)
            }
            if header.nextOffset > offset {
                let place = RecentPositions.Place(offset: header.baseOffset, segment: base, position: position)
                if place.offset == offset { recent.noteCursor(place) }
                return (place, stop)
            }
            position += Int64(header.totalByteCount)
            expected = header.nextOffset
        }
    }

    private func isDamaged(_ place: RecentPositions.Place) -> Bool {
        damages.contains { $0.segment == place.segment && $0.position == place.position && $0.byteCount > 0 }
    }

    /// Takes note of damage met below the recovery point. Waits for the disk: the next valid batch is looked for.
    private mutating func noteDamage(
        at stop: RecentPositions.Place, inSegment number: Int, on disk: any Disk
    ) throws(DiskFault) -> LogDamage {
        let segment = segments[number]
        guard let file = segment.file else { preconditionFailure("a segment that was walked has no file") }
        var scanner = SegmentScanner(file, base: segment.baseOffset, byteCount: segment.byteCount)
        var evidence = LogDamage.Evidence.noBatch
        if case .bad(let found) = try scanner.look(at: stop.position, for: stop.offset, epoch: .none, on: disk) {
            evidence = found
        }
        let next = try scanner.nextBatch(after: stop.position, from: stop.offset, epoch: .none, on: disk)
        let end = next?.position ?? segment.byteCount
        let damage = LogDamage(
            segment: segment.baseOffset, position: stop.position, byteCount: end - stop.position,
            offsets: stop.offset..<(next?.header.baseOffset ?? max(stop.offset, segment.nextOffset)),
            evidence: evidence)
        note(damage)
        return damage
    }

    /// The header at a batch start.
    mutating func header(
        at position: Int64, inSegment number: Int, on disk: any Disk
    ) throws(ReadRefusal) -> BatchHeader {
        if let header = try plausibleHeader(at: position, inSegment: number, on: disk) { return header }
        let segment = segments[number]
        let first = min(recent.last(in: 0...position, of: segment.baseOffset)?.offset ?? .zero, segment.nextOffset)
        throw .damaged(
            LogDamage(
                segment: segment.baseOffset, position: position, byteCount: segment.byteCount - position,
                offsets: max(first, segment.baseOffset)..<segment.nextOffset, evidence: .noBatch))
    }

    /// What reads as a header at `position`, from the page cache only; nil where nothing does.
    private mutating func plausibleHeader(
        at position: Int64, inSegment number: Int, on disk: any Disk
    ) throws(ReadRefusal) -> BatchHeader? {
        let file = try openFile(ofSegment: number, on: disk)
        // No read makes bytes warm that a short file has lost.
        let left = min(segments[number].byteCount, segments[number].reservedByteCount) - position
        guard left >= Int64(BatchHeader.byteCount) else { return nil }
        let bytes: SharedBytes?
        do throws(DiskFault) {
            bytes = try disk.readIfCached(file, at: position, count: BatchHeader.byteCount)
        } catch { throw .disk(error) }
        guard let bytes, bytes.count == BatchHeader.byteCount else {
            throw .cold(file, position: position, byteCount: Int(min(left, 64 << 10)))
        }
        do throws(DecodeError) {
            let header = try BatchHeader(parsing: bytes)
            guard segments[number].mayHold(header), Int64(header.totalByteCount) <= left else { return nil }
            return header
        } catch { return nil }
    }

    mutating func openFile(ofSegment number: Int, on disk: any Disk) throws(ReadRefusal) -> FileID {
        do throws(DiskFault) { return try openCheckedFile(ofSegment: number, on: disk) } catch { throw .disk(error) }
    }

    /// Opens a segment's file where it is closed, and looks whether it is as long as it should be.
    @discardableResult
    mutating func openCheckedFile(
        ofSegment number: Int, on disk: any Disk
    ) throws(DiskFault) -> FileID {
        if let file = segments[number].file { return file }
        let file = try disk.open(path(segments[number], LogFiles.log), .readWrite)
        segments[number].file = file
        segments[number].reservedByteCount = try disk.size(of: file)
        if segments[number].reservedByteCount < segments[number].byteCount {
            try noteShortFile(ofSegment: number, on: disk)
        }
        return file
    }

    /// A closed file has lost its end: finds the first batch that is not whole. Waits for the disk.
    private mutating func noteShortFile(ofSegment number: Int, on disk: any Disk) throws(DiskFault) {
        let segment = segments[number]
        var (position, next): (Int64, Offset) = (0, segment.baseOffset)
        try walk(segment: number, on: disk) { header, start in
            guard start + Int64(header.totalByteCount) <= segment.reservedByteCount else { return false }
            (position, next) = (start + Int64(header.totalByteCount), header.nextOffset)
            return true
        }
        note(
            LogDamage(
                segment: segment.baseOffset, position: position, byteCount: segment.byteCount - position,
                offsets: min(next, segment.nextOffset)..<segment.nextOffset, evidence: .missing))
    }
}

// MARK: Indexes on demand

extension PartitionLog {
    /// Brings the index of a closed segment into memory without waiting for the device.
    mutating func loadIndex(ofSegment number: Int, on disk: any Disk) throws(ReadRefusal) {
        guard segments[number].index == nil else { return }
        if segments[number].storedEntryCounts != nil {
            let files = try indexFiles(ofSegment: number, on: disk)
            let offsets = try wholeIfCached(files.offsets, on: disk)
            let times = try wholeIfCached(files.times, on: disk)
            segments[number].index = checkedIndex(ofSegment: number, offsets, times)
            closeIndexFiles(ofSegment: number, on: disk)
        }
        if segments[number].index == nil {
            do throws(DiskFault) { try rebuildIndex(ofSegment: number, on: disk) } catch { throw .disk(error) }
        }
        keepIndex(ofSegment: number)
    }

    private mutating func indexFiles(
        ofSegment number: Int, on disk: any Disk
    ) throws(ReadRefusal) -> (offsets: FileID, times: FileID) {
        if let files = segments[number].indexFiles { return files }
        do throws(DiskFault) {
            let offsets = try disk.open(path(segments[number], LogFiles.index), .createOrOpen)
            let times: FileID
            do throws(DiskFault) {
                times = try disk.open(path(segments[number], LogFiles.timeIndex), .createOrOpen)
            } catch {
                disk.close(offsets)
                throw error
            }
            segments[number].indexFiles = (offsets, times)
            return (offsets, times)
        } catch { throw .disk(error) }
    }

    mutating func closeIndexFiles(ofSegment number: Int, on disk: any Disk) {
        guard let files = segments[number].indexFiles else { return }
        disk.close(files.offsets)
        disk.close(files.times)
        segments[number].indexFiles = nil
    }

    private func wholeIfCached(_ file: FileID, on disk: any Disk) throws(ReadRefusal) -> SharedBytes {
        let byteCount: Int
        let bytes: SharedBytes?
        do throws(DiskFault) {
            byteCount = Int(try disk.size(of: file))
            bytes = byteCount == 0 ? .empty : try disk.readIfCached(file, at: 0, count: byteCount)
        } catch { throw .disk(error) }
        guard let bytes, bytes.count == byteCount else { throw .cold(file, position: 0, byteCount: byteCount) }
        return bytes
    }

    /// The active segment's index, read from its files or rebuilt. Waits for the device: for opening.
    mutating func loadedIndex(ofSegment number: Int, on disk: any Disk) throws(DiskFault) -> SegmentIndex {
        if let offsets = try LogFiles.read(path(segments[number], LogFiles.index), on: disk),
            let times = try LogFiles.read(path(segments[number], LogFiles.timeIndex), on: disk),
            let index = checkedIndex(ofSegment: number, offsets, times)
        {
            return index
        }
        try rebuildIndex(ofSegment: number, on: disk)
        return segments[number].index ?? SegmentIndex()
    }

    private func checkedIndex(ofSegment number: Int, _ offsets: SharedBytes, _ times: SharedBytes) -> SegmentIndex? {
        let segment = segments[number]
        guard let counts = segment.storedEntryCounts,
            offsets.count >= Int(counts.offsets) * SegmentIndex.offsetEntryByteCount,
            times.count >= Int(counts.times) * SegmentIndex.timeEntryByteCount,
            var index = SegmentIndex(
                offsetBytes: offsets, timeBytes: times, segmentByteCount: Int64(Int32.max),
                offsetCount: Int64(Int32.max) + 1)
        else { return nil }
        index.truncate(position: segment.byteCount, offsetDelta: segment.nextOffset.distance(from: segment.baseOffset))
        guard index.offsets.count >= Int(counts.offsets) else { return nil }
        return index
    }

    private mutating func rebuildIndex(ofSegment number: Int, on disk: any Disk) throws(DiskFault) {
        var copy = Segment(baseOffset: segments[number].baseOffset)
        let configuration = configuration
        copy.index = SegmentIndex()
        try walk(segment: number, on: disk) { header, position in
            copy.byteCount = position
            copy.note(header, indexing: configuration)
            return true
        }
        segments[number].index = copy.index
        recovery.rebuiltIndexCount += 1
    }

    /// Goes from header to header, over damage that is known, until `visit` returns false or there is no header.
    mutating func walk(
        segment number: Int, on disk: any Disk, _ visit: (BatchHeader, _ position: Int64) throws(DiskFault) -> Bool
    ) throws(DiskFault) {
        let file = try openCheckedFile(ofSegment: number, on: disk)
        let segment = segments[number]
        var position: Int64 = 0
        var next = segment.baseOffset
        while position + Int64(BatchHeader.byteCount) <= segment.byteCount {
            if let damage = damages.first(where: {
                $0.segment == segment.baseOffset && $0.position == position && $0.offsets.upperBound > next
            }) {
                position += damage.byteCount
                next = damage.offsets.upperBound
                continue
            }
            let bytes = try disk.read(file, at: position, count: BatchHeader.byteCount)
            let header: BatchHeader
            do throws(DecodeError) { header = try BatchHeader(parsing: bytes) } catch { return }
            guard header.baseOffset >= next, header.lastOffsetDelta >= 0,
                // The last offset of garbled bytes may be no number at all.
                header.baseOffset.distance(from: segment.baseOffset) <= Int64(Int32.max - header.lastOffsetDelta),
                try visit(header, position)
            else { return }
            position += Int64(header.totalByteCount)
            next = header.nextOffset
        }
    }
}
