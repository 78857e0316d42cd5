// SPDX-License-Identifier: Apache-2.0

import Primitives
import Testing
import Transactions

/// What the log says is what the next coordinator does.
@Suite struct FailoverTests {
    @Test("a decision that is in the log is carried out by the next coordinator", arguments: [true, false])
    func decided(isCommit: Bool) throws {
        var bench = Bench()
        let me = try bench.initialize()
        try bench.add("t", me, [a0, b0])
        bench.writesMarkers = false
        try bench.end("t", me, commit: isCommit)
        var after = bench.failedOver(epoch: 3)
        #expect(after.writtenMarkers.map(\.isCommit) == [isCommit])
        #expect(after.writtenMarkers.map(\.partitions) == [[a0, b0]])
        #expect(after.writtenMarkers.map(\.coordinatorEpoch) == [LeaderEpoch(3)])
        #expect(after.state() == (isCommit ? .completeCommit : .completeAbort))
        #expect(try after.end("t", me, commit: isCommit) == me)
    }

    @Test("a commit whose answer was lost with the coordinator succeeds when it is repeated")
    func lostAnswer() throws {
        var bench = Bench()
        let me = try bench.initialize()
        try bench.add("t", me, version: .bumping)
        let next = try bench.end("t", me, version: .bumping)
        var after = bench.failedOver()
        #expect(try after.end("t", me, version: .bumping) == next)
        #expect(after.writtenMarkers.isEmpty)
    }

    @Test("an ongoing transaction keeps its partitions and what is left of its time")
    func ongoing() throws {
        var bench = Bench()
        let me = try bench.initialize(timeout: 1_000)
        try bench.add("t", me)
        bench.pass(milliseconds: 700)
        var after = bench.failedOver()
        after.wall = bench.wall
        after.step(.timePassed)
        #expect(after.verify(me, [a0]) == [nil])
        // Its clock began before, at the wall time of the log's record.
        after.pass(milliseconds: 1_000)
        #expect(after.state() == .completeAbort)
    }

    @Test("what was overdue when the coordinator began is aborted at once")
    func overdue() {
        let record = changed(producer(9, 4), .ongoing) { $0.startedAt = Timestamp(1_000_000 - 60_000) }
        var bench = Bench(log: [record])
        bench.step(.timePassed)
        #expect(bench.state() == .completeAbort)
        #expect(bench.writtenMarkers.map(\.producer) == [producer(9, 5)])
    }

    @Test("completion that the log refuses is tried again without new markers")
    func refusedCompletion() throws {
        var bench = Bench()
        let me = try bench.initialize()
        try bench.add("t", me)
        bench.writesMarkers = false
        try bench.end("t", me)
        bench.failure = .notEnoughReplicas
        bench.answerMarkers()
        #expect(bench.state() == .prepareCommit)
        bench.failure = nil
        bench.pass(milliseconds: 500)
        #expect(bench.state() == .completeCommit)
        #expect(bench.writtenMarkers.count == 1)
    }

    @Test("a forgotten id stays forgotten")
    func removed() {
        var bench = Bench(log: [changed(producer(9, 4), .completeCommit), .removed("t")])
        #expect(bench.metadata() == nil)
    }

    @Test("cut the log anywhere: the next coordinator ends every transaction it finds, each only one way")
    func everyCut() throws {
        var bench = Bench()
        var me = try bench.initialize(timeout: 1_000)
        for round in 0..<6 {
            try bench.add("t", me, [a0, b0], version: .bumping)
            me = try bench.end("t", me, commit: round % 2 == 0, version: .bumping)
        }
        for length in 0...bench.log.count {
            var after = Bench(log: Array(bench.log.prefix(length)))
            let decided = after.writtenMarkers
            after.pass(milliseconds: 2_000)
            #expect(after.state().map(\.isOpen) != true, "cut at \(length)")
            if case .changed(_, let last) = bench.log.prefix(length).last {
                switch last.state {
                case .prepareCommit: #expect(decided.map(\.isCommit) == [true])
                case .prepareAbort: #expect(decided.map(\.isCommit) == [false])
                case .ongoing: #expect(after.writtenMarkers.map(\.isCommit) == [false])
                case .empty, .completeCommit, .completeAbort: #expect(after.writtenMarkers.isEmpty)
                }
            }
        }
    }
}
