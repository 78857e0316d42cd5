// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import Primitives
internal import Replication
internal import StorageEngine

/// The bounds that copying to a follower keeps to. Whatever an operator orders for a replica holds alone.
enum CopyBound {
    case none
    /// `leader.replication.throttled.rate` and `follower.replication.throttled.rate`.
    case ordered
    /// The pace of moves.
    case move
}

// MARK: Sending

extension Replicator {
    /// Members of the in-sync set are never slowed down: acknowledgements wait for them (KIP-73).
    func bound(of partition: Partition, for broker: FollowingBroker) -> CopyBound {
        guard let leader = partition.leader, !leader.assignment.inSync.contains(broker.id) else { return .none }
        if isOrdered(partition, from: shard.node.id, to: broker.id) { return .ordered }
        return shard.image.partition(partition.id)?.addingReplicas.contains(broker.id) == true ? .move : .none
    }

    private func isOrdered(_ partition: Partition, from leader: NodeID, to follower: NodeID) -> Bool {
        let (settings, rates) = (partition.settings, shard.configs.settings)
        return settings.leaderThrottled.contains(partition.id.index, on: leader) && rates[.leaderThrottledRate] < .max
            || settings.followerThrottled.contains(partition.id.index, on: follower)
                && rates[.followerThrottledRate] < .max
    }

    /// Record bytes that may go to a follower now; 0 makes the partition due again when there are some.
    func allowance(of partition: Partition, for broker: FollowingBroker, within bound: CopyBound) -> Int {
        let now = shard.now
        let allowed: Int
        let next: Instant
        switch bound {
        case .none: return .max
        case .ordered:
            refreshRates(for: broker, at: now)
            allowed = min(quota.allowance(at: now), broker.quota.allowance(at: now))
            next = max(quota.nextAllowance, broker.quota.nextAllowance)
        case .move:
            refreshPace(at: now)
            grantGrowth(of: partition, for: broker, at: now)
            allowed = max(moveQuota.allowance(at: now), tail(of: partition, for: broker))
            next = moveQuota.nextAllowance
            if allowed == 0 { metrics.moveHeldBackCount += 1 }
        }
        guard allowed == 0 else { return allowed }
        noteThrottled(broker, until: next, at: now)
        shard.schedule(at: next) { [weak self, weak broker] in
            if let broker { self?.becomeDue(partition, at: broker) }
        }
        return 0
    }

    /// What is written to a partition that moves comes on top of the rate, or the copy would never be level.
    private func grantGrowth(of partition: Partition, for broker: FollowingBroker, at now: Instant) {
        let appended = Int64(partition.appendedByteCount)
        let before = broker.appendedByteCounts.updateValue(appended, forKey: partition.id)
        moveQuota.grant(appended - (before ?? appended), at: now)
    }

    /// Bytes that may go in advance because they are the last ones: who is nearly level does not wait for more to be sent.
    private func tail(of partition: Partition, for broker: FollowingBroker) -> Int {
        guard let next = partition.leader?.nextOffset(to: broker.id) else { return 0 }
        let rest = partition.withLog { log in
            try? log.locate(
                from: next, byteCountMax: Self.copyFrameByteCountMax, below: log.writtenOffset, minOneBatch: false,
                on: shard.disk)
        }
        guard let rest, rest.nextOffset == partition.log.writtenOffset else { return 0 }
        return rest.byteCount
    }

    private func noteThrottled(_ broker: FollowingBroker, until end: Instant, at now: Instant) {
        let start = max(now, broker.throttledUntil)
        guard end > start else { return }
        metrics.throttledNanoseconds[broker.id, default: 0] += end.nanoseconds - start.nanoseconds
        broker.throttledUntil = end
    }

    func spend(_ byteCount: Int, for broker: FollowingBroker, within bound: CopyBound) {
        let now = shard.now
        switch bound {
        case .none: break
        case .ordered:
            quota.spend(byteCount, at: now)
            broker.quota.spend(byteCount, at: now)
        case .move:
            moveQuota.spend(byteCount, at: now)
            metrics.moveSentByteCount += UInt64(byteCount)
        }
    }

