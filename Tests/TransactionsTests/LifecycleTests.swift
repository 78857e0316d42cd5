// SPDX-License-Identifier: Apache-2.0

import Primitives
import Testing
import Transactions

@Suite struct LifecycleTests {
    @Test("a new id gets a new producer id and epoch 0")
    func newID() throws {
        var bench = Bench()
        #expect(try bench.initialize() == producer(1_000, 0))
        #expect(try bench.initialize("other") == producer(1_001, 0))
        #expect(bench.state() == .empty)
    }

    @Test("a restarted producer gets the next epoch, and the one before is fenced everywhere")
    func restart() throws {
        var bench = Bench()
        let zombie = try bench.initialize()
        let current = try bench.initialize()
        #expect(current == producer(1_000, 1))
        #expect(throws: TransactionRefusal.producerFenced) { try bench.add("t", zombie) }
        #expect(throws: TransactionRefusal.producerFenced) { try bench.end("t", zombie) }
        #expect(throws: TransactionRefusal.producerFenced) { try bench.initialize(as: zombie) }
        #expect(bench.verify(zombie, [a0]) == [.producerFenced])
        try bench.add("t", current)
    }

    @Test("a commit writes its decision, then a marker to each partition, then that it is complete")
    func commit() throws {
        var bench = Bench(epoch: 7)
        let me = try bench.initialize()
        try bench.add("t", me, [b0, a1])
        try bench.add("t", me, [a0, a1])
        #expect(try bench.end("t", me) == me)
        let states = bench.log.compactMap { record -> TransactionState? in
            guard case .changed(_, let metadata) = record else { return nil }
            return metadata.state
        }
        #expect(states == [.empty, .ongoing, .ongoing, .prepareCommit, .completeCommit])
        let expected = TransactionMarkers(
            transactionalID: "t", producer: me, isCommit: true, coordinatorEpoch: LeaderEpoch(7), version: .classic,
            partitions: [a0, a1, b0])
        #expect(bench.writtenMarkers == [expected])
        #expect(bench.metadata()?.partitions == [])
        #expect(bench.coordinator.counts.committed == 1)
    }

    @Test("an abort writes abort markers")
    func abort() throws {
        var bench = Bench()
        let me = try bench.initialize()
        try bench.add("t", me)
        try bench.end("t", me, commit: false)
        #expect(bench.writtenMarkers.map(\.isCommit) == [false])
        #expect(bench.state() == .completeAbort)
    }

    @Test("partitions that are part of the transaction already are not written again")
    func addTwice() throws {
        var bench = Bench()
        let me = try bench.initialize()
        try bench.add("t", me)
        let count = bench.log.count
        try bench.add("t", me)
        #expect(bench.log.count == count)
    }

    @Test("an end before any partition is refused to a classic client, whichever way")
    func endOfNothing() throws {
        var bench = Bench()
        let me = try bench.initialize()
        #expect(throws: TransactionRefusal.invalidState(.empty)) { try bench.end("t", me) }
        #expect(throws: TransactionRefusal.invalidState(.empty)) { try bench.end("t", me, commit: false) }
    }

    @Test("an end that is repeated in the same way succeeds, the other way is refused")
    func repeatedEnd() throws {
        var bench = Bench()
        let me = try bench.initialize()
        try bench.add("t", me)
        try bench.end("t", me)
        #expect(try bench.end("t", me) == me)
        #expect(bench.writtenMarkers.count == 1)
        #expect(throws: TransactionRefusal.invalidState(.completeCommit)) { try bench.end("t", me, commit: false) }
    }

    @Test("while markers are written every step waits, and the client has its answer already")
    func markersOutstanding() throws {
        var bench = Bench()
        let me = try bench.initialize()
        try bench.add("t", me)
        bench.writesMarkers = false
        #expect(try bench.end("t", me) == me)
        #expect(bench.state() == .prepareCommit)
        #expect(throws: TransactionRefusal.concurrentTransactions) { try bench.end("t", me) }
        #expect(throws: TransactionRefusal.concurrentTransactions) { try bench.add("t", me) }
        #expect(throws: TransactionRefusal.concurrentTransactions) { try bench.initialize() }
        #expect(bench.verify(me, [a0]) == [.concurrentTransactions])
        bench.answerMarkers()
        try bench.add("t", me)
    }

    @Test("while a record is on its way to the log every other step waits")
    func appendOutstanding() throws {
        var bench = Bench()
        let me = try bench.initialize()
        bench.holdsAppends = true
        let adding = bench.send(.addPartitions(.init("t", me, [a0])))
        #expect(bench.replies[adding] == nil)
        #expect(throws: TransactionRefusal.concurrentTransactions) { try bench.add("t", me, [a1]) }
        #expect(throws: TransactionRefusal.concurrentTransactions) { try bench.end("t", me) }
        #expect(throws: TransactionRefusal.concurrentTransactions) { try bench.initialize() }
        bench.answerAppends()
        #expect(bench.replies[adding] == .addPartitions(nil))
    }

