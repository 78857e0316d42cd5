// SPDX-License-Identifier: Apache-2.0

internal import ControllerNode
internal import Coordinator
internal import Primitives
internal import RecordBatch
internal import StorageEngine
internal import WireProtocol

/// What a replica that comes back from a crash does before it leads: it asks the others what they have.
///
/// It is elected because no member of the in-sync set is left that went on without it, as after a crash of all. All that was
/// acknowledged is on the disk of each of them, unless that disk has lost it. Who has most has all of it, so this one takes
/// what it lacks from there; a follower that it would otherwise cut never loses the only copy.
/// - SeeAlso: docs/decisions/0016-repair.md
final class CatchUps {
    private static let retryMilliseconds: Int64 = 100
    private static let answerMilliseconds: Int64 = 1_000
    private static let pieceByteCountMax: Int32 = 1 << 20

    private final class Round {
        let partition: Partition
        var catchUp: CatchUp
        /// Peers that have been asked and have not answered.
        var asked: Set<NodeID> = []
        var retry: TimerID?

        init(_ partition: Partition, _ catchUp: CatchUp) {
            self.partition = partition
            self.catchUp = catchUp
        }
    }

    private unowned let shard: BrokerShard
    private var rounds: [PartitionID: Round] = [:]

    init(shard: BrokerShard) { self.shard = shard }

    /// Catches up with the other replicas; then the partition is led, if it still should be.
    func begin(_ partition: Partition) {
        guard rounds[partition.id]?.partition !== partition else { return }
        let image = shard.image.partition(partition.id)
        let round = Round(
            partition,
            CatchUp(
                peers: (image?.replicas ?? []).filter { $0 != shard.node.id },
                members: (image?.inSyncReplicas ?? []) + (image?.eligibleLeaderReplicas ?? []), at: shard.now))
        rounds[partition.id] = round
        proceed(round)
    }

    /// Another leader was named, or the partition is gone.
    func forget(_ id: PartitionID) { rounds[id] = nil }

    private func isUnderWay(_ round: Round) -> Bool {
        let id = round.partition.id
        guard rounds[id] === round else { return false }
        if shard.partitions[id] === round.partition, !shard.isDraining { return true }
        rounds[id] = nil
        return false
    }

    /// Does what comes next, unless records are being taken over.
    private func proceed(_ round: Round) {
        guard isUnderWay(round), round.catchUp.source == nil else { return }
        let log = round.partition.log
        let own = ReplicaStand(latestEpoch: log.latestEpoch, logEnd: log.writtenOffset)
        switch round.catchUp.step(own: own, hasDamage: !log.damages.isEmpty, at: shard.now) {
        case .ask(let silent):
            for peer in silent where round.asked.insert(peer).inserted { askEnd(round, of: peer) }
            guard round.retry == nil else { return }
            round.retry = shard.schedule(afterMilliseconds: Self.retryMilliseconds) { [weak self, weak round] in
                round?.retry = nil
                if let self, let round { proceed(round) }
            }
        case .take(let peer, let end): takeOver(round, from: peer, upTo: end)
        case .lead: lead(round)
        }
    }

    private func askEnd(_ round: Round, of peer: NodeID) {
        let end = round.partition.log.writtenOffset
        shard.fetchLog(
            of: round.partition.id, from: peer, end..<end + 1, byteCountMax: 1,
            withinMilliseconds: Self.answerMilliseconds
        ) { [weak self, weak round] answer in
            guard let self, let round, isUnderWay(round) else { return }
            round.asked.remove(peer)
            guard case .success(let answer) = answer, answer.response.outcome != .notHere,
                answer.response.outcome != .unspecified
            else { return }
            round.catchUp.told(ReplicaStand(answer.response), by: peer)
            proceed(round)
        }
    }

    // MARK: Taking over

    private func takeOver(_ round: Round, from peer: NodeID, upTo end: Offset) {
        do throws(LogFault) {
            // The peer has all that this log claims: what cannot be proven here is taken from there.
            try shard.cutUnprovable(round.partition)
        } catch {
            shard.noteFault(error)
            return refused(round)
        }
        let next = round.partition.log.writtenOffset
        guard next < end else { return taken(round) }
        shard.logger.notice(
            "\(round.partition.folder): broker \(peer) has records up to \(end), this one to \(next): taking them over")
        compare(round, with: peer, upTo: end)
    }

