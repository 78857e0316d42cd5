// SPDX-License-Identifier: Apache-2.0

internal import Primitives
internal import RecordBatch

/// What the log remembers of one idempotent producer: its epoch and its last five batches (KIP-98).
struct ProducerState: Sendable {
    struct Entry: Equatable, Sendable {
        var lastSequence: Int32
        var lastOffset: Offset
        var offsetDelta: Int32
        var timestamp: Timestamp

        var baseOffset: Offset { lastOffset - Int64(offsetDelta) }
        var baseSequence: Int32 { Int32((Int64(lastSequence) - Int64(offsetDelta)) & 0x7fff_ffff) }
    }

    /// As many as a client has in flight at most (`max.in.flight.requests.per.connection` with idempotence).
    static let entryCountMax = 5

    let producerID: ProducerID
    var epoch: ProducerEpoch
    private(set) var entryCount = 0
    private var ring: InlineArray<5, Entry>

    init(_ producerID: ProducerID, epoch: ProducerEpoch) {
        self.producerID = producerID
        self.epoch = epoch
        let blank = Entry(lastSequence: -1, lastOffset: Offset(-1), offsetDelta: 0, timestamp: .none)
        ring = InlineArray(repeating: blank)
    }

    /// Entries from the oldest to the newest.
    subscript(index: Int) -> Entry {
        precondition(index < entryCount, "entry \(index) of \(entryCount)")
        return ring[index]
    }

    var last: Entry? { entryCount == 0 ? nil : ring[entryCount - 1] }

    mutating func add(_ entry: Entry) {
        if entryCount == Self.entryCountMax {
            for index in 1..<entryCount { ring[index - 1] = ring[index] }
            entryCount -= 1
        }
        ring[entryCount] = entry
        entryCount += 1
    }

    mutating func begin(_ newEpoch: ProducerEpoch) {
        epoch = newEpoch
        entryCount = 0
    }

    /// The remembered batch with exactly these sequences.
    func duplicate(of header: BatchHeader) -> Entry? {
        guard header.producerEpoch == epoch else { return nil }
        for index in 0..<entryCount
        where ring[index].baseSequence == header.baseSequence && ring[index].lastSequence == header.lastSequence {
            return ring[index]
        }
        return nil
    }
}

/// All producers a log remembers, in the order in which they wrote last.
///
/// A doubly linked list through an array, so that taking note of a batch, forgetting the oldest and undoing either take
/// constant time, and no order depends on hashing.
struct ProducerStates: Sendable {
    private struct Slot: Sendable {
        var state: ProducerState
        var older: Int
        var newer: Int
    }

    private static let nowhere = -1

    private var slots: [Slot] = []
    private var freeSlots: [Int] = []
    private var slotOfProducer: [ProducerID: Int] = [:]
    private var oldest = nowhere
    private var newest = nowhere

    /// Whether a producer may have been forgotten that wrote to this log. Only then can a producer that is not known
    /// rightly begin with a sequence above 0.
    var hasForgotten = false

    var count: Int { slotOfProducer.count }

    func state(of producer: ProducerID) -> ProducerState? { slotOfProducer[producer].map { slots[$0].state } }

    /// Decides about a batch without changing anything.
    ///
    /// - Returns: The entry of the same batch if it is in the log already.
    func check(_ header: BatchHeader) throws(AppendRefusal) -> ProducerState.Entry? {
        guard let state = state(of: header.producerID) else {
            guard header.baseSequence == 0 || hasForgotten else {
                throw .outOfOrderSequence(header.producerID, expected: 0, received: header.baseSequence)
            }
            return nil
        }
        guard header.producerEpoch >= state.epoch else {
            throw .invalidProducerEpoch(header.producerID, current: state.epoch, received: header.producerEpoch)
        }
        if let duplicate = state.duplicate(of: header) { return duplicate }
        let expected = header.producerEpoch == state.epoch ? state.last.map { Self.successor(of: $0.lastSequence) } : 0
        guard let expected, expected != header.baseSequence else { return nil }
        throw .outOfOrderSequence(header.producerID, expected: expected, received: header.baseSequence)
    }

    /// Sequences count from 0 to 2^31-1 and begin again.
    static func successor(of sequence: Int32) -> Int32 { sequence == .max ? 0 : sequence + 1 }

    /// Takes note of a batch at `baseOffset`, unchecked.
    ///
    /// - Returns: What was known of the producer before, for `restore`.
    @discardableResult
    mutating func note(_ header: BatchHeader, at baseOffset: Offset, wroteAt time: Timestamp) -> ProducerState? {
        let before = state(of: header.producerID)
        var state = before ?? ProducerState(header.producerID, epoch: header.producerEpoch)
        if state.epoch != header.producerEpoch { state.begin(header.producerEpoch) }
        if !header.isControl {
            state.add(
                ProducerState.Entry(
                    lastSequence: header.lastSequence, lastOffset: baseOffset + Int64(header.lastOffsetDelta),
                    offsetDelta: header.lastOffsetDelta, timestamp: time))
        }
        put(state)
        return before
    }

    /// Puts a state in the place of the newest.
    mutating func put(_ state: ProducerState) {
        if let slot = slotOfProducer[state.producerID] {
            slots[slot].state = state
            guard slot != newest else { return }
            unlink(slot)
            linkAsNewest(slot)
            return
        }
        let slot: Int
        if let free = freeSlots.popLast() {
            slot = free
            slots[slot] = Slot(state: state, older: Self.nowhere, newer: Self.nowhere)
        } else {
            slot = slots.count
            slots.append(Slot(state: state, older: Self.nowhere, newer: Self.nowhere))
        }
        slotOfProducer[state.producerID] = slot
        linkAsNewest(slot)
    }

    /// Undoes a `note`. The producer stays the newest: order only decides who is forgotten first.
    mutating func restore(_ before: ProducerState?, of producer: ProducerID) {
        if let before { put(before) } else { remove(producer) }
    }

    /// Forgets the producers that wrote longest ago until at most `countMax` are left.
    mutating func evict(downTo countMax: Int) {
        while count > countMax, oldest != Self.nowhere {
            remove(slots[oldest].state.producerID)
            hasForgotten = true
        }
    }

    /// Forgets producers whose last batch came before `time`.
    mutating func expire(before time: Timestamp) {
        while oldest != Self.nowhere, slots[oldest].state.last?.timestamp ?? .none < time {
            remove(slots[oldest].state.producerID)
            hasForgotten = true
        }
    }

    /// States from the one that wrote longest ago to the latest.
    var inOrder: [ProducerState] {
        var states: [ProducerState] = []
        states.reserveCapacity(count)
        var slot = oldest
        while slot != Self.nowhere {
            states.append(slots[slot].state)
            slot = slots[slot].newer
        }
        return states
    }

    private mutating func remove(_ producer: ProducerID) {
        guard let slot = slotOfProducer.removeValue(forKey: producer) else { return }
        unlink(slot)
        freeSlots.append(slot)
    }

    private mutating func unlink(_ slot: Int) {
        let (older, newer) = (slots[slot].older, slots[slot].newer)
        if older == Self.nowhere { oldest = newer } else { slots[older].newer = newer }
        if newer == Self.nowhere { newest = older } else { slots[newer].older = older }
    }

    private mutating func linkAsNewest(_ slot: Int) {
        slots[slot].older = newest
        slots[slot].newer = Self.nowhere
        if newest == Self.nowhere { oldest = slot } else { slots[newest].newer = slot }
        newest = slot
    }
}
