// SPDX-License-Identifier: Apache-2.0

internal import Primitives

/// Which leader epoch began at which offset: Kafka's `leader-epoch-checkpoint` (KIP-101).
///
/// Epochs and start offsets both grow from entry to entry.
struct LeaderEpochs: Equatable, Sendable {
    struct Entry: Equatable, Sendable {
        let epoch: LeaderEpoch
        let startOffset: Offset
    }

    private(set) var entries: [Entry] = []

    var latest: LeaderEpoch { entries.last?.epoch ?? .none }

    /// Takes note that the record at `offset` was written in `epoch`.
    ///
    /// - Returns: Whether that began an epoch.
    /// - Precondition: `epoch` is not older than the latest one.
    mutating func note(_ epoch: LeaderEpoch, at offset: Offset) -> Bool {
        precondition(epoch >= latest, "epoch \(epoch) after \(latest)")
        guard epoch > latest else { return false }
        entries.append(Entry(epoch: epoch, startOffset: offset))
        return true
    }

    /// Takes note of a record found between others, of an epoch that fits there.
    mutating func amend(_ epoch: LeaderEpoch, at offset: Offset) {
        let index = entries.partitioningIndex { $0.epoch >= epoch }
        if index < entries.count, entries[index].epoch == epoch {
            guard offset < entries[index].startOffset else { return }
            entries[index] = Entry(epoch: epoch, startOffset: offset)
        } else {
            entries.insert(Entry(epoch: epoch, startOffset: offset), at: index)
        }
    }

    /// Takes back the last `note` that returned true.
    mutating func forgetLatest() { entries.removeLast() }

    /// Drops epochs that begin at or after `offset`.
    mutating func truncate(from offset: Offset) {
        while let last = entries.last, last.startOffset >= offset { entries.removeLast() }
    }

    /// Drops epochs that end at or before `offset`; the one that holds it begins there.
    mutating func truncate(before offset: Offset) {
        let index = entries.partitioningIndex { $0.startOffset > offset }
        guard index > 0 else { return }
        let holder = Entry(epoch: entries[index - 1].epoch, startOffset: max(offset, entries[index - 1].startOffset))
        entries.replaceSubrange(..<index, with: [holder])
    }

    /// The epoch of the record at `offset`.
    func epoch(of offset: Offset) -> LeaderEpoch {
        let index = entries.partitioningIndex { $0.startOffset > offset }
        return index == 0 ? .none : entries[index - 1].epoch
    }

    /// End of the largest epoch at or before `epoch`; nil when `epoch` is newer than any known.
    ///
    /// An epoch older than all known ones ends where the first begins, as its records are gone.
    func end(of epoch: LeaderEpoch, logEnd: Offset) -> EpochEnd? {
        guard epoch <= latest, let first = entries.first else { return nil }
        let index = entries.partitioningIndex { $0.epoch > epoch }
        guard index > 0 else { return EpochEnd(epoch: epoch, endOffset: first.startOffset) }
        let end = index < entries.count ? entries[index].startOffset : logEnd
        return EpochEnd(epoch: entries[index - 1].epoch, endOffset: end)
    }

    /// The largest epoch at or before `epoch` and its end; nil when there is none.
    func lastEnd(atOrBefore epoch: LeaderEpoch, logEnd: Offset) -> EpochEnd? {
        let index = entries.partitioningIndex { $0.epoch > epoch }
        guard index > 0 else { return nil }
        return EpochEnd(
            epoch: entries[index - 1].epoch, endOffset: index < entries.count ? entries[index].startOffset : logEnd)
    }

    /// Kafka's file: version 0, the number of entries, then one `epoch offset` a line.
    static func fileText(of entries: [Entry]) -> SharedBytes {
        var text = "0\n\(entries.count)\n"
        for entry in entries { text += "\(entry.epoch) \(entry.startOffset)\n" }
        return SharedBytes(text)
    }
}
