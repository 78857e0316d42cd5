// SPDX-License-Identifier: Apache-2.0

import Primitives
import RecordBatch
import Simulation
import StorageEngine
import Testing

@Suite("compaction of transactions")
struct CompactionTransactionTests {
    private static let producer = BatchProducer(id: ProducerID(9), epoch: ProducerEpoch(0), baseSequence: 0)

    private static func fixture(segmentByteCountMax: Int64 = 10_000) throws -> CompactionFixture {
        var fixture = try CompactionFixture(segmentByteCountMax: segmentByteCountMax) {
            $0.deleteRetentionMilliseconds = 100
        }
        fixture.base.log.configuration.producerExpirationMilliseconds = 1
        return fixture
    }

    private static func forgetProducers(_ fixture: inout CompactionFixture) {
        fixture.base.now = fixture.base.now.advanced(byMilliseconds: 10)
        fixture.base.log.expireProducers(at: fixture.base.now)
    }

    @Test("aborted records go and never make older ones obsolete; the marker goes after delete.retention.ms")
    func aborted() throws {
        var fixture = try Self.fixture()
        try fixture.put([("a", "committed")])
        try fixture.put([("a", "aborted"), ("b", "aborted")], producer: Self.producer, isTransactional: true)
        try fixture.base.end(.abort(9))
        Self.forgetProducers(&fixture)
        try fixture.roll()
        #expect(try fixture.committedTable() == ["a": "committed"])
        try fixture.compact()
        #expect(try fixture.table() == ["a": "committed"])
        func markerIsThere() throws -> Bool { try fixture.base.batches().contains { $0.header.isControl } }
        func toldCount() throws -> Int { try fixture.base.aborted(from: .zero, to: fixture.log.writtenOffset).count }
        #expect(try markerIsThere())
        #expect(try toldCount() == 1)
        // The first pass that finds it alone gives it its time to go, and readers need not be told any more.
        try fixture.roll()
        try fixture.compact()
        #expect(try markerIsThere())
        #expect(try toldCount() == 0)
        fixture.base.now = fixture.base.now.advanced(byMilliseconds: 98)
        try fixture.roll()
        try fixture.compact()
        #expect(try markerIsThere())
        fixture.base.now = fixture.base.now.advanced(byMilliseconds: 100)
        try fixture.roll()
        try fixture.compact()
        #expect(try !markerIsThere())
        #expect(try fixture.table() == ["a": "committed"])
    }

    @Test("a commit marker stays as long as a batch of its transaction does")
    func committed() throws {
        var fixture = try Self.fixture()
        try fixture.put([("a", "1")], producer: Self.producer, isTransactional: true)
        try fixture.base.end(.commit(9))
        Self.forgetProducers(&fixture)
        try fixture.roll()
        for _ in 0..<3 {
            try fixture.compact()
            fixture.base.now = fixture.base.now.advanced(byMilliseconds: 200)
            try fixture.roll()
        }
        let headers = try fixture.base.batches().map(\.header)
        #expect(headers[1].isControl && headers[1].deleteHorizon == nil)
        try fixture.put([("a", "2")])
        for _ in 0..<3 {
            try fixture.roll()
            try fixture.compact()
            fixture.base.now = fixture.base.now.advanced(byMilliseconds: 200)
        }
        #expect(try !fixture.base.batches().contains { $0.header.isControl })
        #expect(try fixture.committedTable() == ["a": "2"])
    }

    @Test("the last batch of a producer that may go on stays empty, opens no transaction, and its marker stays with it")
    func liveProducer() throws {
        var fixture = try Self.fixture()
        try fixture.put([("a", "1")], producer: Self.producer, isTransactional: true)
        try fixture.base.end(.commit(9))
        try fixture.put([("a", "2")])
        for _ in 0..<3 {
            try fixture.roll()
            try fixture.compact()
            fixture.base.now = fixture.base.now.advanced(byMilliseconds: 200)
        }
        let headers = try fixture.base.batches().map(\.header)
        #expect(headers[0].isEmpty && headers[0].isTransactional && headers[0].lastSequence == 0)
        #expect(headers[1].isControl)
        try fixture.disk.remove(LogFixture.folder + "/checkpoint")
        try fixture.base.reopen()
        #expect(fixture.log.openTransactionCount == 0)
        #expect(fixture.log.lastStableOffset(below: fixture.log.writtenOffset) == fixture.log.writtenOffset)
    }

