// SPDX-License-Identifier: Apache-2.0

import Primitives

/// A log as a checker remembers it: each prefix has a hash, so that two logs are compared up to a point in one look.
struct HashedLog {
    struct Entry: Hashable {
        /// Offset after it.
        let end: Int64
        /// Term or leader epoch.
        let epoch: Int64
        /// Stands for what it carries.
        let content: UInt64
    }

    /// Where the log begins, and the hash of all that was before.
    private(set) var start: Int64
    private var startHash: UInt64
    private(set) var entries: [(entry: Entry, hash: UInt64)] = []

    init(start: Int64 = 0, hash: UInt64 = 0) {
        self.start = start
        startHash = hash
    }

    var end: Int64 { entries.last?.entry.end ?? start }

    /// - Returns: The hash of the log with the new entry.
    mutating func append(_ entry: Entry) -> UInt64 {
        var mixer = Entropy(seed: (entries.last?.hash ?? startHash) &* 31 &+ UInt64(bitPattern: entry.end))
        mixer = Entropy(seed: mixer.next() ^ entry.content)
        let hash = mixer.next() &+ UInt64(bitPattern: entry.epoch) &* 0x9e37_79b9_7f4a_7c15
        entries.append((entry, hash))
        return hash
    }

    /// Keeps the entries that end at `end` or before.
    mutating func truncate(to end: Int64) {
        while let last = entries.last, last.entry.end > end { entries.removeLast() }
    }

    /// Index of the first entry that ends after `end`.
    func place(after end: Int64) -> Int {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].entry.end <= end { low = middle + 1 } else { high = middle }
        }
        return low
    }

    func place(ofEnd end: Int64) -> Int? {
        let place = place(after: end) - 1
        return place >= 0 && entries[place].entry.end == end ? place : nil
    }

    /// Nil where no entry ends.
    func hash(atEnd end: Int64) -> UInt64? {
        end == start ? startHash : place(ofEnd: end).map { entries[$0].hash }
    }
}
