// SPDX-License-Identifier: Apache-2.0

internal import Primitives
internal import RecordBatch

extension PartitionLog {
    /// Brings the log to the state its files prove. Doing it twice changes nothing the second time.
    mutating func recover(at now: Timestamp, on disk: any Disk) throws(OpenFault) {
        try identify(on: disk)
        do throws(DiskFault) {
            let names = try disk.list(folder)
            try clearAway(names, at: now, on: disk)
            var checkpoint = try readCheckpoint(on: disk)
            try settleExchanges(names, &checkpoint, at: now, on: disk)
            let bases = try disk.list(folder).compactMap { LogFiles.offset(in: $0, LogFiles.log) }
            try adopt(checkpoint, bases, on: disk)
            try scan(bases, after: checkpoint, at: now, on: disk)
            try finishRecovery(checkpoint, on: disk)
        } catch {
            closeFiles(on: disk)
            throw .disk(error)
        }
    }

    /// Proves that the folder was made for this partition, or makes it.
    ///
    /// What is made is durable with the first record (`makeNamesDurable`), not before: metadata knows which partitions
    /// exist, and a folder that a crash takes away before has lost nothing that was acknowledged.
    private func identify(on disk: any Disk) throws(OpenFault) {
        let metadata: SharedBytes?
        do throws(DiskFault) {
            if !disk.exists(folder) { try disk.createDirectory(folder) }
            metadata = try LogFiles.read(path(LogFiles.partitionMetadata), on: disk)
            let names = try disk.list(folder)
            if PartitionMetadata.isUnfinished(metadata), !names.contains(LogFiles.checkpoint) {
                // Records may lie here that were never synchronized, of this topic or an older one of the name.
                for name in names where LogFiles.areOfLog(name) { try disk.remove(path(name)) }
                return try LogFiles.overwrite(
                    path(LogFiles.partitionMetadata), with: PartitionMetadata.encode(partition.topic), on: disk)
            }
        } catch { throw .disk(error) }
        let topic: TopicID
        do throws(DecodeError) { topic = try PartitionMetadata.decode(metadata ?? .empty) } catch {
            throw .unreadable(file: LogFiles.partitionMetadata, error)
        }
        guard topic == partition.topic else { throw .foreignPartition(expected: partition, found: topic) }
    }

    /// Removes what an interrupted replacement left and takes note of what waits for deletion.
    private mutating func clearAway(_ names: [String], at now: Timestamp, on disk: any Disk) throws(DiskFault) {
        for name in names {
            if name.hasSuffix(LogFiles.temporary) || name.hasSuffix(LogFiles.cleaned) { try disk.remove(path(name)) }
            if name.hasSuffix(LogFiles.deleted) { removedFiles.append(RemovedFile(path: path(name), since: now)) }
        }
    }

    /// Finishes an exchange of segments that the checkpoint knows of, and drops one that it does not.
    private mutating func settleExchanges(
        _ names: [String], _ checkpoint: inout LogCheckpoint?, at now: Timestamp, on disk: any Disk
    ) throws(DiskFault) {
        for name in names {
            guard let (base, number) = LogFiles.exchange(in: name) else { continue }
            let log = path(LogFiles.name(base, LogFiles.log))
            let isDecided = checkpoint.map { number <= $0.exchangeCount } ?? !disk.exists(log)
            guard isDecided else {
                try disk.remove(path(name))
                continue
            }
            for suffix in LogFiles.cleanedSuffixes where disk.exists(path(LogFiles.name(base, suffix))) {
                try disk.remove(path(LogFiles.name(base, suffix)))
            }
            guard let entry = checkpoint?.segments.firstIndex(where: { $0.baseOffset == base }) else {
                // Trimmed away since; or nobody knows, and a scan will tell.
                if checkpoint == nil { try disk.rename(path(name), to: log) } else { try disk.remove(path(name)) }
                continue
            }
            // The other sources go first: the scan after this takes what it finds for segments.
            if let end = checkpoint?.segments[entry].nextOffset {
                let others = names.compactMap { LogFiles.offset(in: $0, LogFiles.log) }.filter { $0 > base && $0 < end }
                for other in others { try retire(other, at: now, on: disk) }
            }
            try disk.rename(path(name), to: log)
            checkpoint?.segments[entry].entryCounts = .init(offsets: .max, times: .max)
        }
    }

