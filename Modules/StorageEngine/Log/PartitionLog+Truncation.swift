// SPDX-License-Identifier: Apache-2.0

public import Primitives
internal import RecordBatch

extension PartitionLog {
    /// Drops every record from the batch that holds `offset` on, durably. Discards acknowledged data when the caller is
    /// wrong.
    ///
    /// For a replica that found another history than its leader's, and for an operator who gives up what follows damage.
    /// Producers and epochs are as they were before that batch. A crash in the middle leaves the longer or the shorter log,
    /// never a hole. Staged batches are dropped too. Waits for the disk: five synchronizes and a read of the headers of one
    /// segment, also while a submitted synchronize is under way.
    /// - Throws: `.disk` when nothing was dropped; `.failed` when it is not known how much was.
    public mutating func truncateDiscarding(from offset: Offset, on disk: any Disk) throws(LogFault) {
        discardStaged()
        precondition(offset >= logStartOffset, "truncation to \(offset) before the log start \(logStartOffset)")
        guard offset < logEndOffset else { return }
        try settle(on: disk)
        let keep = segmentNumber(holding: offset)
        let dropped = Array(segments[(keep + 1)...])
        do throws(DiskFault) { try openCheckedFile(ofSegment: keep, on: disk) } catch { throw .disk(error) }
        let before = self
        do throws(LogFault) {
            do throws(DiskFault) {
                try forget(from: offset, keeping: keep, on: disk)
            } catch { throw .disk(error) }
            try writeCheckpointNow(isClean: false, on: disk)
        } catch {
            // A checkpoint of the shorter log does no harm to the longer one: recovery reads on after it.
            self = before
            throw error
        }
        do throws(DiskFault) {
            try discard(dropped, behind: segments[keep].baseOffset, on: disk)
            guard let file = segments[keep].file else { preconditionFailure("the active segment has no file") }
            try disk.truncate(file, to: segments[keep].byteCount)
            segments[keep].reservedByteCount = segments[keep].byteCount
            try disk.synchronize(file)
            try disk.synchronizeDirectory(folder)
        } catch {
            state = .failed(error)
            throw .failed(error)
        }
    }

    /// Drops all records and begins again, empty, at `offset`, durably. Discards acknowledged data when the caller is wrong.
    ///
    /// For a replica whose leader no longer has, or never had, the records that would follow its own. Which producers
    /// wrote before `offset` is forgotten, unless it is 0. After a crash in the middle the log is empty, at its old start or
    /// at `offset`, or as it was. Waits for the disk.
    /// - Throws: `.disk` when the log is as before or empty at its old start; `.failed` when it is not known.
    public mutating func resetDiscarding(to offset: Offset, on disk: any Disk) throws(LogFault) {
        try checkInService()
        precondition(offset >= .zero && offset <= LogFiles.offsetMax, "a log that begins at \(offset)")
        discardStaged()
        // Above all, nothing that could be taken for a record behind the new start.
        try truncateDiscarding(from: logStartOffset, on: disk)
        guard writtenOffset != offset || logStartOffset != offset || segments.count > 1 else { return }
        do throws(DiskFault) {
            try beginAgain(at: offset, on: disk)
        } catch {
            state = .failed(error)
            throw .failed(error)
        }
    }

