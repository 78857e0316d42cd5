// SPDX-License-Identifier: Apache-2.0

internal import Primitives
internal import RecordBatch

/// Reads a segment's file from the disk, waiting for it, and judges what it finds. For recovery and repair only.
struct SegmentScanner {
    enum Finding {
        case batch(BatchHeader)
        case bad(LogDamage.Evidence)
        case end
    }

    let file: FileID
    /// The segment's: no batch in it begins before or ends more than 2^31-1 offsets after, because the indexes count so far.
    let base: Offset
    let byteCount: Int64
    private var window = SharedBytes.empty
    private var windowStart: Int64 = 0

    private static let windowByteCount = 1 << 20

    init(_ file: FileID, base: Offset, byteCount: Int64) {
        self.file = file
        self.base = base
        self.byteCount = byteCount
    }

    /// What lies at `position`: the batch that begins with `offset`, in `epoch` or a later one, or something else.
    mutating func look(
        at position: Int64, for offset: Offset, epoch: LeaderEpoch, on disk: any Disk
    ) throws(DiskFault) -> Finding {
        guard position < byteCount else { return .end }
        guard let header = try plausibleHeader(at: position, on: disk) else {
            return .bad(try isZero(from: position, to: min(position + 61, byteCount), on: disk) ? .zeros : .noBatch)
        }
        guard header.baseOffset == offset, header.partitionLeaderEpoch >= epoch else { return .bad(.wrongPlace) }
        guard try checksumHolds(header, at: position, on: disk) else { return .bad(.checksumMismatch) }
        return .batch(header)
    }

    /// The next batch after `position` that checks and may follow `offset`; nil when nothing valid is left.
    mutating func nextBatch(
        after position: Int64, from offset: Offset, epoch: LeaderEpoch, on disk: any Disk
    ) throws(DiskFault) -> (position: Int64, header: BatchHeader)? {
        var candidate = position + 1
        while candidate + Int64(BatchHeader.byteCount) <= byteCount {
            guard let magic = try firstMagic(from: candidate + 16, on: disk) else { return nil }
            candidate = magic - 16
            if let header = try plausibleHeader(at: candidate, on: disk), header.baseOffset >= offset,
                header.partitionLeaderEpoch >= epoch, header.baseOffset.distance(from: offset) <= Int64(Int32.max),
                try checksumHolds(header, at: candidate, on: disk)
            {
                return (candidate, header)
            }
            candidate += 1
        }
        return nil
    }

    /// A whole batch that was found at `position`.
    mutating func bytes(
        of header: BatchHeader, at position: Int64, on disk: any Disk
    ) throws(DiskFault) -> SharedBytes {
        try read(at: position, count: header.totalByteCount, on: disk)
    }

    /// Position after the last byte from `position` on that is not zero.
    mutating func endOfContent(from position: Int64, on disk: any Disk) throws(DiskFault) -> Int64 {
        var end = position
        var start = position
        while start < byteCount {
            let bytes = try available(at: start, on: disk)
            guard !bytes.isEmpty else { break }
            if !bytes.isZero {
                let last = unsafe bytes.withUnsafeBytes { unsafe $0.lastIndex { $0 != 0 } }
                if let last { end = start + Int64(last) + 1 }
            }
            start += Int64(bytes.count)
        }
        return end
    }

    private mutating func isZero(from start: Int64, to end: Int64, on disk: any Disk) throws(DiskFault) -> Bool {
        let bytes = try read(at: start, count: Int(end - start), on: disk)
        return bytes.isZero
    }

    private mutating func firstMagic(from start: Int64, on disk: any Disk) throws(DiskFault) -> Int64? {
        var position = start
        while position < byteCount {
            let bytes = try available(at: position, on: disk)
            guard !bytes.isEmpty else { return nil }
            let magic = UInt8(bitPattern: BatchHeader.magic)
            if !bytes.isZero, let index = unsafe bytes.withUnsafeBytes({ unsafe $0.firstIndex(of: magic) }) {
                return position + Int64(index)
            }
            position += Int64(bytes.count)
        }
        return nil
    }

    /// A header whose fields are possible and whose batch would end inside the file.
    private mutating func plausibleHeader(at position: Int64, on disk: any Disk) throws(DiskFault) -> BatchHeader? {
        guard position + Int64(BatchHeader.byteCount) <= byteCount else { return nil }
        let bytes = try read(at: position, count: BatchHeader.byteCount, on: disk)
        guard bytes.count == BatchHeader.byteCount else { return nil }
        let header: BatchHeader
        do throws(DecodeError) { header = try BatchHeader(parsing: bytes) } catch { return nil }
        guard header.lastOffsetDelta >= 0, header.recordCount >= 0, header.baseOffset >= base,
            position + Int64(header.totalByteCount) <= byteCount,
            header.baseOffset.distance(from: base) <= Int64(Int32.max - header.lastOffsetDelta)
        else { return nil }
        return header
    }

    private mutating func checksumHolds(
        _ header: BatchHeader, at position: Int64, on disk: any Disk
    ) throws(DiskFault) -> Bool {
        var crc = CRC32C()
        var start = position + Int64(BatchHeader.checksumStart)
        let end = position + Int64(header.totalByteCount)
        while start < end {
            let bytes = try available(at: start, on: disk)
            guard !bytes.isEmpty else { return false }
            let count = min(bytes.count, Int(end - start))
            crc.update(bytes.slice(from: 0, count: count))
            start += Int64(count)
        }
        return crc.value == header.checksum
    }

    /// The bytes from `position` on that are in the window, which moves there when there are none.
    private mutating func available(at position: Int64, on disk: any Disk) throws(DiskFault) -> SharedBytes {
        if position < windowStart || position >= windowStart + Int64(window.count) { try move(to: position, on: disk) }
        let skipped = Int(position - windowStart)
        return window.slice(from: skipped, count: window.count - skipped)
    }

    private mutating func read(at position: Int64, count: Int, on disk: any Disk) throws(DiskFault) -> SharedBytes {
        if position < windowStart || position + Int64(count) > windowStart + Int64(window.count) {
            try move(to: position, on: disk)
        }
        return window.slice(from: Int(position - windowStart), count: min(count, window.count))
    }

    private mutating func move(to position: Int64, on disk: any Disk) throws(DiskFault) {
        let count = Int(min(Int64(Self.windowByteCount), byteCount - position))
        window = try disk.read(file, at: position, count: count)
        windowStart = position
    }
}

extension SharedBytes {
    /// Nothing but zeros, looked at eight bytes at a time: reserved space is long.
    fileprivate var isZero: Bool {
        let wordEnd = count & ~7
        for position in stride(from: 0, to: wordEnd, by: 8) {
            let word: UInt64 = loadBigEndian(at: position)
            if word != 0 { return false }
        }
        for position in wordEnd..<count where self[position] != 0 { return false }
        return true
    }
}
