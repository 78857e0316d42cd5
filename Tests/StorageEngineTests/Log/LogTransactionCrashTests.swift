// SPDX-License-Identifier: Apache-2.0

import Foundation
import Primitives
import RecordBatch
import Simulation
import StorageEngine
import Testing

/// Transactions that begin, end, roll and are checkpointed until the disk stops, and what of it was durable.
private struct TransactionalWorkload {
    var fixture: LogFixture
    var durable = Offset.zero
    private var random: Entropy

    init(seed: UInt64) throws {
        random = Entropy(seed: seed)
        fixture = try LogFixture(LogFixture.small(segmentByteCountMax: 1200), on: SimulatedDisk(seed: seed))
        fixture.synchronize()
    }

    mutating func run(rounds: Int) {
        do {
            for round in 0..<rounds {
                for _ in 0..<4 { try step(&fixture, &random) }
                if round % 2 == 1 { fixture.synchronize() }
                durable = max(durable, fixture.log.durableOffset)
                guard case .open = fixture.log.state else { return }
                if round % 4 == 3 { try fixture.log.writeCheckpoint(on: fixture.disk) }
                if round % 9 == 8 {
                    // A batch has three records at most.
                    durable = min(durable, fixture.log.logEndOffset - 3)
                    try fixture.log.truncateDiscarding(from: fixture.log.logEndOffset - 1, on: fixture.disk)
                }
            }
            try fixture.log.close(on: fixture.disk)
        } catch {}
    }

    /// The log says of its transactions what its batches say; whoever opens it a second time hears the same.
    mutating func check(_ context: String) throws {
        #expect(fixture.log.logEndOffset >= durable, "\(context)")
        // What a hole took with it nobody knows.
        guard fixture.log.damages.isEmpty else { return }
        let model = TransactionModel(try fixture.batches())
        let once = try fixture.disagreements(with: model)
        #expect(once.isEmpty, "\(context): \(once.first ?? "")")
        let producers = fixture.log.describeProducers()
        try fixture.reopen()
        let twice = try fixture.disagreements(with: model)
        #expect(twice.isEmpty, "\(context), opened again: \(twice.first ?? "")")
        #expect(fixture.log.describeProducers() == producers, "\(context), opened again")
    }
}

@Suite("transactions under crashes")
struct LogTransactionCrashTests {
    private func ordinals(below total: Int, about count: Int) -> StrideTo<Int> {
        let isFull = ProcessInfo.processInfo.environment["MYELIN_TEST_FULL"] != nil
        return stride(from: 0, to: total, by: isFull ? 1 : max(1, total / count))
    }

    @Test("a power cut after any operation leaves transactions whole, and so does another recovery", arguments: 1...4)
    func everyOperation(seed: UInt64) throws {
        var whole = try TransactionalWorkload(seed: seed)
        let begin = whole.fixture.disk.operationCount
        whole.run(rounds: 30)
        let total = whole.fixture.disk.operationCount - begin
        #expect(total > 100)
        for ordinal in ordinals(below: total, about: 25) {
            var workload = try TransactionalWorkload(seed: seed)
            workload.fixture.disk.plan(.powerCut, at: ordinal + 1)
            workload.run(rounds: 30)
            workload.fixture.disk.restart()
            try workload.fixture.reopen()
            try workload.check("seed \(seed), operation \(ordinal + 1)")
        }
    }

    @Test("a fault of any operation leaves transactions whole", arguments: 1...2)
    func everyFault(seed: UInt64) throws {
        var whole = try TransactionalWorkload(seed: seed)
        let begin = whole.fixture.disk.operationCount
        whole.run(rounds: 30)
        for ordinal in ordinals(below: whole.fixture.disk.operationCount - begin, about: 25) {
            var workload = try TransactionalWorkload(seed: seed)
            workload.fixture.disk.plan(.failure(errno: 5), at: ordinal + 1)
            workload.run(rounds: 30)
            workload.fixture.disk.crash()
            try workload.fixture.reopen()
            try workload.check("seed \(seed), operation \(ordinal + 1)")
        }
    }
}
