// SPDX-License-Identifier: Apache-2.0

internal import Primitives

/// Changes of the quorum, one voter at a time and one after the other is committed, so that any majority of the quorum
/// before shares a voter with any majority of the one after (Ongaro, chapter 4).
extension RaftCore {
    /// Every other voter is replicated to; one that was removed stays as an observer until it falls silent.
    mutating func addReplicas() {
        for voter in log.voters.voters where !voter.matches(me.key) && leadership.replica(of: voter) == nil {
            leadership.replicas.append(Replica(key: voter.key, next: log.last.end, lastHeard: now))
        }
    }

    /// Somebody without a vote asks to be replicated to.
    mutating func admit(_ key: ReplicaKey) {
        if let index = leadership.index(of: key) {
            leadership.replicas[index].lastHeard = now
            return
        }
        // It may be a voter that has not answered yet: appends are on their way to it.
        guard !log.voters.contains(key) else { return }
        let observers = leadership.replicas.count { !log.voters.contains($0.key) }
        guard observers < limits.observersMax else { return }
        observe(key)
    }

    private mutating func observe(_ key: ReplicaKey) {
        leadership.replicas.append(Replica(key: key, next: log.last.end, lastHeard: now))
        replicate(to: leadership.replicas.count - 1, on: .heartbeat)
    }

    // MARK: Requests

    mutating func request(_ change: VoterChange, _ ticket: RaftTicket) {
        do throws(RaftRefusal) {
            let steps = try plan(change)
            leadership.change = VoterChangeInFlight(ticket: ticket, steps: steps, catchUp: catchUp(for: change))
            advanceChange()
        } catch {
            output.append(.refused(ticket, error))
        }
    }

    private func plan(_ change: VoterChange) throws(RaftRefusal) -> [VoterChangeInFlight.Step] {
        if case .add(let voter) = change { precondition(voter.directory != nil, "voter \(voter.id) has no directory") }
        if case .replace(_, let voter) = change {
            precondition(voter.directory != nil, "voter \(voter.id) has no directory")
        }
        guard isLeader else { throw .notLeader(leader: leaderElsewhere) }
        guard leadership.transfer == nil else { throw .transferring }
        guard leadership.change == nil else { throw .changeInFlight }
        let voters = log.voters
        switch change {
        case .add(let voter):
            guard voters[voter.id] == nil else { throw .alreadyVoter }
            guard voters.count < limits.votersMax else { throw .tooManyVoters(limit: limits.votersMax) }
            return [.set(voter)]
        case .remove(let key):
            guard voters.contains(key) else { throw .notVoter }
            guard voters.count > 1 else { throw .lastVoter }
            return [.remove(key)]
        case .replace(let former, let voter):
            guard voters.contains(former) else { throw .notVoter }
            // While this node leads, nothing under its id but itself can be reached.
            guard voter.id != me.id else { throw .notCaughtUp }
            guard voter.id == former.id else {
                guard voters[voter.id] == nil else { throw .alreadyVoter }
                return [.set(voter), .remove(former)]
            }
            guard voters[voter.id]?.directory != voter.directory else { throw .alreadyVoter }
            return [.remove(former), .set(voter)]
        case .move(let voter):
            guard let former = voters[voter.id], former.matches(voter.key) else { throw .notVoter }
            guard former != voter else { throw .alreadyVoter }
            return [.set(voter)]
        }
    }

    /// Begins to replicate to the one that is to become a voter.
    private mutating func catchUp(for change: VoterChange) -> CatchUp? {
        let key: ReplicaKey
        switch change {
        case .add(let voter), .replace(_, let voter): key = voter.key
        case .remove, .move: return nil
        }
        if leadership.index(of: key) == nil { observe(key) }
        return CatchUp(
            key: key, deadline: now.advanced(byMilliseconds: limits.catchUpMillisecondsMax), roundEnd: log.last.end,
            roundStart: now)
    }

    // MARK: Steps

    /// Goes on with the change as far as it can; at the end, or without one, writes down what was learned of the
    /// voters.
    mutating func advanceChange() {
        guard leadership.isEstablished else { return }
        guard var change = leadership.change else {
            // Elected to finish its own removal.
            guard isVoter || log.votersEnd > handedOut else { return abdicate() }
            return writeLearnedVoters()
        }
        if let end = change.awaitedEnd {
            guard handedOut >= end else { return }
            change.awaitedEnd = nil
            leadership.change = change
            guard isVoter else { return abdicate() }
        }
        guard hasCaughtUp(&change) else { return }
        guard let step = change.steps.first else {
            leadership.change = nil
            return writeLearnedVoters()
        }
        change.steps.removeFirst()
        let entry = appendVoters(Self.apply(step, to: log.voters))
        change.awaitedEnd = entry.end
        leadership.change = change
        if change.steps.isEmpty, let ticket = change.ticket {
            output.append(.accepted(ticket, base: entry.base, end: entry.end))
        }
        replicate(on: .append)
    }

    private static func apply(_ step: VoterChangeInFlight.Step, to voters: VoterSet) -> VoterSet {
        switch step {
        case .set(let voter): voters.with(voter)
        case .remove(let key): voters.without(key)
        }
    }

    private mutating func appendVoters(_ voters: VoterSet) -> RaftEntry {
        let entry = append(.voters(voters), recordCount: 1)
        addReplicas()
        return entry
    }

    /// Whether the new voter would not hold up the quorum. Gives the change up when that takes too long.
    private mutating func hasCaughtUp(_ change: inout VoterChangeInFlight) -> Bool {
        guard var catchUp = change.catchUp else { return true }
        if let replica = leadership.replicas.first(where: { $0.key == catchUp.key }),
            replica.durableEnd >= catchUp.roundEnd
        {
            let patience = limits.electionTimeoutMilliseconds
            if now <= catchUp.roundStart.advanced(byMilliseconds: patience) {
                change.catchUp = nil
                return true
            }
            catchUp.roundEnd = log.last.end
            catchUp.roundStart = now
        }
        change.catchUp = catchUp
        leadership.change = change
        if now >= catchUp.deadline {
            leadership.change = nil
            if let ticket = change.ticket { output.append(.refused(ticket, .notCaughtUp)) }
        }
        return false
    }

    /// Puts into the log which disks the initial voters have, and at the very beginning who they are.
    private mutating func writeLearnedVoters() {
        var voters = log.voters
        for voter in voters.voters where voter.directory == nil {
            var learned = voter
            learned.directory = voter.matches(me.key) ? me.directory : leadership.replica(of: voter)?.key.directory
            voters = voters.with(learned)
        }
        guard voters != log.voters || !log.hasWrittenVoters else { return }
        let entry = appendVoters(voters)
        leadership.change = VoterChangeInFlight(ticket: nil, steps: [], awaitedEnd: entry.end)
        replicate(on: .append)
    }
}
