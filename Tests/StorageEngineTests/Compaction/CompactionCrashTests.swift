// SPDX-License-Identifier: Apache-2.0

import Foundation
import Primitives
import RecordBatch
import Simulation
import StorageEngine
import Testing

/// Every case when `MYELIN_TEST_FULL` is set, otherwise about `count` of them, spread evenly.
func compactionSample(of total: Int, about count: Int) -> StrideTo<Int> {
    let isFull = ProcessInfo.processInfo.environment["MYELIN_TEST_FULL"] != nil
    return stride(from: 1, to: total + 1, by: isFull ? 1 : max(1, total / count))
}

/// A keyed log that is written and compacted, and what readers were promised of it.
private struct KeyedWorkload: CompactedWorkload {
    var fixture: CompactionFixture
    private var entropy: Entropy
    /// What is written, by offset; never forgotten.
    private(set) var written: [Int64: (key: String, value: String?)] = [:]
    private(set) var durable = Offset.zero

    init(seed: UInt64) throws {
        fixture = try CompactionFixture(segmentByteCountMax: 700, on: SimulatedDisk(seed: seed)) {
            $0.deleteRetentionMilliseconds = 40
        }
        fixture.limits = CompactionLimits(mapByteCountMax: 24 * 12)
        entropy = Entropy(seed: seed)
    }

    /// Writes and compacts until done or the disk stops.
    mutating func run(rounds: Int) {
        do {
            for _ in 0..<rounds {
                for _ in 0..<4 { try putSome() }
                fixture.base.synchronize()
                guard case .open = fixture.log.state else { return }
                durable = fixture.log.durableOffset
                _ = try fixture.base.log.writeCheckpoint(on: fixture.disk)
                fixture.base.now = fixture.base.now.advanced(byMilliseconds: 10)
                try fixture.compact()
            }
        } catch {}
    }

    private mutating func putSome() throws {
        var records: [(String?, String?)] = []
        for _ in 0..<1 + entropy.index(below: 4) {
            let key = "key \(entropy.index(below: 10))"
            let value: String? = entropy.chance(1, in: 4) ? nil : "value \(fixture.log.logEndOffset)"
            written[fixture.log.logEndOffset.rawValue + Int64(records.count)] = (key, value)
            records.append((key, value))
        }
        try fixture.put(records, codec: Codec.allCases[entropy.index(below: 5)])
    }

    /// Whatever happened: what is there was written there, the last durable value of each key is there, and no gap is.
    mutating func check(_ context: String) throws {
        #expect(fixture.log.logEndOffset >= durable, "\(context): \(fixture.log.logEndOffset) of \(durable)")
        // What a power cut left with a hole in it was never durable, and is given up as a node does.
        if let hole = fixture.log.damages.map(\.offsets.lowerBound).min() {
            #expect(hole >= durable, "\(context): \(fixture.log.damages) below \(durable)")
            try fixture.base.log.truncateDiscarding(from: hole, on: fixture.disk)
        }
        let found = try fixture.records()
        var latest: [String: Int64] = [:]
        for (offset, record) in written where offset < fixture.log.logEndOffset.rawValue {
            latest[record.key] = max(latest[record.key] ?? -1, offset)
        }
        var table: [String: String] = [:]
        for record in found {
            let original = written[record.offset]
            #expect(original?.key == record.key && original?.value == record.value, "\(context): \(record)")
            table[record.key ?? ""] = record.value
        }
        for (key, offset) in latest {
            #expect(table[key] == written[offset]?.value, "\(context): \(key)")
        }
        let names = try fixture.disk.list(LogFixture.folder)
        #expect(!names.contains { $0.hasSuffix(".cleaned") || $0.hasSuffix(".swap") }, "\(context): \(names)")
    }
}

/// Writes and compacts until the disk stops, and knows what must be there then.
protocol CompactedWorkload {
    var fixture: CompactionFixture { get set }
    init(seed: UInt64) throws
    mutating func run(rounds: Int)
    mutating func check(_ context: String) throws
}

