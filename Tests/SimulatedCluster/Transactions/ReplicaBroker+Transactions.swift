// SPDX-License-Identifier: Apache-2.0

import Coordinator
import Groups
import Primitives
import RecordBatch
import StorageEngine
import Transactions

/// Whose transaction something belongs to.
struct TransactionalProducer {
    let id: TransactionalID
    let identity: ProducerIdentity
    let version: TransactionVersion
}

/// What became of a step of a transaction.
enum StepAnswer {
    case done
    case again
    /// A later epoch of the producer has begun.
    case fenced
    /// The transaction cannot go on, but the producer can.
    case abortable
    case outOfOrder
}

/// A question to a producer's coordinator, whether a partition is part of its transaction (KIP-890), and who waits for
/// the answer. A marker takes it away from the partition: then the answer lets nobody in.
final class PendingVerification {
    let epoch: ProducerEpoch
    fileprivate var waiting: [(StepAnswer) -> Void] = []

    init(epoch: ProducerEpoch) { self.epoch = epoch }
}

extension ReplicaBroker {
    // MARK: Coordinators

    /// Asks the coordinator of transactions here.
    func ask(
        _ request: TransactionRequest, of id: TransactionalID, reply: @escaping (TransactionReply) -> Void
    ) {
        guard let host = partition(scene.statePartition(of: id))?.transactions else {
            return reply(request.refused(.notCoordinator))
        }
        host.submit(request, reply: reply)
        endRound()
    }

    /// Asks the coordinator wherever it is; nil when there is no answer in time.
    private func askAnywhere(
        _ request: TransactionRequest, of id: TransactionalID, reply: @escaping (TransactionReply?) -> Void
    ) {
        guard let leader = image.partition(scene.statePartition(of: id))?.leader, leader != .none else {
            return reply(nil)
        }
        var isOpen = true
        let answered = { [process] (found: TransactionReply?) in
            guard isOpen, process.isAlive else { return }
            isOpen = false
            reply(found)
        }
        process.after(.seconds(1)) { answered(nil) }
        let (scene, me, target) = (scene, process.address, scene.machine(leader).address)
        scene.network.send(from: me, to: target) {
            scene.broker(leader)?.ask(request, of: id) { found in
                scene.network.send(from: target, to: me) { answered(found) }
            }
        }
    }

    // MARK: Admission

    /// Calls `enter` with `.done` where the producer's transaction is open already, or its coordinator vouches for it.
    private func admit(
        _ producer: TransactionalProducer, to partition: ReplicaPartition, enter: @escaping (StepAnswer) -> Void
    ) {
        let (id, epoch) = (producer.identity.producerID, producer.identity.producerEpoch)
        guard partition.isLeader else { return enter(.again) }
        if partition.log.hasOpenTransaction(of: id, epoch: epoch) { return enter(.done) }
        if let pending = partition.verifications[id], pending.epoch == epoch { return pending.waiting.append(enter) }
        let pending = PendingVerification(epoch: epoch)
        pending.waiting.append(enter)
        partition.verifications[id] = pending
        let partitions = [TopicPartition(topic: scene.topicName(of: partition.id), partition: partition.id.index)]
        let request: TransactionRequest =
            producer.version.bumpsEpoch
            ? .addPartitions(
                AddPartitionsRequest(producer.id, producer.identity, partitions, version: producer.version))
            : .verifyPartitions(VerifyPartitionsRequest(producer.id, producer.identity, partitions))
        askAnywhere(request, of: producer.id) { [self] reply in
            let isCurrent = partition.verifications[id] === pending
            if isCurrent { partition.verifications[id] = nil }
            let answer = Self.admission(reply)
            for enter in pending.waiting { enter(answer == .done && !isCurrent ? .abortable : answer) }
            endRound()
        }
    }

    private static func admission(_ reply: TransactionReply?) -> StepAnswer {
        switch reply {
        case .addPartitions(let refusal): refusal.map(StepAnswer.init) ?? .done
        case .verifyPartitions(let refusals): (refusals.first ?? .coordinatorNotAvailable).map(StepAnswer.init) ?? .done
        default: .again
        }
    }

    func produce(
        _ batch: Batch, of producer: TransactionalProducer, to id: PartitionID, reply: @escaping (StepAnswer) -> Void
    ) {
        guard let partition = partition(id) else { return reply(.again) }
        admit(producer, to: partition) { answer in
            guard answer == .done else { return reply(answer) }
            partition.produce(batch) { reply(StepAnswer($0)) }
        }
        endRound()
    }

    /// Offsets that count when the transaction is committed (KIP-447).
    func commit(
        _ offsets: OffsetCommitRequest, of producer: TransactionalProducer, reply: @escaping (StepAnswer) -> Void
    ) {
        guard let partition = partition(scene.offsetsPartition), let host = partition.host, host.isLoaded else {
            return reply(.again)
        }
        admit(producer, to: partition) { answer in
            guard answer == .done else { return reply(answer) }
            let request = TransactionalCommitRequest(
                producerID: producer.identity.producerID, producerEpoch: producer.identity.producerEpoch,
                offsets: offsets)
            host.submit(.commitTransactionalOffsets(request)) { found in
                guard case .commitOffsets(.success(let results)) = found, results.allSatisfy({ $0.refusal == nil })
                else { return reply(.again) }
                reply(.done)
            }
        }
        endRound()
    }

    // MARK: Markers

    /// Writes the end of a producer's transaction, which in the partition of groups' offsets makes them count.
    func write(_ marker: TransactionMarker, to id: PartitionID, reply: @escaping (ProduceAnswer) -> Void) {
        guard let partition = partition(id) else { return reply(.notLeader) }
        let host = partition.host
        // What is being replayed would meet the marker twice, or miss it.
        if let host, !host.isLoaded { return reply(.notLeader) }
        partition.produce(marker) { answer in
            if case .stored = answer { host?.transactionEnded(marker.producerID, committed: marker.committed) }
            reply(answer)
        }
        endRound()
    }
}

extension StepAnswer {
    init(_ refusal: TransactionRefusal) {
        switch refusal {
        case .loadInProgress, .notCoordinator, .coordinatorNotAvailable, .concurrentTransactions: self = .again
        case .producerFenced, .invalidProducerIDMapping: self = .fenced
        case .partitionNotAdded, .invalidState: self = .abortable
        case .invalidTransactionalID, .invalidTimeout, .transactionalIDNotFound, .tooManyTransactions, .tooManyInFlight,
            .tooManyPartitions, .recordsTooLarge:
            preconditionFailure("\(refusal) of a client that keeps within all limits")
        }
    }

    init(_ answer: ProduceAnswer) {
        switch answer {
        case .stored: self = .done
        case .notLeader, .notEnoughReplicas, .failed: self = .again
        case .outOfOrder: self = .outOfOrder
        case .fenced: self = .fenced
        }
    }
}