    private mutating func beginAgain(at offset: Offset, on disk: any Disk) throws(DiskFault) {
        let names = try disk.list(folder).compactMap { LogFiles.offset(in: $0, LogFiles.log) }
        var fresh = Segment(baseOffset: offset)
        let staleSnapshot = path(fresh, LogFiles.snapshot)
        if disk.exists(staleSnapshot) { try disk.remove(staleSnapshot) }
        let file = try disk.open(path(fresh, LogFiles.log), .createOrOpen)
        for segment in segments { if let file = segment.file { disk.close(file) } }
        (fresh.file, fresh.index, fresh.aborted) = (file, SegmentIndex(), [])
        (segments, loadedIndexes, damages, synchronizing) = ([fresh], [], [], nil)
        recent.forgetAll()
        mustCut = false
        revision += 1
        (epochs, producers) = (LeaderEpochs(), ProducerStates())
        producers.hasForgotten = offset > .zero
        unlearnedOffset = nil
        (logStartOffset, logEndOffset, durableOffset) = (offset, offset, offset)
        cleanedOffset = offset
        try disk.truncate(file, to: 0)
        do throws(LogFault) { try writeCheckpointNow(isClean: false, on: disk) } catch {
            switch error {
            case .disk(let fault), .failed(let fault): throw fault
            case .closed: preconditionFailure("a log that was just open is closed")
            }
        }
        // With the checkpoint that knows none of them, recovery would do the same.
        for base in names.reversed() where base != offset { try removeFiles(ofSegmentAt: base, on: disk) }
        try disk.synchronizeDirectory(folder)
    }

    /// Brings what is in memory to where it stood before the batch that holds `offset`.
    private mutating func forget(from offset: Offset, keeping keep: Int, on disk: any Disk) throws(DiskFault) {
        var kept = Segment(baseOffset: segments[keep].baseOffset)
        var states = try producersBefore(segment: keep, on: disk)
        let configuration = configuration
        let file = try openCheckedFile(ofSegment: keep, on: disk)
        (kept.index, kept.aborted) = (SegmentIndex(), [])
        try walk(segment: keep, on: disk) { (header, position) throws(DiskFault) in
            guard header.nextOffset <= offset else { return false }
            kept.byteCount = position
            kept.note(header, indexing: configuration)
            if let aborted = try states.replay(header, at: position, in: file, on: disk) {
                kept.aborted?.append(aborted)
            }
            return true
        }
        closeAbortedFile(ofSegment: keep, on: disk)
        kept.file = segments[keep].file
        kept.firstAppend = kept.byteCount == 0 ? .none : segments[keep].firstAppend
        kept.reservedByteCount = segments[keep].reservedByteCount
        kept.durableByteCount = kept.byteCount
        kept.verified = segments[keep].verified
        kept.verified.remove(kept.byteCount..<max(kept.byteCount, segments[keep].byteCount))
        segments.removeSubrange(keep...)
        segments.append(kept)
        producers = states
        revision += 1
        epochs.truncate(from: kept.nextOffset)
        damages.removeAll { $0.offsets.upperBound > kept.nextOffset }
        if let unlearnedOffset, unlearnedOffset >= kept.nextOffset { self.unlearnedOffset = nil }
        loadedIndexes.removeAll { $0 >= kept.baseOffset }
        recent.forgetAll()
        (logEndOffset, durableOffset) = (kept.nextOffset, kept.nextOffset)
        cleanedOffset = min(cleanedOffset, kept.nextOffset)
        logStartOffset = min(logStartOffset, kept.nextOffset)
        synchronizing = synchronizing?.covering(atMost: kept)
    }

    /// The producers as they were when a segment began: from its snapshot, or from the last one before that can be read
    /// and the batches since.
    mutating func producersBefore(segment number: Int, on disk: any Disk) throws(DiskFault) -> ProducerStates {
        var first = number
        var states = try snapshot(ofSegment: first, on: disk)
        while states == nil, first > 0 {
            first -= 1
            states = try snapshot(ofSegment: first, on: disk)
        }
        var found = states ?? ProducerStates()
        if states == nil { found.hasForgotten = true }
        for earlier in first..<number {
            try walkProducers(ofSegment: earlier, noting: &found, on: disk)
        }
        return found
    }

    /// Nil when there is none that can be read; a log that begins at 0 had no producer before.
    private func snapshot(ofSegment number: Int, on disk: any Disk) throws(DiskFault) -> ProducerStates? {
        guard segments[number].baseOffset > .zero else { return ProducerStates() }
        guard let bytes = try LogFiles.read(path(segments[number], LogFiles.snapshot), on: disk) else { return nil }
        do throws(DecodeError) {
            return try ProducerSnapshot.decode(bytes, before: segments[number].baseOffset)
        } catch { return nil }
    }

