// SPDX-License-Identifier: Apache-2.0

internal import ControllerNode
internal import Primitives
internal import Replication
internal import StorageEngine
internal import WireProtocol

extension BrokerShard {
    /// Takes a leader's frame, wherever its partitions live on this broker; `reply` gets what became of each, when all that
    /// was appended is durable.
    func follow(_ appends: [ReceivedAppend], reply: @escaping ([ReplicaAnswer]) -> Void) {
        let items = appends.map { (id: Optional($0.partition), item: $0) }
        askPartitions(
            items,
            { shard, partition, append, reply in
                shard.follow(append, in: partition) {
                    reply(
                        ReplicaAnswer(
                            partition: append.partition, leaderEpoch: append.header.leaderEpoch, answer: $0))
                }
            }, then: reply)
    }

    private func follow(
        _ append: ReceivedAppend, in partition: Partition?, reply: @escaping (AppendAnswer) -> Void
    ) {
        guard let partition else { return reply(.notHere) }
        let epoch = append.header.leaderEpoch
        guard epoch >= partition.leaderEpoch else { return reply(.fenced(current: partition.leaderEpoch)) }
        if epoch > partition.leaderEpoch {
            follow(partition, in: epoch)
        } else if partition.isLeader {
            // The controller gives an epoch to one broker only.
            logger.error(
                "\(partition.folder): another broker claims to lead in epoch \(epoch)", limitedBy: "two leaders")
            return reply(.failed)
        }
        guard directory == .healthy else { return reply(.failed) }
        let reply = replicator.answering(append, in: partition, reply)
        do throws(LogFault) {
            try cutUnprovable(partition)
            // Whether what is damaged belongs there at all, comparing tells: another history is cut with its damage. Only
            // a whole log counts as in sync.
            if partition.isDoubtful, !partition.log.damages.isEmpty, append.header.order == .append {
                return reply(.failed)
            }
            let reply = partition.isDoubtful ? Self.acceptingWhole(partition, reply) : reply
            let hadStaged = partition.hasStaged
            let wasMatched = partition.isMatched
            try partition.replicate(
                append.header, append.batches, at: wallClock, on: disk,
                mayDiscard: { lossReports.mayDiscard($0, of: partition, in: epoch) }, reply: reply)
            replicator.metrics.receivedByteCount += UInt64(append.batches.count)
            if !wasMatched, partition.isMatched { lossReports.becomeDue() }
            if !hadStaged, partition.hasStaged { markDirty(partition) }
            markAwaited(partition)
        } catch {
            noteFault(error)
            reply(.failed)
        }
    }

    /// Only a log without damage accepts anything.
    private static func acceptingWhole(
        _ partition: Partition, _ reply: @escaping (AppendAnswer) -> Void
    ) -> (AppendAnswer) -> Void {
        { answer in
            if case .accepted = answer, !partition.log.damages.isEmpty { return reply(.failed) }
            reply(answer)
        }
    }
}
