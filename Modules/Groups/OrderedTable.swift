// SPDX-License-Identifier: Apache-2.0

/// A dictionary that remembers the order of insertion, so that whoever iterates it sees the same order in every run.
///
/// Insertion, removal and look-up are O(1) amortised; removal leaves a gap that a later insertion closes.
struct OrderedTable<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private var slots: [Slot] = []
    private var positions: [Key: Int] = [:]
    /// No slot before this one is occupied.
    private var head = 0

    private struct Slot: Sendable {
        let key: Key
        /// Nil in a gap.
        var value: Value?
    }

    var count: Int { positions.count }
    var isEmpty: Bool { positions.isEmpty }

    /// The value of `key`, changed in place. Values come with `insert` and go with `remove`.
    subscript(key: Key) -> Value? {
        _read {
            if let position = positions[key] {
                yield slots[position].value
            } else {
                yield nil
            }
        }
        _modify {
            if let position = positions[key] {
                yield &slots[position].value
                precondition(slots[position].value != nil, "a value was taken out without remove")
            } else {
                var absent: Value?
                yield &absent
                precondition(absent == nil, "a value was put in without insert")
            }
        }
    }

    func contains(_ key: Key) -> Bool { positions[key] != nil }

    /// Keys in the order of insertion, as they are now.
    var keys: [Key] { slots[head...].compactMap { $0.value == nil ? nil : $0.key } }

    /// The key that was inserted first.
    var firstKey: Key? { isEmpty ? nil : slots[head].key }

    func forEach(_ body: (Key, Value) -> Void) {
        for slot in slots[head...] {
            if let value = slot.value { body(slot.key, value) }
        }
    }

    func first(where matches: (Value) -> Bool) -> Key? {
        slots[head...].first { $0.value.map(matches) ?? false }?.key
    }

    mutating func insert(_ value: Value, for key: Key) {
        precondition(positions[key] == nil, "the key is in the table already")
        if slots.count >= 16, slots.count - positions.count > positions.count { closeGaps() }
        positions[key] = slots.count
        slots.append(Slot(key: key, value: value))
    }

    @discardableResult
    mutating func remove(_ key: Key) -> Value? {
        guard let position = positions.removeValue(forKey: key) else { return nil }
        let value = slots[position].value.take()
        if positions.isEmpty {
            slots.removeAll(keepingCapacity: slots.count <= 64)
            head = 0
        } else {
            while slots[head].value == nil { head += 1 }
        }
        return value
    }

    private mutating func closeGaps() {
        slots.removeAll { $0.value == nil }
        head = 0
        for (position, slot) in slots.enumerated() { positions[slot.key] = position }
    }
}
