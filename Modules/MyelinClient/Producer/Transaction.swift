// SPDX-License-Identifier: Apache-2.0

internal import KafkaProtocol
internal import Primitives
internal import RecordBatch

/// A transaction that is open. Valid inside the closure that it was given to.
public struct Transaction: Sendable {
    let producer: Producer

    /// As `Producer.send`; the record counts when the transaction is committed.
    public func send(_ record: ProducerRecord) async throws(ClientError) -> Delivery {
        try await producer.accept(record)
    }
}

/// What a transactional producer knows of its transactions.
struct TransactionProgress {
    let id: String
    var isOpen = false
    /// Something was written since it was opened, so that the coordinator has to end it.
    var hasWritten = false
    /// Why it can only be aborted.
    var failure: ClientError?
    /// Another producer has this one's id: it never writes again.
    var fenced: ClientError?

    init(_ id: String) { self.id = id }

    mutating func begin() { (isOpen, hasWritten, failure) = (true, false, nil) }

    mutating func note(_ error: ClientError) {
        failure = failure ?? error
        if error.reason == .refused("PRODUCER_FENCED") { fenced = error }
    }
}

// MARK: What users see

extension Producer {
    /// Takes the transactional id over: fences who had it before, and ends what was left open.
    ///
    /// Call it before the first `poll` of a consumer whose offsets are to be committed: those of a transaction that is open are
    /// waited for, and nobody ends it sooner than its time-out but the next producer of its id.
    public func initTransactions() async throws(ClientError) {
        guard progress != nil else {
            throw ClientError(.invalidArgument, "a producer without settings.transactionalID has no transactions")
        }
        _ = try await currentIdentity(until: deadline)
    }

    /// Runs `body` as one transaction: all that it sends, in whatever partitions, is seen together by those who read
    /// committed records, or not at all. Commits when `body` returns, aborts when it throws.
    ///
    /// ```swift
    /// let orders = try await consumer.poll()
    /// try await producer.transaction(committing: consumer) { transaction in
    ///     for order in orders { _ = try await transaction.send(invoice(for: order)) }
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - consumer: The offsets it has come to become part of the transaction (KIP-447); when it is aborted the consumer goes
    ///     back to what was committed before. It has a group, and does not commit by itself.
    ///   - body: Sends through the transaction that it is given.
    /// - Throws: What `body` throws; why the transaction was not committed. After `.timedOut` it may have been.
    public func transaction<Value: Sendable>(
        committing consumer: Consumer? = nil, _ body: @Sendable (Transaction) async throws -> Value
    ) async throws -> Value {
        try await begin()
        defer { progress?.isOpen = false }
        do {
            let value = try await body(Transaction(producer: self))
            await flush()
            if let consumer { try await addOffsets(of: consumer) }
            if let failure = progress?.failure { throw failure }
            try await end(committing: true)
            await consumer?.committed()
            return value
        } catch {
            await flush()
            await abort()
            await consumer?.rewind()
            throw error
        }
    }

    private func begin() async throws(ClientError) {
        guard !isClosed else { throw .closed }
        guard let progress else {
            throw ClientError(.invalidArgument, "a producer without settings.transactionalID begins a transaction")
        }
        guard !progress.isOpen else {
            throw ClientError(.invalidArgument, "the transaction before of \(progress.id) has not ended")
        }
        if let fenced = progress.fenced { throw fenced }
        self.progress?.begin()
        do throws(ClientError) {
            _ = try await currentIdentity(until: deadline)
        } catch {
            self.progress?.isOpen = false
            throw error
        }
    }

    private var deadline: Deadline { Deadline(afterMilliseconds: settings.requestMilliseconds) }
}

// MARK: The coordinator

extension Producer {
    /// With version 5 the answer brings the producer's next epoch, with which sequences begin anew (KIP-890).
    private func end(committing isCommitted: Bool) async throws(ClientError) {
        guard let progress, progress.hasWritten, let identity else { return }
        let (cluster, lane, settings) = (cluster, lane, settings)
        var request = EndTxnRequest()
        request.transactionalID = progress.id
        request.producerID = identity.id.rawValue
        request.producerEpoch = identity.epoch.rawValue
        request.committed = isCommitted
        let ending = request
        do throws(ClientError) {
            let response = try await retrying("ending a transaction of \(progress.id)", until: deadline) {
                () async throws(ClientError) in
                let response = try await cluster.coordinator(of: .transactions(of: progress.id), lane).call(
                    ending, newest: 5, withinMilliseconds: settings.requestMilliseconds)
                guard response.errorCode == 0 else {
                    throw ClientError(code: response.errorCode, "transactional id \(progress.id)")
                }
                return response
            }
            become(
                BatchProducer(
                    id: ProducerID(response.producerID), epoch: ProducerEpoch(response.producerEpoch), baseSequence: 0))
        } catch {
            self.progress?.note(error)
            throw error
        }
    }

    /// Whatever cannot be told to the coordinator now, it hears by the next InitProducerId, which aborts what is open.
    private func abort() async {
        guard progress?.fenced == nil else { return }
        do throws(ClientError) { try await end(committing: false) } catch { mustInitialize = true }
    }

    /// A batch of the open transaction is on its way.
    func noteWrite() { progress?.hasWritten = true }

    private func addOffsets(of consumer: Consumer) async throws(ClientError) {
        guard let progress, let identity else { return }
        let (member, offsets) = try await consumer.standing()
        guard !offsets.isEmpty else { return }
        noteWrite()
        let cluster = cluster
        try await retrying("committing for group \(member.group)", until: deadline) {
            () async throws(ClientError) in
            try await member.commit(offsets, in: progress.id, of: identity, through: cluster)
        }
    }
}
