// SPDX-License-Identifier: Apache-2.0

import Primitives
import RecordBatch
import Simulation
import StorageEngine
import Testing

@Suite("transactions in a partition log")
struct LogTransactionTests {
    private func refusal(_ fixture: inout LogFixture, _ marker: TransactionMarker) -> AppendRefusal? {
        do throws(AppendRefusal) {
            _ = try fixture.log.appendMarker(marker, epoch: .zero, at: fixture.now)
            return nil
        } catch { return error }
    }

    private func refusal(_ fixture: inout LogFixture, _ batch: Batch) -> AppendRefusal? {
        do throws(AppendRefusal) {
            _ = try fixture.log.append(batch, epoch: .zero, at: fixture.now)
            return nil
        } catch { return error }
    }

    @Test("an open transaction holds the last stable offset at its first record, until its marker is committed")
    func lastStableOffset() throws {
        var fixture = try LogFixture()
        try fixture.write(clientBatch(["before"]))
        try fixture.write(transactionalBatch(count: 2, producer: 1, sequence: 0))
        try fixture.write(clientBatch(["between"]))
        #expect(fixture.log.lastStableOffset(below: Offset(4)) == Offset(1))
        #expect(fixture.log.lastStableOffset(below: Offset(1)) == Offset(1))
        #expect(fixture.log.lastStableOffset(below: .zero) == .zero)
        try fixture.end(.commit(1))
        #expect(fixture.log.lastStableOffset(below: Offset(4)) == Offset(1))
        #expect(fixture.log.lastStableOffset(below: Offset(5)) == Offset(5))
        fixture.log.settleTransactions(below: Offset(5))
        #expect(!fixture.log.hasUndecidedTransactions)
    }

    @Test("the earliest of several transactions bounds the last stable offset, in whatever order they end")
    func several() throws {
        var fixture = try LogFixture()
        for producer in [Int64(3), 1, 2] {
            try fixture.write(transactionalBatch(count: 1, producer: producer, sequence: 0))
        }
        #expect(fixture.log.openTransactions.map(\.producerID.rawValue) == [3, 1, 2])
        try fixture.end(.abort(1))
        #expect(fixture.log.lastStableOffset(below: Offset(4)) == .zero)
        try fixture.end(.commit(3))
        #expect(fixture.log.lastStableOffset(below: Offset(5)) == Offset(2))
        try fixture.end(.abort(2))
        #expect(fixture.log.lastStableOffset(below: Offset(6)) == Offset(6))
        let aborted = try fixture.aborted(from: .zero, to: Offset(6))
        #expect(aborted.map(\.producerID.rawValue) == [1, 2])
        #expect(aborted.map(\.firstOffset.rawValue) == [1, 2])
        #expect(aborted.map(\.lastOffset.rawValue) == [3, 5])
        #expect(aborted.map(\.lastStableOffset.rawValue) == [0, 6])
    }

    @Test("a reader is told of the aborted transactions that its range may hold, and of no other")
    func range() throws {
        var fixture = try LogFixture()
        for producer in 1...3 {
            try fixture.write(transactionalBatch(count: 2, producer: Int64(producer), sequence: 0))
            try fixture.end(.abort(Int64(producer)))
        }
        func told(_ range: Range<Int64>) throws -> [Int64] {
            try fixture.aborted(from: Offset(range.lowerBound), to: Offset(range.upperBound)).map(
                \.firstOffset.rawValue)
        }
        #expect(try told(0..<9) == [0, 3, 6])
        #expect(try told(0..<3) == [0])
        #expect(try told(2..<3) == [0])
        #expect(try told(3..<4) == [3])
        #expect(try told(5..<7) == [3, 6])
    }

