// SPDX-License-Identifier: Apache-2.0

import Coordinator
import Primitives
import Testing

/// Who leads: sections 5.2 and 5.4.1 of the paper, chapters 3, 4.2.3, 6.2 and 9.6 of the dissertation.
@Suite struct RaftElectionTests {
    @Test("one voter alone elects itself at once")
    func singleVoter() {
        var quorum = Quorum()
        quorum.add(Quorum.voter(1), voters: VoterSet([Quorum.voter(1)]))
        quorum.run(milliseconds: 0)
        #expect(quorum.leader == NodeID(1))
        #expect(quorum.core(1).term == Term(1))
        #expect(quorum.committedEnd == Offset(2), "leaderChange, and who the voters are")
    }

    @Test("a voter waits between one and two election time-outs, another time each time")
    func timeoutsAreRandom() {
        var waits: Set<Int64> = []
        for seed in UInt64(1)...50 {
            let start = Instant(nanoseconds: 5)
            let core = RaftCore(
                me: Quorum.voter(1), recovery: RaftRecovery(voters: VoterSet((1...3).map { Quorum.voter($0) })),
                limits: RaftLimits(), entropy: Entropy(seed: seed), at: start)
            let wait = core.nextDeadline.milliseconds(since: start)
            #expect((1_000..<2_000).contains(wait))
            waits.insert(wait)
        }
        #expect(waits.count > 40)
    }

    @Test("there is at most one leader in a term, and every voter learns of it")
    func electionSafety() {
        for seed in UInt64(1)...20 {
            var quorum = Quorum.of(5, seed: seed)
            quorum.run(milliseconds: 5_000)
            let leaders = quorum.ids.filter { quorum.core($0)?.role == .leader }
            #expect(leaders.count == 1)
            #expect(quorum.ids.allSatisfy { quorum.core($0)?.leader?.id == leaders.first })
            #expect(quorum.broken.isEmpty, "\(quorum.broken)")
        }
    }

    @Test("a vote is given once in a term, also across a restart, and to the same candidate again")
    func votesOnce() {
        var quorum = Quorum.of(3)
        quorum.hear(1, from: 2, .vote(last: .zero, isTransfer: false), term: 5)
        quorum.completeWrites()
        #expect(quorum.votes(from: 1) == [true])
        quorum.crash(NodeID(1))
        quorum.start(NodeID(1))
        quorum.hear(1, from: 3, .vote(last: .zero, isTransfer: false), term: 5)
        quorum.hear(1, from: 2, .vote(last: .zero, isTransfer: false), term: 5)
        #expect(quorum.votes(from: 1) == [false, true])
    }

    @Test("neither a vote nor a candidacy is spoken of before it is durable")
    func votesAreDurableFirst() {
        var quorum = Quorum.of(3)
        quorum.hear(1, from: 2, .vote(last: .zero, isTransfer: false), term: 5)
        #expect(quorum.parcels.isEmpty)
        quorum.completeWrite(NodeID(1))
        #expect(quorum.votes(from: 1) == [true])
        quorum.hear(3, from: 2, .vote(last: .zero, isTransfer: false), term: 5)
        quorum.crash(NodeID(3))
        quorum.start(NodeID(3))
        #expect(quorum.core(3).term == .zero, "what was not written was not promised")
    }

    @Test("a candidate whose log is behind gets no vote: a later last term wins, then the longer log")
    func upToDate() {
        let log = [entry(0, 1, term: 1), entry(1, 2, term: 2), entry(2, 3, term: 2)]
        for (last, isGranted) in [
            (LogPosition(end: Offset(9), term: Term(1)), false), (LogPosition(end: Offset(2), term: Term(2)), false),
            (LogPosition(end: Offset(3), term: Term(2)), true), (LogPosition(end: Offset(1), term: Term(3)), true),
        ] {
            var quorum = Quorum()
            quorum.add(Quorum.voter(1), storing: recovery(term: 2, log, voterCount: 3))
            quorum.hear(1, from: 2, .vote(last: last, isTransfer: false), term: 4)
            quorum.completeWrites()
            #expect(quorum.votes(from: 1) == [isGranted], "\(last)")
        }
    }

    @Test("a voter that hears nobody asks first, and its term does not grow while no majority answers")
    func preVote() {
        var quorum = Quorum.elected(3)
        let term = quorum.core(1).term
        let lonely = quorum.follower
        quorum.isolate(lonely)
        quorum.run(milliseconds: 60_000)
        #expect(quorum.core(lonely)?.term == term)
        quorum.cuts = []
        quorum.run(milliseconds: 3_000)
        #expect(quorum.core(1).term == term, "its return disturbs nobody")
        #expect(quorum.core(lonely)?.leader?.id == quorum.leader)
    }

    @Test("a follower that only cannot hear the leader does not depose it")
    func oneWayPartition() {
        var quorum = Quorum.elected(3)
        let term = quorum.core(1).term
        guard let leader = quorum.leader else { return }
        let deaf = quorum.follower
        quorum.cuts = [[leader, deaf]]
        quorum.run(milliseconds: 30_000)
        #expect(quorum.leader == leader)
        #expect(quorum.core(leader)?.term == term)
    }

