// SPDX-License-Identifier: Apache-2.0

internal import Primitives
internal import RecordBatch

/// Reads the batches of one closed segment in order, each with its checksum proven. Waits for the disk.
struct SegmentReader: Sendable {
    let source: CompactionSource
    private(set) var position: Int64 = 0
    private var next: Offset
    private var window = SharedBytes.empty
    private var windowStart: Int64 = 0
    private var file: FileID?
    private let path: String

    static let windowByteCount = 1 << 20

    init(_ source: CompactionSource, in folder: String) {
        self.source = source
        next = source.baseOffset
        path = folder + "/" + LogFiles.name(source.baseOffset, LogFiles.log)
    }

    /// The next batch; nil after the last. The memory is shared with the window it was read in.
    mutating func nextBatch(on disk: any Disk) throws(CompactionFault) -> Batch? {
        guard position < source.byteCount else {
            close(on: disk)
            return nil
        }
        let batch = try readBatch(on: disk)
        guard batch.header.baseOffset == next, batch.header.lastOffsetDelta >= 0, batch.header.recordCount >= 0,
            batch.header.nextOffset <= source.nextOffset
        else { throw damage(.wrongPlace) }
        position += Int64(batch.bytes.count)
        next = batch.header.nextOffset
        return batch
    }

    mutating func close(on disk: any Disk) {
        if let file { disk.close(file) }
        file = nil
        window = .empty
    }

    private mutating func readBatch(on disk: any Disk) throws(CompactionFault) -> Batch {
        let header = try header(on: disk)
        guard position + Int64(header.totalByteCount) <= source.byteCount else { throw damage(.noBatch) }
        try fill(header.totalByteCount, on: disk)
        do throws(DecodeError) {
            let batch = try Batch(parsing: window, at: Int(position - windowStart))
            try batch.verifyChecksum()
            return batch
        } catch { throw damage(.checksumMismatch) }
    }

    private mutating func header(on disk: any Disk) throws(CompactionFault) -> BatchHeader {
        try fill(BatchHeader.byteCount, on: disk)
        do throws(DecodeError) {
            return try BatchHeader(parsing: window, at: Int(position - windowStart))
        } catch { throw damage(.noBatch) }
    }

    /// Makes sure that the window holds `count` bytes from `position` on.
    private mutating func fill(_ count: Int, on disk: any Disk) throws(CompactionFault) {
        guard position < windowStart || position + Int64(count) > windowStart + Int64(window.count) else { return }
        let wanted = min(source.byteCount - position, Int64(max(count, Self.windowByteCount)))
        do throws(DiskFault) {
            let file = try opened(on: disk)
            window = try disk.read(file, at: position, count: Int(wanted))
        } catch { throw .disk(error) }
        windowStart = position
        guard window.count >= count else { throw damage(.missing) }
    }

    private mutating func opened(on disk: any Disk) throws(DiskFault) -> FileID {
        if let file { return file }
        let found = try disk.open(path, .read)
        file = found
        return found
    }

    /// All of the rest: where the next good batch begins is for whoever mends it to find out.
    private func damage(_ evidence: LogDamage.Evidence) -> CompactionFault {
        .damaged(
            LogDamage(
                segment: source.baseOffset, position: position, byteCount: source.byteCount - position,
                offsets: next..<source.nextOffset, evidence: evidence))
    }
}
