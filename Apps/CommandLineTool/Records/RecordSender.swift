// SPDX-License-Identifier: Apache-2.0

import MyelinClient
import Primitives
import Synchronization

/// What became of the records of a command.
struct ProduceTally: Sendable {
    /// Offsets that the records of one partition got. Others may have written between them.
    struct Span: Sendable {
        let partition: PartitionIndex
        let first: Offset
        var last: Offset
    }

    var recordCount: Int64 = 0
    /// Of batches as they travelled.
    var byteCount: Int64 = 0
    /// Of batches, from their first record's being handed over to their acknowledgement.
    var latencies = LatencyHistogram()
    /// Ascending by partition; empty with acks 0, which says nothing about offsets.
    var spans: [Span] = []

    fileprivate mutating func add(_ batch: BatchOutcome, at offset: Offset?) {
        recordCount += Int64(batch.recordCount)
        byteCount += Int64(batch.byteCount)
        latencies.add(batch.elapsed.nanoseconds)
        guard let offset else { return }
        let (partition, last) = (batch.partition.partition, offset + Int64(batch.recordCount - 1))
        if let index = spans.firstIndex(where: { $0.partition == partition }) {
            spans[index].last = last
        } else {
            let place = spans.firstIndex { $0.partition > partition } ?? spans.endIndex
            spans.insert(Span(partition: partition, first: offset, last: last), at: place)
        }
    }
}

/// The producer of a command and what became of its batches; the first one that fails ends it.
final class RecordSender: Sendable {
    private final class Ledger: Sendable {
        let state = Mutex((tally: ProduceTally(), failure: ClientError?.none))

        func note(_ batch: BatchOutcome) {
            state.withLock { state in
                switch batch.result {
                case .success(let offset): state.tally.add(batch, at: offset)
                case .failure(let error): state.failure = state.failure ?? error
                }
            }
        }
    }

    private let producer: Producer
    private let ledger: Ledger

    private init(_ client: MyelinClient, _ settings: ProducerSettings) {
        let ledger = Ledger()
        self.ledger = ledger
        producer = Producer(client, settings: settings) { ledger.note($0) }
    }

    /// Opens a producer for the time of `body` and waits for every acknowledgement after it.
    static func with(
        _ node: NodeSession, _ settings: ProducerSettings, _ body: (RecordSender) async throws -> Void
    ) async throws -> ProduceTally {
        try await node.withClient { client in
            let sender = RecordSender(client, settings)
            let producer = sender.producer
            do {
                try await withTaskCancellationHandler {
                    try await body(sender)
                    await producer.flush()
                    try sender.check()
                } onCancel: {
                    Task { await producer.abandon() }
                }
            } catch {
                await producer.abandon()
                throw error
            }
            await producer.close()
            return sender.tally
        }
    }

    var tally: ProduceTally { ledger.state.withLock { $0.tally } }

    /// Hands records over, waiting while too many are not acknowledged.
    @discardableResult
    func send(_ records: [ProducerRecord]) async throws -> [Delivery] {
        try check()
        return try await producer.send(records)
    }

    private func check() throws {
        try Task.checkCancellation()
        if let failure = ledger.state.withLock({ $0.failure }) { throw failure }
    }
}