extension CompactedWorkload {
    /// Cuts the power after operations of a run, a sample of all, and checks what is found, found again, and gone on with.
    static func cutPower(afterAnyOperationOf rounds: Int, seed: UInt64, andGoOn more: Int) throws {
        var whole = try Self(seed: seed)
        let begin = whole.fixture.disk.operationCount
        whole.run(rounds: rounds)
        let total = whole.fixture.disk.operationCount - begin
        try whole.check("seed \(seed), whole")
        #expect(total > 300)
        for ordinal in compactionSample(of: total, about: 14) {
            var workload = try Self(seed: seed)
            workload.fixture.disk.plan(.powerCut, at: ordinal)
            workload.run(rounds: rounds)
            workload.fixture.disk.restart()
            try workload.fixture.base.reopen()
            try workload.check("seed \(seed), operation \(ordinal)")
            try workload.fixture.base.reopen()
            try workload.check("seed \(seed), operation \(ordinal), opened twice")
            workload.run(rounds: more)
            try workload.check("seed \(seed), operation \(ordinal), and on")
        }
    }
}

@Suite("compaction under crashes")
struct CompactionCrashTests {
    @Test("a power cut after any operation loses no last value and leaves no gap", arguments: 1...3)
    func everyOperation(seed: UInt64) throws {
        try KeyedWorkload.cutPower(afterAnyOperationOf: 14, seed: seed, andGoOn: 2)
    }

    @Test("a power cut during the recovery of an exchange changes nothing", arguments: 1...2)
    func cutDuringRecovery(seed: UInt64) throws {
        var whole = try KeyedWorkload(seed: seed)
        let begin = whole.fixture.disk.operationCount
        whole.run(rounds: 6)
        let total = whole.fixture.disk.operationCount - begin
        for ordinal in compactionSample(of: total, about: 6) {
            for second in [1, 3, 6, 10] {
                var workload = try KeyedWorkload(seed: seed)
                workload.fixture.disk.plan(.powerCut, at: ordinal)
                workload.run(rounds: 6)
                workload.fixture.disk.restart()
                workload.fixture.disk.plan(.powerCut, at: second)
                do { try workload.fixture.base.reopen() } catch is OpenFault {}
                workload.fixture.disk.forgetPlans()
                workload.fixture.disk.crash()
                try workload.fixture.base.reopen()
                try workload.check("seed \(seed), operation \(ordinal), then \(second)")
            }
        }
    }

    @Test("a fault of any operation loses no last value, before and after a restart", arguments: 1...2)
    func everyFault(seed: UInt64) throws {
        var whole = try KeyedWorkload(seed: seed)
        let begin = whole.fixture.disk.operationCount
        whole.run(rounds: 10)
        for ordinal in compactionSample(of: whole.fixture.disk.operationCount - begin, about: 8) {
            for errno in [5, 28] as [Int32] {
                var workload = try KeyedWorkload(seed: seed)
                workload.fixture.disk.plan(.failure(errno: errno), at: ordinal)
                workload.run(rounds: 10)
                workload.run(rounds: 3)
                workload.fixture.disk.crash()
                try workload.fixture.base.reopen()
                try workload.check("seed \(seed), operation \(ordinal), error \(errno)")
            }
        }
    }
}

@Suite("compaction against a model")
struct CompactionModelTests {
    @Test("a random keyed log, compacted now and then, reads like a table of last values", arguments: 1...8)
    func randomLog(seed: UInt64) throws {
        var workload = try KeyedWorkload(seed: seed &+ 1000)
        for _ in 0..<12 {
            workload.run(rounds: 5)
            try workload.check("seed \(seed)")
            if workload.fixture.log.logEndOffset.rawValue % 3 == 0 { try workload.fixture.base.reopen() }
        }
    }
}