    /// Nil when it is absent or does not check: then everything is scanned.
    func readCheckpoint(on disk: any Disk) throws(DiskFault) -> LogCheckpoint? {
        guard let bytes = try LogFiles.read(path(LogFiles.checkpoint), on: disk) else { return nil }
        do throws(DecodeError) {
            let checkpoint = try LogCheckpoint(decoding: bytes)
            return checkpoint.partition == partition ? checkpoint : nil
        } catch { return nil }
    }

    /// Takes over what the checkpoint vouches for.
    private mutating func adopt(
        _ checkpoint: LogCheckpoint?, _ bases: [Offset], on disk: any Disk
    ) throws(DiskFault) {
        guard let checkpoint else {
            logStartOffset = bases.first ?? .zero
            return try restoreProducers(before: logStartOffset, on: disk)
        }
        folderIsDurable = true
        logStartOffset = checkpoint.logStartOffset
        (cleanedOffset, exchangeCount) = (checkpoint.cleanedOffset, checkpoint.exchangeCount)
        damages = checkpoint.damages
        for entry in checkpoint.epochs { _ = epochs.note(entry.epoch, at: entry.startOffset) }
        do throws(DecodeError) {
            producers = try ProducerSnapshot.decode(checkpoint.producers, before: checkpoint.endOffset)
        } catch {
            producers.hasForgotten = true
        }
        for entry in checkpoint.segments {
            if bases.contains(entry.baseOffset) {
                segments.append(Segment(entry))
            } else if entry.nextOffset > logStartOffset {
                note(
                    LogDamage(
                        segment: entry.baseOffset, position: 0, byteCount: entry.byteCount,
                        offsets: entry.baseOffset..<entry.nextOffset, evidence: .missing))
            }
        }
        durableOffset = checkpoint.segments.last?.nextOffset ?? logStartOffset
        recovery.wasClean = checkpoint.isClean
    }

    /// Without a checkpoint: the producers as they were when the first segment began.
    private mutating func restoreProducers(before offset: Offset, on disk: any Disk) throws(DiskFault) {
        guard offset > .zero else { return }
        producers.hasForgotten = true
        guard let bytes = try LogFiles.read(path(LogFiles.name(offset, LogFiles.snapshot)), on: disk) else { return }
        do throws(DecodeError) { producers = try ProducerSnapshot.decode(bytes, before: offset) } catch { return }
    }

    /// Reads what was written after the checkpoint, segment by segment.
    private mutating func scan(
        _ bases: [Offset], after checkpoint: LogCheckpoint?, at now: Timestamp, on disk: any Disk
    ) throws(DiskFault) {
        logEndOffset = max(durableOffset, logStartOffset)
        if let last = checkpoint?.segments.last, segments.last?.baseOffset == last.baseOffset {
            try openActive(on: disk)
            try scanTail(at: now, on: disk)
        }
        let known = checkpoint?.segments.last?.baseOffset ?? Offset(-1)
        for base in bases where base > known { try scanWhole(base, at: now, on: disk) }
        for base in bases where base <= known && !segments.contains(where: { $0.baseOffset == base }) {
            // Below the log start the checkpoint has dropped it already; the rename was what the crash prevented.
            try retire(base, at: now, on: disk)
        }
    }

    /// Opens the last segment's file and index; rebuilds the index when its files do not fit.
    private mutating func openActive(on disk: any Disk) throws(DiskFault) {
        let number = segments.count - 1
        let file = try disk.open(path(segments[number], LogFiles.log), .readWrite)
        segments[number].file = file
        segments[number].reservedByteCount = try disk.size(of: file)
        guard segments[number].reservedByteCount >= segments[number].byteCount else {
            // Bytes that were durable are gone: find out what is left.
            segments[number].byteCount = 0
            segments[number].nextOffset = segments[number].baseOffset
            segments[number].durableByteCount = 0
            segments[number].index = SegmentIndex()
            segments[number].aborted = []
            return
        }
        segments[number].index = try loadedIndex(ofSegment: number, on: disk)
        try loadAborted(ofSegment: number, on: disk)
    }

