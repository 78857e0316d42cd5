// SPDX-License-Identifier: Apache-2.0

internal import ControllerNode
internal import Coordinator
internal import Primitives
internal import Replication
internal import StorageEngine
internal import WireProtocol

extension Replicator {
    /// Sends what the round made due, and asks the controller for the changes of in-sync sets. Runs at its end.
    func endRound() {
        for broker in brokers.values where !broker.due.isEmpty || !broker.copies.isEmpty { send(to: broker) }
        propose()
    }

    private func send(to broker: FollowingBroker) {
        while broker.isWritable {
            let frame: AppendFrameBuilder
            if !broker.due.isEmpty {
                var turn: [Partition] = []
                swap(&turn, &broker.due)
                frame = nextFrame(for: broker, of: &turn, byteCountMax: Replicas.frameByteCountMax)
                broker.due = turn + broker.due
            } else if !broker.copies.isEmpty, broker.copyingByteCount < Self.copyingByteCountMax {
                var turn: [Partition] = []
                swap(&turn, &broker.copies)
                frame = nextFrame(for: broker, of: &turn, byteCountMax: Self.copyFrameByteCountMax)
                broker.copies = turn + broker.copies
            } else {
                return
            }
            guard !frame.isEmpty, let links else { continue }
            let takesMore = links.send(frame.payload, to: broker.id)
            if case .open = broker.link { broker.link = .open(isWritable: takesMore) }
        }
    }

    /// Takes from `turn` as much as fits into one frame; those that were already served come due behind those that wait.
    private func nextFrame(
        for broker: FollowingBroker, of turn: inout [Partition], byteCountMax: Int
    ) -> AppendFrameBuilder {
        var frame = AppendFrameBuilder()
        var servedCount = 0
        for partition in turn {
            guard frame.byteCount < byteCountMax, frame.partitionCount < Self.framePartitionCountMax else { break }
            servedCount += 1
            broker.dueIDs.remove(partition.id)
            let room = byteCountMax - frame.byteCount
            guard broker.followed[partition.id] === partition,
                add(partition, for: broker, byteCountMax: room, to: &frame)
            else { continue }
            becomeDue(partition, at: broker)
        }
        turn.removeFirst(servedCount)
        return frame
    }

    /// - Returns: whether there is more to send of this partition now.
    private func add(
        _ partition: Partition, for broker: FollowingBroker, byteCountMax: Int, to frame: inout AppendFrameBuilder
    ) -> Bool {
        let bound = bound(of: partition, for: broker)
        let room = min(byteCountMax, allowance(of: partition, for: broker, within: bound))
        guard let plan = partition.nextAppend(to: broker.id, byteCountMax: room) else {
            if let header = partition.announcement(to: broker.id) { frame.add(header, of: partition.id) }
            return false
        }
        guard plan.byteCountMax > 0 else {
            frame.add(plan.header, of: partition.id)
            return partition.leader?.hasNext(for: broker.id) == true
        }
        guard let run = batches(of: partition, for: plan, to: broker) else {
            _ = partition.withLeader { $0.notSent(plan, to: broker.id) }
            return false
        }
        let isSent = partition.withLeader {
            $0.sent(plan, to: broker.id, through: run.nextOffset, byteCount: run.bytes.count)
        }
        guard isSent == true else { return false }
        frame.add(plan.header, of: partition.id, run.bytes)
        if partition.leader?.assignment.inSync.contains(broker.id) == false { broker.copying[partition.id] = partition }
        spend(run.bytes.count, for: broker, within: bound)
        metrics.replicatedByteCount += UInt64(run.bytes.count)
        return partition.leader?.hasNext(for: broker.id) == true
    }

    /// The batches of a plan, when they are in the page cache. Else they are read into it, and the partition is due again.
    private func batches(
        of partition: Partition, for plan: AppendPlan, to broker: FollowingBroker
    ) -> (bytes: SharedBytes, nextOffset: Offset)? {
        do throws(ReadRefusal) {
            let found = try partition.withLog { log throws(ReadRefusal) in
                try log.locate(
                    from: plan.header.previous.offset, byteCountMax: plan.byteCountMax, below: log.writtenOffset,
                    minOneBatch: true, on: shard.disk)
            }
            guard let slice = found else { return nil }
            let cached: SharedBytes?
            do throws(DiskFault) {
                cached = try shard.disk.readIfCached(slice.file, at: slice.position, count: slice.byteCount)
            } catch { throw .disk(error) }
            if let cached, cached.count == slice.byteCount {
                if partition.log.isVerified(slice) { return (cached, slice.nextOffset) }
                if try shard.verify(cached, of: slice, in: partition) { return (cached, slice.nextOffset) }
                // It ends before the damage when it is located again.
                shard.schedule(afterMilliseconds: 0) { [unowned self, weak broker] in
                    if let broker { becomeDue(partition, at: broker) }
                }
                return nil
            }
            throw .cold(slice.file, position: slice.position, byteCount: slice.byteCount)
        } catch {
            retry(partition, after: error, to: broker)
            return nil
        }
    }

