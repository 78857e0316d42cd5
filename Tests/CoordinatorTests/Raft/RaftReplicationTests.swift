// SPDX-License-Identifier: Apache-2.0

import Coordinator
import Primitives
import Testing

/// What is committed: sections 5.3 to 5.5 and 7 of the paper, 6.4 and 10.2 of the dissertation.
@Suite struct RaftReplicationTests {
    @Test("what a majority has on its disks is committed, and every state machine gets the same")
    func commits() {
        var quorum = Quorum.elected(3)
        quorum.propose("a", "b", "c")
        quorum.settle()
        #expect(quorum.ids.allSatisfy { quorum[$0].applied == ["a", "b", "c"] })
        #expect(quorum.broken.isEmpty)
    }

    @Test("entries cover as many offsets as they have records, and positions are their ends")
    func batches() {
        var quorum = Quorum.elected(1)
        let start = quorum.committedEnd
        quorum.step(NodeID(1), .proposed(SharedBytes("x"), recordCount: 7, RaftTicket(4)))
        quorum.settle()
        #expect(quorum.committedEnd == start + 7)
        #expect(
            quorum.answers {
                if case .accepted(RaftTicket(4), base: start, end: quorum.committedEnd) = $0 { true } else { false }
            } == 1)
    }

    @Test("a leader's own disk counts only when it has the entry, and others may be enough without it")
    func ownDiskCountsLate() {
        var quorum = Quorum.elected(3)
        guard let leader = quorum.leader else { return }
        let before = quorum.core(leader)?.commit ?? .zero
        quorum.holdDisk(leader, true)
        let follower = quorum.follower
        quorum.crash(follower)
        quorum.propose("a")
        quorum.settle()
        #expect(quorum.core(leader)?.commit == before, "one follower of three is no majority")
        quorum.start(follower)
        quorum.run(milliseconds: 400)
        #expect(quorum.core(leader)?.commit == before + 1)
        #expect(quorum[leader].applied.isEmpty, "a state machine is never ahead of its own log")
        quorum.holdDisk(leader, false)
        quorum.settle()
        #expect(quorum[leader].applied == ["a"])
    }

    @Test("a follower acknowledges what its disk has, not what it was sent")
    func acknowledgesDurable() {
        var quorum = Quorum.elected(3)
        guard let leader = quorum.leader else { return }
        let before = quorum.core(leader)?.commit ?? .zero
        for id in quorum.ids where id != leader { quorum.holdDisk(id, true) }
        quorum.propose("a")
        quorum.run(milliseconds: 500)
        #expect(quorum.core(leader)?.commit == before)
        quorum.holdDisk(quorum.follower, false)
        quorum.settle()
        #expect(quorum.core(leader)?.commit == before + 1)
    }

    @Test(
        "a leader makes every log of figure 7 equal to its own",
        arguments: [
            [1, 1, 1, 4, 4, 5, 5, 6, 6], [1, 1, 1, 4], [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6],
            [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7], [1, 1, 1, 4, 4, 4, 4], [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3],
        ] as [[Int64]])
    func figure7(terms: [Int64]) {
        var quorum = Quorum()
        let leaderTerms: [Int64] = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6]
        quorum.add(Quorum.voter(1), storing: recovery(term: 7, entries(terms: leaderTerms), voterCount: 3))
        quorum.add(Quorum.voter(2), storing: recovery(term: 7, entries(terms: terms), voterCount: 3))
        // The third one has little, so that its vote makes the first one leader.
        quorum.add(Quorum.voter(3), storing: recovery(term: 7, entries(terms: [1, 1, 1, 4]), voterCount: 3))
        quorum.isolate(NodeID(2))
        while quorum.leader != NodeID(1) {
            quorum.timeOut(NodeID(1))
            quorum.settle()
        }
        quorum.cuts = []
        quorum.run(milliseconds: 1_000)
        #expect(quorum.log(2) == quorum.log(1))
        #expect(quorum.log(2).count > 10)
        #expect(quorum.broken.isEmpty)
    }

    @Test("an entry of a former term is not committed by counting disks: figure 8")
    func figure8() {
        var quorum = Quorum()
        // (c): S1 leads term 4 and has brought its entry of term 2 to a majority; S5 has one of term 3.
        let short = entries(terms: [1])
        let old = entries(terms: [1, 2])
        quorum.add(Quorum.voter(1), storing: recovery(term: 3, old, voterCount: 5))
        quorum.add(Quorum.voter(2), storing: recovery(term: 3, old, voterCount: 5))
        quorum.add(Quorum.voter(3), storing: recovery(term: 3, old, voterCount: 5))
        quorum.add(Quorum.voter(4), storing: recovery(term: 3, short, voterCount: 5))
        quorum.add(Quorum.voter(5), storing: recovery(term: 3, entries(terms: [1, 3]), voterCount: 5))
        quorum.isolate(NodeID(5))
        quorum.timeOut(NodeID(1))
        while quorum.core(1).role != .leader, !quorum.parcels.isEmpty || !quorum[NodeID(1)].writes.isEmpty {
            for id in quorum.ids { quorum.completeWrite(id) }
            if !quorum.parcels.isEmpty { quorum.deliver(quorum.parcels.removeFirst()) }
        }
        #expect(quorum.core(1).role == .leader)
        // Three disks have the entry of term 2, and that of term 4 is on none.
        let term = quorum.core(1).term.rawValue
        for other in Int32(2)...3 {
            let reply = RaftAppendReply(outcome: .accepted(durableEnd: Offset(2)), round: 0)
            quorum.hear(1, from: other, .appendReply(reply), term: term)
        }
        #expect(quorum.core(1).commit == .zero)
        // (e): with one of its own term, both are.
        quorum.settle()
        #expect(quorum.core(1).commit > Offset(2))
        #expect(quorum.broken.isEmpty)
    }

    @Test("a leader cuts nothing of its own log; a follower cuts what was never committed")
    func truncation() {
        var quorum = Quorum.elected(3)
        guard let former = quorum.leader else { return }
        quorum.propose("kept")
        quorum.settle()
        quorum.isolate(former)
        quorum.propose("lost 1", "lost 2")
        quorum.settle()
        quorum.run(milliseconds: 10_000)
        #expect(quorum.leader != former && quorum.leader != nil)
        quorum.propose("new")
        quorum.settle()
        quorum.cuts = []
        quorum.run(milliseconds: 2_000)
        #expect(quorum.ids.allSatisfy { quorum[$0].applied == ["kept", "new"] })
        #expect(quorum.broken.isEmpty)
    }

    @Test("a node that starts again with what its disk has goes on where it was")
    func restart() {
        var quorum = Quorum.elected(3)
        quorum.propose("a", "b")
        quorum.settle()
        for id in quorum.ids { quorum.crash(id) }
        for id in quorum.ids { quorum.start(id) }
        #expect(quorum.ids.allSatisfy { quorum[$0].applied.isEmpty })
        quorum.run(milliseconds: 5_000)
        quorum.propose("c")
        quorum.settle()
        #expect(quorum.ids.allSatisfy { quorum[$0].applied == ["a", "b", "c"] })
        #expect(quorum.broken.isEmpty)
    }

    @Test("a follower that lost what it had acknowledged counts for nothing until it has it again")
    func forgetfulDisk() {
        var quorum = Quorum.elected(3)
        guard let leader = quorum.leader, let other = quorum.ids.last(where: { $0 != leader }) else { return }
        let forgetful = quorum.follower
        quorum.propose("a", "b")
        quorum.settle()
        quorum.crash(forgetful)
        quorum.add(Quorum.voter(forgetful.rawValue), voters: VoterSet((1...3).map { Quorum.voter($0) }))
        quorum.run(milliseconds: 500)
        #expect(quorum[forgetful].applied == ["a", "b"])
        quorum.crash(other)
        quorum.propose("c")
        quorum.settle()
        #expect(quorum[leader].applied == ["a", "b", "c"])
        #expect(quorum.broken.isEmpty)
    }

    @Test("entries that reached the disk before their term did raise it")
    func termOfEntries() {
        var quorum = Quorum()
        quorum.add(Quorum.voter(1), storing: recovery(term: 1, entries(terms: [1, 3]), voterCount: 3))
        #expect(quorum.core(1).term == Term(3))
        quorum.settle()
        #expect(quorum[NodeID(1)].stored.hardState.term == Term(3))
    }

    @Test("appends are sent ahead of their answers, as many as allowed, and in messages that are bounded")
    func pipeline() {
        var limits = RaftLimits()
        limits.appendsInFlightMax = 4
        limits.messageByteCountMax = ByteCount(200)
        var quorum = Quorum.elected(2, limits: limits)
        quorum.parcels = []
        for index in 0..<20 { quorum.propose("\(index)" + String(repeating: "x", count: 60)) }
        let appends = quorum.parcels.compactMap { parcel -> RaftAppend? in
            if case .append(let append) = parcel.message.body { append } else { nil }
        }
        #expect(appends.count == 4, "no more without an answer")
        quorum.settle()
        #expect(quorum.ids.allSatisfy { quorum[$0].applied.count == 20 })
        #expect(quorum.broken.isEmpty)
    }

    @Test("messages that come in the wrong order, twice or not at all change nothing in the end")
    func unreliableNetwork() {
        var quorum = Quorum.elected(3)
        for text in ["a", "b", "c", "d"] { quorum.propose(text) }
        quorum.parcels = quorum.parcels.reversed() + quorum.parcels
        quorum.parcels.removeLast()
        quorum.run(milliseconds: 1_000)
        #expect(quorum.ids.allSatisfy { quorum[$0].applied == ["a", "b", "c", "d"] })
        #expect(quorum.broken.isEmpty)
    }

    @Test("appends that overtake one another are few, however often they are refused")
    func reordering() {
        var limits = RaftLimits()
        limits.messageByteCountMax = ByteCount(200)
        var quorum = Quorum.elected(2, limits: limits)
        quorum.parcels = []
        var entropy = Entropy(seed: 1)
        for index in 0..<200 { quorum.propose("\(index)" + String(repeating: "x", count: 60)) }
        var largest = 0
        for _ in 0..<20_000 where !quorum.parcels.isEmpty {
            let place = entropy.index(below: quorum.parcels.count)
            let isDoubled = entropy.chance(1, in: 10)
            let parcel = isDoubled ? quorum.parcels[place] : quorum.parcels.remove(at: place)
            quorum.step(parcel.message.to.id, .received(parcel.message, from: parcel.from))
            largest = max(largest, quorum.parcels.count)
        }
        #expect(largest < 50)
        #expect(quorum.broken.isEmpty)
    }

    @Test("what is proposed is bounded: by entry, and by what is not committed yet")
    func limits() {
        var limits = RaftLimits()
        limits.entryByteCountMax = ByteCount(50)
        limits.uncommittedByteCountMax = ByteCount(200)
        var quorum = Quorum.elected(3, limits: limits)
        quorum.propose(String(repeating: "x", count: 51))
        #expect(quorum.refusals == [.tooLarge(limit: ByteCount(50))])
        _ = quorum.takeEffects()
        for _ in 0..<5 { quorum.propose(String(repeating: "x", count: 40)) }
        #expect(quorum.refusals == [.busy, .busy])
        quorum.settle()
        quorum.propose("room again")
        #expect(quorum.refusals.count == 2)
    }

    // MARK: Reads

    @Test("a read waits for a quorum round, and sees everything committed before it came")
    func readIndex() {
        var quorum = Quorum.elected(3)
        guard let leader = quorum.leader else { return }
        quorum.propose("a")
        quorum.settle()
        _ = quorum.takeEffects()
        quorum.step(leader, .readRequested(RaftTicket(1)))
        #expect(quorum.readsAnswered == 0)
        quorum.settle()
        #expect(quorum.readsAnswered == 1)
        #expect(quorum.broken.isEmpty)
    }

    @Test("a leader that was replaced and does not know it answers no read")
    func staleLeaderReads() {
        var quorum = Quorum.elected(3)
        guard let former = quorum.leader else { return }
        quorum.isolate(former)
        quorum.step(former, .readRequested(RaftTicket(1)))
        quorum.run(milliseconds: 10_000)
        #expect(quorum.leader != nil && quorum.leader != former)
        #expect(quorum.readsAnswered == 0)
        #expect(quorum.refusals == [.notLeader(leader: nil)])
    }

    @Test("a new leader answers no read before an entry of its own term is committed")
    func readsWaitForOwnTerm() {
        var quorum = Quorum.of(3)
        quorum.timeOut(NodeID(1))
        for id in quorum.ids where id != NodeID(1) { quorum.cuts.insert([id, NodeID(1)]) }
        quorum.settle()
        quorum.cuts = []
        quorum.run(milliseconds: 4_000)
        guard let leader = quorum.leader, let heir = quorum.ids.first(where: { $0 != leader }) else { return }
        for id in quorum.ids where id != heir { quorum.holdDisk(id, id != heir) }
        quorum.step(leader, .transferRequested(to: heir, RaftTicket(9)))
        while !quorum.parcels.isEmpty { quorum.deliver(quorum.parcels.removeFirst()) }
        quorum.completeWrite(heir)
        for id in quorum.ids where id != heir { quorum.holdDisk(id, false) }
        while quorum.core(heir)?.role != .leader, !quorum.parcels.isEmpty {
            quorum.deliver(quorum.parcels.removeFirst())
            for id in quorum.ids where id != heir { quorum.completeWrite(id) }
        }
        #expect(quorum.core(heir)?.role == .leader && quorum.core(heir)?.isLeader == false)
        quorum.step(heir, .readRequested(RaftTicket(1)))
        #expect(quorum.readsAnswered == 0)
        quorum.settle()
        #expect(quorum.readsAnswered == 1)
        #expect(quorum.broken.isEmpty)
    }

    @Test("reads that wait share a round, and are bounded")
    func readsShareRounds() {
        var limits = RaftLimits()
        limits.readsWaitingMax = 10
        var quorum = Quorum.elected(3, limits: limits)
        guard let leader = quorum.leader else { return }
        for ticket in 1...12 { quorum.step(leader, .readRequested(RaftTicket(Int64(ticket)))) }
        #expect(quorum.refusals == [.busy, .busy])
        #expect(quorum.parcels.count == 2, "one round for the first; the others wait for the next")
        quorum.settle()
        #expect(quorum.readsAnswered == 10)
    }
}
