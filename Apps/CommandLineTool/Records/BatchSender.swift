// SPDX-License-Identifier: Apache-2.0

import AdminClient
import Primitives
import RecordBatch
import Synchronization
import Transport
import WireProtocol

/// What was acknowledged on a produce stream.
struct ProduceTally: Sendable {
    /// Offsets that the records of one partition got. Others may have written between them.
    struct Span: Sendable {
        let partition: PartitionIndex
        let first: Offset
        var last: Offset
    }

    var batchCount: Int64 = 0
    var recordCount: Int64 = 0
    /// Of batches as they travelled.
    var byteCount: Int64 = 0
    /// From handing a batch to the connection to its acknowledgement.
    var latencies = LatencyHistogram()
    /// Ascending by partition; empty with acks 0, which says nothing about offsets.
    var spans: [Span] = []

    mutating func add(_ offset: Offset, count: Int64, to partition: PartitionIndex) {
        let last = offset + (count - 1)
        if let index = spans.firstIndex(where: { $0.partition == partition }) {
            spans[index].last = last
        } else {
            let place = spans.firstIndex { $0.partition > partition } ?? spans.endIndex
            spans.insert(Span(partition: partition, first: offset, last: last), at: place)
        }
    }
}

/// An open produce stream: sends batches, counts acknowledgements, and keeps the number in flight below a limit.
final class BatchSender: Sendable {
    private struct InFlight {
        let sentAt: ContinuousClock.Instant
        let recordCount: Int64
        let byteCount: Int64
    }

    private struct State {
        var tally = ProduceTally()
        var inFlight: [UInt64: InFlight] = [:]
        var nextSequence: UInt64 = 0
        var failure: RPCError?
        /// Waits for room; at most one, because one task sends.
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let stream: ProduceStream
    private let topic: String
    private let isAcknowledged: Bool
    private let inFlightMax: Int
    private let state = Mutex(State())

    private init(_ stream: ProduceStream, topic: String, acks: Int16, inFlightMax: Int) {
        self.stream = stream
        self.topic = topic
        isAcknowledged = acks != 0
        self.inFlightMax = inFlightMax
    }

    /// Opens a stream for the time of `body` and waits for every acknowledgement after it.
    ///
    /// - Parameter acks: 0, 1 or −1; with 0 a batch counts when it is sent.
    static func with(
        _ client: AdminClient, topic: String, acks: Int16, inFlightMax: Int,
        _ body: (BatchSender) async throws -> Void
    ) async throws -> ProduceTally {
        let stream = client.produce(to: topic, acks: acks)
        let sender = BatchSender(stream, topic: topic, acks: acks, inFlightMax: inFlightMax)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await sender.readAcknowledgements() }
            try await body(sender)
            stream.finish()
            try await group.next()
        }
        _ = try await stream.response()
        return sender.tally
    }

    var tally: ProduceTally { state.withLock { $0.tally } }

    /// Sends one batch, waiting while too many are in flight.
    func send(_ batch: Batch, to partition: PartitionIndex) async throws {
        try await waitForRoom()
        let entry = InFlight(
            sentAt: .now, recordCount: Int64(batch.header.recordCount), byteCount: Int64(batch.bytes.count))
        let sequence = state.withLock { state in
            defer { state.nextSequence += 1 }
            if isAcknowledged {
                state.inFlight[state.nextSequence] = entry
            } else {
                Self.count(entry, in: &state.tally)
            }
            return state.nextSequence
        }
        let item = Admin.ProduceItem.with { ($0.sequence, $0.partition) = (sequence, partition) }
        do {
            try await stream.writer.send(item, attachments: [batch.bytes])
        } catch {
            // What an acknowledgement refused says more than that the stream is over.
            throw state.withLock { $0.failure } ?? error
        }
    }

    private func waitForRoom() async throws {
        await withCheckedContinuation { continuation in
            let mayGoOn = state.withLock { state in
                precondition(state.waiter == nil, "two tasks send on one stream")
                guard state.failure == nil, state.inFlight.count >= inFlightMax else { return true }
                state.waiter = continuation
                return false
            }
            if mayGoOn { continuation.resume() }
        }
        if let failure = state.withLock({ $0.failure }) { throw failure }
        try Task.checkCancellation()
    }

    private func readAcknowledgements() async throws(RPCError) {
        do throws(RPCError) {
            for try await item in stream.items { try take(item.message) }
        } catch {
            wake { $0.failure = error }
            throw error
        }
    }

    private func take(_ acknowledgement: Admin.ProduceAcknowledgement) throws(RPCError) {
        if let error = acknowledgement.error {
            var named = error
            named.message = "\(topic)-\(acknowledgement.partition): \(error.message)"
            throw named
        }
        let now = ContinuousClock.now
        wake { state in
            guard let entry = state.inFlight.removeValue(forKey: acknowledgement.sequence) else { return }
            Self.count(entry, in: &state.tally)
            state.tally.latencies.add((now - entry.sentAt).nanoseconds)
            state.tally.add(acknowledgement.baseOffset, count: entry.recordCount, to: acknowledgement.partition)
        }
    }

    private static func count(_ entry: InFlight, in tally: inout ProduceTally) {
        tally.batchCount += 1
        tally.recordCount += entry.recordCount
        tally.byteCount += entry.byteCount
    }

    /// Changes the state and lets the sending task look again.
    private func wake(_ change: (inout State) -> Void) {
        let waiter = state.withLock { state in
            change(&state)
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }
}
