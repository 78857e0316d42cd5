// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
public import Primitives
public import Replication
public import StorageEngine

extension Partition {
    /// What the cores of replication ask about the log.
    var standing: ReplicaStanding {
        ReplicaStanding(
            logStart: log.logStartOffset, logEnd: log.logEndOffset, durableEnd: safeOffset, lastEpoch: log.latestEpoch)
    }

    /// The metadata's view of the replicas as the leader needs it.
    ///
    /// - Parameter ineligible: Brokers that the controller would not take into the in-sync set.
    func assignment(_ image: PartitionImage, ineligible: [NodeID]) -> Assignment {
        Assignment(
            partitionEpoch: image.partitionEpoch, replicas: image.replicas, inSync: image.inSyncReplicas,
            inSyncCountMin: settings.inSyncReplicasMin, ineligible: ineligible)
    }

    /// Changes what the leader knows, and tells everyone who waits for what that commits; nil when this is no leader.
    func withLeader<Result>(_ change: (inout LeaderReplica) -> Result) -> Result? {
        guard var replica = takeLeader() else { return nil }
        let result = change(&replica)
        putLeader(replica)
        return result
    }
}

extension Partition {
    /// Takes what the leader of the current epoch sent; `reply` is called when it is durable here, or refused.
    ///
    /// - Parameter mayDiscard: Whether records may be dropped as the decision says; if not, the leader asks again.
    func replicate(
        _ header: AppendHeader, _ batches: SharedBytes, at wall: Timestamp, on disk: any Disk,
        mayDiscard: (FollowerDecision) -> Bool, reply: @escaping (AppendAnswer) -> Void
    ) throws(LogFault) {
        let decision = try carryOut(header, at: wall, on: disk, mayDiscard)
        switch decision {
        case .answer(let answer): reply(answer)
        case .append(let offset):
            // The leader has compared the logs: whatever was lost here comes from it.
            mustAskPeers = false
            try follow(logStart: header.logStart, at: wall, on: disk)
            appendReplicated(FollowerReplica.batches(in: batches, from: offset), header, at: wall, reply: reply)
        case .cut, .restart: preconditionFailure("\(decision) was carried out")
        }
    }

    /// Drops what has to go before anything can be appended.
    private func carryOut(
        _ header: AppendHeader, at wall: Timestamp, on disk: any Disk, _ mayDiscard: (FollowerDecision) -> Bool
    ) throws(LogFault) -> FollowerDecision {
        while true {
            let decision = decide(header)
            switch decision {
            case .answer, .append: return decision
            case .cut, .restart:
                guard mayDiscard(decision) else { return .answer(.failed) }
                try discard(decision, on: disk)
            }
            discarded()
        }
    }

    private func discard(_ decision: FollowerDecision, on disk: any Disk) throws(LogFault) {
        try withLog { log throws(LogFault) in
            switch decision {
            case .answer, .append: preconditionFailure("\(decision) discards nothing")
            case .cut(let offset): try log.truncateDiscarding(from: offset, on: disk)
            case .restart(let offset): try log.resetDiscarding(to: offset, on: disk)
            }
        }
    }

    /// The leader's records begin there; what is before may go here too.
    private func follow(logStart: Offset, at wall: Timestamp, on disk: any Disk) throws(LogFault) {
        let start = min(logStart, log.writtenOffset)
        guard start > log.logStartOffset else { return }
        try withLog { log throws(LogFault) in try log.advanceLogStart(to: start, at: wall, on: disk) }
    }
}

extension PartitionLog: EpochTable {
    public func lastEpoch(atOrBefore epoch: LeaderEpoch) -> OffsetAndEpoch? {
        guard latestEpoch != .none, let end = endOffset(of: min(epoch, latestEpoch)), end.epoch <= epoch else {
            return nil
        }
        return OffsetAndEpoch(end.endOffset, end.epoch)
    }
}
