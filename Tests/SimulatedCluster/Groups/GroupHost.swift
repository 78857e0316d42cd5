// SPDX-License-Identifier: Apache-2.0

import Groups
import Primitives
import RecordBatch
import StorageEngine

/// Drives the group coordinator of one leadership of the offsets partition: loads it from the log, writes what it
/// decides, keeps its time, and hands its answers to those who asked.
final class GroupHost {
    private unowned let partition: ReplicaPartition
    private unowned let broker: ReplicaBroker
    private var coordinator: GroupCoordinator
    private var replies: [RequestToken: (GroupReply) -> Void] = [:]
    private var lastToken: Int64 = 0
    private var effects: [Effect] = []
    /// Appends that the log has not answered.
    private var open: Set<AppendTicket> = []
    private var replay: LogReplay?
    private(set) var isLoaded = false
    private let compressor = Compressor()
    private let decompressor = Decompressor()

    init(partition: ReplicaPartition, broker: ReplicaBroker) {
        self.partition = partition
        self.broker = broker
        var limits = GroupLimits()
        limits.sessionTimeoutMillisecondsMin = 100
        limits.initialRebalanceDelayMilliseconds = 200
        coordinator = GroupCoordinator(limits: limits, entropy: broker.world.streams.process.split())
        load()
    }

    /// - Parameter reply: Called once, unless the process ends first.
    func submit(_ request: GroupRequest, reply: @escaping (GroupReply) -> Void) {
        lastToken += 1
        let token = RequestToken(lastToken)
        replies[token] = reply
        step(.requested(token, request))
    }

    /// The marker of a producer's transaction is committed here.
    func transactionEnded(_ producer: ProducerID, committed: Bool) {
        step(.transactionEnded(producer, committed: committed))
    }

    /// What a group has committed, as far as this coordinator knows.
    func committedOffset(of group: GroupID, in partition: TopicPartition) -> Offset? {
        coordinator.committedOffset(of: group, in: partition)?.offset
    }

    func resign() {
        replay?.cancel()
        isLoaded = false
        step(.resigned)
    }

    /// Does what is due.
    func tick() {
        guard isLoaded, let deadline = coordinator.nextDeadline, deadline <= broker.process.now else {
            return
        }
        step(.timePassed)
        coordinator.checkInvariants()
    }

    // MARK: Loading

    private func load() {
        let replay = LogReplay(
            of: partition, at: broker,
            taking: { [unowned self] batch in try take(batch) },
            done: { [unowned self] in
                isLoaded = true
                step(.loaded)
            })
        self.replay = replay
        replay.goOn()
    }

    private func take(_ batch: Batch) throws {
        let producer = batch.header.isTransactional ? batch.header.producerID : nil
        if let producer, batch.header.isControl {
            guard let marker = EndTransactionMarker(batch) else { return }
            return coordinator.replayEnd(of: producer, committed: marker.outcome == .committed)
        }
        for record in try records(of: batch) { coordinator.replay(record, in: producer) }
    }

    private func records(of batch: Batch) throws -> [GroupRecord] {
        var records = try Records(batch, using: decompressor)
        return try records.remaining().compactMap { record in
            guard let key = record.key,
                case .record(let decoded) = try GroupRecord.decode(key: key, value: record.value)
            else { return nil }
            return decoded
        }
    }

    // MARK: Effects

    private func step(_ event: Event) {
        let process = broker.process
        coordinator.step(event, at: process.now, wall: process.wallClock, into: &effects)
        while !effects.isEmpty {
            let taken = effects
            effects.removeAll(keepingCapacity: true)
            for effect in taken { perform(effect) }
        }
    }

    private func perform(_ effect: Effect) {
        switch effect {
        case .reply(let token, let reply): replies.removeValue(forKey: token)?(reply)
        case .append(let records, let ticket): append(records, .none, ticket)
        case .appendTransactional(let records, let producer, let epoch, let ticket):
            append(records, BatchProducer(id: producer, epoch: epoch, baseSequence: -1), ticket)
        }
    }

    private func append(_ records: [GroupRecord], _ producer: BatchProducer, _ ticket: AppendTicket) {
        var builder = BatchBuilder(producer: producer, isTransactional: producer != .none)
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
