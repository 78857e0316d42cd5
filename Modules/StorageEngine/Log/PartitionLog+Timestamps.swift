// SPDX-License-Identifier: Apache-2.0

public import Primitives
internal import RecordBatch

extension PartitionLog {
    /// The first record at or after `timestamp`, below `bound`.
    ///
    /// Exact: the time index leads to the neighbourhood, batches and then records are looked at one by one.
    /// - Throws: `.cold` when bytes have to come from the device first.
    public mutating func offset(
        atOrAfter timestamp: Timestamp, below bound: Offset, on disk: any Disk
    ) throws(ReadRefusal) -> TimestampedOffset? {
        guard state != .closed else { throw .closed }
        let limit = min(bound, writtenOffset)
        for number in segments.indices
        where segments[number].largestTimestamp.timestamp >= timestamp
            && segments[number].nextOffset > logStartOffset && segments[number].baseOffset < limit
        {
            if let found = try firstRecord(atOrAfter: timestamp, below: limit, inSegment: number, on: disk) {
                return found
            }
        }
        return nil
    }

    /// The first record with the largest timestamp below `bound` (KIP-734); nil in an empty log.
    public mutating func maxTimestamp(
        below bound: Offset, on disk: any Disk
    ) throws(ReadRefusal) -> TimestampedOffset? {
        guard state != .closed else { throw .closed }
        let limit = min(bound, writtenOffset)
        var largest = Timestamp.none
        for number in segments.indices
        where segments[number].nextOffset > logStartOffset && segments[number].baseOffset < limit {
            let segment = segments[number]
            let isWhole = segment.nextOffset <= limit && segment.baseOffset >= logStartOffset
            let candidate =
                isWhole
                ? segment.largestTimestamp.timestamp : try largestTimestamp(below: limit, inSegment: number, on: disk)
            largest = max(largest, candidate)
        }
        guard largest != .none else { return nil }
        return try offset(atOrAfter: largest, below: limit, on: disk)
    }

    private mutating func firstRecord(
        atOrAfter timestamp: Timestamp, below limit: Offset, inSegment number: Int, on disk: any Disk
    ) throws(ReadRefusal) -> TimestampedOffset? {
        try loadIndex(ofSegment: number, on: disk)
        let skipped = segments[number].index?.lastEntry(before: timestamp)
        var start = max(logStartOffset, segments[number].baseOffset)
        if let skipped { start = max(start, segments[number].baseOffset + Int64(skipped.lastOffsetDelta) + 1) }
        while start < min(limit, segments[number].nextOffset) {
            try checkReadable(start)
            let place = try place(of: start, inSegment: number, on: disk)
            let header = try header(at: place.position, inSegment: number, on: disk)
            if header.maxTimestamp >= timestamp, !header.isControl {
                let batch = try batch(header, at: place.position, inSegment: number, on: disk)
                if let found = try first(in: batch, atOrAfter: timestamp, from: logStartOffset, place.position, number),
                    found.offset < limit
                {
                    return found
                }
            }
            start = header.nextOffset
            recent.noteCursor(
                .init(
                    offset: start, segment: segments[number].baseOffset,
                    position: place.position + Int64(header.totalByteCount)))
        }
        return nil
    }

    private mutating func largestTimestamp(
        below limit: Offset, inSegment number: Int, on disk: any Disk
    ) throws(ReadRefusal) -> Timestamp {
        var largest = Timestamp.none
        var start = max(logStartOffset, segments[number].baseOffset)
        if start == segments[number].baseOffset {
            try loadIndex(ofSegment: number, on: disk)
            let known = segments[number].index?.lastTimeEntry(belowOffsetDelta: limit.distance(from: start))
            if let known {
                largest = known.timestamp
                start = start + Int64(known.lastOffsetDelta) + 1
            }
        }
        while start < min(limit, segments[number].nextOffset) {
            try checkReadable(start)
            let place = try place(of: start, inSegment: number, on: disk)
            let header = try header(at: place.position, inSegment: number, on: disk)
            if header.nextOffset <= limit, !header.isControl { largest = max(largest, header.maxTimestamp) }
            start = header.nextOffset
            recent.noteCursor(
                .init(
                    offset: start, segment: segments[number].baseOffset,
                    position: place.position + Int64(header.totalByteCount)))
        }
        return largest
    }

    private func checkReadable(_ offset: Offset) throws(ReadRefusal) {
        if let damage = damages.first(where: { $0.offsets.contains(offset) }) { throw .damaged(damage) }
    }

    private mutating func batch(
        _ header: BatchHeader, at position: Int64, inSegment number: Int, on disk: any Disk
    ) throws(ReadRefusal) -> Batch {
        let file = try openFile(ofSegment: number, on: disk)
        let bytes: SharedBytes?
        do throws(DiskFault) {
            bytes = try disk.readIfCached(file, at: position, count: header.totalByteCount)
        } catch { throw .disk(error) }
        guard let bytes, bytes.count == header.totalByteCount else {
            throw .cold(file, position: position, byteCount: header.totalByteCount)
        }
        do throws(DecodeError) {
            let batch = try Batch(parsing: bytes)
            try batch.verifyChecksum()
            return batch
        } catch { throw .damaged(checksumDamage(header, at: position, number)) }
    }

    private func first(
        in batch: Batch, atOrAfter timestamp: Timestamp, from start: Offset, _ position: Int64, _ number: Int
    ) throws(ReadRefusal) -> TimestampedOffset? {
        let epoch = batch.header.partitionLeaderEpoch
        do throws(RecordsError) {
            var records = try Records(batch, using: Decompressor())
            while let record = try records.next() {
                let time =
                    batch.header.timestampType == .logAppendTime ? batch.header.maxTimestamp : record.timestamp
                guard time >= timestamp, record.offset >= start else { continue }
                return TimestampedOffset(offset: record.offset, timestamp: time, leaderEpoch: epoch)
            }
            return nil
        } catch { throw .damaged(checksumDamage(batch.header, at: position, number)) }
    }

    private func checksumDamage(_ header: BatchHeader, at position: Int64, _ number: Int) -> LogDamage {
        LogDamage(
            segment: segments[number].baseOffset, position: position, byteCount: Int64(header.totalByteCount),
            offsets: header.baseOffset..<header.nextOffset, evidence: .checksumMismatch)
    }
}
