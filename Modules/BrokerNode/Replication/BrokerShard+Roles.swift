// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import Groups
internal import Primitives
internal import Replication
internal import StorageEngine
internal import Transactions

extension BrokerShard {
    /// Whether the cluster knows this start of the broker. Before, the metadata still speaks of the start before it, which
    /// may have had records that this one lost: leading in its epoch would give two histories to one epoch.
    var isRegistered: Bool { image.broker(node.id)?.incarnation == node.incarnation }

    /// Takes the role that the metadata gives to a replica of this shard.
    func assign(_ image: PartitionImage, to partition: Partition) {
        // A leader's frame may have told of a later epoch than the metadata that has come so far.
        guard image.leaderEpoch >= partition.leaderEpoch else { return }
        if image.leader == node.id, isRegistered {
            if partition.isLeader, partition.leaderEpoch == image.leaderEpoch {
                reassign(partition, image)
            } else {
                lead(partition, image)
            }
        } else if partition.isLeader || image.leaderEpoch > partition.leaderEpoch {
            follow(partition, in: image.leaderEpoch)
        }
    }

    private func lead(_ partition: Partition, _ image: PartitionImage) {
        guard !partition.mustAskPeers || image.replicas.count == 1 else {
            return catchUps.begin(partition)
        }
        // Records of a later leader were taken over: the metadata of this broker is behind.
        guard partition.log.latestEpoch <= image.leaderEpoch else { return }
        abdicate(partition, because: .notLeader)
        var replication = ReplicationSettings()
        replication.lagMillisecondsMax = limits.replicaLagMilliseconds
        replication.countsUnsynchronized = partition.settings.writeCaching
        let assignment = partition.assignment(image, ineligible: ineligible(among: image.replicas))
        partition.lead(in: image.leaderEpoch, assignment, replication, at: now)
        replicator.lead(partition)
        replicator.metrics.leadershipCount += 1
        if self.image.losses(of: partition.id).contains(where: { $0.leaderEpoch == image.leaderEpoch }) {
            replicator.metrics.uncleanLeadershipCount += 1
        }
        // Nobody has asked yet, but the high watermark is not known before what is here is durable.
        markAwaited(partition)
        coordinate(partition)
        lossReports.becomeDue()
    }

    /// Tells a leader of other replicas, members or settings in the same epoch.
    func reassign(_ partition: Partition, _ image: PartitionImage) {
        let assignment = partition.assignment(image, ineligible: ineligible(among: image.replicas))
        let now = now
        let before = partition.leader?.assignment.inSync.count ?? assignment.inSync.count
        _ = partition.withLeader { $0.assignmentChanged(assignment, at: now) }
        replicator.metrics.inSyncChanged(from: before, to: assignment.inSync.count)
        replicator.lead(partition)
    }

    /// Replicas that the controller would not take into an in-sync set (KIP-841).
    private func ineligible(among replicas: [NodeID]) -> [NodeID] {
        replicas.filter { id in image.broker(id).map { $0.isFenced || $0.isInControlledShutdown } ?? true }
    }

    /// Brokers came, went or were fenced: leaders judge their followers anew.
    func reassignLed(with brokers: Set<NodeID>) {
        for partition in partitions.values {
            guard let leader = partition.leader, leader.assignment.replicas.contains(where: brokers.contains),
                let image = image.partition(partition.id), image.leaderEpoch == partition.leaderEpoch
            else { continue }
            reassign(partition, image)
        }
    }

    /// Serves the followers' part in an epoch, whoever leads it.
    func follow(_ partition: Partition, in epoch: LeaderEpoch) {
        abdicate(partition, because: .notLeader)
        catchUps.forget(partition.id)
        partition.follow(in: epoch)
    }

    /// Ends what a leader does: answers who waits, and lets groups and transactions go.
    func abdicate(_ partition: Partition, because failure: ProduceFailure) {
        replicator.forget(partition.id)
        if partition.topic == OffsetsTopic.name { groups.removeValue(forKey: partition.id.index)?.resign() }
        lossLedgers.removeValue(forKey: partition.id)?.resign()
        if partition.topic == TransactionStateTopic.name {
            transactions.removeValue(forKey: partition.id.index)?.resign()
        }
        partition.failPending(failure)
        partition.wakeWatchers()
    }

    /// Who leads a partition of an internal topic keeps what is told in it.
    private func coordinate(_ partition: Partition) {
        switch InternalTopic(rawValue: partition.topic) {
        case .consumerOffsets:
            let shell = GroupShell(partition: partition, shard: self)
            groups[partition.id.index] = shell
            shell.load()
        case .transactionState:
            let shell = TransactionShell(partition: partition, shard: self)
            transactions[partition.id.index] = shell
            shell.load()
        case .lossManifest:
            let ledger = LossLedger(partition: partition, shard: self)
            lossLedgers[partition.id] = ledger
            ledger.load()
        case nil: break
        }
    }
}