    /// The rates hold for a whole broker, of which this shard takes its share.
    private func refreshRates(for broker: FollowingBroker, at now: Instant) {
        let settings = shard.configs.settings
        quota.change(bytesPerSecond: share(of: settings[.leaderThrottledRate]), at: now)
        broker.quota.change(bytesPerSecond: share(of: settings[.followerThrottledRate]), at: now)
    }

    private func refreshPace(at now: Instant) {
        let settings = shard.configs.settings
        let rate = min(moveRate ?? share(of: settings[.moveRateMin]) ?? .max, Int64(settings[.moveRateMax]))
        moveQuota.change(bytesPerSecond: rate, at: now)
        arrivalQuota.change(bytesPerSecond: rate, at: now)
    }

    /// Whether there was more to copy for moves than the pace allows, and still is not paid for.
    func isHeldBack(at now: Instant) -> Bool {
        max(moveQuota.nextAllowance, arrivalQuota.nextAllowance) > now
    }

    private func share(of rate: Int) -> Int64? {
        rate == .max ? nil : max(1, Int64(rate) / Int64(shard.node.shardCount))
    }
}

// MARK: Receiving

extension Replicator {
    /// How the answer to a leader's append goes out: for a replica that a move adds here when the pace allows it, which keeps
    /// the leader from sending more; else at once, and how long it took is noted.
    func answering(
        _ append: ReceivedAppend, in partition: Partition, _ reply: @escaping (AppendAnswer) -> Void
    ) -> (AppendAnswer) -> Void {
        guard let image = shard.image.catalog.partition(partition.id) else { return reply }
        let start = shard.now
        let node = shard.node.id
        if image.inSyncReplicas.contains(node) {
            arrivals[partition.id] = nil
            guard !append.batches.isEmpty else { return reply }
            return { [unowned self] answer in
                metrics.leaderWaits.add(nanoseconds: shard.now.nanoseconds - start.nanoseconds)
                reply(answer)
            }
        }
        guard image.addingReplicas.contains(node), !isOrdered(partition, from: image.leader, to: node) else {
            return reply
        }
        metrics.moveReceivedByteCount += UInt64(append.batches.count)
        return { [unowned self] answer in
            guard case .accepted(let end, _) = answer else { return reply(answer) }
            arrived(append, of: partition.id, through: end)
            if append.batches.isEmpty || end >= append.header.highWatermark { return reply(answer) }
            hold { reply(answer) }
        }
    }

    /// Counts what came, and what was written meanwhile: by how far the high watermark went on, in records as large as
    /// those that came last.
    private func arrived(_ append: ReceivedAppend, of partition: PartitionID, through end: Offset) {
        let now = shard.now
        let byteCount = append.batches.count
        var arrival = arrivals[partition] ?? MoveArrival(highWatermark: append.header.highWatermark)
        let offsetCount = end.distance(from: append.header.previous.offset)
        if byteCount > 0, offsetCount > 0 { arrival.recordByteCount = Int64(byteCount) / offsetCount }
        let growth = max(0, append.header.highWatermark.distance(from: arrival.highWatermark))
        arrival.highWatermark = max(arrival.highWatermark, append.header.highWatermark)
        arrivals[partition] = arrival
        refreshPace(at: now)
        arrivalQuota.spend(byteCount, at: now)
        arrivalQuota.grant(growth.multipliedReportingOverflow(by: arrival.recordByteCount).partialValue, at: now)
    }

    /// Calls `reply` when what has arrived is paid for.
    private func hold(_ reply: @escaping () -> Void) {
        let now = shard.now
        refreshPace(at: now)
        guard arrivalQuota.allowance(at: now) == 0 else { return reply() }
        metrics.moveHeldBackCount += 1
        // Looks again before: the rate may rise, and what is written to the partition is granted.
        let due = min(arrivalQuota.nextAllowance, now.advanced(byMilliseconds: Self.holdMilliseconds))
        shard.schedule(at: due) { [unowned self] in hold(reply) }
    }
}
