// SPDX-License-Identifier: Apache-2.0

public import Primitives
internal import RecordBatch

/// Checks every batch of one segment that is durable, a few bytes at a time, so that damage is found before a reader or a lost
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
    /// Bytes to verify: of the active segment, those that were durable when the scrub was made.
    public let byteCount: Int64
    let nextOffset: Offset
    let known: [LogDamage]
    let revision: Int
    let exchangeCount: Int64
    private var next: Offset
    /// Of the whole log. A batch's epoch lies outside its checksum, so this is what a wrong one is told by.
    private let epochs: LeaderEpochs
    private var file: FileID?

    init(
        _ segment: Segment, path: String, durableOffset: Offset, epochs: LeaderEpochs, known: [LogDamage],
        revision: Int,
        exchangeCount: Int64
    ) {
        self.segment = segment.baseOffset
        self.path = path
        byteCount = segment.durableByteCount
        nextOffset = segment.isDurable ? segment.nextOffset : durableOffset
        next = segment.baseOffset
        self.epochs = epochs
        self.known = known
        self.revision = revision
        self.exchangeCount = exchangeCount
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
        let epoch = epochs.epoch(of: next)
        switch try scanner.look(at: position, for: next, epoch: epoch, on: disk) {
        case .batch(let header) where epoch == .none || header.partitionLeaderEpoch == epoch:
            verifiedByteCount += Int64(header.totalByteCount)
            next = header.nextOffset
        case .batch(let header):
            found(.wrongPlace, byteCount: Int64(header.totalByteCount), upTo: header.nextOffset)
        case .end: isDone = true
        case .bad(let evidence):
            let good = try scanner.nextBatch(after: position, from: next, epoch: epoch, on: disk)
            found(
                evidence, byteCount: (good?.position ?? byteCount) - position,
                upTo: max(next, good?.header.baseOffset ?? nextOffset))
        }
        if verifiedByteCount >= byteCount { isDone = true }
    }

    /// Takes note of damage from here on, and goes on behind it.
    private mutating func found(_ evidence: LogDamage.Evidence, byteCount: Int64, upTo end: Offset) {
        damages.append(
            LogDamage(
                segment: segment, position: verifiedByteCount, byteCount: byteCount, offsets: next..<end,
                evidence: evidence))
        (verifiedByteCount, next) = (verifiedByteCount + byteCount, end)
    }
}

extension PartitionLog {
    /// A scrub of the first segment with durable bytes after the one that begins at `segment`, or of the first at all; nil
    /// after the last. The active one is scrubbed as far as it is durable.
    public func scrub(after segment: Offset?) -> SegmentScrub? {
        let next = segments.first { $0.durableByteCount > 0 && $0.baseOffset > segment ?? Offset(-1) }
        return next.map { found in
            SegmentScrub(
                found, path: path(found, LogFiles.log), durableOffset: durableOffset, epochs: epochs,
                known: damages.filter { $0.segment == found.baseOffset }, revision: revision,
                exchangeCount: exchangeCount)
        }
    }

    /// Takes note of what a scrub has found, unless the log was cut, mended or compacted meanwhile or the segment is gone:
    /// what is damaged is not given to readers, and can be mended.
    public mutating func note(_ scrub: SegmentScrub) {
        guard scrub.revision == revision, scrub.exchangeCount == exchangeCount,
            let number = segments.firstIndex(where: { $0.baseOffset == scrub.segment })
        else { return }
        if scrub.isDone { segments[number].verified.add(0..<scrub.byteCount) }
        for damage in damages where damage.segment == scrub.segment {
            segments[number].verified.remove(damage.position..<damage.position + damage.byteCount)
        }
        for damage in scrub.damages { note(damage) }
    }
}
