// SPDX-License-Identifier: Apache-2.0

import Primitives
import Testing
import Transactions

/// KIP-360 and KIP-890: which epochs are given out, which are taken, and what a retry gets.
@Suite struct EpochTests {
    private let last = ProducerEpoch(.max - 1)

    @Test("a producer that recovers under its identity gets the next epoch, and again when it retries")
    func recovery() throws {
        var bench = Bench()
        let me = try bench.initialize()
        let next = try bench.initialize(as: me)
        #expect(next == producer(1_000, 1))
        #expect(try bench.initialize(as: me) == next)
        #expect(try bench.initialize(as: next) == producer(1_000, 2))
        #expect(throws: TransactionRefusal.producerFenced) { try bench.initialize(as: me) }
        #expect(throws: TransactionRefusal.producerFenced) { try bench.initialize(as: producer(7, 2)) }
    }

    @Test("a producer whose id was forgotten recovers as a new one")
    func recoveryOfForgotten() throws {
        var bench = Bench()
        #expect(try bench.initialize(as: producer(5, 3)) == producer(1_000, 0))
    }

    @Test("every end raises the epoch of a bumping client, and answers with it")
    func bump() throws {
        var bench = Bench()
        let me = try bench.initialize()
        try bench.add("t", me, version: .bumping)
        let second = try bench.end("t", me, version: .bumping)
        #expect(second == producer(1_000, 1))
        #expect(bench.writtenMarkers.last?.producer == second)
        #expect(throws: TransactionRefusal.producerFenced) { try bench.add("t", me, version: .bumping) }
        try bench.add("t", second, version: .bumping)
        #expect(try bench.end("t", second, commit: false, version: .bumping) == producer(1_000, 2))
        #expect(bench.writtenMarkers.map(\.version) == [.bumping, .bumping])
    }

    @Test("a bumping client that repeats its end gets the same answer, and the other end is refused")
    func repeatedEnd() throws {
        var bench = Bench()
        let me = try bench.initialize()
        try bench.add("t", me, version: .bumping)
        bench.writesMarkers = false
        let second = try bench.end("t", me, version: .bumping)
        #expect(throws: TransactionRefusal.concurrentTransactions) { try bench.end("t", me, version: .bumping) }
        bench.answerMarkers()
        #expect(try bench.end("t", me, version: .bumping) == second)
        #expect(throws: TransactionRefusal.invalidState(.completeCommit)) {
            try bench.end("t", me, commit: false, version: .bumping)
        }
        #expect(bench.writtenMarkers.count == 1)
    }

    @Test("a bumping client may abort a transaction without partitions, and commit none")
    func endOfNothing() throws {
        var bench = Bench()
        let me = try bench.initialize()
        #expect(throws: TransactionRefusal.invalidState(.empty)) { try bench.end("t", me, version: .bumping) }
        let second = try bench.end("t", me, commit: false, version: .bumping)
        #expect(second == producer(1_000, 1))
        let third = try bench.end("t", second, commit: false, version: .bumping)
        #expect(third == producer(1_000, 2))
        #expect(throws: TransactionRefusal.invalidState(.completeAbort)) {
            try bench.end("t", third, version: .bumping)
        }
        #expect(bench.writtenMarkers.isEmpty)
        try bench.add("t", third, version: .bumping)
        let fourth = try bench.end("t", third, version: .bumping)
        #expect(try bench.end("t", fourth, commit: false, version: .bumping) == producer(1_000, 4))
    }

    @Test("when the epochs are used up a new producer gets another id")
    func exhaustedAtStart() throws {
        var bench = Bench(log: [changed(producer(9, .max - 1), .completeCommit)])
        #expect(try bench.initialize() == producer(1_000, 0))
        #expect(bench.metadata()?.previousProducerID == ProducerID(9))
    }

    @Test("a producer that recovers with the last epoch gets another id, and again when it retries")
    func exhaustedInRecovery() throws {
        var bench = Bench(log: [changed(producer(9, .max - 1), .completeCommit)])
        let old = producer(9, .max - 1)
        let next = try bench.initialize(as: old)
        #expect(next == producer(1_000, 0))
        #expect(try bench.initialize(as: old) == next)
        #expect(bench.nextProducerID == 1_001)
    }

    @Test("an end with the last epoch writes markers under the epoch after it, and goes on under another id")
    func exhaustedAtEnd() throws {
        let old = producer(9, .max - 1)
        var bench = Bench(log: [changed(old, .ongoing)])
        bench.writesMarkers = false
        let next = try bench.end("t", old, version: .bumping)
        #expect(next == producer(1_000, 0))
        #expect(bench.heldMarkers.map(\.markers.producer) == [producer(9, .max)])
        #expect(throws: TransactionRefusal.concurrentTransactions) { try bench.add("t", next, version: .bumping) }
        bench.answerMarkers()
        #expect(bench.metadata()?.producer == next)
        #expect(try bench.end("t", old, version: .bumping) == next)
        try bench.add("t", next, version: .bumping)
        #expect(try bench.end("t", next, version: .bumping) == producer(1_000, 1))
    }

    @Test("the id chosen for after the last epoch survives a failover between decision and markers")
    func exhaustedAcrossFailover() throws {
        let old = producer(9, .max - 1)
        var bench = Bench(log: [changed(old, .ongoing)])
        bench.writesMarkers = false
        let next = try bench.end("t", old, version: .bumping)
        var after = bench.failedOver()
        #expect(after.metadata()?.producer == next)
        #expect(after.metadata()?.previousProducerID == ProducerID(9))
        #expect(try after.end("t", old, version: .bumping) == next)
    }

    @Test("the epoch that fences the last one is nobody's: only a new start leads on")
    func fencedLastEpoch() throws {
        let old = producer(9, .max - 1)
        var bench = Bench(log: [changed(old, .ongoing)])
        bench.pass(milliseconds: 60_000)
        #expect(bench.metadata()?.producer == producer(9, .max))
        #expect(bench.state() == .completeAbort)
        #expect(throws: TransactionRefusal.producerFenced) { try bench.end("t", old, commit: false, version: .bumping) }
        #expect(throws: TransactionRefusal.producerFenced) { try bench.add("t", producer(9, .max)) }
        #expect(throws: TransactionRefusal.producerFenced) { try bench.initialize(as: old) }
        #expect(try bench.initialize() == producer(1_000, 0))
    }

    @Test("an end waits for a producer id where it needs one, and fails softly when there is none")
    func noIDAtEnd() throws {
        let old = producer(9, .max - 1)
        var bench = Bench(log: [changed(old, .ongoing)])
        bench.nextProducerID = nil
        #expect(throws: TransactionRefusal.loadInProgress) { try bench.end("t", old, version: .bumping) }
        #expect(bench.state() == .ongoing)
    }
}