    /// The peer has to have the last record of this log: then all before is the same, and what follows belongs here.
    private func compare(_ round: Round, with peer: NodeID, upTo end: Offset) {
        let log = round.partition.log
        guard log.writtenOffset > log.logStartOffset else { return copy(round, from: peer, upTo: end) }
        let last = log.writtenOffset - 1
        ask(round, peer, last..<last + 1, byteCountMax: 1) { [self] bytes in
            let log = round.partition.log
            guard let header = BatchRun(bytes).first, header.nextOffset == log.writtenOffset,
                header.partitionLeaderEpoch == log.latestEpoch
            else {
                shard.logger.error(
                    "\(round.partition.folder): the log of broker \(peer) is another one at offset \(last)")
                return refused(round)
            }
            copy(round, from: peer, upTo: end)
        }
    }

    private func copy(_ round: Round, from peer: NodeID, upTo end: Offset) {
        let next = round.partition.log.writtenOffset
        guard next < end else { return taken(round) }
        ask(round, peer, next..<end, byteCountMax: Self.pieceByteCountMax) { [self] bytes in
            guard take(bytes, into: round.partition) else { return refused(round) }
            copy(round, from: peer, upTo: end)
        }
    }

    /// - Returns: whether the log is longer now.
    private func take(_ bytes: SharedBytes, into partition: Partition) -> Bool {
        let before = partition.log.writtenOffset
        do {
            try partition.withLog { log in
                _ = try log.appendReplicated(bytes, at: shard.wallClock)
                try log.writeStaged(on: shard.disk)
            }
        } catch let fault as LogFault {
            shard.noteFault(fault)
        } catch {
            shard.logger.error("\(partition.folder): records of another replica cannot be taken over: \(error)")
        }
        return partition.log.writtenOffset > before
    }

    private func ask(
        _ round: Round, _ peer: NodeID, _ offsets: Range<Offset>, byteCountMax: Int32,
        then continuation: @escaping (SharedBytes) -> Void
    ) {
        shard.fetchLog(
            of: round.partition.id, from: peer, offsets, byteCountMax: byteCountMax,
            withinMilliseconds: Self.answerMilliseconds
        ) { [weak self, weak round] answer in
            guard let self, let round, isUnderWay(round) else { return }
            guard case .success(let answer) = answer else { return lost(round) }
            switch answer.response.outcome {
            case .given: continuation(answer.batches)
            case .damaged, .outOfRange: refused(round)
            case .notHere, .unspecified: lost(round)
            }
        }
    }

    // MARK: Ending

    private func taken(_ round: Round) {
        round.catchUp.taken()
        proceed(round)
    }

    private func lost(_ round: Round) {
        round.catchUp.lost(at: shard.now)
        proceed(round)
    }

    private func refused(_ round: Round) {
        round.catchUp.refused()
        proceed(round)
    }

    private func lead(_ round: Round) {
        let partition = round.partition
        rounds[partition.id] = nil
        partition.mustAskPeers = false
        guard let image = shard.image.partition(partition.id) else { return }
        shard.assign(image, to: partition)
    }
}

extension BrokerShard {
    /// Cuts damage that no record behind it proves to have been durable, or behind which nothing is left: another replica
    /// has what was there.
    ///
    /// For a replica that follows, or is about to take over what a peer has; never for one that may have the only copy.
    func cutUnprovable(_ partition: Partition) throws(LogFault) {
        let log = partition.log
        let holes = log.damages.filter {
            $0.offsets.lowerBound >= log.durableOffset || $0.offsets.upperBound >= log.writtenOffset
        }
        guard let hole = holes.map(\.offsets.lowerBound).min() else { return }
        let cut = max(hole, log.logStartOffset)
        try partition.withLog { log throws(LogFault) in try log.truncateDiscarding(from: cut, on: disk) }
        partition.discarded()
        if partition.log.damages.isEmpty { partition.isDoubtful = false }
        logger.notice("\(partition.folder): cut back to \(cut), as another replica has what follows")
    }
}
