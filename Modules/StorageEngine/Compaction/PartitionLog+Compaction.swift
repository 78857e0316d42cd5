// SPDX-License-Identifier: Apache-2.0

public import Primitives
internal import RecordBatch

// MARK: Planning

extension PartitionLog {
    /// How much of the log is compacted; nil when its topic is not.
    ///
    /// Only closed segments count that lie below `bound` and are old enough for `min.compaction.lag.ms`.
    /// - Parameter bound: The last stable offset.
    public func compactionStanding(at now: Timestamp, below bound: Offset) -> CompactionStanding? {
        compactionStanding(at: now, below: bound, through: .init(.max))
    }

    private func compactionStanding(
        at now: Timestamp, below bound: Offset, through last: Offset
    ) -> CompactionStanding? {
        guard let settings = configuration.compaction else { return nil }
        let firstDirty = min(max(cleanedOffset, segments[0].baseOffset), writtenOffset)
        var end = segments[0].baseOffset
        var (cleanByteCount, dirtyByteCount): (Int64, Int64) = (0, 0)
        var isOverdue = false
        for segment in segments.dropLast() {
            guard segment.nextOffset <= bound, segment.nextOffset <= last, segment.isDurable,
                isOldEnough(segment, at: now, settings)
            else { break }
            end = segment.nextOffset
            if segment.nextOffset <= firstDirty {
                cleanByteCount += segment.byteCount
            } else {
                dirtyByteCount += segment.byteCount
                let age = segment.firstAppend.advanced(byMilliseconds: settings.lagMillisecondsMax)
                isOverdue = isOverdue || segment.firstAppend != .none && age < now
            }
        }
        let ratio = Double(dirtyByteCount) / Double(max(1, dirtyByteCount + cleanByteCount))
        return CompactionStanding(
            firstDirty: min(firstDirty, end), end: end, cleanByteCount: cleanByteCount, dirtyByteCount: dirtyByteCount,
            isOverdue: isOverdue, isDue: dirtyByteCount > 0 && (isOverdue || ratio > settings.dirtyRatioMin))
    }

    private func isOldEnough(
        _ segment: Segment, at now: Timestamp, _ settings: CompactionConfiguration
    ) -> Bool {
        guard settings.lagMillisecondsMin > 0 else { return true }
        let newest = max(segment.largestTimestamp.timestamp, segment.firstAppend)
        return newest.advanced(byMilliseconds: settings.lagMillisecondsMin) <= now
    }

    /// Whether closed segments wait for a checkpoint before they can be compacted: recovery must never look into a segment
    /// while it is exchanged.
    public var compactionNeedsCheckpoint: Bool {
        guard configuration.compaction != nil, segments.count > 1 else { return false }
        return segments[segments.count - 2].nextOffset > checkpointOffset
    }

    /// Plans a pass over what `compactionStanding` says; nil when nothing can be done.
    ///
    /// - Parameters:
    ///   - bound: The last stable offset.
    ///   - aborted: `abortedTransactions` from the log's start to `bound`.
    ///   - secret: Two random numbers that nobody can foresee, for the hashes of keys.
    /// - Throws: `.damaged` while bytes that the pass would read are not what was written.
    public func beginCompaction(
        at now: Timestamp, below bound: Offset, aborted: [AbortedTransaction], limits: CompactionLimits,
        secret: (UInt64, UInt64)
    ) throws(CompactionFault) -> LogCompaction? {
        guard case .open = state,
            let standing = compactionStanding(at: now, below: bound, through: checkpointOffset),
            standing.dirtyByteCount > 0
        else { return nil }
        if let damage = damages.first(where: { $0.offsets.lowerBound < standing.end }) { throw .damaged(damage) }
        let sources = segments.dropLast().filter { $0.nextOffset <= standing.end }.map {
            CompactionSource(
                baseOffset: $0.baseOffset, nextOffset: $0.nextOffset, byteCount: $0.byteCount,
                firstAppend: $0.firstAppend)
        }
        return LogCompaction(
            self, standing, sources: sources, aborted: aborted, limits: limits,
            secret: KeyHash.Secret(first: secret.0, second: secret.1), at: now)
    }
}

// MARK: Exchange

