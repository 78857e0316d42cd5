// SPDX-License-Identifier: Apache-2.0

import Primitives

/// A record of the input: what a transaction carries over exactly once.
struct InputRecord: Hashable {
    let partition: PartitionIndex
    let offset: Int64
}

/// Holds transactions to their promises across partitions: what they were to do, what their clients were told, and what
/// readers of committed records saw.
final class TransactionLedger {
    private enum Fate {
        /// Nobody has asked for its commit.
        case open
        case commitAsked
        case committed
        case aborted
    }

    private struct Entry {
        let input: PartitionIndex
        let range: Range<Int64>
        var fate = Fate.open
        var seenCount = 0
    }

    private let world: World
    private var entries: [Entry] = []
    private var seen: [InputRecord: Int] = [:]

    init(world: World) { self.world = world }

    /// - Returns: The number that its records carry.
    func begin(_ input: PartitionIndex, _ range: Range<Int64>) -> Int {
        entries.append(Entry(input: input, range: range))
        return entries.count - 1
    }

    func commitAsked(_ number: Int) { entries[number].fate = .commitAsked }

    /// The client was told so.
    func ended(_ number: Int, isCommit: Bool) { entries[number].fate = isCommit ? .committed : .aborted }

    // MARK: Offsets

    /// How far the group's offset must have come, by the transactions whose clients know that they are committed.
    func committedEnd(of input: PartitionIndex) -> Int64 {
        entries.filter { $0.input == input && $0.fate == .committed }.map(\.range.upperBound).max() ?? 0
    }

    /// A client was told what the group has committed, and asked when `floor` was.
    func fetched(_ offset: Int64, of input: PartitionIndex, after floor: Int64) {
        world.check(
            offset >= floor, "offsets of a committed transaction are committed", "\(input): \(offset), was \(floor)")
        let isKnown = entries.contains { entry in
            entry.input == input && entry.range.upperBound == offset
                && (entry.fate == .committed || entry.fate == .commitAsked)
        }
        world.check(
            offset == 0 || isKnown, "offsets of an aborted transaction are not committed", "\(input): \(offset)")
    }

    // MARK: Records

    /// A reader of committed records got one.
    func saw(_ record: InputRecord, ofTransaction number: Int) {
        guard entries.indices.contains(number) else {
            return world.fail("only the committed is read", "transaction \(number) never was")
        }
        let fate = entries[number].fate
        world.check(
            fate == .committed || fate == .commitAsked, "an aborted transaction is invisible",
            "transaction \(number) is \(fate), \(record) was read")
        let before = seen.updateValue(number, forKey: record)
        world.check(
            before == nil, "each input is carried over once", "\(record) by transactions \(before!) and \(number)")
        entries[number].seenCount += 1
    }

    var seenCount: Int { seen.count }

    /// All readers have read all.
    func checkHistory(inputEnds: [PartitionIndex: Int64]) {
        for (number, entry) in entries.enumerated() {
            let isWhole = entry.seenCount == entry.range.count
            world.check(
                isWhole || entry.seenCount == 0 && entry.fate != .committed, "a committed transaction is whole",
                "transaction \(number), \(entry.fate): \(entry.seenCount) of \(entry.range.count)")
        }
        for (partition, end) in inputEnds.sorted(by: { $0.key < $1.key }) {
            let missing = (0..<end).first { seen[InputRecord(partition: partition, offset: $0)] == nil }
            world.check(missing == nil, "each input is carried over", "\(partition): not \(missing!)")
        }
    }
}
