// SPDX-License-Identifier: Apache-2.0

internal import DequeModule
package import Primitives
package import RecordBatch

/// Records that wait to be sent, in batches, by partition.
///
/// A batch grows while an earlier one of its partition is under way: a lone record leaves at once, a flood leaves in
/// full batches, and nobody has to choose a time to linger.
package struct Accumulator<Receipt> {
    package struct OpenBatch {
        package var builder: BatchBuilder
        package let receipt: Receipt
    }

    package let batchByteCountMax: Int
    package let codec: Codec
    package let isTransactional: Bool
    private var queues: [TopicPartition: Deque<OpenBatch>] = [:]
    /// Of all batches here, before compression.
    package private(set) var byteCount = 0

    package init(batchByteCountMax: Int, codec: Codec, isTransactional: Bool = false) {
        self.batchByteCountMax = batchByteCountMax
        self.codec = codec
        self.isTransactional = isTransactional
    }

    package var isEmpty: Bool { queues.isEmpty }

    /// Adds a record to the last batch of its partition, or to a new one when that has no room.
    ///
    /// - Parameter makeReceipt: called for a new batch.
    /// - Returns: the batch's receipt and the record's place in the batch.
    package mutating func append(
        _ record: Record, to partition: TopicPartition, makeReceipt: () -> Receipt
    ) -> (receipt: Receipt, place: Int) {
        var queue = queues.removeValue(forKey: partition) ?? []
        defer { queues[partition] = queue }
        let last = queue.count - 1
        if last >= 0, hasRoom(for: record, in: queue[last]) {
            let before = queue[last].builder.uncompressedByteCount
            queue[last].builder.append(record)
            byteCount += queue[last].builder.uncompressedByteCount - before
            return (queue[last].receipt, Int(queue[last].builder.recordCount) - 1)
        }
        var builder = BatchBuilder(codec: codec, isTransactional: isTransactional)
        builder.append(record)
        byteCount += builder.uncompressedByteCount
        let receipt = makeReceipt()
        queue.append(OpenBatch(builder: builder, receipt: receipt))
        return (receipt, 0)
    }

    /// Whether a batch waits that the record would join.
    package func hasRoom(for record: Record, in partition: TopicPartition) -> Bool {
        queues[partition]?.last.map { hasRoom(for: record, in: $0) } ?? false
    }

    private func hasRoom(for record: Record, in batch: OpenBatch) -> Bool {
        batch.builder.uncompressedByteCount + record.byteCountMax <= batchByteCountMax
    }

    /// Takes the oldest batch of a partition; nil when there is none. It counts in `byteCount` until `release`.
    package mutating func take(_ partition: TopicPartition) -> OpenBatch? {
        guard var queue = queues.removeValue(forKey: partition) else { return nil }
        let first = queue.popFirst()
        if !queue.isEmpty { queues[partition] = queue }
        return first
    }

    /// A batch that was taken has left memory.
    package mutating func release(_ batch: OpenBatch) { byteCount -= batch.builder.uncompressedByteCount }
}

extension Record {
    /// Bound of its size in a batch before compression: contents, and the longest varints around them.
    var byteCountMax: Int {
        let fields = (key?.count ?? 0) + (value?.count ?? 0)
        return headers.reduce(fields + 35) { $0 + $1.key.count + ($1.value?.count ?? 0) + 10 }
    }
}
