// SPDX-License-Identifier: Apache-2.0

/// Deadlines in order. Setting, moving and cancelling one is O(log n) and hashes nothing; a cancelled one leaves nothing
/// behind, so a heap holds as many entries as there are timers running.
package struct DeadlineHeap<Key: Sendable>: Sendable {
    /// A running timer, kept by its owner; nil when none runs.
    package struct Handle: Sendable, Equatable {
        fileprivate let slot: Int
    }

    private struct Timer: Sendable {
        var deadline: Instant
        /// Breaks ties: of equal deadlines the one set first comes first.
        var sequence: Int
        var position: Int
        /// Nil in a slot to be used again.
        var key: Key?
    }

    private var timers: [Timer] = []
    private var heap: [Int] = []
    private var vacant: [Int] = []
    private var sequence = 0

    package init() {}

    package var count: Int { heap.count }
    package var next: Instant? { heap.first.map { timers[$0].deadline } }

    /// Starts the timer, or moves it when it runs.
    package mutating func set(_ handle: inout Handle?, to deadline: Instant, for key: @autoclosure () -> Key) {
        sequence += 1
        if let handle {
            timers[handle.slot].deadline = deadline
            timers[handle.slot].sequence = sequence
            siftUp(timers[handle.slot].position)
            siftDown(timers[handle.slot].position)
            return
        }
        let timer = Timer(deadline: deadline, sequence: sequence, position: heap.count, key: key())
        let slot: Int
        if let reused = vacant.popLast() {
            slot = reused
            timers[slot] = timer
        } else {
            slot = timers.count
            timers.append(timer)
        }
        heap.append(slot)
        siftUp(timer.position)
        handle = Handle(slot: slot)
    }

    package mutating func cancel(_ handle: inout Handle?) {
        guard let running = handle else { return }
        _ = remove(running.slot)
        handle = nil
    }

    /// Takes out the first timer whose deadline has come. Its owner forgets the handle before anything else.
    package mutating func popDue(at now: Instant) -> Key? {
        guard let slot = heap.first, timers[slot].deadline <= now else { return nil }
        return remove(slot)
    }

    private mutating func remove(_ slot: Int) -> Key {
        guard let key = timers[slot].key.take() else { preconditionFailure("timer \(slot) does not run") }
        let position = timers[slot].position
        let last = heap.removeLast()
        if last != slot {
            place(last, at: position)
            siftUp(position)
            siftDown(timers[last].position)
        }
        vacant.append(slot)
        return key
    }

    private func comesFirst(_ left: Int, _ right: Int) -> Bool {
        (timers[left].deadline, timers[left].sequence) < (timers[right].deadline, timers[right].sequence)
    }

    private mutating func place(_ slot: Int, at position: Int) {
        heap[position] = slot
        timers[slot].position = position
    }

    private mutating func siftUp(_ start: Int) {
        var position = start
        let slot = heap[position]
        while position > 0, comesFirst(slot, heap[(position - 1) / 2]) {
            place(heap[(position - 1) / 2], at: position)
            position = (position - 1) / 2
        }
        place(slot, at: position)
    }

    private mutating func siftDown(_ start: Int) {
        var position = start
        let slot = heap[position]
        while true {
            var child = 2 * position + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, comesFirst(heap[child + 1], heap[child]) { child += 1 }
            guard comesFirst(heap[child], slot) else { break }
            place(heap[child], at: position)
            position = child
        }
        place(slot, at: position)
    }
}
