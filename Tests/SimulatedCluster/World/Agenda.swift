// SPDX-License-Identifier: Apache-2.0

import Primitives

/// What is to happen, by virtual time: a binary heap. Of things due at the same time the seed decides which comes
/// first.
struct Agenda {
    struct Entry {
        let time: Int64
        /// Drawn from the seed, so that no order among equals is ever relied on.
        let tie: UInt64
        let body: () -> Void

        func precedes(_ other: Entry) -> Bool { time == other.time ? tie < other.tie : time < other.time }
    }

    private var entries: [Entry] = []

    var count: Int { entries.count }
    var nextTime: Int64? { entries.first?.time }

    mutating func insert(_ entry: Entry) {
        entries.append(entry)
        var child = entries.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard entries[child].precedes(entries[parent]) else { return }
            entries.swapAt(child, parent)
            child = parent
        }
    }

    mutating func removeFirst() -> Entry {
        precondition(!entries.isEmpty, "nothing is due")
        let last = entries.count - 1
        entries.swapAt(0, last)
        let first = entries.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < last && entries[child].precedes(entries[least])
            {
                least = child
            }
            guard least != parent else { return first }
            entries.swapAt(parent, least)
            parent = least
        }
    }
}
