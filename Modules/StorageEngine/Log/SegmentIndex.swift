// SPDX-License-Identifier: Apache-2.0

internal import Primitives

/// Where some of a segment's batches begin, and how far time had come by then: enough to find any batch by a short scan.
///
/// The two lists are Kafka's `.index` and `.timeindex`. They hold at most `entryCountMax` entries each: when one is full,
/// every second entry goes and the interval doubles. A coarser index is as correct, lookups only scan further.
/// - SeeAlso: docs/formats/log.md
struct SegmentIndex: Equatable, Sendable {
    struct OffsetEntry: Equatable, Sendable {
        /// Last offset of the batch at `position`, less the segment's base offset.
        let lastOffsetDelta: Int32
        let position: Int32
    }

    struct TimeEntry: Equatable, Sendable {
        /// Largest timestamp of the segment up to and with the batch that ends at the offset.
        let timestamp: Timestamp
        /// Last offset of the batch that holds it, less the segment's base offset.
        let lastOffsetDelta: Int32
    }

    private(set) var offsets: [OffsetEntry] = []
    private(set) var times: [TimeEntry] = []
    private var interval: Int64 = 0
    /// End of the bytes that the last offset entry speaks for.
    private var coveredByteCount: Int64 = 0

    static let offsetEntryByteCount = 8
    static let timeEntryByteCount = 12

    init() {}

    /// Takes note of the batch at `position`; makes entries when enough bytes have passed since the last ones.
    mutating func note(
        position: Int64, byteCount: Int64, lastOffsetDelta: Int32, largestTimestamp: TimeEntry,
        interval intervalMin: Int, entryCountMax: Int
    ) {
        interval = max(interval, Int64(intervalMin))
        guard position + byteCount - coveredByteCount > interval, position > 0 else { return }
        if offsets.count >= entryCountMax { thin(entryCountMax) }
        offsets.append(OffsetEntry(lastOffsetDelta: lastOffsetDelta, position: Int32(position)))
        coveredByteCount = position + byteCount
        guard largestTimestamp.timestamp > times.last?.timestamp ?? .none else { return }
        times.append(largestTimestamp)
    }

    private mutating func thin(_ entryCountMax: Int) {
        offsets = offsets.indices.filter { $0 % 2 == 1 }.map { offsets[$0] }
        if times.count >= entryCountMax { times = times.indices.filter { $0 % 2 == 1 }.map { times[$0] } }
        interval *= 2
    }

    /// Ends the time index with the segment's largest timestamp, so that the closed file alone tells it.
    mutating func finish(_ largestTimestamp: TimeEntry) {
        guard largestTimestamp.timestamp > times.last?.timestamp ?? .none else { return }
        times.append(largestTimestamp)
    }

    /// A batch start at or before the batch that holds `offsetDelta`; 0 when only the segment's beginning is.
    func floor(offsetDelta: Int64) -> Int64 {
        let count = offsets.partitioningIndex { Int64($0.lastOffsetDelta) > offsetDelta }
        return count == 0 ? 0 : Int64(offsets[count - 1].position)
    }

    /// The last indexed batch start in `positions`.
    func last(in positions: ClosedRange<Int64>) -> Int64? {
        let count = offsets.partitioningIndex { Int64($0.position) > positions.upperBound }
        guard count > 0, Int64(offsets[count - 1].position) >= positions.lowerBound else { return nil }
        return Int64(offsets[count - 1].position)
    }

    /// The last entry with a smaller timestamp: no batch up to its offset reaches `timestamp`.
    func lastEntry(before timestamp: Timestamp) -> TimeEntry? {
        let count = times.partitioningIndex { $0.timestamp >= timestamp }
        return count == 0 ? nil : times[count - 1]
    }

    /// The last entry whose batch ends before `offsetDelta`.
    func lastTimeEntry(belowOffsetDelta offsetDelta: Int64) -> TimeEntry? {
        let count = times.partitioningIndex { Int64($0.lastOffsetDelta) >= offsetDelta }
        return count == 0 ? nil : times[count - 1]
    }

    /// Drops entries that speak of bytes from `position` or offsets from `offsetDelta` on.
    mutating func truncate(position: Int64, offsetDelta: Int64) {
        offsets.removeLast(offsets.count - offsets.partitioningIndex { Int64($0.position) >= position })
        times.removeLast(times.count - times.partitioningIndex { Int64($0.lastOffsetDelta) >= offsetDelta })
        coveredByteCount = min(coveredByteCount, position)
    }

    var offsetByteCount: Int { offsets.count * Self.offsetEntryByteCount }
    var timeByteCount: Int { times.count * Self.timeEntryByteCount }
}

// MARK: Files

extension SegmentIndex {
    /// Bytes of the `.index` file: relative offset and position, four bytes each, big-endian.
    var offsetBytes: SharedBytes {
        var writer = ByteWriter(capacity: offsetByteCount)
        for entry in offsets {
            writer.writeInt32(entry.lastOffsetDelta)
            writer.writeInt32(entry.position)
        }
        return writer.shared
    }

    /// Bytes of the `.timeindex` file: timestamp, eight bytes, and relative offset, four.
    var timeBytes: SharedBytes {
        var writer = ByteWriter(capacity: timeByteCount)
        for entry in times {
            writer.writeInt64(entry.timestamp.rawValue)
            writer.writeInt32(entry.lastOffsetDelta)
        }
        return writer.shared
    }

    /// Reads both files; nil when a length, an order or a bound is impossible for a segment of this size.
    ///
    /// What passes may still be wrong in ways that only the segment shows: lookups check the batch they land on.
    init?(offsetBytes: SharedBytes, timeBytes: SharedBytes, segmentByteCount: Int64, offsetCount: Int64) {
        guard offsetBytes.count % Self.offsetEntryByteCount == 0, timeBytes.count % Self.timeEntryByteCount == 0 else {
            return nil
        }
        for start in stride(from: 0, to: offsetBytes.count, by: Self.offsetEntryByteCount) {
            let entry = OffsetEntry(
                lastOffsetDelta: offsetBytes.loadBigEndian(at: start),
                position: offsetBytes.loadBigEndian(at: start + 4))
            let previous = offsets.last ?? OffsetEntry(lastOffsetDelta: -1, position: 0)
            guard entry.lastOffsetDelta > previous.lastOffsetDelta, Int64(entry.lastOffsetDelta) < offsetCount,
                entry.position > previous.position, Int64(entry.position) < segmentByteCount
            else { return nil }
            offsets.append(entry)
        }
        for start in stride(from: 0, to: timeBytes.count, by: Self.timeEntryByteCount) {
            let entry = TimeEntry(
                timestamp: Timestamp(timeBytes.loadBigEndian(at: start)),
                lastOffsetDelta: timeBytes.loadBigEndian(at: start + 8))
            guard entry.timestamp > times.last?.timestamp ?? .none, entry.lastOffsetDelta >= 0,
                Int64(entry.lastOffsetDelta) < offsetCount, entry.lastOffsetDelta >= times.last?.lastOffsetDelta ?? 0
            else { return nil }
            times.append(entry)
        }
        coveredByteCount = offsets.last.map { Int64($0.position) } ?? 0
    }
}

extension Array {
    /// Index of the first element that `belongsAfter`, by halving; elements must be ordered by it.
    func partitioningIndex(where belongsAfter: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if belongsAfter(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
