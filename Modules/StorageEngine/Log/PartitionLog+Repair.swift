// SPDX-License-Identifier: Apache-2.0

public import Primitives
internal import RecordBatch

/// Why bytes of a peer do not mend a damage. The log is as before.
public enum MendRefusal: Error, Equatable, Sendable {
    /// Not among the log's `damages` (any more).
    case unknownDamage
    /// Not whole batches with right checksums; the position counts from the first byte given.
    case malformed(DecodeError)
    /// Not exactly the damaged offsets, or not in as many bytes as they took here.
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
    /// it: then they lie where the lost ones belong, and it cannot be mended. Waits for the disk.
    /// - Parameters:
    ///   - damage: One of `damages`.
    ///   - bytes: The batches of exactly `damage.offsets`.
    public mutating func mend(_ damage: LogDamage, with bytes: SharedBytes, on disk: any Disk) throws(MendRefusal) {
        guard damages.contains(damage), let number = segments.firstIndex(where: { $0.baseOffset == damage.segment })
        else { throw .unknownDamage }
        let isEnd = damage.position == segments[number].byteCount
        let headers = try fittingHeaders(in: bytes, for: damage, isEnd: isEnd)
        do throws(LogFault) {
            try settle(on: disk)
            try overwrite(damage, with: bytes, inSegment: number, on: disk)
        } catch { throw .log(error) }
        if isEnd {
            segments[number].byteCount += Int64(bytes.count)
            segments[number].durableByteCount = segments[number].byteCount
            segments[number].nextOffset = damage.offsets.upperBound
        }
        for header in headers {
            epochs.amend(header.partitionLeaderEpoch, at: header.baseOffset)
            segments[number].noteTime(of: header)
        }
        damages.removeAll { $0 == damage }
        recent.forgetAll()
        do throws(LogFault) { try writeCheckpointNow(isClean: false, on: disk) } catch { throw .log(error) }
    }

    private mutating func overwrite(
        _ damage: LogDamage, with bytes: SharedBytes, inSegment number: Int, on disk: any Disk
    ) throws(LogFault) {
        do throws(DiskFault) {
            let file = try openCheckedFile(ofSegment: number, on: disk)
            try disk.write([bytes], to: file, at: damage.position)
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
        guard position == bytes.count, next == damage.offsets.upperBound, !headers.isEmpty,
            isEnd || Int64(bytes.count) == damage.byteCount
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
        guard header.maxTimestamp > largestTimestamp.timestamp else { return }
        largestTimestamp = .init(
            timestamp: header.maxTimestamp, lastOffsetDelta: Int32(header.lastOffset.distance(from: baseOffset)))
    }
}

// MARK: Scrub

/// Checks every batch of one closed segment, a few bytes at a time, so that damage is found before a reader or a lost
/// replica needs the bytes.
///
/// A value of its own: it is stepped on another thread, with that thread's disk, while the log goes on.
public struct SegmentScrub: Sendable {
    /// The segment's base offset.
    public let segment: Offset
    public private(set) var verifiedByteCount: Int64 = 0
    /// New damage, by position; for `PartitionLog.note`.
    public private(set) var damages: [LogDamage] = []
    public private(set) var isDone = false

    let path: String
    let byteCount: Int64
    let nextOffset: Offset
    let known: [LogDamage]
    let truncationCount: Int
    private var next: Offset
    private var epoch = LeaderEpoch.none
    private var file: FileID?

    init(_ segment: Segment, path: String, known: [LogDamage], truncationCount: Int) {
        self.segment = segment.baseOffset
        self.path = path
        byteCount = segment.byteCount
        nextOffset = segment.nextOffset
        next = segment.baseOffset
        self.known = known
        self.truncationCount = truncationCount
    }

    /// Verifies about `byteCountMax` bytes more, at least one batch. Waits for the disk.
    public mutating func verifyNext(byteCountMax: Int, on disk: any Disk) throws(DiskFault) {
        precondition(!isDone, "segment \(segment) is verified already")
        let file = try openFile(on: disk)
        var scanner = SegmentScanner(file, base: segment, byteCount: byteCount)
        let stop = verifiedByteCount + Int64(byteCountMax)
        repeat {
            try verifyOne(with: &scanner, on: disk)
        } while !isDone && verifiedByteCount < stop
        if isDone { close(on: disk) }
    }

    /// Gives the file back before the end.
    public mutating func close(on disk: any Disk) {
        if let file { disk.close(file) }
        file = nil
    }

    private mutating func openFile(on disk: any Disk) throws(DiskFault) -> FileID {
        if let file { return file }
        let opened = try disk.open(path, .read)
        file = opened
        return opened
    }

    private mutating func verifyOne(with scanner: inout SegmentScanner, on disk: any Disk) throws(DiskFault) {
        let position = verifiedByteCount
        if let damage = known.first(where: { $0.position == position && $0.byteCount > 0 }) {
            verifiedByteCount += damage.byteCount
            next = damage.offsets.upperBound
            isDone = verifiedByteCount >= byteCount
            return
        }
        switch try scanner.look(at: position, for: next, epoch: epoch, on: disk) {
        case .batch(let header):
            verifiedByteCount += Int64(header.totalByteCount)
            (next, epoch) = (header.nextOffset, header.partitionLeaderEpoch)
        case .end: isDone = true
        case .bad(let evidence):
            let found = try scanner.nextBatch(after: position, from: next, epoch: epoch, on: disk)
            let end = found?.position ?? byteCount
            let offsets = next..<max(next, found?.header.baseOffset ?? nextOffset)
            damages.append(
                LogDamage(
                    segment: segment, position: position, byteCount: end - position, offsets: offsets,
                    evidence: evidence))
            (verifiedByteCount, next) = (end, offsets.upperBound)
        }
        if verifiedByteCount >= byteCount { isDone = true }
    }
}

extension PartitionLog {
    /// A scrub of the first closed segment after the one that begins at `segment`, or of the first at all; nil after the
    /// last.
    public func scrub(after segment: Offset?) -> SegmentScrub? {
        let closed = segments.dropLast().first { $0.isDurable && $0.baseOffset > segment ?? Offset(-1) }
        return closed.map { found in
            SegmentScrub(
                found, path: path(found, LogFiles.log), known: damages.filter { $0.segment == found.baseOffset },
                truncationCount: truncationCount)
        }
    }

    /// Takes note of what a scrub has found, unless the log was cut meanwhile or the segment is gone: what is damaged is
    /// not given to readers, and can be mended.
    public mutating func note(_ scrub: SegmentScrub) {
        guard scrub.truncationCount == truncationCount,
            segments.contains(where: { $0.baseOffset == scrub.segment })
        else { return }
        for damage in scrub.damages { note(damage) }
    }
}
