// SPDX-License-Identifier: Apache-2.0

import Primitives
import RecordBatch
import Simulation
import StorageEngine

extension CompactionFixture {
    /// The records that a reader of committed ones sees, as clients work it out: fetch by fetch, by the list of aborted
    /// transactions that comes with each.
    mutating func committedRecords(byteCountMax: Int = 700) throws -> [Seen] {
        var next = base.log.logStartOffset
        let stable = base.log.lastStableOffset(below: base.log.writtenOffset)
        var found: [Seen] = []
        while let slice = try base.locate(from: next, byteCountMax: byteCountMax, below: stable) {
            let bytes = try disk.read(slice.file, at: slice.position, count: slice.byteCount)
            let aborted = try base.aborted(from: next, to: slice.nextOffset)
            found += try Self.committed(in: bytes, aborted)
            next = slice.nextOffset
        }
        return found
    }

    private static func committed(in bytes: SharedBytes, _ aborted: [AbortedTransaction]) throws -> [Seen] {
        var coming = aborted.sorted { $0.firstOffset < $1.firstOffset }[...]
        var passedOver: Set<ProducerID> = []
        var found: [Seen] = []
        var batches = Batches(bytes)
        while let batch = try batches.next() {
            let header = batch.header
            while let first = coming.first, first.firstOffset <= header.lastOffset {
                passedOver.insert(first.producerID)
                coming.removeFirst()
            }
            if header.isControl {
                if EndTransactionMarker(batch)?.outcome == .aborted { passedOver.remove(header.producerID) }
            } else if !header.isTransactional || !passedOver.contains(header.producerID) {
                found += try Seen.all(in: batch)
            }
        }
        return found
    }

    /// Key to last committed value, without the records that end segments.
    mutating func committedTable() throws -> [String: String] { Self.table(of: try committedRecords()) }

    static func table(of records: [Seen]) -> [String: String] {
        var table: [String: String] = [:]
        for record in records {
            guard let key = record.key, key != "end of segment" else { continue }
            table[key] = record.value
        }
        return table
    }
}

extension Seen {
    static func all(in batch: Batch) throws -> [Seen] {
        var records = try Records(batch, using: Decompressor())
        return try records.remaining().map { record in
            Seen(
                offset: record.offset.rawValue, key: record.key.map { String(decoding: $0.array, as: UTF8.self) },
                value: record.value.map { String(decoding: $0.array, as: UTF8.self) })
        }
    }
}
