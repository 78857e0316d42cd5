// SPDX-License-Identifier: Apache-2.0

internal import Primitives
internal import RecordBatch
internal import Replication

extension BrokerShard {
    /// How long what this broker keeps in an internal topic may wait for its replicas: Kafka's `offsets.commit.timeout.ms`.
    private static let keepMilliseconds: Int64 = 5_000

    /// Writes a batch of this broker's own into a partition of an internal topic that it leads.
    ///
    /// - Parameter done: Told nil when every in-sync replica has the batch; at once, and nothing is written, while there are too
    ///   few of them.
    func keep(_ batch: Batch, in partition: Partition, then done: @escaping (AppendFailure?) -> Void) {
        if let leader = partition.leader, leader.isUnderMinInSync { return done(.notEnoughReplicas) }
        let patience = AppendPatience(acks: .all, deadline: now.advanced(byMilliseconds: Self.keepMilliseconds))
        stage(batch, in: partition, patience, at: wallClock) { result in
            switch result {
            case .success: done(nil)
            case .failure(let failure): done(failure.appendFailure)
            }
        }
    }

    /// Writes records as one batch, as `keep(_:in:then:)` does.
    ///
    /// - Parameter producer: Whose transaction they are part of.
    func keep(
        _ records: [(key: SharedBytes, value: SharedBytes?)], of producer: BatchProducer = .none,
        in partition: Partition,
        then done: @escaping (AppendFailure?) -> Void
    ) {
        let wall = wallClock
        var builder = BatchBuilder(producer: producer, isTransactional: producer != .none)
        for record in records { builder.append(timestamp: wall, key: record.key, value: record.value) }
        keep(builder.build(using: codecs.compressor), in: partition, then: done)
    }
}

/// Goes with a deadline that moves: the next one of a coordinator.
final class DeadlineTimer {
    private var set: (id: TimerID, deadline: Instant)?

    /// Calls `fire` at `deadline` instead of what was to be called before.
    func follow(_ deadline: Instant?, on shard: BrokerShard, fire: @escaping () -> Void) {
        guard set?.deadline != deadline else { return }
        cancel(on: shard)
        guard let deadline else { return }
        let id = shard.schedule(at: deadline) { [weak self] in
            self?.set = nil
            fire()
        }
        set = (id, deadline)
    }

    func cancel(on shard: BrokerShard) {
        if let set { shard.cancel(set.id) }
        set = nil
    }
}
