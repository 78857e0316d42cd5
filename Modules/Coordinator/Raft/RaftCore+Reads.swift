// SPDX-License-Identifier: Apache-2.0

internal import Primitives

/// Linearizable reads without a lease and without an entry (Ongaro, 6.4): what is committed when the read comes is
/// what it must see, once a majority confirms that this node still led then. No clock takes part in it.
extension RaftCore {
    mutating func requestRead(_ ticket: RaftTicket) {
        guard role == .leader else { return output.append(.refused(ticket, .notLeader(leader: leader?.id))) }
        guard leadership.readCount < limits.readsWaitingMax else { return output.append(.refused(ticket, .busy)) }
        leadership.waitingReads.append(ticket)
        beginReadRound()
    }

    /// One round is in flight at a time, for all reads that came before it began. Before an entry of its own term is
    /// committed, a leader does not know what is.
    mutating func beginReadRound() {
        guard leadership.isEstablished, leadership.readRound == nil, !leadership.waitingReads.isEmpty else { return }
        leadership.round += 1
        leadership.readRound = ReadRound(number: leadership.round, end: commit, tickets: leadership.waitingReads)
        leadership.waitingReads = []
        if !isOnlyVoter { replicate(on: .heartbeat) }
        confirmReadRound()
    }

    mutating func confirmReadRound() {
        guard role == .leader, let round = leadership.readRound else { return }
        let confirmed = log.voters.voters.count { voter in
            voter.matches(me.key) || leadership.replica(of: voter)?.confirmedRound ?? 0 >= round.number
        }
        guard confirmed >= log.voters.majority else { return }
        leadership.readRound = nil
        for ticket in round.tickets { leadership.confirmedReads.append((ticket, round.end)) }
        releaseReads()
        beginReadRound()
    }

    /// Answers the reads whose point this node's own state machine has reached.
    mutating func releaseReads() {
        let reads = leadership.confirmedReads
        leadership.confirmedReads.removeAll { $0.end <= handedOut }
        for read in reads where read.end <= handedOut { output.append(.readReady(read.ticket, end: read.end)) }
    }
}
