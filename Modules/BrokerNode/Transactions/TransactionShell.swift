// SPDX-License-Identifier: Apache-2.0

internal import ControllerNode
internal import Primitives
internal import RecordBatch
internal import Replication
internal import StorageEngine
internal import Transactions

/// Drives the transaction coordinator of one partition of `__transaction_state`: loads it from the log, writes what it
/// decides, sends its markers, hands its answers to those who asked, and keeps its time.
final class TransactionShell {
    private let partition: Partition
    private unowned let shard: BrokerShard
    private(set) var coordinator: TransactionCoordinator
    private var replies: [RequestToken: (TransactionReply) -> Void] = [:]
    private var lastToken: Int64 = 0
    private var effects: [TransactionEffect] = []
    private let timer = DeadlineTimer()
    private(set) var isLoaded = false
    private var hasResigned = false
    private var deliveries: [MarkerTicket: MarkerDelivery] = [:]
    /// Records of the log that this version does not know; kept in the log, skipped here.
    private(set) var unknownRecordCount: UInt64 = 0

    init(partition: Partition, shard: BrokerShard) {
        self.partition = partition
        self.shard = shard
        coordinator = TransactionCoordinator(limits: shard.limits.transactions)
    }

    /// Transactions that have ended and whose partitions do not all have their markers.
    var deliveryCount: Int { deliveries.count }

    /// Puts a request to the coordinator; `reply` is called once, in this round or a later one.
    func submit(_ request: TransactionRequest, reply: @escaping (TransactionReply) -> Void) {
        lastToken += 1
        let token = RequestToken(lastToken)
        replies[token] = reply
        step(.requested(token, request))
    }

    /// This broker does not coordinate these transactions any more; everything pending is answered so.
    func resign() {
        hasResigned = true
        step(.resigned)
        for delivery in deliveries.values { delivery.cancel() }
        deliveries = [:]
        timer.cancel(on: shard)
    }

    // MARK: Effects

    private func step(_ event: TransactionEvent) {
        coordinator.step(event, at: shard.now, wall: shard.wallClock, into: &effects)
        // Performing an effect can lead to the next event, so what is performed is taken out first.
        while !effects.isEmpty {
            let taken = effects
            effects.removeAll(keepingCapacity: true)
            for effect in taken { perform(effect) }
        }
        timer.follow(coordinator.nextDeadline, on: shard) { [weak self] in self?.step(.timePassed) }
    }

    private func perform(_ effect: TransactionEffect) {
        switch effect {
        case .reply(let token, let reply):
            guard let waiting = replies.removeValue(forKey: token) else {
                preconditionFailure("request \(token) was answered twice")
            }
            waiting(reply)
        case .append(let records, let ticket):
            shard.keep(records.map { $0.encoded() }, in: partition) { [weak self] failure in
                self?.step(failure.map { .appendFailed(ticket, $0) } ?? .appended(ticket))
            }
        case .allocateProducerID:
            shard.nextProducerID { [weak self] result in
                switch result {
                case .success(let id): self?.step(.producerIDAllocated(id))
                case .failure(.unavailable): self?.step(.producerIDAllocated(nil))
                }
            }
        case .writeMarkers(let markers, let ticket):
            let delivery = MarkerDelivery(markers, shard: shard) { [weak self] in
                self?.deliveries[ticket] = nil
                self?.step(.markersWritten(ticket))
            }
            deliveries[ticket] = delivery
            delivery.begin()
        }
    }

    // MARK: Loading

    /// Replays the partition, then serves: once all is committed, because a decision that is not could be gone with this
    /// leader.
    func load() {
        shard.replay(
            partition, while: { [weak self] in self?.hasResigned == false },
            { [weak self] batch in try self?.replay(batch) }
        ) { [weak self] in
            guard let self else { return }
            isLoaded = true
            step(.loaded(coordinatorEpoch: partition.leaderEpoch))
        }
    }

    private func replay(_ batch: Batch) throws {
        guard !batch.header.isControl else { return }
        for record in try shard.codecs.records(of: batch) {
            guard let key = record.key else { continue }
            switch try TransactionRecord.decode(key: key, value: record.value) {
            case .record(let decoded): coordinator.replay(decoded)
            case .unknown: unknownRecordCount += 1
            }
        }
    }
}