    @Test("a marker of an older epoch is refused, and one of a coordinator that was replaced")
    func markerFencing() throws {
        var fixture = try LogFixture()
        try fixture.write(transactionalBatch(count: 1, producer: 1, epoch: 4, sequence: 0))
        #expect(
            refusal(&fixture, .commit(1, epoch: 3))
                == .invalidProducerEpoch(ProducerID(1), current: ProducerEpoch(4), received: ProducerEpoch(3)))
        try fixture.end(.commit(1, epoch: 4, coordinator: 7))
        #expect(
            refusal(&fixture, .commit(1, epoch: 4, coordinator: 6))
                == .transactionCoordinatorFenced(ProducerID(1), current: 7, received: 6))
        #expect(fixture.log.describeProducers().map(\.coordinatorEpoch) == [7])
    }

    @Test("a marker of version 2 ends records of the epoch before, once, and never the transaction after")
    func versionTwo() throws {
        var fixture = try LogFixture()
        try fixture.write(transactionalBatch(count: 1, producer: 1, epoch: 0, sequence: 0))
        #expect(
            refusal(&fixture, .abort(1, epoch: 0, version: 2))
                == .invalidProducerEpoch(ProducerID(1), current: ProducerEpoch(0), received: ProducerEpoch(0)))
        try fixture.end(.commit(1, epoch: 1, version: 2))
        let again = try fixture.log.appendMarker(.commit(1, epoch: 1, version: 2), epoch: .zero, at: fixture.now)
        #expect(again == Appended(baseOffset: Offset(1), lastOffset: Offset(1), isDuplicate: true))
        #expect(!fixture.log.hasStaged)
        try fixture.write(transactionalBatch(count: 1, producer: 1, epoch: 1, sequence: 0))
        #expect(refusal(&fixture, .commit(1, epoch: 1, version: 2)) != nil)
        #expect(fixture.log.openTransactionCount == 1)
    }

    @Test("a marker fences an epoch here that has written nothing, and its next epoch begins at sequence 0")
    func fencingMarker() throws {
        var fixture = try LogFixture()
        try fixture.end(.abort(1, epoch: 3))
        let late = transactionalBatch(count: 1, producer: 1, epoch: 2, sequence: 0)
        #expect(
            refusal(&fixture, late)
                == .invalidProducerEpoch(ProducerID(1), current: ProducerEpoch(3), received: ProducerEpoch(2)))
        let gap = transactionalBatch(count: 1, producer: 1, epoch: 3, sequence: 5)
        #expect(refusal(&fixture, gap) == .outOfOrderSequence(ProducerID(1), expected: 0, received: 5))
        #expect(try !fixture.write(transactionalBatch(count: 1, producer: 1, epoch: 3, sequence: 0)).isDuplicate)
        #expect(try fixture.aborted(from: .zero, to: Offset(1)).isEmpty)
    }

    @Test("sequences go on across transactions of one epoch")
    func sequences() throws {
        var fixture = try LogFixture()
        try fixture.write(transactionalBatch(count: 3, producer: 1, sequence: 0))
        try fixture.end(.commit(1))
        let gap = transactionalBatch(count: 1, producer: 1, sequence: 4)
        #expect(refusal(&fixture, gap) == .outOfOrderSequence(ProducerID(1), expected: 3, received: 4))
        try fixture.write(transactionalBatch(count: 1, producer: 1, sequence: 3))
        #expect(try fixture.stage(transactionalBatch(count: 1, producer: 1, sequence: 3)).isDuplicate)
    }

    @Test("a batch outside a transaction is refused while the producer's is open")
    func notTransactional() throws {
        var fixture = try LogFixture()
        try fixture.write(transactionalBatch(count: 1, producer: 1, sequence: 0))
        let plain = try clientBatch(count: 1, producer: 1, sequence: 1)
        #expect(refusal(&fixture, plain) == .transactionIsOpen(ProducerID(1), since: .zero))
        try fixture.end(.commit(1))
        #expect(refusal(&fixture, plain) == nil)
    }

    @Test("offsets that a broker writes into a transaction have no sequence")
    func withoutSequence() throws {
        var fixture = try LogFixture()
        for _ in 0..<2 { try fixture.write(transactionalBatch(count: 1, producer: 9, sequence: -1)) }
        #expect(fixture.log.logEndOffset == Offset(2))
        #expect(fixture.log.hasOpenTransaction(of: ProducerID(9), epoch: ProducerEpoch(0)))
        #expect(!fixture.log.hasOpenTransaction(of: ProducerID(9), epoch: ProducerEpoch(1)))
        #expect(fixture.log.describeProducers().map(\.lastSequence) == [-1])
    }

    @Test("a failed write leaves transactions as they were, begun or ended")
    func undo() throws {
        var fixture = try LogFixture()
        try fixture.write(transactionalBatch(count: 1, producer: 1, sequence: 0))
        try fixture.stage(transactionalBatch(count: 1, producer: 2, sequence: 0))
        _ = try fixture.log.appendMarker(.abort(1), epoch: .zero, at: fixture.now)
        try fixture.stage(transactionalBatch(count: 1, producer: 1, sequence: 1))
        fixture.disk.plan(.failure(errno: 28), of: .write)
        #expect(throws: LogFault.self) { try fixture.log.writeStaged(on: fixture.disk) }
        #expect(fixture.log.openTransactions.map(\.producerID.rawValue) == [1])
        #expect(fixture.log.lastStableOffset(below: Offset(1)) == .zero)
        try fixture.end(.abort(1))
        #expect(try fixture.aborted(from: .zero, to: Offset(2)).map(\.firstOffset) == [.zero])
    }

    @Test("a producer with an open transaction is neither expired nor evicted")
    func remembered() throws {
        var configuration = LogConfiguration()
        configuration.producerCountMax = 2
        var fixture = try LogFixture(configuration)
        try fixture.write(transactionalBatch(count: 1, producer: 1, sequence: 0))
        for producer in Int64(2)...5 { try fixture.write(clientBatch(count: 1, producer: producer, sequence: 0)) }
        #expect(fixture.log.describeProducers().map(\.producerID.rawValue) == [1, 5])
        fixture.now = fixture.now.advanced(byMilliseconds: 86_400_001)
        fixture.log.expireProducers(at: fixture.now)
        #expect(fixture.log.describeProducers().map(\.producerID.rawValue) == [1])
        try fixture.end(.commit(1, epoch: 1, version: 2))
        fixture.log.expireProducers(at: fixture.now)
        #expect(fixture.log.describeProducers().count == 1)
    }

    @Test("a follower knows the same of transactions as its leader")
    func follower() throws {
        var leader = try LogFixture(LogFixture.small())
        var random = Entropy(seed: 3)
        try run(&leader, steps: 120, &random)
        var follower = try LogFixture(LogFixture.small(segmentByteCountMax: 3000))
        for batch in try leader.batches() {
            try follower.log.appendReplicated(batch.bytes, at: follower.now)
            try follower.log.writeStaged(on: follower.disk)
        }
        #expect(try follower.disagreements(with: TransactionModel(leader.batches())).isEmpty)
    }

    @Test("truncation brings back the transactions that were open there", arguments: 1...4)
    func truncation(seed: UInt64) throws {
        var random = Entropy(seed: seed)
        var fixture = try LogFixture(LogFixture.small())
        try run(&fixture, steps: 100, &random)
        fixture.synchronize()
        for _ in 0..<5 {
            let cut = Offset(Int64(random.index(below: Int(fixture.log.logEndOffset.rawValue))))
            try fixture.log.truncateDiscarding(from: cut, on: fixture.disk)
            let model = TransactionModel(try fixture.batches())
            #expect(try fixture.disagreements(with: model).isEmpty, "cut at \(cut)")
            try run(&fixture, steps: 30, &random)
            fixture.synchronize()
        }
    }

    @Test("whatever is appended, the log agrees with a model, restarted at any time", arguments: 1...6)
    func model(seed: UInt64) throws {
        var random = Entropy(seed: seed)
        var fixture = try LogFixture(LogFixture.small())
        for round in 0..<12 {
            try run(&fixture, steps: 25, &random)
            fixture.synchronize()
            let model = TransactionModel(try fixture.batches())
            let found = try fixture.disagreements(with: model)
            #expect(found.isEmpty, "seed \(seed), round \(round): \(found.first ?? "")")
            switch round % 4 {
            case 0: try fixture.log.writeCheckpoint(on: fixture.disk)
            case 1: try fixture.log.close(on: fixture.disk)
            case 2: fixture.disk.crash()
            default: fixture.log.closeColdFiles(on: fixture.disk)
            }
            if round % 4 != 3 { try fixture.reopen() }
            #expect(try fixture.disagreements(with: model).isEmpty, "seed \(seed), restart after round \(round)")
        }
    }

    @Test("an index that is missing, cut or garbled is found again from the batches", arguments: 0...2)
    func lostIndex(harm: Int) throws {
        var random = Entropy(seed: 5)
        var fixture = try LogFixture(LogFixture.small())
        try run(&fixture, steps: 200, &random)
        try fixture.log.close(on: fixture.disk)
        let names = try fixture.disk.list(LogFixture.folder).filter { $0.hasSuffix(".txnindex") }
        #expect(names.count > 2)
        for name in names {
            let path = LogFixture.folder + "/" + name
            let file = try fixture.disk.open(path, .readWrite)
            switch harm {
            case 0: try fixture.disk.remove(path)
            case 1: try fixture.disk.truncate(file, to: 33)
            default: try fixture.disk.write([SharedBytes([UInt8](repeating: 9, count: 8))], to: file, at: 4)
            }
            fixture.disk.close(file)
        }
        try fixture.reopen()
        #expect(try fixture.disagreements(with: TransactionModel(fixture.batches())).isEmpty)
    }

    /// Appends what three producers with transactions and one without may send.
    private func run(_ fixture: inout LogFixture, steps: Int, _ random: inout Entropy) throws {
        for _ in 0..<steps { try step(&fixture, &random) }
    }
}

/// One lawful append of a producer that is drawn by chance.
func step(_ fixture: inout LogFixture, _ random: inout Entropy) throws {
    let id = Int64(random.index(below: 4))
    let known = fixture.log.describeProducers().first { $0.producerID == ProducerID(id) }
    let epoch = known?.producerEpoch.rawValue ?? 0
    let sequence = (known?.lastSequence ?? -1) + 1
    let count = 1 + random.index(below: 3)
    guard id > 0 else {
        try fixture.write(clientBatch(count: count, producer: id, epoch: epoch, sequence: sequence))
        return
    }
    guard known?.currentTransactionStart != nil, random.index(below: 3) == 0 else {
        try fixture.write(transactionalBatch(count: count, producer: id, epoch: epoch, sequence: sequence))
        return
    }
    let commits = random.index(below: 2) == 0
    let raises = random.index(below: 2) == 0
    try fixture.end(
        TransactionMarker(
            producerID: ProducerID(id), producerEpoch: ProducerEpoch(raises ? epoch + 1 : epoch), committed: commits,
            coordinatorEpoch: 0, transactionVersion: raises ? 2 : 1))
}
