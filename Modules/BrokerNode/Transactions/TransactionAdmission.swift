// SPDX-License-Identifier: Apache-2.0

internal import Groups
internal import KafkaProtocol
internal import Primitives
internal import RecordBatch
internal import StorageEngine

/// A question to a producer's coordinator, whether a partition is part of the transaction that it has open (KIP-890), and
/// who waits for the answer.
///
/// The partition holds it until the answer is there. A marker takes it away meanwhile: then the answer is about a
/// transaction that has ended, and lets nobody in.
final class PendingVerification {
    let epoch: ProducerEpoch
    /// Called with nil when the coordinator vouches for the transaction. In the order in which they came.
    fileprivate var waiting: [(ErrorCode?) -> Void] = []

    init(epoch: ProducerEpoch) { self.epoch = epoch }
}

/// Which producer's transaction a batch belongs to.
struct TransactionalProducer: Sendable {
    let transactionalID: String
    let id: ProducerID
    let epoch: ProducerEpoch
    /// The client leaves it to the partition's leader to add the partition to the transaction (`transaction.version` 2).
    let addsImplicitly: Bool
}

extension BrokerShard {
    /// How long a marker waits for acknowledgement by all.
    private static let markerMilliseconds: Int64 = 5_000

    /// Takes a batch that is no ordinary one: the first of a transaction here waits until the coordinator has vouched for it.
    func takeTransactional(
        _ valid: ValidatedBatch, _ records: ProducedRecords, in partition: Partition, _ patience: AppendPatience,
        reply: @escaping ProduceReply
    ) {
        let header = valid.header
        guard !header.isControl else { return reply(.failure(.controlBatch)) }
        guard let transactionalID = records.transactionalID else { return reply(.failure(.noTransactionalID)) }
        let version = records.version
        let producer = TransactionalProducer(
            transactionalID: transactionalID, id: header.producerID, epoch: header.producerEpoch,
            addsImplicitly: version >= 12)
        admit(producer, to: partition) { [self] refusal in
            if let refusal { return reply(.failure(.coordinator(refusal.inProduce(version: version)))) }
            do throws(BatchRefusal) {
                try stage(valid, in: partition, patience, at: wallClock, reply: reply)
            } catch {
                reply(.failure(.invalid(error)))
            }
        }
    }

    /// Calls `enter` with nil at once where the producer's transaction is open already, else when its coordinator has
    /// answered.
    func admit(_ producer: TransactionalProducer, to partition: Partition, enter: @escaping (ErrorCode?) -> Void) {
        if partition.log.hasOpenTransaction(of: producer.id, epoch: producer.epoch) { return enter(nil) }
        if let pending = partition.verifications[producer.id], pending.epoch == producer.epoch {
            return pending.waiting.append(enter)
        }
        let pending = PendingVerification(epoch: producer.epoch)
        pending.waiting.append(enter)
        partition.verifications[producer.id] = pending
        let question = TransactionVerification(
            transactionalID: producer.transactionalID, producerID: producer.id, producerEpoch: producer.epoch,
            partitions: [TopicPartition(topic: partition.topic, partition: partition.id.index)],
            adds: producer.addsImplicitly)
        verifyTransaction(question) { answers in
            let isCurrent = partition.verifications[producer.id] === pending
            if isCurrent { partition.verifications[producer.id] = nil }
            let refusal = (answers.first ?? .coordinatorNotAvailable) ?? (isCurrent ? nil : .invalidTxnState)
            for enter in pending.waiting { enter(refusal) }
        }
    }

    /// Writes the end of a producer's transaction to a partition of this shard; `reply` comes when it is below the high
    /// watermark, and, in a partition of `__consumer_offsets`, the group's offsets have followed.
    ///
    /// A failure but `.refused` with `.invalidProducerEpoch` or `.transactionCoordinatorFenced` is worth another try.
    func writeMarker(
        _ marker: TransactionMarker, to partition: Partition,
        then reply: @escaping (Result<Void, ProduceFailure>) -> Void
    ) {
        if let failure = refusal(of: .all, by: partition) { return reply(.failure(failure)) }
        let shell = groups[partition.id.index].flatMap { partition.topic == OffsetsTopic.name ? $0 : nil }
        // What is being replayed would meet the marker twice, or miss it.
        if let shell, !shell.isLoaded { return reply(.failure(.coordinator(.coordinatorLoadInProgress))) }
        let patience = AppendPatience(acks: .all, deadline: now.advanced(byMilliseconds: Self.markerMilliseconds))
        if !partition.hasStaged { markDirty(partition) }
        partition.append(marker, patience, at: wallClock) { result in
            if case .success = result { shell?.transactionEnded(marker.producerID, committed: marker.committed) }
            reply(result.map { _ in })
        }
    }
}

extension ErrorCode {
    /// What Produce of a version says for a coordinator's answer: older clients know fewer codes, and repeat what looks like
    /// too few replicas.
    fileprivate func inProduce(version: Int16) -> ErrorCode {
        switch self {
        case .notCoordinator, .coordinatorNotAvailable, .coordinatorLoadInProgress, .networkException:
            .notEnoughReplicas
        case .concurrentTransactions: version >= 12 ? .concurrentTransactions : .notEnoughReplicas
        case .transactionAbortable: version >= 11 ? .transactionAbortable : .invalidTxnState
        case .producerFenced: .invalidProducerEpoch
        default: self
        }
    }
}