    private mutating func scanWhole(_ base: Offset, at now: Timestamp, on disk: any Disk) throws(DiskFault) {
        var segment = Segment(baseOffset: base)
        let file = try disk.open(path(segment, LogFiles.log), .readWrite)
        segment.reservedByteCount = try disk.size(of: file)
        var scanner = SegmentScanner(file, base: segment.baseOffset, byteCount: segment.reservedByteCount)
        if base != logEndOffset || logEndOffset < logStartOffset {
            // Behind a gap, or left by a write that was undone: it counts only if it holds a batch.
            let first = try scanner.nextBatch(after: -1, from: base, epoch: epochs.latest, on: disk)
            guard first != nil, base > logEndOffset else {
                disk.close(file)
                if first == nil { return try removeFiles(ofSegmentAt: base, on: disk) }
                // Offsets that an earlier segment has: never written so, never cut.
                return note(
                    LogDamage(
                        segment: base, position: 0, byteCount: segment.reservedByteCount, offsets: base..<base,
                        evidence: .wrongPlace))
            }
            noteGap(before: base)
        }
        if !segments.isEmpty { try endSegment(on: disk) }
        (segment.file, segment.index, segment.aborted, segment.nameIsDurable) = (file, SegmentIndex(), [], false)
        segments.append(segment)
        logEndOffset = base
        try scanTail(at: now, on: disk)
    }

    /// Scans the last segment from the bytes known so far.
    private mutating func scanTail(at now: Timestamp, on disk: any Disk) throws(DiskFault) {
        let number = segments.count - 1
        guard let file = segments[number].file else { preconditionFailure("a segment to scan has no file") }
        var scanner = SegmentScanner(
            file, base: segments[number].baseOffset, byteCount: segments[number].reservedByteCount)
        while true {
            let position = segments[number].byteCount
            let next = segments[number].nextOffset
            // Below the recovery point the checkpoint knows the epoch; the latest one began later.
            let epoch = next < durableOffset ? epochs.epoch(of: next) : epochs.latest
            switch try scanner.look(at: position, for: next, epoch: epoch, on: disk) {
            case .batch(let header):
                let control = header.isControl ? try scanner.bytes(of: header, at: position, on: disk) : .empty
                replay(header, control, at: now)
            case .end: return try endScan(position, &scanner, on: disk)
            case .bad(let evidence):
                if next < durableOffset,
                    case .batch = try scanner.look(at: position, for: durableOffset, epoch: epochs.latest, on: disk)
                {
                    noteLostEnd()
                    continue
                }
                guard
                    let found = try scanner.nextBatch(
                        after: position, from: next, epoch: epoch, on: disk)
                else { return try endScan(position, &scanner, on: disk) }
                note(
                    LogDamage(
                        segment: segments[number].baseOffset, position: position, byteCount: found.position - position,
                        offsets: next..<found.header.baseOffset, evidence: evidence))
                segments[number].byteCount = found.position
                segments[number].nextOffset = found.header.baseOffset
                producers.hasForgotten = true
            }
        }
    }

    private mutating func endScan(
        _ position: Int64, _ scanner: inout SegmentScanner, on disk: any Disk
    ) throws(DiskFault) {
        recovery.cutByteCount += try scanner.endOfContent(from: position, on: disk) - position
        noteLostEnd()
        logEndOffset = writtenOffset
    }

    /// When the file has lost bytes that were durable: says so, and never gives their offsets again.
    private mutating func noteLostEnd() {
        let last = segments[segments.count - 1]
        guard last.nextOffset < durableOffset else { return }
        note(
            LogDamage(
                segment: last.baseOffset, position: last.byteCount, byteCount: 0,
                offsets: last.nextOffset..<durableOffset, evidence: .missing))
        segments[segments.count - 1].nextOffset = durableOffset
        producers.hasForgotten = true
    }

    private mutating func replay(_ header: BatchHeader, _ control: SharedBytes, at now: Timestamp) {
        let number = segments.count - 1
        if header.baseOffset >= durableOffset || segments[number].nameIsDurable == false {
            _ = epochs.note(header.partitionLeaderEpoch, at: header.baseOffset)
            if let aborted = producers.replay(header, control, wroteAt: min(header.maxTimestamp, now)) {
                segments[number].aborted?.append(aborted)
            }
        }
        if segments[number].firstAppend == .none { segments[number].firstAppend = min(header.maxTimestamp, now) }
        let position = segments[number].byteCount
        segments[number].note(header, indexing: configuration)
        segments[number].verified.add(position..<segments[number].byteCount)
        recovery.scannedByteCount += Int64(header.totalByteCount)
    }

    private mutating func noteGap(before base: Offset) {
        guard let last = segments.last, logEndOffset < base else { return }
        producers.hasForgotten = true
        note(
            LogDamage(
                segment: last.baseOffset, position: last.byteCount, byteCount: last.reservedByteCount - last.byteCount,
                offsets: logEndOffset..<base, evidence: .missing))
    }

