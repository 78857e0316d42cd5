// SPDX-License-Identifier: Apache-2.0

public import Primitives
import Synchronization

/// The promise that a record which was accepted is going to be stored, or that it will be said why not.
public struct Delivery: Sendable {
    let batch: BatchReceipt
    let place: Int

    /// Waits until the record is stored as safely as the producer asks for.
    ///
    /// - Throws: why it was not stored, or `.timedOut`: it may have been.
    public func position() async throws(ClientError) -> RecordPosition {
        let base = try await batch.outcome().get()
        return RecordPosition(
            partition: batch.partition, offset: base.map { Offset($0.rawValue + Int64(place)) })
    }
}

/// What became of one batch.
public struct BatchOutcome: Sendable {
    public let partition: TopicPartition
    public let recordCount: Int
    /// As it travelled: compressed, with its header; 0 when it did not.
    public let byteCount: Int
    /// Since its first record was accepted.
    public let elapsed: Duration
    /// Offset of its first record, nil where the broker does not say; or why it was not stored.
    public let result: Result<Offset?, ClientError>
}

/// What becomes of one batch, for all who wait for its records.
final class BatchReceipt: Sendable {
    typealias Outcome = Result<Offset?, ClientError>

    private struct State {
        var outcome: Outcome?
        var waiters: [CheckedContinuation<Outcome, Never>] = []
    }

    let partition: TopicPartition
    let began = ContinuousClock.now
    private let state = Mutex(State())

    init(_ partition: TopicPartition) { self.partition = partition }

    /// Base offset of the batch, nil where the broker does not remember it.
    func outcome() async -> Outcome {
        await withCheckedContinuation { waiter in
            let outcome: Outcome? = state.withLock { state in
                if state.outcome == nil { state.waiters.append(waiter) }
                return state.outcome
            }
            if let outcome { waiter.resume(returning: outcome) }
        }
    }

    func complete(_ outcome: Outcome) {
        let waiters = state.withLock { state in
            precondition(state.outcome == nil, "a batch for \(partition) ends twice")
            state.outcome = outcome
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume(returning: outcome) }
    }
}
