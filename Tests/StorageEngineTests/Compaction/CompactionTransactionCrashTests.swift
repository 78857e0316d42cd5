// SPDX-License-Identifier: Apache-2.0

import Primitives
import RecordBatch
import Simulation
import StorageEngine
import Testing

/// A keyed log that transactions and others write, compacted now and then, and what readers were promised of it.
struct TransactionalKeyedWorkload: CompactedWorkload {
    private struct Written {
        let key: String
        let value: String?
        /// Nil outside transactions.
        let producer: Int64?
    }

    private struct End {
        let offset: Int64
        let producer: Int64
        let commits: Bool
    }

    var fixture: CompactionFixture
    private var random: Entropy
    private var written: [Int64: Written] = [:]
    private var ends: [End] = []
    private(set) var durable = Offset.zero

    init(seed: UInt64) throws {
        fixture = try CompactionFixture(segmentByteCountMax: 900, on: SimulatedDisk(seed: seed)) {
            $0.deleteRetentionMilliseconds = 30
        }
        fixture.base.log.configuration.producerExpirationMilliseconds = 60
        fixture.limits = CompactionLimits(mapByteCountMax: 24 * 16)
        random = Entropy(seed: seed)
    }

    /// Writes and compacts until done or the disk stops.
    mutating func run(rounds: Int) {
        do {
            for _ in 0..<rounds {
                for _ in 0..<5 { try step() }
                fixture.base.synchronize()
                guard case .open = fixture.log.state else { return }
                durable = fixture.log.durableOffset
                _ = try fixture.base.log.writeCheckpoint(on: fixture.disk)
                fixture.base.now = fixture.base.now.advanced(byMilliseconds: 10)
                fixture.base.log.expireProducers(at: fixture.base.now)
                try fixture.compact()
            }
        } catch {}
    }

    private mutating func step() throws {
        let id = Int64(random.index(below: 4))
        guard id > 0 else { return try put(as: nil, .none) }
        let known = fixture.log.describeProducers().first { $0.producerID == ProducerID(id) }
        let epoch = known?.producerEpoch ?? ProducerEpoch(0)
        if known?.currentTransactionStart != nil, random.chance(1, in: 2) { return try end(id, epoch) }
        let producer = BatchProducer(
            id: ProducerID(id), epoch: epoch, baseSequence: (known?.lastSequence ?? -1) + 1)
        try put(as: id, producer)
    }

    private mutating func put(as id: Int64?, _ producer: BatchProducer) throws {
        var records: [(String?, String?)] = []
        forget(from: fixture.log.logEndOffset)
        for _ in 0..<1 + random.index(below: 3) {
            let offset = fixture.log.logEndOffset.rawValue + Int64(records.count)
            let key = "key \(random.index(below: 8))"
            let value: String? = random.chance(1, in: 5) ? nil : "value \(offset)"
            written[offset] = Written(key: key, value: value, producer: id)
            records.append((key, value))
        }
        try fixture.put(records, producer: producer, isTransactional: id != nil)
    }

    private mutating func end(_ id: Int64, _ epoch: ProducerEpoch) throws {
        let (commits, raises) = (random.chance(1, in: 2), random.chance(1, in: 2))
        forget(from: fixture.log.logEndOffset)
        ends.append(End(offset: fixture.log.logEndOffset.rawValue, producer: id, commits: commits))
        try fixture.base.end(
            TransactionMarker(
                producerID: ProducerID(id), producerEpoch: raises ? ProducerEpoch(epoch.rawValue + 1) : epoch,
                committed: commits, coordinatorEpoch: 0, transactionVersion: raises ? 2 : 1))
    }

    /// What a crash took is not promised any more.
    private mutating func forget(from end: Offset) {
        written = written.filter { $0.key < end.rawValue }
        ends.removeAll { $0.offset >= end.rawValue }
    }

    /// Nil while nobody has decided.
    private func isCommitted(_ offset: Int64, _ record: Written) -> Bool? {
        guard let producer = record.producer else { return true }
        return ends.first { $0.producer == producer && $0.offset > offset }?.commits
    }