    @Test("what the log refuses has not happened", arguments: [AppendFailure.notEnoughReplicas, .timedOut])
    func refusedAppends(failure: AppendFailure) throws {
        var bench = Bench()
        bench.failure = failure
        #expect(throws: TransactionRefusal.coordinatorNotAvailable) { try bench.initialize() }
        #expect(bench.coordinator.transactionCount == 0)
        bench.failure = nil
        let me = try bench.initialize()
        bench.failure = failure
        #expect(throws: TransactionRefusal.coordinatorNotAvailable) { try bench.add("t", me) }
        #expect(bench.verify(me, [a0]) == [.partitionNotAdded])
        bench.failure = nil
        try bench.add("t", me)
        bench.failure = failure
        #expect(throws: TransactionRefusal.coordinatorNotAvailable) { try bench.end("t", me) }
        #expect(bench.writtenMarkers.isEmpty)
        #expect(bench.state() == .ongoing)
        bench.failure = nil
        try bench.end("t", me)
        #expect(bench.state() == .completeCommit)
    }

    @Test("verification knows the partitions of the ongoing transaction and no others")
    func verification() throws {
        var bench = Bench()
        let me = try bench.initialize()
        #expect(bench.verify(me, [a0]) == [.partitionNotAdded])
        try bench.add("t", me, [a0])
        #expect(bench.verify(me, [a0, b0]) == [nil, .partitionNotAdded])
        #expect(bench.verify(producer(5, 0), [a0]) == [.invalidProducerIDMapping])
        try bench.end("t", me)
        #expect(bench.verify(me, [a0]) == [.partitionNotAdded])
    }

    @Test("requests that cannot be meant are refused")
    func nonsense() throws {
        var bench = Bench()
        #expect(throws: TransactionRefusal.invalidTransactionalID) { try bench.initialize("") }
        #expect(throws: TransactionRefusal.invalidTimeout(max: 900_000)) { try bench.initialize(timeout: 0) }
        #expect(throws: TransactionRefusal.invalidTimeout(max: 900_000)) { try bench.initialize(timeout: 900_001) }
        #expect(throws: TransactionRefusal.invalidProducerIDMapping) { try bench.add("t", producer(1, 0)) }
        #expect(throws: TransactionRefusal.invalidProducerIDMapping) { try bench.end("t", producer(1, 0)) }
        let me = try bench.initialize()
        #expect(throws: TransactionRefusal.invalidProducerIDMapping) {
            try bench.add("t", ProducerIdentity(ProducerID(1), me.producerEpoch))
        }
        let many = (0...10_000).map { TopicPartition(topic: "a", partition: PartitionIndex(Int32($0))) }
        #expect(throws: TransactionRefusal.tooManyPartitions(capacity: 10_000)) { try bench.add("t", me, many) }
    }

    @Test("a coordinator that still loads or has resigned serves nobody")
    func phases() {
        var loading = TransactionCoordinator(limits: TransactionLimits())
        var effects: [TransactionEffect] = []
        loading.step(
            .requested(RequestToken(1), .describe(["t"])), at: Instant(nanoseconds: 0), wall: .none, into: &effects)
        #expect(effects == [.reply(RequestToken(1), .describe([.failure(.loadInProgress)]))])
        var bench = Bench()
        bench.step(.resigned)
        #expect(bench.ask(.describe(["t"])) == .describe([.failure(.notCoordinator)]))
    }

    @Test("whoever waits when the coordinator resigns is sent to the next one")
    func resigning() throws {
        var bench = Bench()
        let me = try bench.initialize()
        bench.holdsAppends = true
        let adding = bench.send(.addPartitions(.init("t", me, [a0])))
        bench.nextProducerID = nil
        bench.step(.resigned)
        #expect(bench.replies[adding] == .addPartitions(.notCoordinator))
        bench.answerAppends()
        #expect(bench.coordinator.nextDeadline == nil)
    }

    @Test("without a producer id to be had a new producer is told to come again")
    func noProducerID() throws {
        var bench = Bench()
        bench.nextProducerID = nil
        #expect(throws: TransactionRefusal.loadInProgress) { try bench.initialize() }
        bench.nextProducerID = 5
        #expect(try bench.initialize() == producer(5, 0))
    }

    @Test("no more ids are held than the limit says")
    func transactionLimit() throws {
        var limits = TransactionLimits()
        limits.transactionCountMax = 1
        var bench = Bench(limits: limits)
        _ = try bench.initialize("one")
        #expect(throws: TransactionRefusal.tooManyTransactions(capacity: 1)) { try bench.initialize("two") }
        _ = try bench.initialize("one")
    }

    @Test("listing filters by state, producer and age, and is sorted")
    func listing() throws {
        var bench = Bench()
        let b = try bench.initialize("b")
        _ = try bench.initialize("a")
        try bench.add("b", b)
        func list(_ change: (inout TransactionFilter) -> Void) -> [TransactionalID] {
            var filter = TransactionFilter()
            change(&filter)
            guard case .list(.success(let found)) = bench.ask(.list(filter)) else { return [] }
            return found.map(\.transactionalID)
        }
        #expect(list { _ in } == ["a", "b"])
        #expect(list { $0.states = [.ongoing] } == ["b"])
        #expect(list { $0.producerIDs = [ProducerID(1_001)] } == ["a"])
        #expect(list { $0.olderThanMilliseconds = 10 } == [])
        bench.pass(milliseconds: 11)
        #expect(list { $0.olderThanMilliseconds = 10 } == ["b"])
        #expect(bench.coordinator.oldestOpen?.id == "b")
        #expect(bench.ask(.describe(["none"])) == .describe([.failure(.transactionalIDNotFound)]))
    }
}
