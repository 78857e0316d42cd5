// SPDX-License-Identifier: Apache-2.0

internal import ControllerNode
internal import Groups
internal import Primitives
internal import RecordBatch
internal import Replication
internal import StorageEngine

/// Drives the group coordinator of one partition of `__consumer_offsets`: loads it from the log, writes what it decides,
/// hands its answers to those who asked, and keeps its time.
final class GroupShell {
    private let partition: Partition
    private unowned let shard: BrokerShard
    private(set) var coordinator: GroupCoordinator
    private var replies: [RequestToken: (GroupReply) -> Void] = [:]
    private var lastToken: Int64 = 0
    private var effects: [Effect] = []
    private let timer = DeadlineTimer()
    private(set) var isLoaded = false
    private var hasResigned = false
    /// Records of the log that this version does not know; kept in the log, skipped here.
    private(set) var unknownRecordCount: UInt64 = 0

    init(partition: Partition, shard: BrokerShard) {
        self.partition = partition
        self.shard = shard
        coordinator = GroupCoordinator(limits: shard.limits.groups, entropy: shard.entropy.split())
    }

    /// Puts a request to the coordinator; `reply` is called once, in this round or a later one.
    func submit(_ request: GroupRequest, reply: @escaping (GroupReply) -> Void) {
        lastToken += 1
        let token = RequestToken(lastToken)
        replies[token] = reply
        step(.requested(token, request))
    }

    /// The marker of a producer's transaction is below the high watermark.
    func transactionEnded(_ producerID: ProducerID, committed: Bool) {
        step(.transactionEnded(producerID, committed: committed))
    }

    func topicsDeleted(_ topics: [String]) { step(.topicsDeleted(topics)) }

    /// This broker does not coordinate these groups any more; everything pending is answered so.
    func resign() {
        hasResigned = true
        step(.resigned)
        timer.cancel(on: shard)
    }

    // MARK: Effects

    private func step(_ event: Event) {
        coordinator.step(event, at: shard.now, wall: shard.wallClock, into: &effects)
        // Performing an effect can lead to the next event, so what is performed is taken out first.
        while !effects.isEmpty {
            let taken = effects
            effects.removeAll(keepingCapacity: true)
            for effect in taken { perform(effect) }
        }
        timer.follow(coordinator.nextDeadline, on: shard) { [weak self] in self?.step(.timePassed) }
    }

    private func perform(_ effect: Effect) {
        switch effect {
        case .reply(let token, let reply):
            guard let waiting = replies.removeValue(forKey: token) else {
                preconditionFailure("request \(token) was answered twice")
            }
            waiting(reply)
        case .append(let records, let ticket): append(records, .none, ticket)
        case .appendTransactional(let records, let producerID, let producerEpoch, let ticket):
            append(records, BatchProducer(id: producerID, epoch: producerEpoch, baseSequence: -1), ticket)
        }
    }

    /// - Parameter producer: Whose transaction the records are part of.
    private func append(_ records: [GroupRecord], _ producer: BatchProducer, _ ticket: AppendTicket) {
        shard.keep(records.map { $0.encoded() }, of: producer, in: partition) { [weak self] failure in
            self?.step(failure.map { .appendFailed(ticket, $0) } ?? .appended(ticket))
        }
    }

    // MARK: Loading

    /// Replays the partition, then serves: once all is committed, because a member must not see offsets go back.
    func load() {
        shard.replay(
            partition, while: { [weak self] in self?.hasResigned == false },
            { [weak self] batch in try self?.replay(batch) }
        ) { [weak self] in
            guard let self else { return }
            isLoaded = true
            step(.loaded)
            shard.lossReports.becomeDue()
        }
    }

    private func replay(_ batch: Batch) throws {
        let producer = batch.header.isTransactional ? batch.header.producerID : nil
        if batch.header.isControl {
            guard let producer, let marker = EndTransactionMarker(batch) else { return }
            return coordinator.replayEnd(of: producer, committed: marker.outcome == .committed)
        }
        for record in try shard.codecs.records(of: batch) {
            guard let key = record.key else { continue }
            switch try GroupRecord.decode(key: key, value: record.value) {
            case .record(let decoded): coordinator.replay(decoded, in: producer)
            case .unknown: unknownRecordCount += 1
            }
        }
    }
}
