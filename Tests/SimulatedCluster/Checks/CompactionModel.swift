// SPDX-License-Identifier: Apache-2.0

import Primitives
import RecordBatch

/// A record as compaction sees it.
struct KeyedRecord: Hashable {
    let offset: Int64
    let key: SharedBytes?
    /// Nil for a tombstone.
    let value: SharedBytes?
}

/// What of a partition may be gone because it was compacted, worked out from its committed batches alone.
struct CompactionModel {
    /// Whether tombstones and markers may go within a run (`delete.retention.ms`).
    let forgetsTombstones: Bool
    private var batches: [PartitionChecker.Batch] = []
    /// The last committed record of each key among so many batches, worked out when something is missing.
    private var newest: (batchCount: Int, offsets: [SharedBytes: Int64]) = (0, [:])

    init(forgetsTombstones: Bool) { self.forgetsTombstones = forgetsTombstones }

    mutating func append(_ batch: PartitionChecker.Batch) { batches.append(batch) }

    subscript(places: ClosedRange<Int>) -> ArraySlice<PartitionChecker.Batch> { batches[places] }

    /// Why what a replica has cannot be what compaction leaves of those batches; nil when it can.
    mutating func fault(
        of found: PartitionChecker.Batch, for places: ClosedRange<Int>, _ stable: StableModel
    ) -> String? {
        let originals = batches[places]
        guard originals.first?.base == found.base else {
            return "a batch begins at \(found.base), none did there"
        }
        let records = originals.flatMap(\.records)
        if let strange = found.records.first(where: { !records.contains($0) }) {
            return "offset \(strange.offset) holds another record"
        }
        let left = Set(found.records.map(\.offset))
        for batch in originals {
            for record in batch.records where !left.contains(record.offset) {
                if let fault = fault(ofMissing: record, in: batch, stable) { return fault }
            }
        }
        return nil
    }

    private mutating func fault(
        ofMissing record: KeyedRecord, in batch: PartitionChecker.Batch, _ stable: StableModel
    ) -> String? {
        switch stable.fate(ofBatchBefore: batch.entry.end) {
        case .open: return "offset \(record.offset) of an open transaction is gone"
        case .aborted: return nil
        case .committed, nil: break
        }
        if batch.isMarker { return forgetsTombstones ? nil : "the marker at \(record.offset) is gone" }
        guard let key = record.key else { return nil }
        noteNewest(stable)
        if newest.offsets[key, default: -1] > record.offset { return nil }
        if record.value == nil, forgetsTombstones { return nil }
        return "offset \(record.offset) is the last of its key, and gone"
    }

    private mutating func noteNewest(_ stable: StableModel) {
        guard newest.batchCount < batches.count else { return }
        var offsets: [SharedBytes: Int64] = [:]
        for batch in batches where !batch.isMarker {
            guard stable.fate(ofBatchBefore: batch.entry.end) ?? .committed == .committed else { continue }
            for record in batch.records { if let key = record.key { offsets[key] = record.offset } }
        }
        newest = (batches.count, offsets)
    }
}
