// SPDX-License-Identifier: Apache-2.0

import Primitives
import RecordBatch
import WireProtocol

/// Takes the records out of consumed items: those between start and end, no markers, and, where the item names aborted
/// transactions, none of theirs.
struct RecordExtractor {
    /// Batches of our own broker may have grown far beyond what a stranger's may: it was the broker that let them in.
    private let decompressor = Decompressor(
        limits: DecompressionLimits(outputBytesMax: 1 << 30, ratioMax: .max / (1 << 31)))

    /// Calls `body` with each record, in order, until it returns false.
    func forEach(
        in item: Admin.ConsumeItem, _ attachment: SharedBytes, _ body: (Record) throws -> Bool
    ) throws {
        var aborted = AbortedRecords(item.abortedTransactions)
        var batches = Batches(attachment)
        while let batch = try next(&batches, item) {
            guard !aborted.contains(batch), !batch.header.isControl else { continue }
            do throws(DecodeError) { try batch.verifyChecksum() } catch {
                throw damaged(item, batch, "\(error.reason)")
            }
            guard try forEach(in: batch, of: item, body) else { return }
        }
    }

    private func forEach(
        in batch: Batch, of item: Admin.ConsumeItem, _ body: (Record) throws -> Bool
    ) throws -> Bool {
        do {
            var records = try Records(batch, using: decompressor)
            while let record = try records.next() {
                guard record.offset >= item.startOffset else { continue }
                if let end = item.endOffset, record.offset >= end { return true }
                guard try body(record) else { return false }
            }
            return true
        } catch let error as RecordsError {
            throw damaged(item, batch, "\(error)")
        }
    }

    private func next(_ batches: inout Batches, _ item: Admin.ConsumeItem) throws -> Batch? {
        do throws(BatchesError) {
            return try batches.next()
        } catch {
            throw Failure("partition \(item.partition): what the node sent is no batch: \(error)")
        }
    }

    private func damaged(_ item: Admin.ConsumeItem, _ batch: Batch, _ reason: String) -> Failure {
        Failure(
            "partition \(item.partition): the batch at offset \(batch.header.baseOffset) cannot be read: \(reason)",
            advice: ["Read on behind it with --from \(batch.header.nextOffset) --partitions \(item.partition)."])
    }
}

/// Which batches belong to transactions that were aborted (KIP-98): those of a producer from its transaction's first offset
/// up to the marker that ends it.
private struct AbortedRecords {
    /// By first offset, the last one first.
    private var upcoming: [Admin.AbortedTransaction]
    private var producers: Set<ProducerID> = []

    init(_ transactions: [Admin.AbortedTransaction]) {
        upcoming = transactions.sorted { $0.firstOffset > $1.firstOffset }
    }

    mutating func contains(_ batch: Batch) -> Bool {
        while let next = upcoming.last, next.firstOffset <= batch.header.lastOffset {
            producers.insert(next.producerID)
            upcoming.removeLast()
        }
        guard batch.header.isTransactional, producers.contains(batch.header.producerID) else { return false }
        if batch.header.isControl { producers.remove(batch.header.producerID) }
        return true
    }
}
