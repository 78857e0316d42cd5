// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import Groups
internal import Primitives
internal import Replication
internal import StorageEngine

/// What a shard tells of unclean elections: what each manifest of the metadata still lacks and this shard knows is
/// worked out anew whenever either may have changed, so nothing has to be remembered over a failure.
/// - SeeAlso: docs/decisions/0017-loss-manifest.md
final class LossReports {
    /// Between two attempts while no controller answers.
    private static let retryMilliseconds: Int64 = 1_000

    private struct Pending: Hashable {
        let partition: PartitionID
        let leaderEpoch: LeaderEpoch
        /// Of a group's coordinator; nil for what a replica tells.
        let coordinator: PartitionIndex?
    }

    private unowned let shard: BrokerShard
    private var pending: Set<Pending> = []
    private var isAskingForTopic = false
    private var isScheduled = false

    init(shard: BrokerShard) { self.shard = shard }

    /// Something changed that a manifest may be missing: looks when the round's other work is done.
    func becomeDue() {
        guard !isScheduled, shard.image.hasLosses else { return }
        isScheduled = true
        shard.schedule(afterMilliseconds: 0) { [weak self] in
            self?.isScheduled = false
            self?.report()
        }
    }

    private func report() {
        let losses = shard.image.losses()
        guard !losses.isEmpty, shard.isRegistered else { return }
        for loss in losses {
            if let partition = shard.partitions[loss.partition] { report(loss, of: partition) }
            for (index, shell) in shard.groups.sorted(by: { $0.key < $1.key }) where shell.isLoaded {
                reportGroups(of: shell, index, touchedBy: loss)
            }
        }
        if shard.index == BrokerShard.controllerShard { ensureTopic() }
        for ledger in shard.lossLedgers.values { ledger.write() }
    }

    private func report(_ loss: LossManifest, of partition: Partition) {
        guard partition.leaderEpoch >= loss.leaderEpoch else { return }
        if partition.isLeader, loss.logEnd == nil {
            let end = partition.log.startOffset(ofEpochsFrom: loss.leaderEpoch)
            submit(.began(logEnd: end, highWatermark: partition.knownHighWatermark), to: loss)
        } else if loss.awaited.contains(shard.node.id), partition.isLeader || partition.isMatched {
            // Its log became a beginning of the leader's, or is the leader's, without giving anything up.
            let end = min(partition.log.logEndOffset, loss.logEnd ?? partition.log.logEndOffset)
            submit(.held(ReplicaAccount(replica: shard.node.id, from: end, end: end)), to: loss)
        }
    }

    private func reportGroups(of shell: GroupShell, _ index: PartitionIndex, touchedBy loss: LossManifest) {
        guard let start = loss.lossStart, let topic = shard.image.topic(loss.partition.topic) else { return }
        let place = TopicPartition(topic: topic.name, partition: loss.partition.index)
        let known = Set(loss.groups.map(\.group))
        guard known.count < LossManifest.groupCountMax else { return }
        let touched = shell.coordinator.groupIDs.compactMap { group -> TouchedGroup? in
            guard !known.contains(group.rawValue),
                let committed = shell.coordinator.committedOffset(of: group, in: place),
                committed.isTouched(by: loss, from: start)
            else { return nil }
            return TouchedGroup(group: group.rawValue, committedOffset: committed.offset)
        }
        guard !touched.isEmpty else { return }
        let named = Array(touched.prefix(LossManifest.groupCountMax))
        submit(.committed(named, leftOutCount: Int32(touched.count - named.count)), to: loss, from: index)
    }

    private func submit(_ fact: ReportLoss.Fact, to loss: LossManifest, from coordinator: PartitionIndex? = nil) {
        let key = Pending(partition: loss.partition, leaderEpoch: loss.leaderEpoch, coordinator: coordinator)
        guard pending.insert(key).inserted else { return }
        let command = ReportLoss(partition: loss.partition, leaderEpoch: loss.leaderEpoch, fact: fact)
        shard.command(command) { [weak self] result in self?.answered(key, succeeded: (try? result.get()) != nil) }
    }

    private func answered(_ key: Pending, succeeded: Bool) {
        pending.remove(key)
        if succeeded { return becomeDue() }
        shard.schedule(afterMilliseconds: Self.retryMilliseconds) { [weak self] in self?.becomeDue() }
    }

    private func ensureTopic() {
        guard shard.image.topic(named: InternalTopic.lossManifest.name) == nil, !isAskingForTopic else { return }
        isAskingForTopic = true
        shard.command(EnsureInternalTopic(.lossManifest)) { [weak self] result in
            guard let self else { return }
            isAskingForTopic = false
            if case .success(.success) = result { return }
            shard.schedule(afterMilliseconds: Self.retryMilliseconds) { [weak self] in self?.becomeDue() }
        }
    }
}

// MARK: Before records go

extension LossReports {
    /// Whether a follower may drop what its leader does not have. When an unclean election took it away, the manifest has
    /// to know first; until it does, the leader is told to ask again.
    func mayDiscard(_ decision: FollowerDecision, of partition: Partition, in epoch: LeaderEpoch) -> Bool {
        let standing = partition.standing
        guard standing.logStart < standing.logEnd else { return true }
        // The election and its manifest come in one piece of metadata.
        guard let known = shard.image.partition(partition.id), known.leaderEpoch >= epoch else { return false }
        guard let loss = shard.image.loss(of: partition.id, endingEpoch: standing.lastEpoch) else { return true }
        let start: Offset
        switch decision {
        case .append, .answer: return true
        case .cut(let offset): start = offset
        // What the leader no longer has because it is old is no loss.
        case .restart: start = max(standing.logStart, min(loss.logEnd ?? standing.logStart, standing.logEnd))
        }
        if loss.account(of: shard.node.id)?.covers(start..<standing.logEnd) == true { return true }
        do throws(DiskFault) {
            let account = try partition.account(from: start, on: shard.disk)
            submit(.held(account), to: loss)
        } catch {
            shard.noteFault(.disk(error))
        }
        return false
    }
}

extension Partition {
    /// The highest high watermark this replica has heard of, once it has.
    var knownHighWatermark: Offset? { highWatermark > log.logStartOffset ? highWatermark : nil }

    var isMatched: Bool { follower?.isMatched ?? false }

    fileprivate func account(from start: Offset, on disk: any Disk) throws(DiskFault) -> ReplicaAccount {
        let found = try withLog { log throws(DiskFault) in
            try log.describeDiscarding(from: start, producerCountMax: ReplicaAccount.producerCountMax, on: disk)
        }
        return ReplicaAccount(
            replica: node, from: found.from, end: found.end, recordCount: found.recordCount,
            lastTimestamp: found.lastTimestamp, highWatermark: knownHighWatermark,
            producers: found.producers.map {
                LostProducer(
                    id: $0.id, epoch: $0.epoch, firstOffset: $0.firstOffset, lastOffset: $0.lastOffset,
                    recordCount: $0.recordCount)
            },
            leftOutProducerCount: Int32(clamping: found.leftOutBatchCount))
    }
}

extension CommittedOffset {
    /// Whether it was committed before the election, beyond what is left. What was committed later speaks of new records.
    fileprivate func isTouched(by loss: LossManifest, from start: Offset) -> Bool {
        offset > start && committedAt <= loss.time && leaderEpoch < loss.leaderEpoch
            && (topicID == .zero || topicID == loss.partition.topic)
    }
}
