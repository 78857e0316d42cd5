// SPDX-License-Identifier: Apache-2.0

import Coordinator
import Primitives
import Testing

/// Who belongs to the quorum, and how a newcomer gets the log: chapters 4 and 5 of the dissertation, KIP-853.
@Suite struct RaftMembershipTests {
    @Test("one voter becomes two and three, and each has everything")
    func grows() {
        var quorum = Quorum.alone()
        quorum.propose("a")
        quorum.join(2)
        quorum.propose("b")
        quorum.join(3)
        quorum.propose("c")
        quorum.run(milliseconds: 500)
        #expect(quorum.ids.allSatisfy { quorum.core($0)?.voters.count == 3 })
        #expect(quorum.ids.allSatisfy { quorum[$0].applied == ["a", "b", "c"] })
        quorum.crash(NodeID(1))
        quorum.run(milliseconds: 5_000)
        #expect(quorum.leader != nil, "two of three go on without the first one")
        #expect(quorum.broken.isEmpty)
    }

    @Test("an observer follows without a vote: it neither counts for commits nor campaigns")
    func observer() {
        var quorum = Quorum.alone()
        quorum.add(Quorum.voter(2))
        quorum.setContacts([NodeID(1)], of: NodeID(2))
        quorum.run(milliseconds: 3_000)
        quorum.propose("a")
        quorum.settle()
        #expect(quorum[NodeID(2)].applied == ["a"])
        #expect(quorum.core(1).replicas.map(\.isVoter) == [true, false])
        quorum.crash(NodeID(1))
        quorum.run(milliseconds: 20_000)
        #expect(quorum.core(2).term == Term(1))
        #expect(quorum.leader == nil)
    }

    @Test("a voter is added only when it has caught up, and is given up when it does not")
    func catchUp() {
        var quorum = Quorum.alone()
        quorum.step(NodeID(1), .voterChangeRequested(.add(Quorum.voter(2)), RaftTicket(1)))
        quorum.run(milliseconds: 10_000)
        #expect(quorum.core(1).voters.count == 1, "nobody is there yet")
        quorum.propose("goes on meanwhile")
        quorum.settle()
        #expect(quorum[NodeID(1)].applied.count == 1)
        quorum.run(milliseconds: 300_000)
        #expect(quorum.refusals == [.notCaughtUp])
    }

    @Test("one change is made at a time")
    func oneAtATime() {
        var quorum = Quorum.elected(5)
        guard let leader = quorum.leader else { return }
        let others = quorum.ids.filter { $0 != leader }
        quorum.step(leader, .voterChangeRequested(.remove(Quorum.voter(others[0].rawValue).key), RaftTicket(1)))
        quorum.step(leader, .voterChangeRequested(.remove(Quorum.voter(others[1].rawValue).key), RaftTicket(2)))
        #expect(quorum.refusals == [.changeInFlight])
        quorum.settle()
        quorum.step(leader, .voterChangeRequested(.remove(Quorum.voter(others[1].rawValue).key), RaftTicket(3)))
        quorum.settle()
        #expect(quorum.core(leader)?.voters.count == 3)
        #expect(quorum.refusals.count == 1)
    }

    @Test("a change waits until the leader has committed an entry of its own term")
    func changeNeedsOwnTerm() {
        var quorum = Quorum.of(3)
        for id in quorum.ids where id != NodeID(1) { quorum.isolate(id) }
        quorum.cuts = []
        quorum.timeOut(NodeID(1))
        // Votes are counted, but no follower has the first entry yet.
        while quorum.core(1).role != .leader {
            for id in quorum.ids { quorum.completeWrite(id) }
            if !quorum.parcels.isEmpty { quorum.deliver(quorum.parcels.removeFirst()) }
        }
        quorum.step(NodeID(1), .voterChangeRequested(.remove(Quorum.voter(3).key), RaftTicket(1)))
        #expect(quorum.refusals == [.notLeader(leader: nil)])
        quorum.settle()
        quorum.step(NodeID(1), .voterChangeRequested(.remove(Quorum.voter(3).key), RaftTicket(2)))
        quorum.settle()
        #expect(quorum.core(1).voters.count == 2)
    }

    @Test("a quorum is in force as soon as it is in the log, and the former one again when that is cut")
    func quorumOfTheLog() {
        var quorum = Quorum.elected(3)
        guard let leader = quorum.leader else { return }
        quorum.isolate(leader)
        quorum.step(leader, .voterChangeRequested(.remove(Quorum.voter(quorum.follower.rawValue).key), RaftTicket(1)))
        quorum.settle()
        #expect(quorum.core(leader)?.voters.count == 2)
        quorum.run(milliseconds: 10_000)
        quorum.propose("elsewhere")
        quorum.settle()
        quorum.cuts = []
        quorum.run(milliseconds: 3_000)
        #expect(quorum.core(leader)?.voters.count == 3)
        #expect(quorum.broken.isEmpty)
    }