extension PartitionLog {
    /// Puts a cleaned segment in the place of its sources, durably. Reads of the old files that are under way go on
    /// undisturbed for `file.delete.delay.ms`.
    ///
    /// The checkpoint is what decides: until the one that names the new segment is durable, recovery drops the new file;
    /// from then on it finishes the exchange. Waits for the disk: one small file and two directories' names.
    /// - Returns: False, with the new files removed, when the log was cut or its sources went meanwhile.
    /// - Throws: `.disk` when the log is as before; `.failed` when only opening it again can tell.
    public mutating func replace(
        with cleaned: CleanedSegment, at now: Timestamp, on disk: any Disk
    ) throws(LogFault) -> Bool {
        try checkInService()
        guard let range = range(of: cleaned), var checkpoint = try storedCheckpoint(on: disk),
            checkpoint.exchange(cleaned)
        else {
            removeCleaned(cleaned, on: disk)
            return false
        }
        checkpoint.isClean = false
        checkpoint.exchangeCount = exchangeCount + 1
        let log = path(LogFiles.name(cleaned.baseOffset, LogFiles.log))
        let swap = path(LogFiles.swapName(cleaned.baseOffset, exchange: exchangeCount + 1))
        do throws(DiskFault) {
            try removeSnapshots(before: cleaned.nextOffset, on: disk)
            try disk.rename(log + LogFiles.cleaned, to: swap)
            do throws(DiskFault) {
                try writeReplacing(checkpoint, on: disk)
            } catch {
                try withdraw(swap, unless: error, on: disk)
                removeCleaned(cleaned, on: disk)
                throw error
            }
        } catch { throw .disk(error) }
        do throws(DiskFault) {
            try putInPlace(cleaned, from: swap, of: range, at: now, on: disk)
        } catch {
            state = .failed(error)
            throw .failed(error)
        }
        return true
    }

    /// Takes note of a finished pass, durably; a pass over what was cut off since counts for nothing.
    public mutating func finish(_ compaction: LogCompaction, on disk: any Disk) throws(LogFault) {
        try checkInService()
        guard compaction.revision == revision, compaction.end > cleanedOffset else { return }
        cleanedOffset = compaction.end
        // After a crash before the next checkpoint the pass is done again, with the same outcome.
        guard var checkpoint = try storedCheckpoint(on: disk) else { return }
        checkpoint.isClean = false
        checkpoint.cleanedOffset = cleanedOffset
        do throws(DiskFault) { try writeReplacing(checkpoint, on: disk) } catch { throw .disk(error) }
    }

    /// Whether nothing that the pass reads was cut off or trimmed since it began; else what it meets means nothing.
    public func stillHolds(_ compaction: LogCompaction) -> Bool {
        compaction.revision == revision && segments[0].baseOffset <= compaction.begin
    }

    /// Where the sources are; nil unless all of them are as they were when the pass began.
    private func range(of cleaned: CleanedSegment) -> Range<Int>? {
        guard cleaned.revision == revision,
            let first = segments.firstIndex(where: { $0.baseOffset == cleaned.baseOffset }),
            // Damage that readers met meanwhile has a place in the old file.
            !damages.contains(where: { $0.offsets.overlaps(cleaned.baseOffset..<cleaned.nextOffset) })
        else { return nil }
        let range = first..<first + cleaned.sources.count
        guard range.upperBound < segments.count,
            zip(segments[range], cleaned.sources).allSatisfy({
                $0.baseOffset == $1.baseOffset && $0.nextOffset == $1.nextOffset && $0.byteCount == $1.byteCount
            })
        else { return nil }
        return range
    }

    private func storedCheckpoint(on disk: any Disk) throws(LogFault) -> LogCheckpoint? {
        do throws(DiskFault) { return try readCheckpoint(on: disk) } catch { throw .disk(error) }
    }

    private mutating func writeReplacing(_ checkpoint: LogCheckpoint, on disk: any Disk) throws(DiskFault) {
        // One that was taken before knows the old segments only.
        capturedCheckpoint = nil
        try LogFiles.replace(path(LogFiles.checkpoint), with: checkpoint.encoded, on: disk)
        try disk.synchronizeDirectory(folder)
        exchangeCount = checkpoint.exchangeCount
        checkpointIsClean = false
        checkpointByteCount = checkpoint.segments.reduce(0) { $0 + $1.byteCount }
    }

    /// A snapshot from before a pass tells of transactions as open whose markers the pass may have removed. Without one, who
    /// needs the producers of that place finds them from the batches.
    private mutating func removeSnapshots(before end: Offset, on disk: any Disk) throws(DiskFault) {
        for segment in segments where segment.baseOffset >= snapshotStart && segment.baseOffset < end {
            let path = path(segment, LogFiles.snapshot)
            if disk.exists(path) { try disk.remove(path) }
        }
        snapshotStart = max(snapshotStart, end)
    }

