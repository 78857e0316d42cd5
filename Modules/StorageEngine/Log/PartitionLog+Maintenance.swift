// SPDX-License-Identifier: Apache-2.0

public import Primitives
internal import RecordBatch

// MARK: Retention

extension PartitionLog {
    /// Decides which whole segments lie beyond `retention.ms` or `retention.bytes`, never past `bound`.
    ///
    /// A segment is as old as its newest record. The active one may go too, when all its records are too old.
    /// - Parameter bound: Usually the high watermark.
    public func retention(at now: Timestamp, below bound: Offset) -> RetentionDecision {
        var excess = configuration.retentionByteCount.map { byteCount - $0 } ?? 0
        var decision = RetentionDecision(segments: [], byteCount: 0, newLogStart: logStartOffset)
        for segment in segments where segment.byteCount > 0 {
            guard segment.nextOffset <= bound else { break }
            let isActive = segment.baseOffset == segments[segments.count - 1].baseOffset
            let isTooMuch = !isActive && segment.byteCount <= excess
            guard isTooOld(segment, at: now) || isTooMuch || segment.nextOffset <= logStartOffset && !isActive else {
                break
            }
            excess -= segment.byteCount
            decision = RetentionDecision(
                segments: decision.segments + [segment.baseOffset], byteCount: decision.byteCount + segment.byteCount,
                newLogStart: max(logStartOffset, segment.nextOffset))
        }
        return decision
    }

    private func isTooOld(_ segment: Segment, at now: Timestamp) -> Bool {
        guard let retention = configuration.retentionMilliseconds else { return false }
        // Without a usable time of its records, a segment is as old as its first append.
        let newest = max(segment.largestTimestamp.timestamp, .none)
        let age = newest == .none ? segment.firstAppend : newest
        return age != .none && age.advanced(byMilliseconds: retention) < now
    }

    /// Takes the decided segments out of service: the log start moves durably, then files get the suffix `.deleted`.
    public mutating func remove(_ decision: RetentionDecision, at now: Timestamp, on disk: any Disk) throws(LogFault) {
        guard !decision.isEmpty else { return }
        try settle(on: disk)
        do throws(DiskFault) {
            if decision.segments.contains(segments[segments.count - 1].baseOffset) {
                try beginSegment(at: logEndOffset, snapshot: ProducerSnapshot.encode(producers), on: disk)
            }
        } catch { throw .disk(error) }
        try advanceLogStart(to: decision.newLogStart, at: now, on: disk)
    }

    /// Moves the first readable offset (DeleteRecords), durably; never back, never past `logEndOffset`.
    ///
    /// Segments that lie wholly before it are taken out of service.
    public mutating func advanceLogStart(to offset: Offset, at now: Timestamp, on disk: any Disk) throws(LogFault) {
        try settle(on: disk)
        let before = (logStartOffset, epochs)
        logStartOffset = max(logStartOffset, min(offset, logEndOffset))
        epochs.truncate(before: logStartOffset)
        do throws(LogFault) { try writeCheckpointNow(isClean: false, on: disk) } catch {
            (logStartOffset, epochs) = before
            throw error
        }
        do throws(DiskFault) {
            while segments.count > 1, segments[0].nextOffset <= logStartOffset { try dropFirst(at: now, on: disk) }
        } catch { throw .disk(error) }
        damages.removeAll { $0.offsets.upperBound <= logStartOffset && $0.segment < segments[0].baseOffset }
    }

    private mutating func dropFirst(at now: Timestamp, on disk: any Disk) throws(DiskFault) {
        closeIndexFiles(ofSegment: 0, on: disk)
        closeAbortedFile(ofSegment: 0, on: disk)
        let base = segments[0].baseOffset
        try retire(base, at: now, keepingOpen: segments[0].file, on: disk)
        segments.removeFirst()
        loadedIndexes.removeAll { $0 == base }
        recent.forgetAll()
    }

    /// Renames a segment's files to `.deleted`; readers that have the file open go on undisturbed.
    mutating func retire(
        _ base: Offset, at now: Timestamp, keepingOpen file: FileID? = nil, on disk: any Disk
    ) throws(DiskFault) {
        for suffix in LogFiles.ofSegment {
            let path = path(LogFiles.name(base, suffix))
            guard disk.exists(path) else { continue }
            try disk.rename(path, to: path + LogFiles.deleted)
            removedFiles.append(
                RemovedFile(
                    path: path + LogFiles.deleted, since: now, file: suffix == LogFiles.log ? file : nil))
        }
    }

