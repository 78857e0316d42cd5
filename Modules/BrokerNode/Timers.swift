// SPDX-License-Identifier: Apache-2.0

internal import HeapModule
internal import Primitives

/// Names a timer, to cancel it.
struct TimerID: Hashable {
    fileprivate let rawValue: UInt64
}

/// Deadlines of one shard in order; equal deadlines fire in the order they were set.
struct Timers {
    private struct Entry: Comparable {
        let deadline: Instant
        let id: UInt64
        static func < (left: Entry, right: Entry) -> Bool {
            (left.deadline, left.id) < (right.deadline, right.id)
        }
    }

    private var heap = Heap<Entry>()
    private var actions: [UInt64: () -> Void] = [:]
    private var lastID: UInt64 = 0

    /// How many timers are set.
    var count: Int { actions.count }

    var nextDeadline: Instant? { heap.min?.deadline }

    mutating func set(at deadline: Instant, _ action: @escaping () -> Void) -> TimerID {
        lastID += 1
        heap.insert(Entry(deadline: deadline, id: lastID))
        actions[lastID] = action
        return TimerID(rawValue: lastID)
    }

    mutating func cancel(_ timer: TimerID) {
        actions[timer.rawValue] = nil
        dropCancelled()
        // Long polls that end early leave dead entries; rebuilding keeps the heap within twice what is alive.
        guard heap.count > 64, heap.count > 2 * actions.count else { return }
        heap = Heap(heap.unordered.filter { actions[$0.id] != nil })
    }

    /// The action of one timer that is due, removed.
    mutating func takeDue(at now: Instant) -> (() -> Void)? {
        dropCancelled()
        guard let first = heap.min, first.deadline <= now else { return nil }
        heap.removeMin()
        return actions.removeValue(forKey: first.id)
    }

    private mutating func dropCancelled() {
        while let first = heap.min, actions[first.id] == nil { heap.removeMin() }
    }
}