    @Test("a leader that removes itself leads until that is committed, counts itself no more, and hands over")
    func removesItself() {
        var quorum = Quorum.elected(3)
        guard let leader = quorum.leader else { return }
        quorum.step(leader, .voterChangeRequested(.remove(Quorum.voter(leader.rawValue).key), RaftTicket(1)))
        #expect(quorum.core(leader)?.isLeader == true)
        quorum.settle()
        #expect(quorum.core(leader)?.role == .follower)
        #expect(quorum.leader != nil && quorum.leader != leader, "at once, without a time-out")
        quorum.propose("on")
        quorum.run(milliseconds: 3_000)
        #expect(quorum.ids.allSatisfy { quorum[$0].applied == ["on"] }, "the removed one still observes")
        #expect(quorum.broken.isEmpty)
    }

    @Test("a leader whose own removal is only in its log is elected to finish it, without its own vote")
    func finishesItsRemoval() {
        var quorum = Quorum.elected(2)
        guard let leader = quorum.leader else { return }
        let other = quorum.follower
        quorum.isolate(other)
        quorum.step(leader, .voterChangeRequested(.remove(Quorum.voter(leader.rawValue).key), RaftTicket(1)))
        quorum.run(milliseconds: 10_000)
        #expect(quorum.core(leader)?.isVoter == false)
        #expect(quorum.leader == nil, "nobody hears of it, and its own log counts for nothing")
        // The other one lacks the entry, so that nobody votes for it: it needs the removed one once more.
        quorum.cuts = []
        quorum.run(milliseconds: 10_000)
        #expect(quorum.leader == other)
        #expect(quorum.core(leader)?.isLeader == false)
        #expect(quorum.core(other)?.voters.count == 1)
        quorum.propose("on")
        quorum.settle()
        #expect(quorum[other].applied == ["on"])
        #expect(quorum.broken.isEmpty)
    }

    @Test("a voter that joined later and has only logged its own removal is elected to finish it after a restart too")
    func finishesItsRemovalAfterRestart() {
        var quorum = Quorum.elected(1)
        let (first, second) = (NodeID(1), NodeID(2))
        quorum.add(Quorum.voter(2))
        quorum.setContacts([first], of: second)
        quorum.run(milliseconds: 2_000)
        quorum.step(first, .voterChangeRequested(.add(Quorum.voter(2)), RaftTicket(1)))
        quorum.run(milliseconds: 5_000)
        quorum.step(first, .transferRequested(to: second, RaftTicket(2)))
        quorum.run(milliseconds: 2_000)
        #expect(quorum.leader == second)
        quorum.isolate(first)
        quorum.step(second, .voterChangeRequested(.remove(Quorum.voter(2).key), RaftTicket(3)))
        quorum.run(milliseconds: 1_000)
        #expect(quorum.core(second)?.isVoter == false)
        // Of what is committed it knows nothing any more, and when its log begins it was no voter.
        quorum.crash(second)
        quorum.start(second)
        quorum.cuts = []
        quorum.run(milliseconds: 10_000)
        #expect(quorum.leader == first && quorum.core(first)?.voters.count == 1)
        #expect(quorum.broken.isEmpty)
    }

    @Test("a voter that was removed while it was away disturbs nobody, and learns of it")
    func disruptiveServer() {
        var quorum = Quorum.elected(4)
        guard let leader = quorum.leader else { return }
        let removed = quorum.follower
        quorum.isolate(removed)
        quorum.step(leader, .voterChangeRequested(.remove(Quorum.voter(removed.rawValue).key), RaftTicket(1)))
        quorum.run(milliseconds: 60_000)
        let term = quorum.core(leader)?.term
        #expect(quorum.core(removed)?.isVoter == true)
        quorum.cuts = []
        quorum.run(milliseconds: 5_000)
        #expect(quorum.leader == leader && quorum.core(leader)?.term == term)
        #expect(quorum.core(removed)?.isVoter == false)
    }