    @Test("nothing from the first record of an open transaction on is touched, also what others committed there")
    func open() throws {
        var fixture = try Self.fixture()
        try fixture.put([("a", "1")])
        try fixture.put([("a", "2")])
        try fixture.roll()
        try fixture.put([("a", "open")], producer: Self.producer, isTransactional: true)
        for number in 0..<3 { try fixture.put([("b", "\(number)")]) }
        try fixture.roll()
        let before = try fixture.records().filter { $0.offset >= 3 }
        try fixture.compactFully()
        #expect(try fixture.records().map(\.offset) == [1, 2] + before.map(\.offset))
        #expect(fixture.log.openTransactions.map(\.firstOffset) == [Offset(3)])
        #expect(try fixture.committedTable() == ["a": "2"])
        try fixture.base.end(.commit(9))
        try fixture.roll()
        try fixture.compactFully()
        #expect(try fixture.committedTable() == ["a": "open", "b": "2"])
    }

    @Test("what is aborted behind the end of a pass is known within it")
    func markerBehindPass() throws {
        var fixture = try Self.fixture()
        try fixture.put([("a", "committed")])
        try fixture.put([("a", "aborted")], producer: Self.producer, isTransactional: true)
        try fixture.roll()
        // Another transaction holds the last stable offset before the marker of the first.
        try fixture.put(
            [("b", "open")], producer: BatchProducer(id: ProducerID(8), epoch: ProducerEpoch(0), baseSequence: 0),
            isTransactional: true)
        try fixture.base.end(.abort(9))
        try fixture.settle()
        try fixture.compact()
        #expect(try fixture.records().filter { $0.key == "a" }.map(\.value) == ["committed"])
        #expect(try fixture.committedTable() == ["a": "committed"])
        try fixture.base.end(.commit(8))
        try fixture.roll()
        try fixture.compactFully()
        #expect(try fixture.committedTable() == ["a": "committed", "b": "open"])
    }

    @Test("a pass that begins behind an aborted transaction still compacts what its producer commits later")
    func laterCommit() throws {
        var fixture = try Self.fixture()
        func producer(_ sequence: Int32) -> BatchProducer {
            BatchProducer(id: ProducerID(9), epoch: ProducerEpoch(0), baseSequence: sequence)
        }
        try fixture.put([("a", "1")])
        try fixture.put([("b", "aborted")], producer: producer(0), isTransactional: true)
        try fixture.base.end(.abort(9))
        try fixture.roll()
        try fixture.compact()
        try fixture.put([("a", "2")], producer: producer(1), isTransactional: true)
        try fixture.base.end(.commit(9))
        try fixture.roll()
        try fixture.compact()
        #expect(try fixture.records().filter { $0.key == "a" }.map(\.value) == ["2"])
        #expect(try fixture.committedTable() == ["a": "2"])
    }

    @Test("a truncation into what is compacted finds no transaction open whose marker went")
    func truncation() throws {
        // So large that the next segment, with the marker, stays one of its own.
        var fixture = try Self.fixture(segmentByteCountMax: 400)
        try fixture.put([("large", String(repeating: "x", count: 230))])
        try fixture.put([("a", "aborted")], producer: Self.producer, isTransactional: true)
        try fixture.roll()
        try fixture.base.end(.abort(9))
        Self.forgetProducers(&fixture)
        for _ in 0..<4 {
            try fixture.put([("b", "x")])
            try fixture.roll()
            try fixture.compact()
            fixture.base.now = fixture.base.now.advanced(byMilliseconds: 200)
        }
        #expect(try !fixture.base.batches().contains { $0.header.isControl })
        #expect(fixture.log.segmentByteCounts.map(\.baseOffset).contains(Offset(2)))
        try fixture.base.log.truncateDiscarding(from: Offset(4), on: fixture.disk)
        #expect(fixture.log.openTransactionCount == 0)
        #expect(fixture.log.lastStableOffset(below: fixture.log.writtenOffset) == fixture.log.writtenOffset)
    }

    @Test("a follower that copies a compacted log reads the same of it", arguments: 1...4)
    func follower(seed: UInt64) throws {
        var workload = try TransactionalKeyedWorkload(seed: seed)
        workload.run(rounds: 25)
        try workload.fixture.settle()
        var follower = try CompactionFixture(segmentByteCountMax: 900)
        for batch in try workload.fixture.base.batches() {
            try follower.base.log.appendReplicated(batch.bytes, at: follower.base.now)
            try follower.base.log.writeStaged(on: follower.disk)
        }
        #expect(try follower.committedRecords() == workload.fixture.committedRecords())
        #expect(
            follower.log.openTransactions.map(\.firstOffset) == workload.fixture.log.openTransactions.map(\.firstOffset)
        )
        try follower.roll()
        let before = try follower.committedTable()
        try follower.compactFully()
        #expect(try follower.committedTable() == before)
    }
}