    /// Submits the deletion of files that have been `.deleted` for `file.delete.delay.ms`.
    ///
    /// - Parameter nextTicket: Gives one ticket for each submission; their outcomes need no answer.
    public mutating func purgeRemoved(at now: Timestamp, on disk: any Disk, nextTicket: () -> DiskTicket) {
        let delay = configuration.fileDeleteDelayMilliseconds
        while let first = removedFiles.first, first.since.advanced(byMilliseconds: delay) <= now {
            if let file = first.file { disk.close(file) }
            disk.submitRemove(first.path, ticket: nextTicket())
            removedFiles.removeFirst()
        }
    }
}

// MARK: Checkpoints

extension PartitionLog {
    /// Bytes that recovery would have to scan after a crash now.
    public var byteCountBeyondCheckpoint: Int64 { max(0, byteCount - checkpointByteCount) }

    /// Writes indexes, epochs, producers and the recovery point, so that recovery scans only what follows.
    ///
    /// While records are on their way to the device, a first call takes the state and a later one, when all of it is
    /// durable, writes it; so nothing waits for the data.
    /// - Returns: Whether a checkpoint was written.
    @discardableResult
    public mutating func writeCheckpoint(on disk: any Disk) throws(LogFault) -> Bool {
        try checkInService()
        if let captured = capturedCheckpoint {
            guard captured.endOffset <= durableOffset else { return false }
            capturedCheckpoint = nil
            do throws(DiskFault) { try write(captured, on: disk) } catch { throw .disk(error) }
            return true
        }
        guard !hasStaged, writtenOffset != checkpointOffset else { return false }
        do throws(DiskFault) {
            let captured = try capture(isClean: false, on: disk)
            guard durableOffset == writtenOffset else {
                capturedCheckpoint = captured
                return false
            }
            try write(captured, on: disk)
        } catch { throw .disk(error) }
        return true
    }

    /// - Precondition: nothing is staged and all is durable.
    mutating func writeCheckpointNow(isClean: Bool, on disk: any Disk) throws(LogFault) {
        precondition(!hasStaged && durableOffset == writtenOffset, "\(durableOffset) durable of \(logEndOffset)")
        capturedCheckpoint = nil
        do throws(DiskFault) { try write(capture(isClean: isClean, on: disk), on: disk) } catch { throw .disk(error) }
    }

    private mutating func capture(isClean: Bool, on disk: any Disk) throws(DiskFault) -> LogCheckpoint {
        try storeIndex(ofSegment: segments.count - 1, on: disk)
        return LogCheckpoint(
            partition: partition, isClean: isClean, logStartOffset: logStartOffset,
            segments: segments.filter { $0.nextOffset > logStartOffset || $0.nextOffset == writtenOffset }.map {
                .init(
                    baseOffset: $0.baseOffset, nextOffset: $0.nextOffset, byteCount: $0.byteCount,
                    largestTimestamp: $0.largestTimestamp, firstAppend: $0.firstAppend,
                    entryCounts: $0.storedEntryCounts ?? .init(offsets: .max, times: .max),
                    aborted: $0.abortedSummary ?? .unknown)
            }, epochs: epochs.entries, damages: damages, producers: ProducerSnapshot.encode(producers),
            cleanedOffset: cleanedOffset, exchangeCount: exchangeCount)
    }

    private mutating func write(_ checkpoint: LogCheckpoint, on disk: any Disk) throws(DiskFault) {
        if !folderIsDurable { try makeNamesDurable(on: disk) }
        // For Kafka's tools; recovery takes the epochs from the checkpoint.
        try LogFiles.overwrite(
            path(LogFiles.leaderEpochs), with: LeaderEpochs.fileText(of: checkpoint.epochs), on: disk)
        try LogFiles.replace(path(LogFiles.checkpoint), with: checkpoint.encoded, on: disk)
        try disk.synchronizeDirectory(folder)
        (checkpointOffset, checkpointIsClean) = (checkpoint.endOffset, checkpoint.isClean)
        checkpointByteCount = checkpoint.segments.reduce(0) { $0 + $1.byteCount }
    }
}

extension LogCheckpoint {
    /// The recovery point.
    var endOffset: Offset { segments.last?.nextOffset ?? logStartOffset }
}