    @Test("a disk that was replaced comes as another voter: the former one goes, the new one catches up before")
    func replaceDisk() {
        var quorum = Quorum.elected(3)
        guard let leader = quorum.leader else { return }
        let id = quorum.follower
        quorum.propose("a", "b")
        quorum.settle()
        quorum.crash(id)
        quorum.add(Quorum.voter(id.rawValue, disk: 2))
        quorum.setContacts(quorum.ids, of: id)
        quorum.run(milliseconds: 5_000)
        #expect(quorum[id].applied == ["a", "b"], "as an observer")
        quorum.step(
            leader,
            .voterChangeRequested(
                .replace(Quorum.voter(id.rawValue).key, with: Quorum.voter(id.rawValue, disk: 2)), RaftTicket(1)))
        quorum.run(milliseconds: 2_000)
        #expect(quorum.core(leader)?.voters[id]?.directory == Quorum.voter(id.rawValue, disk: 2).directory)
        #expect(quorum.answers { if case .accepted(RaftTicket(1), _, _) = $0 { true } else { false } } == 1)
        #expect(quorum.broken.isEmpty)
    }

    @Test("another node takes the place of one: it comes before that one goes")
    func replaceNode() {
        var quorum = Quorum.elected(3)
        guard let leader = quorum.leader else { return }
        let former = quorum.follower
        quorum.add(Quorum.voter(9))
        quorum.setContacts(quorum.ids, of: NodeID(9))
        quorum.run(milliseconds: 3_000)
        quorum.step(
            leader,
            .voterChangeRequested(.replace(Quorum.voter(former.rawValue).key, with: Quorum.voter(9)), RaftTicket(1)))
        quorum.run(milliseconds: 1_000)
        #expect(quorum.core(9).voters.voters.map(\.id) == quorum.ids.filter { $0 != former })
        #expect(quorum.broken.isEmpty)
    }

    @Test("a voter moves to another address without a word from anybody else")
    func moves() {
        var quorum = Quorum.elected(3)
        guard let leader = quorum.leader else { return }
        var moved = Quorum.voter(2)
        moved.host = "elsewhere"
        quorum.step(leader, .voterChangeRequested(.move(moved), RaftTicket(1)))
        quorum.settle()
        #expect(quorum.core(3).voters[NodeID(2)]?.host == "elsewhere")
    }

    @Test("a change that makes no sense is refused and says why")
    func refusals() {
        var quorum = Quorum.alone()
        let me = Quorum.voter(1)
        let changes: [(VoterChange, RaftRefusal)] = [
            (.add(me), .alreadyVoter), (.remove(me.key), .lastVoter), (.remove(Quorum.voter(2).key), .notVoter),
            (.remove(Quorum.voter(1, disk: 2).key), .notVoter), (.move(me), .alreadyVoter),
            (.move(Quorum.voter(1, disk: 2)), .notVoter),
            (.replace(me.key, with: Quorum.voter(1, disk: 2)), .notCaughtUp),
        ]
        for (change, refusal) in changes {
            _ = quorum.takeEffects()
            quorum.step(NodeID(1), .voterChangeRequested(change, RaftTicket(1)))
            #expect(quorum.refusals == [refusal], "\(change)")
        }
    }

    @Test("initial voters without a directory get it written down by the first leader, once")
    func directoriesAreLearned() {
        var quorum = Quorum()
        let unbound = VoterSet(
            (Int32(1)...3).map { id in
                var voter = Quorum.voter(id)
                voter.directory = nil
                return voter
            })
        for id in Int32(1)...3 { quorum.add(Quorum.voter(id), voters: unbound) }
        quorum.run(milliseconds: 6_000)
        for id in quorum.ids {
            #expect(quorum.core(id)?.voters == VoterSet((1...3).map { Quorum.voter($0) }))
        }
        #expect(quorum.broken.isEmpty)
    }

    // MARK: Snapshots

    @Test("a follower whose entries are gone gets the snapshot in chunks, with its term and voters, and then the rest")
    func installsSnapshot() {
        var limits = RaftLimits()
        limits.snapshotChunkByteCountMax = ByteCount(7)
        limits.retainedByteCountMax = .zero
        var quorum = Quorum.elected(3, limits: limits)
        let away = quorum.follower
        quorum.crash(away)
        quorum.propose("alpha", "beta", "gamma", "delta")
        quorum.run(milliseconds: 500)
        guard let leader = quorum.leader else { return }
        quorum.takeSnapshot(leader)
        quorum.propose("while it is on its way")
        quorum.settle()
        quorum.start(away)
        quorum.run(milliseconds: 3_000)
        #expect(quorum.snapshotsInstalled == 1)
        #expect(quorum[away].applied == quorum[leader].applied)
        #expect(quorum.core(away)?.voters == quorum.core(leader)?.voters)
        #expect(quorum.broken.isEmpty)
    }

