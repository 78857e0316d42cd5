// SPDX-License-Identifier: Apache-2.0

internal import Primitives

/// Transactions of one log that a reader of committed records must not reach: without a marker, or with one that is not
/// below the high watermark yet.
///
/// In the order of their first offsets, which only grow: the first one bounds the last stable offset.
struct UndecidedTransactions: Sendable {
    private struct Entry: Sendable {
        let producerID: ProducerID
        let firstOffset: Offset
        /// The marker's offset.
        var end: Offset?
    }

    private var entries: [Entry] = []
    private var endedCount = 0
    /// Of transactions whose markers are below it only those are known that have none: a snapshot was taken there.
    var endsKnownFrom = Offset.zero

    var isEmpty: Bool { entries.isEmpty }
    /// Transactions without a marker.
    var openCount: Int { entries.count - endedCount }

    mutating func begin(_ producerID: ProducerID, at offset: Offset) {
        precondition(entries.last.map { $0.firstOffset < offset } ?? true, "a transaction begins again at \(offset)")
        entries.append(Entry(producerID: producerID, firstOffset: offset))
    }

    mutating func end(_ producerID: ProducerID, since start: Offset, at offset: Offset) {
        let place = place(of: start)
        precondition(entries[place].producerID == producerID, "\(producerID) ends another's transaction at \(start)")
        entries[place].end = offset
        endedCount += 1
    }

    /// Undoes the `begin` before.
    mutating func forgetLatest(since start: Offset) {
        let last = entries.removeLast()
        precondition(last.firstOffset == start, "the transaction at \(last.firstOffset) is undone, not \(start)")
    }

    /// Undoes an `end`.
    mutating func reopen(since start: Offset) {
        entries[place(of: start)].end = nil
        endedCount -= 1
    }

    /// Drops those that ended below the high watermark.
    mutating func settle(below highWatermark: Offset) {
        guard endedCount > 0 else { return }
        let before = entries.count
        entries.removeAll { $0.end.map { $0 < highWatermark } ?? false }
        endedCount -= before - entries.count
    }

    /// First offset of the first transaction that has no marker below `highWatermark`, which is `endsKnownFrom` at least.
    func firstOffset(undecidedAt highWatermark: Offset) -> Offset? {
        guard endedCount > 0 else { return entries.first?.firstOffset }
        return entries.first { $0.end.map { $0 >= highWatermark } ?? true }?.firstOffset
    }

    /// First offset of the first transaction without a marker, that of `producer` left out.
    func firstOpenOffset(but producer: ProducerID) -> Offset? {
        entries.first { $0.end == nil && $0.producerID != producer }?.firstOffset
    }

    /// Producers of the transactions without a marker, in the order of their first offsets.
    var openProducers: [ProducerID] { entries.filter { $0.end == nil }.map(\.producerID) }

    private func place(of start: Offset) -> Int {
        let place = entries.partitioningIndex { $0.firstOffset >= start }
        precondition(place < entries.count && entries[place].firstOffset == start, "no transaction begins at \(start)")
        return place
    }
}