    private func retry(_ partition: Partition, after refusal: ReadRefusal, to broker: FollowingBroker) {
        guard case .cold(let file, let position, let byteCount) = refusal else {
            // The next look makes it due again.
            return shard.logger.error(
                "\(partition.folder) cannot be read for broker \(broker.id): \(refusal)", limitedBy: "replication read")
        }
        let ticket = shard.nextTicket()
        shard.awaitDisk(ticket) { [unowned self, weak broker] _ in
            if let broker { becomeDue(partition, at: broker) }
        }
        shard.disk.submitRead(file, at: position, count: byteCount, ticket: ticket)
    }
}

// MARK: In-sync sets

extension Replicator {
    /// Looks from time to time for followers that fell behind, rests that are over, and appends whose time is up.
    func tick() {
        guard !isTicking else { return }
        isTicking = true
        shard.schedule(afterMilliseconds: Self.tickMilliseconds) { [unowned self] in
            isTicking = false
            guard brokers.values.contains(where: { !$0.followed.isEmpty }) else { return }
            look()
            tick()
        }
    }

    private func look() {
        let now = shard.now
        for broker in brokers.values {
            for partition in broker.followed.values {
                _ = partition.withLeader { $0.timePassed(at: now) }
                partition.failOverdue(at: now)
                if partition.leader?.hasNext(for: broker.id) == true { becomeDue(partition, at: broker) }
                consider(partition)
            }
        }
    }

    /// Sends the proposals of the leaders that have one, all in one command.
    private func propose() {
        guard !proposing.isEmpty, shard.isRegistered else { return }
        let now = shard.now
        var asked: [(Partition, Replication.InSyncProposal)] = []
        for (_, partition) in proposing.sorted(by: { $0.key < $1.key }) {
            let proposal = partition.withLeader { $0.nextProposal(at: now) }
            if let proposal = proposal ?? nil { asked.append((partition, proposal)) }
        }
        proposing.removeAll(keepingCapacity: true)
        guard !asked.isEmpty else { return }
        let command = AlterPartitions(
            broker: shard.node.id, epoch: shard.brokerEpoch,
            proposals: asked.map { Coordinator.InSyncProposal($0.1, of: $0.0.id) })
        shard.command(command) { [unowned self] result in
            let outcomes = InSyncOutcome.outcomes(of: result, count: asked.count)
            for ((partition, proposal), outcome) in zip(asked, outcomes) {
                report(proposal, outcome, of: partition)
            }
        }
    }

    private func report(
        _ proposal: Replication.InSyncProposal, _ outcome: InSyncOutcome, of partition: Partition
    ) {
        let now = shard.now
        let before = partition.leader?.assignment.inSync.count
        _ = partition.withLeader { $0.proposalAnswered(proposal, outcome, at: now) }
        if case .committed(_, let inSync) = outcome {
            if let before { metrics.inSyncChanged(from: before, to: inSync.count) }
            shard.logger.notice(
                "\(partition.folder): in sync are now \(inSync.map(\.description).joined(separator: ", "))",
                limitedBy: "in-sync sets")
        }
    }
}

extension Coordinator.InSyncProposal {
    fileprivate init(_ proposal: Replication.InSyncProposal, of partition: PartitionID) {
        self.init(
            partition: partition, leaderEpoch: proposal.leaderEpoch, partitionEpoch: proposal.partitionEpoch,
            inSyncReplicas: proposal.members.map {
                Member($0.node, epoch: $0.brokerEpoch < 0 ? nil : BrokerEpoch($0.brokerEpoch))
            })
    }
}

extension InSyncOutcome {
    /// What the controller's answer means for each proposal, in order.
    fileprivate static func outcomes(
        of result: Result<AlterPartitions.Outcome, ControllerFailure>, count: Int
    ) -> [InSyncOutcome] {
        switch result {
        case .success(.success(let answers)): answers.map(InSyncOutcome.init)
        case .success(.failure): Array(repeating: .stale, count: count)
        case .failure: Array(repeating: .unknown, count: count)
        }
    }

    private init(_ answer: Result<Coordinator.PartitionState, InSyncRefusal>) {
        self =
            switch answer {
            case .success(let state): .committed(state.partitionEpoch, inSync: state.inSyncReplicas)
            case .failure(.ineligible): .ineligible
            case .failure(.notController): .unknown
            case .failure: .stale
            }
    }
}