    @Test("a snapshot goes on where it was when chunks or answers are lost, and entries are appended meanwhile")
    func resumesSnapshot() {
        var limits = RaftLimits()
        limits.snapshotChunkByteCountMax = ByteCount(5)
        limits.retainedByteCountMax = .zero
        var quorum = Quorum.elected(3, limits: limits)
        let away = quorum.follower
        quorum.crash(away)
        for index in 0..<10 { quorum.propose("entry \(index)") }
        quorum.run(milliseconds: 500)
        guard let leader = quorum.leader else { return }
        quorum.takeSnapshot(leader)
        quorum.start(away)
        var lost = 0
        for round in 0..<60 {
            quorum.isolate(away)
            quorum.run(milliseconds: 100)
            quorum.cuts = []
            quorum.propose("meanwhile \(round)")
            lost += 1
            for _ in 0..<12 where !quorum.parcels.isEmpty { quorum.deliver(quorum.parcels.removeFirst()) }
            quorum.completeWrites()
            quorum.run(milliseconds: 250)
        }
        #expect(quorum.snapshotsInstalled >= 1)
        quorum.run(milliseconds: 5_000)
        #expect(quorum[away].applied == quorum[leader].applied)
        #expect(quorum.broken.isEmpty)
    }

    @Test("bytes that are no snapshot are asked for again from the beginning")
    func refusedSnapshot() {
        let voters = VoterSet((1...3).map { Quorum.voter($0) })
        let snapshot = RaftSnapshot(position: LogPosition(end: Offset(9), term: Term(2)), voters: voters)
        var effects: [RaftEffect] = []
        var core = RaftCore(
            me: Quorum.voter(1), recovery: recovery(term: 3, [], voterCount: 3), limits: RaftLimits(),
            entropy: Entropy(seed: 1), at: Instant(nanoseconds: 0))
        func chunk(at position: Int64, isLast: Bool) -> RaftEvent {
            let chunk = SnapshotChunk(
                snapshot: snapshot, position: position, bytes: SharedBytes("12345"), isLast: isLast)
            return .received(
                RaftMessage(
                    from: Quorum.voter(2).key, to: Quorum.voter(1).key, term: Term(3), body: .snapshotChunk(chunk)),
                from: NodeID(2))
        }
        let now = Instant(nanoseconds: 1)
        core.step(chunk(at: 0, isLast: false), at: now, into: &effects)
        core.step(.snapshotChunkWritten(snapshot.position, nextPosition: 5), at: now, into: &effects)
        // Doubled, and from a place that was not reached.
        core.step(chunk(at: 0, isLast: false), at: now, into: &effects)
        core.step(chunk(at: 10, isLast: false), at: now, into: &effects)
        core.step(chunk(at: 5, isLast: true), at: now, into: &effects)
        core.step(.snapshotRefused(snapshot.position), at: now, into: &effects)
        core.step(chunk(at: 5, isLast: true), at: now, into: &effects)
        let written = effects.compactMap { if case .writeSnapshot(let chunk) = $0 { chunk.position } else { nil } }
        #expect(written == [0, 5])
        let wanted = effects.compactMap { effect -> Int64? in
            guard case .send(let message) = effect, case .snapshotChunkReply(_, let next) = message.body else {
                return nil
            }
            return next
        }
        #expect(wanted == [5, 5, 5, 0, 0])
    }

    @Test("a log keeps as much before its snapshot as is allowed, for followers that are a little behind")
    func retains() {
        var limits = RaftLimits()
        limits.retainedByteCountMax = ByteCount(2_000)
        var quorum = Quorum.elected(3, limits: limits)
        let away = quorum.follower
        quorum.crash(away)
        for index in 0..<20 { quorum.propose("\(index)") }
        quorum.run(milliseconds: 500)
        guard let leader = quorum.leader else { return }
        quorum.takeSnapshot(leader)
        quorum.start(away)
        quorum.run(milliseconds: 2_000)
        #expect(quorum.snapshotsInstalled == 0)
        #expect(quorum[away].applied == quorum[leader].applied)
    }
}

extension Quorum {
    /// One voter that leads.
    fileprivate static func alone() -> Quorum {
        var quorum = Quorum()
        quorum.add(voter(1), voters: VoterSet([voter(1)]))
        quorum.run(milliseconds: 10)
        _ = quorum.takeEffects()
        return quorum
    }

    /// A new node observes, catches up, and is made a voter.
    fileprivate mutating func join(_ id: Int32) {
        add(Quorum.voter(id))
        setContacts([NodeID(1)], of: NodeID(id))
        run(milliseconds: 3_000)
        step(NodeID(1), .voterChangeRequested(.add(Quorum.voter(id)), RaftTicket(Int64(id))))
        run(milliseconds: 1_000)
    }
}
