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

        init(lastSequence: Int32, lastOffset: Offset, offsetDelta: Int32, timestamp: Timestamp) {
            self.lastSequence = lastSequence
            self.lastOffset = lastOffset
            self.offsetDelta = offsetDelta
            self.timestamp = timestamp
        }

        init(_ header: BatchHeader, at baseOffset: Offset, wroteAt time: Timestamp) {
            self.init(
                lastSequence: header.lastSequence, lastOffset: baseOffset + Int64(header.lastOffsetDelta),
                offsetDelta: header.lastOffsetDelta, timestamp: time)
        }

        var baseOffset: Offset { lastOffset - Int64(offsetDelta) }
        var baseSequence: Int32 { Int32((Int64(lastSequence) - Int64(offsetDelta)) & 0x7fff_ffff) }
    }

    /// As many as a client has in flight at most (`max.in.flight.requests.per.connection` with idempotence).
    static let entryCountMax = 5

    let producerID: ProducerID
    var epoch: ProducerEpoch
    /// Of the coordinator that wrote the last marker; −1 before there was one.
    var coordinatorEpoch: Int32 = -1
    /// First offset of the transaction that is open.
    var transactionStart: Offset?
    /// When the last batch came, markers counted.
    var lastWrite = Timestamp.none
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

    /// Transactions whose outcome readers may not know yet.
    var transactions = UndecidedTransactions()

    var count: Int { slotOfProducer.count }

    func state(of producer: ProducerID) -> ProducerState? { slotOfProducer[producer].map { slots[$0].state } }

    /// Decides about a batch without changing anything.
    ///
    /// - Returns: The entry of the same batch if it is in the log already.
    func check(_ header: BatchHeader) throws(AppendRefusal) -> ProducerState.Entry? {
        guard let state = state(of: header.producerID) else {
            guard header.baseSequence == 0 || hasForgotten || !header.hasSequence else {
                throw .outOfOrderSequence(header.producerID, expected: 0, received: header.baseSequence)
            }
            return nil
        }
        guard header.producerEpoch >= state.epoch else {
            throw .invalidProducerEpoch(header.producerID, current: state.epoch, received: header.producerEpoch)
        }
        if let duplicate = state.duplicate(of: header) { return duplicate }
        let last = header.producerEpoch == state.epoch ? state.last : nil
        let expected = last.map { Self.successor(of: $0.lastSequence) } ?? 0
        guard expected == header.baseSequence || !header.hasSequence else {
            throw .outOfOrderSequence(header.producerID, expected: expected, received: header.baseSequence)
        }
        if let start = state.transactionStart, !header.isTransactional {
            throw .transactionIsOpen(header.producerID, since: start)
        }
        return nil
    }

    /// Decides about a marker without changing anything.
    ///
    /// Version 2 raises the epoch with each end, so a marker of the epoch that is open here is late: it was meant for the
    /// transaction before (KIP-890).
    /// - Returns: Whether the same marker has been written already.
    func check(_ marker: TransactionMarker) throws(AppendRefusal) -> Bool {
        guard let state = state(of: marker.producerID) else { return false }
        guard marker.producerEpoch >= state.epoch,
            marker.transactionVersion < 2 || marker.producerEpoch > state.epoch || state.transactionStart == nil
        else {
            throw .invalidProducerEpoch(
                marker.producerID, current: state.epoch, received: marker.producerEpoch)
        }
        guard marker.coordinatorEpoch >= state.coordinatorEpoch else {
            throw .transactionCoordinatorFenced(
                marker.producerID, current: state.coordinatorEpoch, received: marker.coordinatorEpoch)
        }
        return marker.transactionVersion >= 2 && marker.producerEpoch == state.epoch
    }

    /// Sequences count from 0 to 2^31-1 and begin again.
    static func successor(of sequence: Int32) -> Int32 { sequence == .max ? 0 : sequence + 1 }

    /// Takes note of a batch at `baseOffset`, unchecked.
    ///
    /// - Parameter marker: What a control batch says; nil for one that compaction has emptied.
    /// - Returns: What was known of the producer before, for `undo`.
    @discardableResult
    mutating func note(
        _ header: BatchHeader, _ marker: EndTransactionMarker?, at baseOffset: Offset, wroteAt time: Timestamp
    ) -> ProducerState? {
        let before = state(of: header.producerID)
        var state = before ?? ProducerState(header.producerID, epoch: header.producerEpoch)
        if state.epoch != header.producerEpoch { state.begin(header.producerEpoch) }
        state.lastWrite = time
        if header.isControl {
            if let marker { end(&state, marker, at: baseOffset) }
        } else {
            if header.hasSequence { state.add(ProducerState.Entry(header, at: baseOffset, wroteAt: time)) }
            // What compaction has emptied only holds the sequence: its transaction ended long ago.
            if header.isTransactional, header.recordCount > 0, state.transactionStart == nil {
                state.transactionStart = baseOffset
                transactions.begin(header.producerID, at: baseOffset)
            }
        }
        put(state)
        return before
    }

    private mutating func end(_ state: inout ProducerState, _ marker: EndTransactionMarker, at offset: Offset) {
        state.coordinatorEpoch = marker.coordinatorEpoch
        guard let start = state.transactionStart else { return }
        state.transactionStart = nil
        transactions.end(state.producerID, since: start, at: offset)
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

    /// Takes the open transactions of states that were put from a snapshot.
    ///
    /// - Throws: When two begin at the same offset, or one at `end` or later: no log could hold that.
    mutating func reopenTransactions(before end: Offset) throws(DecodeError) {
        transactions = UndecidedTransactions()
        transactions.endsKnownFrom = end
        var open = inOrder.compactMap { state in state.transactionStart.map { (state.producerID, $0) } }
        open.sort { $0.1 < $1.1 }
        for (place, (producerID, start)) in open.enumerated() {
            guard start < end, place == 0 || open[place - 1].1 < start else {
                throw DecodeError(.invalidValue(start.rawValue), at: 0)
            }
            transactions.begin(producerID, at: start)
        }
    }

    /// Undoes the latest `note`. The producer stays the newest: order only decides who is forgotten first.
    mutating func undo(_ header: BatchHeader, _ before: ProducerState?) {
        let after = state(of: header.producerID)?.transactionStart
        switch (before?.transactionStart, after) {
        case (nil, let start?): transactions.forgetLatest(since: start)
        case (let start?, nil): transactions.reopen(since: start)
        default: break
        }
        if let before { put(before) } else { remove(header.producerID) }
    }

    /// Forgets the producers that wrote longest ago until at most `countMax` are left, or all that are have a transaction
    /// open.
    mutating func evict(downTo countMax: Int) {
        var slot = oldest
        while count > countMax, slot != Self.nowhere { slot = forgetUnlessOpen(slot) }
    }

    /// Forgets producers that wrote nothing since `time`, but those with an open transaction.
    mutating func expire(before time: Timestamp) {
        var slot = oldest
        while slot != Self.nowhere, slots[slot].state.lastWrite < time { slot = forgetUnlessOpen(slot) }
    }

    /// - Returns: The next newer one.
    private mutating func forgetUnlessOpen(_ slot: Int) -> Int {
        let newer = slots[slot].newer
        guard slots[slot].state.transactionStart == nil else { return newer }
        remove(slots[slot].state.producerID)
        hasForgotten = true
        return newer
    }

    /// What each producer wrote last, for compaction, which keeps that.
    var lastOfEach: [ProducerID: LastOfProducer] {
        var found: [ProducerID: LastOfProducer] = [:]
        found.reserveCapacity(count)
        for state in inOrder {
            found[state.producerID] = LastOfProducer(offset: state.last?.lastOffset, epoch: state.epoch)
        }
        return found
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

extension BatchHeader {
    /// False in what a broker itself writes into a transaction: markers, and the offsets of a group.
    fileprivate var hasSequence: Bool { baseSequence >= 0 }
}
