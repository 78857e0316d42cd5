// SPDX-License-Identifier: Apache-2.0

internal import Primitives

/// The last offset of each key in the part of a log that is being compacted, in memory of a fixed size.
///
/// Open addressing with linear probing over hashes of 128 bits: 24 bytes a slot, whatever the length of the keys.
struct OffsetMap: Sendable {
    private struct Slot {
        var high: UInt64 = 0
        var low: UInt64 = 0
        /// −1 in a free slot.
        var offset: Int64 = -1
    }

    static let slotByteCount = MemoryLayout<Slot>.stride

    private var slots: [Slot]
    private let secret: KeyHash.Secret
    private(set) var count = 0
    let countMax: Int

    /// - Parameters:
    ///   - countMax: Keys expected at most; fewer fit when `byteCountMax` says so.
    ///   - loadFactor: Share of the slots that may be taken (`log.cleaner.io.buffer.load.factor`).
    init(countMax expected: Int64, byteCountMax: Int, loadFactor: Double, secret: KeyHash.Secret) {
        precondition(loadFactor > 0 && loadFactor < 1, "a load factor of \(loadFactor)")
        let slotCountMax = max(2, byteCountMax / Self.slotByteCount)
        let wanted = Double(expected) / loadFactor + 2
        let slotCount = wanted < Double(slotCountMax) ? max(2, Int(wanted)) : slotCountMax
        slots = Array(repeating: Slot(), count: slotCount)
        countMax = max(1, min(slotCount - 1, Int(Double(slotCount) * loadFactor)))
        self.secret = secret
    }

    var isFull: Bool { count >= countMax }
    var byteCount: Int { slots.count * Self.slotByteCount }

    /// Takes note that a record with `key` stands at `offset`, after all that were noted before.
    ///
    /// - Returns: False when the key is new and there is no room for it.
    mutating func note(_ key: SharedBytes, at offset: Offset) -> Bool {
        let hash = KeyHash(key, under: secret)
        let index = self.index(of: hash)
        if slots[index].offset < 0 {
            guard !isFull else { return false }
            count += 1
        }
        slots[index] = Slot(high: hash.high, low: hash.low, offset: offset.rawValue)
        return true
    }

    /// The last offset noted for `key`.
    func offset(of key: SharedBytes) -> Offset? {
        guard count > 0 else { return nil }
        let slot = slots[index(of: KeyHash(key, under: secret))]
        return slot.offset < 0 ? nil : Offset(slot.offset)
    }

    /// The slot of a hash, or the free one where it belongs. There always is a free one.
    private func index(of hash: KeyHash) -> Int {
        var index = Int(hash.low % UInt64(slots.count))
        while slots[index].offset >= 0, slots[index].high != hash.high || slots[index].low != hash.low {
            index += 1
            if index == slots.count { index = 0 }
        }
        return index
    }
}
