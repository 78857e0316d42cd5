// SPDX-License-Identifier: Apache-2.0

import Primitives
import RecordBatch
import StorageEngine
import Transactions

/// Drives the transaction coordinator of one leadership of a partition of `__transaction_state`: loads it from the log,
/// writes what it decides, sends its markers, keeps its time, and hands its answers to those who asked.
final class TransactionHost {
    private unowned let partition: ReplicaPartition
    private unowned let broker: ReplicaBroker
    private var coordinator = TransactionCoordinator(limits: TransactionLimits())
    private var replies: [RequestToken: (TransactionReply) -> Void] = [:]
    private var lastToken: Int64 = 0
    private var effects: [TransactionEffect] = []
    /// Appends that the log has not answered.
    private var open: Set<AppendTicket> = []
    private var couriers: [MarkerTicket: MarkerCourier] = [:]
    private var replay: LogReplay?
    private var isLoaded = false
    private let compressor = Compressor()
    private let decompressor = Decompressor()

    init(partition: ReplicaPartition, broker: ReplicaBroker) {
        self.partition = partition
        self.broker = broker
        let replay = LogReplay(
            of: partition, at: broker, taking: { [unowned self] batch in try take(batch) },
            done: { [unowned self] in
                isLoaded = true
                step(.loaded(coordinatorEpoch: partition.epoch))
            })
        self.replay = replay
        replay.goOn()
    }

    private func take(_ batch: Batch) throws {
        var records = try Records(batch, using: decompressor)
        for record in try records.remaining() {
            guard let key = record.key,
                case .record(let decoded) = try TransactionRecord.decode(key: key, value: record.value)
            else { continue }
            coordinator.replay(decoded)
        }
    }

    /// - Parameter reply: Called once, unless the process ends first.
    func submit(_ request: TransactionRequest, reply: @escaping (TransactionReply) -> Void) {
        lastToken += 1
        let token = RequestToken(lastToken)
        replies[token] = reply
        step(.requested(token, request))
    }

    func resign() {
        replay?.cancel()
        isLoaded = false
        step(.resigned)
        couriers = [:]
    }

    /// Does what is due.
    func tick() {
        guard isLoaded, let deadline = coordinator.nextDeadline, deadline <= broker.process.now else { return }
        step(.timePassed)
    }

    /// Ids whose transaction is not complete; nil while that is not known.
    var openCount: Int? {
        isLoaded ? coordinator.countByState.filter(\.key.isOpen).values.reduce(0, +) : nil
    }

    // MARK: Effects

    private func step(_ event: TransactionEvent) {
        let process = broker.process
        coordinator.step(event, at: process.now, wall: process.wallClock, into: &effects)
        while !effects.isEmpty {
            let taken = effects
            effects.removeAll(keepingCapacity: true)
            for effect in taken { perform(effect) }
        }
    }

    private func perform(_ effect: TransactionEffect) {
        switch effect {
        case .reply(let token, let reply): replies.removeValue(forKey: token)?(reply)
        case .append(let records, let ticket): append(records, ticket)
        case .allocateProducerID:
            let id = broker.world.buggify(20) ? nil : broker.scene.nextProducerID()
            broker.process.after(broker.world.options.latency) { [weak self] in
                self?.step(.producerIDAllocated(id))
                self?.broker.endRound()
            }
        case .writeMarkers(let markers, let ticket):
            let courier = MarkerCourier(markers, from: broker) { [weak self] in
                self?.couriers[ticket] = nil
                self?.step(.markersWritten(ticket))
                self?.broker.endRound()
            }
            couriers[ticket] = courier
            courier.begin()
        }
    }

    private func append(_ records: [TransactionRecord], _ ticket: AppendTicket) {
        var builder = BatchBuilder()
        for record in records {
            let encoded = record.encoded()
            builder.append(timestamp: broker.process.wallClock, key: encoded.key, value: encoded.value)
        }
        open.insert(ticket)
        partition.produce(builder.build(using: compressor)) { [weak self] answer in
            self?.answered(ticket, answer.appendFailure)
        }
        broker.process.after(.seconds(5)) { [weak self] in self?.answered(ticket, .timedOut) }
    }

    private func answered(_ ticket: AppendTicket, _ failure: AppendFailure?) {
        guard open.remove(ticket) != nil else { return }
        step(failure.map { .appendFailed(ticket, $0) } ?? .appended(ticket))
    }
}

extension ProduceAnswer {
    /// Nil for what is stored.
    var appendFailure: AppendFailure? {
        switch self {
        case .stored: nil
        case .notLeader: .leadershipLost
        case .notEnoughReplicas: .notEnoughReplicas
        case .outOfOrder, .fenced, .failed: .storageFailed
        }
    }
}
