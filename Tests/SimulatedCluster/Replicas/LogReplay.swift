// SPDX-License-Identifier: Apache-2.0

import Primitives
import RecordBatch
import StorageEngine

/// Reads the log of a partition that has a new leader from its beginning, for the coordinator that keeps its state there.
///
/// One slice after the other with a turn between them, so that requests come in between, and the log of a whole run is
/// read in a second or two. What is read and not committed could be gone with this leader, so it is done only when the
/// high watermark has covered it.
final class LogReplay {
    private unowned let partition: ReplicaPartition
    private unowned let broker: ReplicaBroker
    private var next: Offset
    private let take: (Batch) throws -> Void
    private let done: () -> Void
    private var isCancelled = false

    init(
        of partition: ReplicaPartition, at broker: ReplicaBroker, taking take: @escaping (Batch) throws -> Void,
        done: @escaping () -> Void
    ) {
        (self.partition, self.broker, self.take, self.done) = (partition, broker, take, done)
        next = partition.log.logStartOffset
    }

    func cancel() { isCancelled = true }

    func goOn() {
        guard !isCancelled else { return }
        let end = partition.log.writtenOffset
        guard next < end else { return partition.toldEnd == nil ? goOn(after: .milliseconds(100)) : done() }
        guard let bytes = partition.read(from: next, below: end, byteCountMax: 500) else {
            return goOn(after: .milliseconds(100))
        }
        replay(bytes)
        goOn(after: .milliseconds(5))
    }

    private func goOn(after span: Nanoseconds) { broker.process.after(span) { [weak self] in self?.goOn() } }

    private func replay(_ bytes: SharedBytes) {
        var batches = Batches(bytes)
        do {
            while let batch = try batches.next() {
                try take(batch)
                next = batch.header.nextOffset
            }
        } catch { broker.world.fail("a coordinator's records can be read", "\(partition.id): \(error)") }
    }
}
