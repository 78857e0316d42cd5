// SPDX-License-Identifier: Apache-2.0

public import Primitives
internal import RecordBatch

/// Why bytes of a peer do not mend a damage. The log is as before.
public enum MendRefusal: Error, Equatable, Sendable {
    /// Not among the log's `damages` (any more).
    case unknownDamage
    /// Not whole batches with right checksums; the position counts from the first byte given.
    case malformed(DecodeError)
    /// Not the damaged offsets from the first on, or not in as many bytes as they took here.
    case doesNotFit(offsets: Range<Offset>, byteCount: Int64)
    /// Of other leaders than the records around the damage allow.
    case wrongEpoch(LeaderEpoch, at: Offset)
    case log(LogFault)
}

// MARK: Mend

extension PartitionLog {
    /// Puts a peer's batches in the place of damaged bytes, durably: nothing is truncated, no offset moves.
    ///
    /// A log and its peer's are equal byte for byte where they have the same records, so what belongs there has exactly the
    /// length of what is damaged. Only the lost end of a segment takes any length, unless records were appended behind
    /// it: then they lie where the lost ones belong, and it cannot be mended. Large damage is mended piece by piece: what
    /// is left of it is known damage of its own. What is compacted is mended whole or not at all, since a peer may have
    /// dropped less. Waits for the disk.
    /// - Parameters:
    ///   - damage: One of `damages`.
    ///   - bytes: Batches from the first offset of `damage.offsets` on, none beyond the last.
    /// - Returns: What is left of the damage; nil when all of it is mended.
    @discardableResult
    public mutating func mend(
        _ damage: LogDamage, with bytes: SharedBytes, on disk: any Disk
    ) throws(MendRefusal) -> LogDamage? {
        guard damages.contains(damage) else { throw .unknownDamage }
        if !segments.contains(where: { $0.baseOffset == damage.segment }) {
            try replaceMissingSegment(damage, on: disk)
        }
        guard let number = segments.firstIndex(where: { $0.baseOffset == damage.segment }) else { throw .unknownDamage }
        let isEnd = damage.position == segments[number].byteCount
        let headers = try fittingHeaders(in: bytes, for: damage, isEnd: isEnd)
        guard let last = headers.last else { preconditionFailure("no batch fits and none is refused") }
        let left = damage.after(bytes.count, next: last.nextOffset, isEnd: isEnd)
        do throws(LogFault) {
            try settle(on: disk)
            try overwrite(damage, with: bytes, inSegment: number, isWhole: left == nil, on: disk)
        } catch { throw .log(error) }
        if isEnd {
            segments[number].byteCount += Int64(bytes.count)
            segments[number].durableByteCount = segments[number].byteCount
            segments[number].nextOffset = max(segments[number].nextOffset, last.nextOffset)
            if number < segments.count - 1 { forgetIndex(ofSegment: number, on: disk) }
        }
        for header in headers {
            epochs.amend(header.partitionLeaderEpoch, at: header.baseOffset)
            segments[number].noteTime(of: header)
        }
        damages.removeAll { $0 == damage }
        segments[number].verified.add(damage.position..<damage.position + Int64(bytes.count))
        if let left { note(left) }
        recent.forgetAll()
        revision += 1
        do throws(LogFault) {
            try relearnProducers(on: disk)
            try writeCheckpointNow(isClean: false, on: disk)
        } catch { throw .log(error) }
        return left
    }

    /// Finds the producers again, once all is whole that recovery passed over: a batch that is sent again must be known.
    ///
    /// - Complexity: O(batches from there to the end), each a read of its header.
    private mutating func relearnProducers(on disk: any Disk) throws(LogFault) {
        guard let from = unlearnedOffset, !damages.contains(where: { $0.offsets.upperBound > from }) else { return }
        do throws(DiskFault) {
            let first = segmentNumber(holding: from)
            var states = try producersBefore(segment: first, on: disk)
            for number in first..<segments.count {
                let snapshot = path(segments[number], LogFiles.snapshot)
                // What was made meanwhile does not know them either.
                if number > first, disk.exists(snapshot) {
                    try LogFiles.overwrite(snapshot, with: ProducerSnapshot.encode(states), on: disk)
                }
                var aborted: [AbortedTransaction] = []
                try walkProducers(ofSegment: number, noting: &states, on: disk) { aborted.append($0) }
                (segments[number].aborted, segments[number].abortedSummary) = (aborted, nil)
                try storeAborted(ofSegment: number, on: disk)
            }
            states.evict(downTo: configuration.producerCountMax)
            producers = states
            unlearnedOffset = nil
        } catch {
            // Appends would not know what is there already: a restart mends it anew.
            state = .failed(error)
            throw .failed(error)
        }
    }

