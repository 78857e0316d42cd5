// SPDX-License-Identifier: Apache-2.0

import Primitives
import Testing
import Transactions

/// Time-outs, fencing by a new start, operators, and ids that nobody uses.
@Suite struct TimeTests {
    @Test("a transaction that takes too long is aborted, and its producer can neither add nor commit")
    func timeout() throws {
        var bench = Bench()
        let me = try bench.initialize(timeout: 1_000)
        try bench.add("t", me)
        bench.pass(milliseconds: 999)
        #expect(bench.state() == .ongoing)
        bench.pass(milliseconds: 1)
        #expect(bench.state() == .completeAbort)
        #expect(bench.writtenMarkers.map(\.producer) == [producer(1_000, 1)])
        #expect(bench.writtenMarkers.map(\.isCommit) == [false])
        #expect(throws: TransactionRefusal.producerFenced) { try bench.add("t", me) }
        #expect(throws: TransactionRefusal.producerFenced) { try bench.end("t", me) }
        #expect(throws: TransactionRefusal.producerFenced) { try bench.initialize(as: me) }
        #expect(bench.coordinator.counts.timedOut == 1)
        #expect(try bench.initialize() == producer(1_000, 2))
    }

    @Test("a bumping client that aborts what has timed out goes on with the epoch that fenced it")
    func abortAfterTimeout() throws {
        var bench = Bench()
        let me = try bench.initialize(timeout: 1_000)
        try bench.add("t", me, version: .bumping)
        bench.pass(milliseconds: 1_000)
        #expect(throws: TransactionRefusal.invalidState(.completeAbort)) { try bench.end("t", me, version: .bumping) }
        #expect(try bench.end("t", me, commit: false, version: .bumping) == producer(1_000, 1))
    }

    @Test("adding partitions does not give a transaction more time")
    func noExtension() throws {
        var bench = Bench()
        let me = try bench.initialize(timeout: 1_000)
        try bench.add("t", me)
        bench.pass(milliseconds: 600)
        try bench.add("t", me, [a1])
        bench.pass(milliseconds: 400)
        #expect(bench.state() == .completeAbort)
    }

    @Test("the next transaction has time of its own")
    func nextTransaction() throws {
        var bench = Bench()
        let me = try bench.initialize(timeout: 1_000)
        try bench.add("t", me)
        bench.pass(milliseconds: 900)
        try bench.end("t", me)
        try bench.add("t", me)
        bench.pass(milliseconds: 999)
        #expect(bench.state() == .ongoing)
        bench.pass(milliseconds: 1)
        #expect(bench.state() == .completeAbort)
    }

    @Test("a time-out that the log refuses to take down is tried again, with pauses")
    func timeoutRetried() throws {
        var bench = Bench()
        let me = try bench.initialize(timeout: 1_000)
        try bench.add("t", me)
        bench.failure = .notEnoughReplicas
        bench.pass(milliseconds: 1_700)
        #expect(bench.state() == .ongoing)
        bench.failure = nil
        bench.pass(milliseconds: 500)
        #expect(bench.state() == .completeAbort)
        #expect(bench.coordinator.counts.timedOut == 1)
    }

    @Test("a time-out during a write waits for it, and the decision that was written stands")
    func timeoutDuringCommit() throws {
        var bench = Bench()
        let me = try bench.initialize(timeout: 1_000)
        try bench.add("t", me)
        bench.holdsAppends = true
        let ending = bench.send(.end(EndRequest("t", me, isCommit: true)))
        bench.pass(milliseconds: 1_200)
        bench.answerAppends()
        #expect(bench.replies[ending] == .end(.success(me)))
        bench.pass(milliseconds: 10_000)
        #expect(bench.state() == .completeCommit)
        #expect(bench.writtenMarkers.map(\.isCommit) == [true])
    }

    @Test("a new start aborts the ongoing transaction first, and is asked to come again")
    func fencing() throws {
        var bench = Bench()
        let zombie = try bench.initialize()
        try bench.add("t", zombie)
        bench.writesMarkers = false
        #expect(throws: TransactionRefusal.concurrentTransactions) { try bench.initialize() }
        #expect(throws: TransactionRefusal.concurrentTransactions) { try bench.initialize() }
        bench.answerMarkers()
        #expect(bench.writtenMarkers.map(\.producer) == [producer(1_000, 1)])
        #expect(try bench.initialize() == producer(1_000, 2))
        #expect(throws: TransactionRefusal.producerFenced) { try bench.end("t", zombie) }
        #expect(throws: TransactionRefusal.producerFenced) { try bench.end("t", zombie, version: .bumping) }
    }

    @Test("a fence that the log refused leaves the epoch where it was")
    func failedFence() throws {
        var bench = Bench()
        let me = try bench.initialize()
        try bench.add("t", me)
        bench.failure = .timedOut
        #expect(throws: TransactionRefusal.coordinatorNotAvailable) { try bench.initialize() }
        bench.failure = nil
        #expect(throws: TransactionRefusal.concurrentTransactions) { try bench.initialize() }
        #expect(try bench.initialize() == producer(1_000, 2))
    }

    @Test("an operator aborts an ongoing transaction, and only such a one")
    func operatorAborts() throws {
        var bench = Bench()
        #expect(bench.ask(.abort("t")) == .abort(.transactionalIDNotFound))
        let me = try bench.initialize()
        #expect(bench.ask(.abort("t")) == .abort(.invalidState(.empty)))
        try bench.add("t", me)
        #expect(bench.ask(.abort("t")) == .abort(nil))
        #expect(bench.state() == .completeAbort)
        #expect(throws: TransactionRefusal.producerFenced) { try bench.end("t", me) }
    }

    @Test("an id that nobody uses is forgotten, one with an open transaction is not")
    func expiration() throws {
        var limits = TransactionLimits()
        limits.expirationMilliseconds = 1_000
        limits.expirationCheckMilliseconds = 600
        var bench = Bench(limits: limits)
        _ = try bench.initialize("idle")
        let busy = try bench.initialize("busy")
        try bench.add("busy", busy)
        bench.pass(milliseconds: 999)
        #expect(bench.state("idle") == .empty)
        bench.pass(milliseconds: 1_000)
        #expect(bench.state("idle") == nil)
        #expect(bench.state("busy") == .ongoing)
        #expect(bench.log.last == .removed("idle"))
        #expect(bench.coordinator.counts.expired == 1)
        #expect(throws: TransactionRefusal.invalidProducerIDMapping) { try bench.add("idle", producer(1_000, 0)) }
    }

    @Test("an expiration that the log refuses keeps the id")
    func refusedExpiration() throws {
        var limits = TransactionLimits()
        limits.expirationMilliseconds = 1_000
        limits.expirationCheckMilliseconds = 600
        var bench = Bench(limits: limits)
        _ = try bench.initialize()
        bench.failure = .notEnoughReplicas
        bench.pass(milliseconds: 5_000)
        #expect(bench.state() == .empty)
        bench.failure = nil
        bench.pass(milliseconds: 600)
        #expect(bench.state() == nil)
    }
}
