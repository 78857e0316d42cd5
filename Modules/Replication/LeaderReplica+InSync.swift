// SPDX-License-Identifier: Apache-2.0

public import Primitives

extension LeaderReplica {
    /// The change of the in-sync set to ask the controller for, if any; one at a time.
    ///
    /// Members that have not had everything for `lagMillisecondsMax` go; replicas that have all that is committed, and all
    /// of earlier epochs, come. Those count for the high watermark from now on, before the controller decides.
    public mutating func nextProposal(at now: Instant) -> InSyncProposal? {
        guard newerEpoch == nil else { return nil }
        if let pending = proposal {
            guard !pending.isUnderWay, pending.askAgainAt <= now else { return nil }
            proposal?.isUnderWay = true
            return pending.content
        }
        guard proposalsRestUntil ?? now <= now else { return nil }
        let going = followers.filter { isLagging($0, at: now) }.map(\.node)
        let coming = followers.filter { mayJoin($0, at: now) }.map(\.node)
        guard !going.isEmpty || !coming.isEmpty else { return nil }
        let members = assignment.replicas.filter { replica in
            if replica == node { return true }
            guard !assignment.ineligible.contains(replica), !going.contains(replica) else { return false }
            return assignment.inSync.contains(replica) || coming.contains(replica)
        }
        let content = InSyncProposal(
            leaderEpoch: leaderEpoch, partitionEpoch: assignment.partitionEpoch,
            members: members.map { .init(node: $0, brokerEpoch: brokerEpoch(of: $0)) })
        proposal = Proposal(content: content, isUnderWay: true, askAgainAt: now)
        return content
    }

    /// Takes note of what became of a proposal. One that metadata has overtaken changes nothing.
    public mutating func proposalAnswered(_ content: InSyncProposal, _ outcome: InSyncOutcome, at now: Instant) {
        guard proposal?.content == content else { return }
        let retryAt = now.advanced(byMilliseconds: settings.retryMilliseconds)
        switch outcome {
        case .committed(let epoch, let inSync):
            var newer = assignment
            (newer.partitionEpoch, newer.inSync) = (epoch, inSync)
            proposal = nil
            assignmentChanged(newer, at: now)
        case .ineligible:
            let barredUntil = now.advanced(byMilliseconds: settings.lagMillisecondsMax)
            for index in followers.indices where isNew(followers[index].node, in: content) {
                followers[index].barredUntil = barredUntil
            }
            (proposal, proposalsRestUntil) = (nil, retryAt)
            advanceHighWatermark()
        // Counted on, as it may have been applied before; metadata ends it.
        case .stale: break
        case .unknown:
            proposal?.isUnderWay = false
            proposal?.askAgainAt = retryAt
        }
    }

    /// When `timePassed` and `nextProposal` may have something new although nothing happened; nil when never.
    public var nextDeadline: Instant? {
        var deadlines: [Instant] = []
        for follower in followers {
            if case .resting(let end) = follower.phase { deadlines.append(end) }
            if assignment.inSync.contains(follower.node), reached(follower) < logEnd, proposal == nil {
                deadlines.append(lagDeadline(follower))
            }
        }
        if let proposal, !proposal.isUnderWay { deadlines.append(proposal.askAgainAt) }
        return deadlines.min()
    }

    // MARK: Helpers

    private func isNew(_ replica: NodeID, in content: InSyncProposal) -> Bool {
        content.nodes.contains(replica) && !assignment.inSync.contains(replica)
    }

    private func brokerEpoch(of replica: NodeID) -> Int64 { followers.first { $0.node == replica }?.brokerEpoch ?? -1 }

    private func isLagging(_ follower: FollowerProgress, at now: Instant) -> Bool {
        assignment.inSync.contains(follower.node) && reached(follower) < logEnd && lagDeadline(follower) <= now
    }

    private func lagDeadline(_ follower: FollowerProgress) -> Instant {
        let since = follower.lastCaughtUp ?? Instant(nanoseconds: 0)
        return since.advanced(byMilliseconds: settings.lagMillisecondsMax)
    }

    private func mayJoin(_ follower: FollowerProgress, at now: Instant) -> Bool {
        !assignment.inSync.contains(follower.node) && !assignment.ineligible.contains(follower.node)
            && follower.isMatched && follower.brokerEpoch != nil && follower.barredUntil ?? now <= now
            && reached(follower) >= highWatermark && reached(follower) >= epochStart
    }
}
