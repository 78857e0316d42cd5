// SPDX-License-Identifier: Apache-2.0

public import Primitives

extension LeaderReplica {
    /// Takes note of a follower's answer that came over the link that is up.
    ///
    /// - Parameter epoch: The leader epoch the answer is for; that of another leader is of no interest.
    public mutating func acknowledged(
        from node: NodeID, _ answer: AppendAnswer, in epoch: LeaderEpoch, at now: Instant, epochs: some EpochTable
    ) {
        guard epoch == leaderEpoch, let index = index(of: node), followers[index].phase != .away else { return }
        switch answer {
        case .accepted(let logEnd, let durableEnd):
            accept(index, logEnd: logEnd, durableEnd: min(durableEnd, logEnd), at: now)
        case .diverged(let standing): resolve(index, standing, epochs)
        case .fenced(let current):
            guard current > leaderEpoch else { return }
            newerEpoch = max(newerEpoch ?? current, current)
        case .notHere, .failed:
            followers[index].clearFlights()
            followers[index].phase = .resting(until: now.advanced(byMilliseconds: settings.retryMilliseconds))
        }
    }

    private mutating func accept(_ index: Int, logEnd end: Offset, durableEnd: Offset, at now: Instant) {
        // Records that this leader does not have cannot agree with its own: ask again.
        guard end <= logEnd else {
            followers[index].clearFlights()
            followers[index].phase = .resting(until: now.advanced(byMilliseconds: settings.retryMilliseconds))
            return
        }
        switch followers[index].phase {
        case .waiting:
            followers[index].phase = .copying(reading: nil)
            followers[index].next = end
        case .copying: break
        // An answer to something sent before; what is asked next tells more.
        case .away, .resting, .comparing, .ordering: return
        }
        if followers[index].isMatched {
            followers[index].logEnd = max(followers[index].logEnd, end)
            followers[index].durableEnd = max(followers[index].durableEnd, durableEnd)
        } else {
            // What it had before the link was lost it may have lost with its disk.
            followers[index].isMatched = true
            (followers[index].logEnd, followers[index].durableEnd) = (end, durableEnd)
        }
        followers[index].landed(upTo: end)
        followers[index].noteCaughtUp(reached: reached(followers[index]), leaderEnd: logEnd, at: now)
        advanceHighWatermark()
    }

    /// Finds where the logs part, by epochs alone (KIP-101, KIP-279): each order drops only records that this log does not
    /// have, and the follower answers with what is left until the rest agrees.
    private mutating func resolve(_ index: Int, _ standing: ReplicaStanding, _ epochs: some EpochTable) {
        switch followers[index].phase {
        case .away, .resting: return
        // It said so before, and the order is on its way.
        case .waiting(because: standing), .ordering(_, _, because: standing): return
        case .waiting, .ordering, .comparing, .copying: break
        }
        followers[index].clearFlights()
        if standing.logEnd < logStart || standing.isEmpty && standing.logEnd > logEnd {
            return restart(index, standing)
        }
        let known = epochs.lastEpoch(atOrBefore: standing.lastEpoch)
        let isKnown = known?.epoch == standing.lastEpoch && standing.logEnd <= known?.offset ?? .zero
        if standing.isEmpty || isKnown || standing.logEnd == logStart {
            followers[index].next = standing.logEnd
            followers[index].phase = .copying(reading: nil)
            followers[index].mustConfirm = true
            return
        }
        let target = known ?? OffsetAndEpoch(logStart, .none)
        guard target.offset >= standing.logStart else { return restart(index, standing) }
        followers[index].phase = .ordering(
            .cut(to: target, ifEnding: standing.end), previous: target, because: standing)
    }

    private mutating func restart(_ index: Int, _ standing: ReplicaStanding) {
        followers[index].phase = .ordering(
            .restart(at: logStart, ifEnding: standing.end), previous: OffsetAndEpoch(logStart, .none),
            because: standing)
    }
}