    /// Readers of committed records see what was committed, with the last value of each key, and never anything else.
    mutating func check(_ context: String) throws {
        #expect(fixture.log.logEndOffset >= durable, "\(context): \(fixture.log.logEndOffset) of \(durable)")
        // What a power cut left with a hole in it was never durable, and is given up as a node does.
        if let hole = fixture.log.damages.map(\.offsets.lowerBound).min() {
            #expect(hole >= durable, "\(context): \(fixture.log.damages) below \(durable)")
            try fixture.base.log.truncateDiscarding(from: hole, on: fixture.disk)
        }
        forget(from: fixture.log.logEndOffset)
        let undecided = written.filter { isCommitted($0.key, $0.value) == nil }.keys.min()
        let stable = undecided ?? fixture.log.logEndOffset.rawValue
        #expect(fixture.log.lastStableOffset(below: fixture.log.logEndOffset).rawValue == stable, "\(context)")
        let found = try fixture.committedRecords()
        for record in found {
            let original = written[record.offset]
            #expect(original?.key == record.key && original?.value == record.value, "\(context): \(record)")
            #expect(
                original.flatMap { isCommitted(record.offset, $0) } == true, "\(context): \(record) is not committed")
        }
        var expected: [String: String] = [:]
        for (offset, record) in written.sorted(by: { $0.key < $1.key })
        where offset < stable && isCommitted(offset, record) == true {
            expected[record.key] = record.value
        }
        #expect(CompactionFixture.table(of: found) == expected, "\(context)")
    }

    /// After passes over everything that is closed nothing aborted is left there, for no reader at all.
    mutating func checkRemoved(_ context: String) throws {
        fixture.limits = CompactionLimits(mapByteCountMax: 1 << 20)
        try fixture.settle()
        try fixture.compactFully()
        let standing = fixture.log.compactionStanding(
            at: fixture.base.now, below: fixture.log.lastStableOffset(below: fixture.bound))
        let end = standing?.firstDirty.rawValue ?? 0
        for record in try fixture.records() where record.offset < end {
            let isAborted = written[record.offset].map { isCommitted(record.offset, $0) == false } ?? true
            #expect(!isAborted, "\(context): \(record) below \(end)")
        }
    }
}

@Suite("compaction of transactions, under crashes and against a model")
struct CompactionTransactionCrashTests {
    @Test(
        "whatever is committed and aborted, readers see the same before and after passes and restarts", arguments: 1...8
    )
    func model(seed: UInt64) throws {
        var workload = try TransactionalKeyedWorkload(seed: seed)
        for round in 0..<12 {
            workload.run(rounds: 6)
            try workload.check("seed \(seed), round \(round)")
            switch round % 4 {
            case 0: try workload.fixture.base.reopen()
            case 1: workload.fixture.base.log.closeColdFiles(on: workload.fixture.disk)
            case 2:
                try workload.fixture.disk.remove(LogFixture.folder + "/checkpoint")
                try workload.fixture.base.reopen()
            default: try workload.checkRemoved("seed \(seed), round \(round)")
            }
            try workload.check("seed \(seed), after round \(round)")
        }
    }

    @Test("a power cut after any operation shows no aborted record and hides no committed one", arguments: 1...3)
    func everyOperation(seed: UInt64) throws {
        try TransactionalKeyedWorkload.cutPower(afterAnyOperationOf: 14, seed: seed, andGoOn: 3)
    }

    @Test("a fault of any operation shows no aborted record and hides no committed one", arguments: 1...2)
    func everyFault(seed: UInt64) throws {
        var whole = try TransactionalKeyedWorkload(seed: seed)
        let begin = whole.fixture.disk.operationCount
        whole.run(rounds: 10)
        for ordinal in compactionSample(of: whole.fixture.disk.operationCount - begin, about: 8) {
            var workload = try TransactionalKeyedWorkload(seed: seed)
            workload.fixture.disk.plan(.failure(errno: 5), at: ordinal)
            workload.run(rounds: 10)
            workload.run(rounds: 3)
            workload.fixture.disk.crash()
            try workload.fixture.base.reopen()
            try workload.check("seed \(seed), operation \(ordinal)")
        }
    }
}