    /// A segment after this one exists: cut what was reserved, unless damage makes its end uncertain.
    private mutating func endSegment(on disk: any Disk) throws(DiskFault) {
        let number = segments.count - 1
        let isUncertain = damages.contains {
            $0.segment == segments[number].baseOffset && $0.position >= segments[number].byteCount
        }
        if !isUncertain { try cutTail(ofSegment: number, on: disk) }
        try storeIndex(ofSegment: number, on: disk)
        recovery.rebuiltIndexCount += 1
        keepIndex(ofSegment: number)
    }

    private mutating func cutTail(ofSegment number: Int, on disk: any Disk) throws(DiskFault) {
        guard segments[number].reservedByteCount > segments[number].byteCount, let file = segments[number].file else {
            return
        }
        try disk.truncate(file, to: segments[number].byteCount)
        segments[number].reservedByteCount = segments[number].byteCount
    }

    private mutating func finishRecovery(_ checkpoint: LogCheckpoint?, on disk: any Disk) throws(DiskFault) {
        if segments.isEmpty || segments[segments.count - 1].file == nil {
            try beginFirstSegment(on: disk)
        } else {
            try cutTail(ofSegment: segments.count - 1, on: disk)
            try leaveLostEnd(on: disk)
        }
        logEndOffset = writtenOffset
        cleanedOffset = min(cleanedOffset, logEndOffset)
        checkpointOffset = checkpoint?.segments.last?.nextOffset ?? logStartOffset
        checkpointByteCount = checkpoint?.segments.reduce(0) { $0 + $1.byteCount } ?? 0
        durableOffset = checkpoint == nil ? logStartOffset : min(durableOffset, logEndOffset)
        recovery.wasClean = recovery.wasClean && recovery.scannedByteCount == 0 && recovery.cutByteCount == 0
        checkpointIsClean = recovery.wasClean
        if producers.hasForgotten {
            unlearnedOffset = damages.filter { !$0.offsets.isEmpty }.map(\.offsets.lowerBound).min()
        }
        recovery.segmentCount = segments.count
    }

    /// New records go to a segment of their own: behind the lost ones in the file, what is lost could never be put back.
    private mutating func leaveLostEnd(on disk: any Disk) throws(DiskFault) {
        let last = segments[segments.count - 1]
        let isLost = damages.contains {
            $0.segment == last.baseOffset && $0.position == last.byteCount && $0.offsets.upperBound == last.nextOffset
        }
        guard isLost, last.nextOffset > last.baseOffset else { return }
        try beginSegment(at: last.nextOffset, snapshot: ProducerSnapshot.encode(producers), on: disk)
    }

    private mutating func beginFirstSegment(on disk: any Disk) throws(DiskFault) {
        var segment = Segment(baseOffset: max(logEndOffset, logStartOffset))
        segment.file = try disk.open(path(segment, LogFiles.log), .createOrOpen)
        (segment.index, segment.aborted) = (SegmentIndex(), [])
        segment.nameIsDurable = false
        segments.append(segment)
    }

    /// Takes note of damage, once: what lies within known damage is no news, and wider damage replaces what lies within it.
    mutating func note(_ damage: LogDamage) {
        guard !damages.contains(where: { $0.includes(damage) }) else { return }
        damages.removeAll { damage.includes($0) }
        damages.append(damage)
        if let number = segments.firstIndex(where: { $0.baseOffset == damage.segment }) {
            segments[number].verified.remove(damage.position..<damage.position + damage.byteCount)
        }
        damages.sort { ($0.segment, $0.position) < ($1.segment, $1.position) }
    }
}

extension LogDamage {
    fileprivate func includes(_ other: LogDamage) -> Bool {
        segment == other.segment && position <= other.position
            && position + byteCount >= other.position + other.byteCount
            && offsets.lowerBound <= other.offsets.lowerBound && offsets.upperBound >= other.offsets.upperBound
    }
}

extension Segment {
    init(_ entry: LogCheckpoint.SegmentEntry) {
        self.init(baseOffset: entry.baseOffset)
        nextOffset = entry.nextOffset
        byteCount = entry.byteCount
        reservedByteCount = entry.byteCount
        durableByteCount = entry.byteCount
        largestTimestamp = entry.largestTimestamp
        firstAppend = entry.firstAppend
        storedEntryCounts = entry.entryCounts
        abortedSummary = entry.aborted == .unknown ? nil : entry.aborted
    }
}