    @Test("a leader that hears no majority steps down, and does not keep its clients")
    func checkQuorum() {
        var quorum = Quorum.elected(3)
        guard let leader = quorum.leader else { return }
        quorum.isolate(leader)
        _ = quorum.takeEffects()
        quorum.run(milliseconds: 1_300)
        #expect(quorum.core(leader)?.role != .leader)
        #expect(quorum.answers { if case .steppedDown = $0 { true } else { false } } == 1)
        quorum.step(leader, .proposed(SharedBytes("late"), recordCount: 1, RaftTicket(1)))
        #expect(quorum.refusals == [.notLeader(leader: nil)])
    }

    @Test("a leader that is heard and hears nobody steps down too")
    func checkQuorumOneWay() {
        var quorum = Quorum.elected(3)
        guard let leader = quorum.leader else { return }
        quorum.cuts = Set(quorum.ids.filter { $0 != leader }.map { [$0, leader] })
        quorum.run(milliseconds: 10_000)
        #expect(quorum.leader != nil && quorum.leader != leader)
        #expect(quorum.broken.isEmpty)
    }

    @Test("while a leader is heard, votes are refused without a new term, except to whom the leader sends")
    func stickiness() {
        var quorum = Quorum.elected(3)
        let term = quorum.core(1).term
        let follower = quorum.follower
        guard let other = quorum.ids.first(where: { $0 != follower && $0 != quorum.leader }) else { return }
        let last = quorum.core(follower)?.lastPosition ?? .zero
        let later = term.next.rawValue
        quorum.hear(follower.rawValue, from: other.rawValue, .vote(last: last, isTransfer: false), term: later)
        #expect(quorum.core(follower)?.term == term)
        #expect(quorum.parcels.isEmpty)
        quorum.hear(follower.rawValue, from: other.rawValue, .vote(last: last, isTransfer: true), term: later)
        quorum.settle()
        #expect(quorum.core(follower)?.term == term.next)
    }

    @Test("the leadership goes to whom it is given to, in one round, and proposals wait outside meanwhile")
    func transfer() {
        var quorum = Quorum.elected(3)
        guard let leader = quorum.leader else { return }
        let heir = quorum.follower
        quorum.step(leader, .proposed(SharedBytes("a"), recordCount: 1, RaftTicket(1)))
        quorum.step(leader, .transferRequested(to: heir, RaftTicket(2)))
        quorum.step(leader, .proposed(SharedBytes("b"), recordCount: 1, RaftTicket(3)))
        #expect(quorum.refusals == [.transferring])
        quorum.settle()
        #expect(quorum.leader == heir)
        #expect(quorum[heir].applied == ["a"], "the target had to have everything first")
        #expect(quorum.answers { if case .transferred(RaftTicket(2)) = $0 { true } else { false } } == 1)
        #expect(quorum.broken.isEmpty)
    }

    @Test("a transfer to a voter that is gone is given up after an election time-out, and the leader leads on")
    func transferTimesOut() {
        var quorum = Quorum.elected(3)
        guard let leader = quorum.leader else { return }
        let heir = quorum.follower
        quorum.crash(heir)
        quorum.step(leader, .transferRequested(to: heir, RaftTicket(1)))
        quorum.run(milliseconds: 1_200)
        #expect(quorum.refusals == [.transferTimedOut])
        quorum.step(leader, .proposed(SharedBytes("on"), recordCount: 1, RaftTicket(2)))
        quorum.settle()
        #expect(quorum[leader].applied == ["on"])
    }

    @Test("a disk slower than the election time-out still makes a leader")
    func slowDisk() {
        var quorum = Quorum()
        quorum.add(Quorum.voter(1), voters: VoterSet([Quorum.voter(1)]))
        quorum.holdDisk(NodeID(1), true)
        quorum.run(milliseconds: 10_000)
        #expect(quorum.core(1).term == Term(1))
        #expect(quorum.core(1).role == .candidate)
        quorum.holdDisk(NodeID(1), false)
        quorum.run(milliseconds: 0)
        #expect(quorum.leader == NodeID(1))
    }

    @Test("what comes from another disk, for another disk or from somebody else is not believed")
    func impostors() {
        var quorum = Quorum.elected(3)
        let term = quorum.core(1).term
        let me = Quorum.voter(1).key
        let body = RaftMessage.Body.vote(last: LogPosition(end: Offset(99), term: Term(99)), isTransfer: true)
        func message(from: ReplicaKey, to: ReplicaKey) -> RaftMessage {
            RaftMessage(from: from, to: to, term: Term(100), body: body)
        }
        let peer = Quorum.voter(2).key
        for (message, from) in [
            (message(from: peer, to: me), NodeID(3)),
            (message(from: Quorum.voter(1, disk: 2).key, to: me), NodeID(1)),
            (message(from: peer, to: Quorum.voter(1, disk: 2).key), NodeID(2)),
            (message(from: peer, to: Quorum.voter(3).key), NodeID(2)),
            (message(from: ReplicaKey(id: NodeID(2), directory: nil), to: me), NodeID(2)),
        ] {
            quorum.step(NodeID(1), .received(message, from: from))
            #expect(quorum.core(1).term == term)
        }
        #expect(quorum.core(1).counts.messagesIgnored == 5)
    }

    @Test("the vote of a disk that was replaced does not count")
    func replacedDiskDoesNotVote() {
        var quorum = Quorum()
        let voters = VoterSet((1...3).map { Quorum.voter($0) })
        quorum.add(Quorum.voter(1), voters: voters)
        quorum.add(Quorum.voter(2, disk: 2), voters: voters)
        quorum.add(Quorum.voter(3, disk: 2), voters: voters)
        quorum.run(milliseconds: 20_000)
        #expect(quorum.leader == nil)
    }
}
