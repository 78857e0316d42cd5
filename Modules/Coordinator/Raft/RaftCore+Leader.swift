// SPDX-License-Identifier: Apache-2.0

internal import Primitives

extension RaftCore {
    mutating func becomeLeader() {
        role = .leader
        leader = me.key
        counts.leaderships += 1
        leadership = Leadership()
        leadership.heartbeatDeadline = now.advanced(byMilliseconds: limits.heartbeatIntervalMilliseconds)
        leadership.uncommittedByteCount = log.entries(from: commit, upTo: log.last.end).reduce(0) { $0 + $1.byteCount }
        addReplicas()
        // Entries of former terms are committed by one of this term only (Raft paper, 5.4.2).
        leadership.firstEnd = append(.leaderChange, recordCount: 1).end
        replicate(on: .heartbeat)
    }

    /// Everything that waits for this leader is refused; its entries stay, for the next leader to judge.
    mutating func stepDown(to next: ReplicaKey?) {
        let refusal = RaftRefusal.notLeader(leader: next?.id)
        let ended = leadership
        leadership = Leadership()
        leader = next
        for ticket in ended.waitingReads + (ended.readRound?.tickets ?? []) { output.append(.refused(ticket, refusal)) }
        for read in ended.confirmedReads { output.append(.refused(read.ticket, refusal)) }
        if let ticket = ended.change?.ticket, !(ended.change?.steps.isEmpty ?? true) {
            output.append(.refused(ticket, refusal))
        }
        if let transfer = ended.transfer {
            output.append(transfer.isSent ? .transferred(transfer.ticket) : .refused(transfer.ticket, refusal))
        }
        if ended.isEstablished { output.append(.steppedDown(leader: next?.id)) }
        role = .follower
        following = Following(matchedEnd: commit)
        resetElectionDeadline()
    }

    // MARK: Proposals

    mutating func propose(_ payload: SharedBytes, _ recordCount: Int, _ ticket: RaftTicket) {
        precondition(recordCount > 0, "a proposal of \(recordCount) records")
        guard isLeader else { return output.append(.refused(ticket, .notLeader(leader: leaderElsewhere))) }
        guard leadership.transfer == nil else { return output.append(.refused(ticket, .transferring)) }
        guard payload.count <= limits.entryByteCountMax.rawValue else {
            return output.append(.refused(ticket, .tooLarge(limit: limits.entryByteCountMax)))
        }
        guard leadership.uncommittedByteCount + payload.count <= limits.uncommittedByteCountMax.rawValue else {
            return output.append(.refused(ticket, .busy))
        }
        let entry = append(.records(payload), recordCount: recordCount)
        output.append(.accepted(ticket, base: entry.base, end: entry.end))
        replicate(on: .append)
    }

    /// Who else leads. A leader that is not established sends nobody to itself.
    var leaderElsewhere: NodeID? { role == .leader ? nil : leader?.id }

    @discardableResult
    mutating func append(_ kind: RaftEntry.Kind, recordCount: Int) -> RaftEntry {
        let base = log.last.end
        let entry = RaftEntry(base: base, end: base + Int64(recordCount), term: term, kind: kind)
        log.append(entry)
        disk.append(entry)
        leadership.uncommittedByteCount += entry.byteCount
        return entry
    }

    // MARK: Commit

    /// Counts the disks that have each entry, this node's own only if it votes.
    mutating func advanceCommit() {
        let voters = log.voters
        guard role == .leader, !voters.isEmpty else { return }
        let ends = voters.voters.map { voter in
            voter.matches(me.key) ? disk.durableEnd : leadership.replica(of: voter)?.durableEnd ?? .zero
        }
        let end = ends.sorted(by: >)[voters.majority - 1]
        guard end > commit, log.term(at: end) == term else { return }
        leadership.uncommittedByteCount -= log.entries(from: commit, upTo: end).reduce(0) { $0 + $1.byteCount }
        commit = end
        replicate(on: .commit)
    }

    /// The state machine has got more: what waited for that goes on.
    mutating func leaderHandedOut() {
        if !leadership.isEstablished, handedOut >= leadership.firstEnd {
            leadership.isEstablished = true
            output.append(.becameLeader(term))
            beginReadRound()
        }
        releaseReads()
        advanceChange()
    }

    // MARK: Time

    mutating func leaderTick() {
        leadership.heartbeatDeadline = now.advanced(byMilliseconds: limits.heartbeatIntervalMilliseconds)
        guard hearsMajority else { return stepDown(to: nil) }
        if let transfer = leadership.transfer, now >= transfer.deadline {
            leadership.transfer = nil
            output.append(.refused(transfer.ticket, .transferTimedOut))
        }
        forgetSilentObservers()
        advanceChange()
        guard role == .leader else { return }
        replicate(on: .heartbeat)
        // The order may have been lost.
        leadership.transfer?.isSent = false
        advanceTransfer()
    }

    /// A leader that a majority does not hear may have been replaced, and its clients had better ask somebody else
    /// (Ongaro, 6.2).
    private var hearsMajority: Bool {
        let oldest = now.advanced(byMilliseconds: -limits.electionTimeoutMilliseconds)
        let heard = log.voters.voters.count { voter in
            voter.matches(me.key) || leadership.replica(of: voter).map { $0.lastHeard > oldest } ?? false
        }
        return heard >= log.voters.majority
    }

    private mutating func forgetSilentObservers() {
        let oldest = now.advanced(byMilliseconds: -limits.observerExpiryMilliseconds)
        let awaited = leadership.change?.catchUp?.key
        leadership.replicas.removeAll { replica in
            replica.lastHeard <= oldest && replica.key != awaited && !log.voters.contains(replica.key)
        }
    }

    // MARK: Transfer

    mutating func requestTransfer(to target: NodeID?, _ ticket: RaftTicket) {
        guard role == .leader else { return output.append(.refused(ticket, .notLeader(leader: leader?.id))) }
        guard leadership.transfer == nil else { return output.append(.refused(ticket, .transferring)) }
        guard let key = heir(target) else { return output.append(.refused(ticket, .notVoter)) }
        let deadline = now.advanced(byMilliseconds: limits.electionTimeoutMilliseconds)
        leadership.transfer = LeadershipTransfer(ticket: ticket, target: key, deadline: deadline)
        advanceTransfer()
    }

    /// The wanted voter, or the one that has the most of the log and was heard last.
    private func heir(_ wanted: NodeID?) -> ReplicaKey? {
        let candidates = leadership.replicas.filter { replica in
            log.voters.contains(replica.key) && (wanted == nil || wanted == replica.key.id)
        }
        return candidates.max { ($0.durableEnd, $0.lastHeard) < ($1.durableEnd, $1.lastHeard) }?.key
    }

    /// Tells the target to campaign as soon as it has the whole log, so that it wins.
    mutating func advanceTransfer() {
        guard let transfer = leadership.transfer, !transfer.isSent,
            let replica = leadership.replicas.first(where: {
                $0.key.id == transfer.target.id && log.voters.contains($0.key)
            }),
            replica.durableEnd == log.last.end
        else { return }
        leadership.transfer?.isSent = true
        send(.timeoutNow, to: replica.key)
    }

    /// A leader that has removed itself leaves no gap.
    mutating func abdicate() {
        if let key = heir(nil) { send(.timeoutNow, to: key) }
        stepDown(to: nil)
    }
}