    /// Makes the file of a segment that is gone, for its batches to be put into.
    private mutating func replaceMissingSegment(_ damage: LogDamage, on disk: any Disk) throws(MendRefusal) {
        guard damage.position == 0, damage.evidence == .missing, !damage.offsets.isEmpty,
            damage.offsets.lowerBound == damage.segment
        else { throw .unknownDamage }
        let place = segments.partitioningIndex { $0.baseOffset > damage.segment }
        let isFree = place == segments.count || segments[place].baseOffset >= damage.offsets.upperBound
        guard isFree, place == 0 || segments[place - 1].nextOffset <= damage.segment else { throw .unknownDamage }
        var fresh = Segment(baseOffset: damage.segment)
        (fresh.byteCount, fresh.durableByteCount) = (damage.byteCount, damage.byteCount)
        fresh.nextOffset = damage.offsets.upperBound
        do throws(DiskFault) {
            let file = try disk.open(path(fresh, LogFiles.log), .createOrOpen)
            fresh.file = file
            // Wherever reading ends, it ends in known damage.
            try disk.truncate(file, to: 0)
            try disk.synchronizeDirectory(folder)
        } catch {
            if let file = fresh.file { disk.close(file) }
            throw .log(.disk(error))
        }
        segments.insert(fresh, at: place)
    }

    /// The index files of a segment end where its bytes ended before: they are made anew when a read needs them.
    private mutating func forgetIndex(ofSegment number: Int, on disk: any Disk) {
        closeIndexFiles(ofSegment: number, on: disk)
        (segments[number].index, segments[number].storedEntryCounts) = (nil, nil)
        loadedIndexes.removeAll { $0 == segments[number].baseOffset }
    }

    private mutating func overwrite(
        _ damage: LogDamage, with bytes: SharedBytes, inSegment number: Int, isWhole: Bool, on disk: any Disk
    ) throws(LogFault) {
        do throws(DiskFault) {
            let file = try openCheckedFile(ofSegment: number, on: disk)
            try disk.write([bytes], to: file, at: damage.position)
            let end = damage.position + Int64(bytes.count)
            // Behind the end of a closed segment may lie what a torn write left.
            let isEndOfClosed = isWhole && number < segments.count - 1 && end >= segments[number].byteCount
            if isEndOfClosed { try disk.truncate(file, to: end) }
            segments[number].reservedByteCount = try disk.size(of: file)
            try disk.synchronize(file)
        } catch {
            guard error.operation == .synchronize else { throw .disk(error) }
            state = .failed(error)
            throw .failed(error)
        }
    }

    private func fittingHeaders(
        in bytes: SharedBytes, for damage: LogDamage, isEnd: Bool
    ) throws(MendRefusal) -> [BatchHeader] {
        var headers: [BatchHeader] = []
        var position = 0
        var next = damage.offsets.lowerBound
        let last =
            damage.offsets.upperBound < writtenOffset ? epochs.epoch(of: damage.offsets.upperBound) : epochs.latest
        var epoch = next > .zero ? epochs.epoch(of: next - 1) : .none
        while position < bytes.count {
            let header = try checkedHeader(in: bytes, at: position)
            guard header.baseOffset == next, header.lastOffsetDelta >= 0 else { break }
            guard header.partitionLeaderEpoch >= epoch, header.partitionLeaderEpoch <= last else {
                throw .wrongEpoch(header.partitionLeaderEpoch, at: next)
            }
            headers.append(header)
            position += header.totalByteCount
            (next, epoch) = (header.nextOffset, header.partitionLeaderEpoch)
        }
        let isWhole = next == damage.offsets.upperBound
        let room = damage.byteCount - Int64(bytes.count)
        // Of what is compacted a peer may have more, such as a value whose tombstone is gone here: then it does not fit.
        let isPieceAllowed = damage.offsets.lowerBound >= cleanedOffset
        guard position == bytes.count, next <= damage.offsets.upperBound, !headers.isEmpty,
            isEnd || (isWhole ? room == 0 : room > 0 && isPieceAllowed)
        else { throw .doesNotFit(offsets: damage.offsets, byteCount: damage.byteCount) }
        return headers
    }

    private func checkedHeader(in bytes: SharedBytes, at position: Int) throws(MendRefusal) -> BatchHeader {
        do throws(DecodeError) {
            let batch = try Batch(parsing: bytes, at: position)
            do throws(DecodeError) { try batch.verifyChecksum() } catch {
                throw DecodeError(error.reason, at: position + error.position)
            }
            return batch.header
        } catch { throw .malformed(error) }
    }
}

extension Segment {
    /// Takes the times of a batch that was found in the middle.
    mutating func noteTime(of header: BatchHeader) {
        guard header.maxTimestamp > largestTimestamp.timestamp, header.recordCount > 0 else { return }
        largestTimestamp = .init(
            timestamp: header.maxTimestamp, lastOffsetDelta: Int32(header.lastOffset.distance(from: baseOffset)))
    }
}

extension LogDamage {
    /// What is left when batches of `count` bytes were put at its beginning, the last of which ends before `next`.
    fileprivate func after(_ count: Int, next: Offset, isEnd: Bool) -> LogDamage? {
        guard next < offsets.upperBound else { return nil }
        return LogDamage(
            segment: segment, position: position + Int64(count), byteCount: isEnd ? 0 : byteCount - Int64(count),
            offsets: next..<offsets.upperBound, evidence: evidence)
    }
}
