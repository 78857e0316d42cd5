// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import Primitives

/// The last committed entries, for whoever follows and is only a little behind.
struct RecentEntries {
    private static let byteCountMax = 8 << 20

    private var entries: [RaftEntry] = []
    private var byteCount = 0
    /// Where the first entry begins.
    private(set) var start: Offset
    private(set) var end: Offset

    init(from offset: Offset) { (start, end) = (offset, offset) }

    mutating func append(_ entry: RaftEntry) {
        precondition(entry.base == end, "an entry from \(entry.base) after \(end)")
        entries.append(entry)
        byteCount += entry.byteCount
        end = entry.end
        guard byteCount > Self.byteCountMax else { return }
        // A quarter at once, so that moving the rest costs little for each.
        var count = 0
        while byteCount > Self.byteCountMax / 4 * 3, count < entries.count {
            byteCount -= entries[count].byteCount
            count += 1
        }
        entries.removeFirst(count)
        start = entries.first?.base ?? end
    }

    /// Entries from `offset` on, at most `byteCountMax` bytes and at least one; nil when they are gone or no entry begins
    /// there.
    func entries(from offset: Offset, byteCountMax: Int) -> ArraySlice<RaftEntry>? {
        guard offset >= start, offset <= end else { return nil }
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].base < offset { low = middle + 1 } else { high = middle }
        }
        guard low == entries.count || entries[low].base == offset else { return nil }
        var last = low
        var taken = 0
        while last < entries.count {
            taken += entries[last].byteCount
            if taken > byteCountMax, last > low { break }
            last += 1
        }
        return entries[low..<last]
    }
}
