// SPDX-License-Identifier: Apache-2.0

package import KafkaProtocol
internal import Primitives
package import RecordBatch

/// What a fetch found in one partition, decoded when it is handed out.
struct FetchedRun: Sendable {
    let partition: TopicPartition
    /// Records before it were asked for earlier: a broker answers with whole batches.
    let fetchOffset: Offset
    let bytes: SharedBytes
    let aborted: [FetchResponse.AbortedTransaction]

    /// The records to hand out, and where to go on.
    ///
    /// Control records and those of aborted transactions are left out; an incomplete batch at the end is for the next fetch.
    func records() throws(ClientError) -> (records: [ConsumerRecord], nextOffset: Offset) {
        var filter = AbortFilter(aborted)
        var found: [ConsumerRecord] = []
        var next = fetchOffset
        let decompressor = Decompressor()
        var batches = Batches(bytes)
        do {
            while let batch = try batches.whole() {
                try batch.verifyChecksum()
                let end = batch.header.nextOffset
                guard end > next else { continue }
                if filter.takes(batch) {
                    var records = try Records(batch, using: decompressor)
                    while let record = try records.next() {
                        guard record.offset >= fetchOffset else { continue }
                        found.append(
                            ConsumerRecord(
                                partition: partition, leaderEpoch: batch.header.partitionLeaderEpoch, record: record))
                    }
                }
                next = end
            }
        } catch {
            throw ClientError(.malformedAnswer, "\(partition) at \(next): the batch cannot be read: \(error)")
        }
        return (found, next)
    }
}

extension Batches {
    /// The next batch; nil at the end, and for one that was cut off by the size of the answer.
    fileprivate mutating func whole() throws(BatchesError) -> Batch? {
        do throws(BatchesError) {
            return try next()
        } catch {
            if case .partial = error { return nil }
            throw error
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
