// SPDX-License-Identifier: Apache-2.0

internal import Primitives

/// Answers to a candidate, each replica's first one.
struct Votes: Sendable {
    private(set) var granted: [ReplicaKey] = []
    private(set) var refused: [ReplicaKey] = []

    mutating func count(_ replica: ReplicaKey, _ isGranted: Bool) {
        guard !granted.contains(replica), !refused.contains(replica) else { return }
        if isGranted { granted.append(replica) } else { refused.append(replica) }
    }

    /// Only the votes of the candidate's own quorum count, each disk by itself.
    func isMajority(of voters: VoterSet) -> Bool {
        voters.voters.count { voter in granted.contains { voter.matches($0) } } >= voters.majority
    }

    func isHopeless(in voters: VoterSet) -> Bool {
        voters.voters.count { voter in refused.contains { voter.matches($0) } } > voters.count - voters.majority
    }
}

extension RaftCore {
    mutating func resetElectionDeadline() {
        let timeout = limits.electionTimeoutMilliseconds
        let chance = Int64(entropy.index(below: Int(timeout)))
        electionDeadline = now.advanced(byMilliseconds: timeout + chance)
    }

    /// Whether a leader was heard so recently, or is this node, that nobody needs another one (Ongaro, 4.2.3).
    private var hasLiveLeader: Bool {
        guard role != .leader else { return true }
        guard leader != nil, let lastLeaderContact else { return false }
        return now < lastLeaderContact.advanced(byMilliseconds: limits.electionTimeoutMilliseconds)
    }

    // MARK: Campaign

    /// Whether this node stands for election: as a voter, or as one whose removal is not committed. The latter may be the
    /// only one whose log the others can accept; its own vote does not count (Ongaro, 4.2.2). After a restart little is known
    /// to be committed, so the set that holds may be any behind that.
    private var mayCampaign: Bool {
        isVoter || log.votersEnd > commit && log.votes(me.key, from: commit)
    }

    mutating func electionTimedOut() {
        resetElectionDeadline()
        // Its log is about to be another one.
        guard following.incoming?.isInstalling != true else { return }
        // Nobody was asked yet: a disk slower than the time-out shall not keep it from ever being a candidate.
        guard role != .candidate || disk.isHardStateDurable else { return }
        leader = nil
        guard mayCampaign else {
            role = .follower
            return seekLeader(log.voters.voters.map(\.id) + contacts.filter { log.voters[$0] == nil })
        }
        role = .preCandidate
        votes = Votes()
        votes.count(me.key, true)
        guard !votes.isMajority(of: log.voters) else { return campaign(isTransfer: false) }
        sendToVoters(.preVote(last: log.last), in: term.next)
        // It may have been removed long ago, and all voters that it knows too.
        seekLeader(contacts.filter { log.voters[$0] == nil })
    }

    private mutating func seekLeader(_ nodes: [NodeID]) {
        for node in nodes where node != me.id { send(.observe, to: ReplicaKey(id: node, directory: nil)) }
    }

    private mutating func sendToVoters(_ body: RaftMessage.Body, in term: Term) {
        for voter in log.voters.voters where voter.id != me.id { send(body, to: voter.key, in: term) }
    }

    private mutating func campaign(isTransfer: Bool) {
        role = .candidate
        leader = nil
        counts.elections += 1
        votes = Votes()
        following = Following(matchedEnd: commit)
        disk.set(HardState(term: term.next, vote: me.key))
        resetElectionDeadline()
        sendToVoters(.vote(last: log.last, isTransfer: isTransfer), in: term)
    }

    /// The leader wants this node to take over: nobody needs to be asked first.
    mutating func takeOver() {
        guard role == .follower, isVoter, following.incoming?.isInstalling != true else { return }
        campaign(isTransfer: true)
    }

    /// A candidate's vote for itself counts like any other, when it is durable.
    mutating func countOwnVote() {
        if disk.isHardStateDurable { countVote(me.key, true) }
    }

    mutating func countVote(_ voter: ReplicaKey, _ isGranted: Bool) {
        guard role == .candidate else { return }
        votes.count(voter, isGranted)
        // The requests left when the own vote was durable; a majority without it does not exist before.
        if votes.isMajority(of: log.voters), disk.isHardStateDurable {
            becomeLeader()
        } else if votes.isHopeless(in: log.voters) {
            role = .follower
        }
    }

    mutating func countPreVote(_ message: RaftMessage, _ candidateTerm: Term, _ isGranted: Bool) {
        guard role == .preCandidate else { return }
        if message.term > term { return becomeFollower(in: message.term, of: nil) }
        guard candidateTerm == term.next else { return }
        votes.count(message.from, isGranted)
        if votes.isMajority(of: log.voters) {
            campaign(isTransfer: false)
        } else if votes.isHopeless(in: log.voters) {
            role = .follower
        }
    }

    // MARK: Vote

    mutating func answerPreVote(_ message: RaftMessage, _ last: LogPosition) {
        // One that was removed and does not know it learns so from the log.
        if role == .leader, !log.voters.contains(message.from) { admit(message.from) }
        let isGranted = message.term > term && !hasLiveLeader && last >= log.last
        send(.preVoteReply(candidateTerm: message.term, isGranted: isGranted), to: message.from)
    }

    mutating func answerVote(_ message: RaftMessage, _ last: LogPosition, _ isTransfer: Bool) {
        if message.term > term {
            guard isTransfer || !hasLiveLeader else { return }
            becomeFollower(in: message.term, of: nil)
        }
        var isGranted = false
        if message.term == term, last >= log.last {
            switch disk.hardState.vote {
            case nil: isGranted = leader == nil
            case let vote?: isGranted = vote == message.from
            }
        }
        if isGranted {
            if disk.hardState.vote == nil { disk.set(HardState(term: term, vote: message.from)) }
            resetElectionDeadline()
        }
        send(.voteReply(isGranted: isGranted), to: message.from)
    }

    // MARK: Roles

    /// - Parameter newer: The current term or a later one.
    mutating func becomeFollower(in newer: Term, of leader: ReplicaKey?) {
        if role == .leader { stepDown(to: leader) }
        role = .follower
        if newer > term {
            disk.set(HardState(term: newer))
            following.newTerm(matchedEnd: commit)
        }
        self.leader = leader
        resetElectionDeadline()
    }

    /// The sender leads its term; of this node's own term there is no other leader.
    ///
    /// - Returns: false when it is a leader of the past, which is told so.
    mutating func follow(_ message: RaftMessage) -> Bool {
        guard message.term >= term else {
            let outcome = RaftAppendReply.Outcome.rejected(previous: .zero, hint: .zero)
            send(.appendReply(RaftAppendReply(outcome: outcome, round: 0)), to: message.from)
            return false
        }
        // Two leaders in one term cannot be; who says so is not believed.
        guard message.term > term || (role != .leader && (leader == nil || leader == message.from)) else {
            return false
        }
        if message.term > term || role != .follower || leader != message.from {
            becomeFollower(in: message.term, of: message.from)
        }
        lastLeaderContact = now
        resetElectionDeadline()
        return true
    }
}