    /// Removes segments, and with them files that recovery found in a wrong place: none may come back behind the new end.
    private func discard(_ dropped: [Segment], behind base: Offset, on disk: any Disk) throws(DiskFault) {
        for segment in dropped { if let file = segment.file { disk.close(file) } }
        let bases = try disk.list(folder).compactMap { LogFiles.offset(in: $0, LogFiles.log) }
        for found in bases.reversed() where found > base { try removeFiles(ofSegmentAt: found, on: disk) }
    }

    func removeFiles(ofSegmentAt base: Offset, on disk: any Disk) throws(DiskFault) {
        for suffix in LogFiles.ofSegment {
            let path = path(LogFiles.name(base, suffix))
            if disk.exists(path) { try disk.remove(path) }
        }
    }
}

extension PartitionLog.Synchronizing {
    /// What is left of the promise after a truncation: bytes written later at the same place are not covered.
    ///
    /// Nil for a segment that is gone: a later one may begin at the same offset.
    func covering(atMost segment: Segment) -> Self? {
        guard self.segment <= segment.baseOffset else { return nil }
        var result = self
        guard self.segment == segment.baseOffset else { return result }
        result.byteCount = min(byteCount, segment.byteCount)
        result.offset = min(offset, segment.nextOffset)
        return result
    }
}

// MARK: The end

extension PartitionLog {
    /// Closes the files of all segments but the active one, and drops their indexes. No slice may be in use.
    public mutating func closeColdFiles(on disk: any Disk) {
        for number in segments.indices.dropLast() where segments[number].isDurable {
            closeIndexFiles(ofSegment: number, on: disk)
            closeAbortedFile(ofSegment: number, on: disk)
            if let file = segments[number].file { disk.close(file) }
            (segments[number].file, segments[number].index, segments[number].aborted) = (nil, nil, nil)
        }
        loadedIndexes.removeAll()
    }

    /// Synchronizes everything, cuts reserved space and marks the log clean. Staged batches are written first.
    ///
    /// Waits for the disk. A log that failed is only closed: what it holds is for recovery to find out.
    public mutating func close(on disk: any Disk) throws(LogFault) {
        guard state != .closed else { return }
        defer {
            closeFiles(on: disk)
            state = .closed
        }
        guard case .open = state else { return }
        try writeStaged(on: disk)
        let active = segments.count - 1
        guard let file = segments[active].file else { preconditionFailure("the active segment has no file") }
        do throws(DiskFault) {
            // Before the synchronize, which then covers it.
            if segments[active].reservedByteCount > segments[active].byteCount {
                try disk.truncate(file, to: segments[active].byteCount)
                segments[active].reservedByteCount = segments[active].byteCount
            }
        } catch { throw .disk(error) }
        // Nothing was ever in it: nothing has to outlive a crash, the folder included.
        guard folderIsDurable || logEndOffset > .zero else { return }
        try settle(on: disk)
        guard writtenOffset != checkpointOffset || !checkpointIsClean else { return }
        try writeCheckpointNow(isClean: true, on: disk)
    }

    func closeFiles(on disk: any Disk) {
        for segment in segments {
            if let file = segment.file { disk.close(file) }
            if let files = segment.indexFiles {
                disk.close(files.offsets)
                disk.close(files.times)
            }
            if let file = segment.abortedFile { disk.close(file) }
        }
        for removed in removedFiles { if let file = removed.file { disk.close(file) } }
    }

    /// Closes the files and renames the folder to `<folder>.<topic id>-delete`, durably.
    ///
    /// - Returns: The new name, for `submitRemove`.
    public mutating func markDeleted(on disk: any Disk) throws(LogFault) -> String {
        if state != .closed { closeFiles(on: disk) }
        state = .closed
        let name = "\(folder).\(partition.topic)-delete"
        do throws(DiskFault) {
            try disk.rename(folder, to: name)
            try disk.synchronizeDirectory("")
        } catch { throw .disk(error) }
        folder = name
        return name
    }
}
