// SPDX-License-Identifier: Apache-2.0

package import KafkaProtocol
package import Primitives
package import RecordBatch

/// What a fetch found in one partition, decoded when it is handed out.
package struct FetchedRun: Sendable {
    let partition: TopicPartition
    /// Records before it were asked for earlier: a broker answers with whole batches.
    let fetchOffset: Offset
    let bytes: SharedBytes
    let aborted: [FetchResponse.AbortedTransaction]

    package init(
        partition: TopicPartition, fetchOffset: Offset, bytes: SharedBytes,
        aborted: [FetchResponse.AbortedTransaction]
    ) {
        self.partition = partition
        self.fetchOffset = fetchOffset
        self.bytes = bytes
        self.aborted = aborted
    }

    /// Batches may have shrunk further than a stranger's may: it was the broker that let them in.
    private static let decompressionLimits = DecompressionLimits(
        outputBytesMax: 1 << 30, ratioMax: .max / (1 << 31))

    /// The records to hand out, those below `end`, and where to go on.
    ///
    /// Control records and those of aborted transactions are left out; an incomplete batch at the end is for the next fetch.
    /// - Throws: `.damaged` for a batch that cannot be read. What stands before it is handed out first.
    package func records(upTo end: Offset?) throws(ClientError) -> (records: [ConsumerRecord], nextOffset: Offset) {
        var filter = AbortFilter(aborted)
        var found: [ConsumerRecord] = []
        var next = fetchOffset
        let decompressor = Decompressor(limits: Self.decompressionLimits)
        var batches = Batches(bytes)
        while next < end ?? Offset(.max), let batch = try nextBatch(&batches, at: next) {
            guard batch.header.nextOffset > next else { continue }
            do {
                try batch.verifyChecksum()
                if filter.takes(batch) { found += try records(of: batch, upTo: end, using: decompressor) }
            } catch {
                guard next == fetchOffset else { break }
                throw ClientError(
                    .damaged(partition, next: batch.header.nextOffset),
                    "the batch at offset \(batch.header.baseOffset) of \(partition) cannot be read: \(error)",
                    remedy: "What follows it begins at offset \(batch.header.nextOffset).")
            }
            next = batch.header.nextOffset
        }
        return (found, end.map { min($0, next) } ?? next)
    }

    private func records(
        of batch: Batch, upTo end: Offset?, using decompressor: Decompressor
    ) throws -> [ConsumerRecord] {
        var found: [ConsumerRecord] = []
        var records = try Records(batch, using: decompressor)
        while let record = try records.next() {
            guard record.offset >= fetchOffset, record.offset < end ?? Offset(.max) else { continue }
            found.append(
                ConsumerRecord(partition: partition, leaderEpoch: batch.header.partitionLeaderEpoch, record: record))
        }
        return found
    }

    /// The next batch; nil at the end, and for one that was cut off by the size of the answer.
    private func nextBatch(_ batches: inout Batches, at offset: Offset) throws(ClientError) -> Batch? {
        do throws(BatchesError) {
            return try batches.next()
        } catch {
            if case .partial = error { return nil }
            throw ClientError(.malformedAnswer, "\(partition) at \(offset): what the broker sent is no batch: \(error)")
        }
    }
}

/// Leaves out what belongs to aborted transactions (KIP-98): a list of (producer, first offset) comes with the records, and
/// each of them ends with the producer's next abort marker.
package struct AbortFilter {
    /// Ascending by first offset, those that have not begun.
    private var waiting: ArraySlice<FetchResponse.AbortedTransaction>
    private var aborting: Set<Int64> = []

    package init(_ aborted: [FetchResponse.AbortedTransaction]) {
        waiting = aborted.sorted { $0.firstOffset < $1.firstOffset }[...]
    }

    /// Whether the records of the next batch are to be handed out. Ask for each batch once, in order.
    package mutating func takes(_ batch: Batch) -> Bool {
        while let first = waiting.first, first.firstOffset <= batch.header.lastOffset.rawValue {
            aborting.insert(first.producerID)
            waiting.removeFirst()
        }
        let producer = batch.header.producerID.rawValue
        guard !batch.header.isControl else {
            aborting.remove(producer)
            return false
        }
        return !batch.header.isTransactional || !aborting.contains(producer)
    }
}