    /// Takes back the first step of an exchange whose checkpoint was not written; where it may have been, nobody knows.
    private mutating func withdraw(
        _ swap: String, unless fault: DiskFault, on disk: any Disk
    ) throws(DiskFault) {
        guard fault.operation != .synchronize || fault.target != folder else {
            state = .failed(fault)
            throw fault
        }
        do throws(DiskFault) { try disk.remove(swap) } catch {
            state = .failed(error)
            throw error
        }
    }

    private func removeCleaned(_ cleaned: CleanedSegment, on disk: any Disk) {
        for suffix in LogFiles.cleanedSuffixes {
            let path = path(LogFiles.name(cleaned.baseOffset, suffix)) + LogFiles.cleaned
            guard disk.exists(path) else { continue }
            // What cannot be removed now is by recovery.
            do throws(DiskFault) { try disk.remove(path) } catch { continue }
        }
    }

    /// The first source's log goes before the others: recovery without a checkpoint tells by it how far this came.
    private mutating func putInPlace(
        _ cleaned: CleanedSegment, from swap: String, of range: Range<Int>, at now: Timestamp, on disk: any Disk
    ) throws(DiskFault) {
        for number in range {
            closeIndexFiles(ofSegment: number, on: disk)
            closeAbortedFile(ofSegment: number, on: disk)
        }
        let name = path(LogFiles.name(cleaned.baseOffset, ""))
        try retireLog(cleaned.baseOffset, at: now, keepingOpen: segments[range.lowerBound].file, on: disk)
        segments[range.lowerBound].file = nil
        for number in range.dropFirst() {
            try retire(segments[number].baseOffset, at: now, keepingOpen: segments[number].file, on: disk)
            segments[number].file = nil
        }
        for suffix in [LogFiles.index, LogFiles.timeIndex, LogFiles.transactionIndex] {
            if disk.exists(name + suffix + LogFiles.cleaned) {
                try disk.rename(name + suffix + LogFiles.cleaned, to: name + suffix)
            } else if disk.exists(name + suffix) {
                try disk.remove(name + suffix)
            }
        }
        try disk.rename(swap, to: name + LogFiles.log)
        let bases = segments[range].map(\.baseOffset)
        var segment = Segment(cleaned.checkpointEntry)
        segment.aborted = cleaned.aborted
        segment.verified.add(0..<cleaned.byteCount)
        segments.replaceSubrange(range, with: [segment])
        loadedIndexes.removeAll { bases.contains($0) }
        // Places in the old files mean nothing in the new one.
        recent.forgetAll()
    }

    /// Renames the log of a segment whose other files are replaced, not removed.
    private mutating func retireLog(
        _ base: Offset, at now: Timestamp, keepingOpen file: FileID?, on disk: any Disk
    ) throws(DiskFault) {
        let log = path(LogFiles.name(base, LogFiles.log))
        try disk.rename(log, to: log + LogFiles.deleted)
        removedFiles.append(RemovedFile(path: log + LogFiles.deleted, since: now, file: file))
    }
}

extension CleanedSegment {
    var checkpointEntry: LogCheckpoint.SegmentEntry {
        LogCheckpoint.SegmentEntry(
            baseOffset: baseOffset, nextOffset: nextOffset, byteCount: byteCount, largestTimestamp: largestTimestamp,
            firstAppend: firstAppend, entryCounts: entryCounts,
            aborted: AbortedIndex.summary(of: AbortedIndex.encode(aborted)))
    }
}

extension LogCheckpoint {
    /// Names a cleaned segment instead of its sources; false when it does not know all of them.
    mutating func exchange(_ cleaned: CleanedSegment) -> Bool {
        guard let first = segments.firstIndex(where: { $0.baseOffset == cleaned.baseOffset }) else {
            // All of them may lie below its log start.
            return false
        }
        let range = first..<first + cleaned.sources.count
        guard range.upperBound <= segments.count,
            zip(segments[range], cleaned.sources).allSatisfy({
                $0.baseOffset == $1.baseOffset && $0.nextOffset == $1.nextOffset && $0.byteCount == $1.byteCount
            })
        else { return false }
        segments.replaceSubrange(range, with: [cleaned.checkpointEntry])
        return true
    }
}
