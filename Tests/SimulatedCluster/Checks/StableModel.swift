// SPDX-License-Identifier: Apache-2.0

import Primitives

/// What readers of committed records may have of one partition, worked out from its committed batches alone.
struct StableModel {
    /// A batch's part in a transaction.
    enum Part: Hashable {
        case records(producer: Int64, epoch: Int16, base: Int64)
        case marker(producer: Int64, epoch: Int16, isCommit: Bool)
    }

    enum Fate {
        case open
        case committed
        case aborted
    }

    /// First offset of each open transaction, and where its batches end, by producer.
    private var open: [Int64: (start: Int64, ends: [Int64])] = [:]
    /// By the end of the batch; those of no transaction are not there.
    private var fates: [Int64: Fate] = [:]
    /// The last stable offset after each batch.
    private var stableEnds: [Int64] = []
    private var epochs: [Int64: Int16] = [:]

    /// - Returns: Why the batch must not stand here, if it must not.
    mutating func append(_ part: Part?, end: Int64) -> String? {
        var fault: String?
        switch part {
        case .records(let producer, let epoch, let base):
            fault = note(epoch, of: producer)
            open[producer, default: (base, [])].ends.append(end)
            fates[end] = .open
        case .marker(let producer, let epoch, let isCommit):
            fault = note(epoch, of: producer)
            for end in open.removeValue(forKey: producer)?.ends ?? [] { fates[end] = isCommit ? .committed : .aborted }
        case nil: break
        }
        stableEnds.append(open.values.map(\.start).min() ?? end)
        return fault
    }

    /// Whoever has been fenced writes no more.
    private mutating func note(_ epoch: Int16, of producer: Int64) -> String? {
        let known = epochs.updateValue(max(epoch, epochs[producer] ?? epoch), forKey: producer) ?? epoch
        return epoch < known ? "producer \(producer) writes in epoch \(epoch) after \(known)" : nil
    }

    /// - Parameter place: Of the last batch below the bound; nil below the first.
    func stableEnd(after place: Int?) -> Int64 { place.map { stableEnds[$0] } ?? 0 }

    /// After all batches.
    var lastStableEnd: Int64 { stableEnds.last ?? 0 }

    /// Of the transaction of the batch that ends there; nil when it is of none.
    func fate(ofBatchBefore end: Int64) -> Fate? { fates[end] }

    /// Whether a reader of committed records may show a batch's records, or pass over them.
    func allows(readBefore end: Int64, isVisible: Bool) -> Bool {
        switch fates[end] {
        case .open: false
        case .aborted: !isVisible
        case .committed, nil: isVisible
        }
    }
}
