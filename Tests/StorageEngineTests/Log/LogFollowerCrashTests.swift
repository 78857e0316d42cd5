// SPDX-License-Identifier: Apache-2.0

import Foundation
import Primitives
import RecordBatch
import Simulation
import StorageEngine
import Testing

/// A follower that appends what leaders send, cuts what a newer leader does not have, and is begun again.
private struct FollowerWorkload {
    var fixture: LogFixture
    /// What the log holds by now, by base offset, and all it ever held there.
    var expected: [Offset: SharedBytes] = [:]
    var attempted: [Offset: [SharedBytes]] = [:]
    /// Where the log ended before and after a step: a crash inside leaves something between.
    var durable = Offset.zero
    var epoch: Int32 = 0
    var starts: [Offset] = [.zero]

    init(seed: UInt64) throws {
        fixture = try LogFixture(LogFixture.small(segmentByteCountMax: 900), on: SimulatedDisk(seed: seed))
    }

    mutating func run() {
        do {
            for round in 0..<14 {
                try append(batchCount: 4)
                if round % 3 != 1 { synchronize() }
                if round % 5 == 2 { try fixture.log.writeCheckpoint(on: fixture.disk) }
                if round % 4 == 3 { try cut(by: Int64(5 + 9 * (round % 3))) }
                if round == 8 { try restart(at: fixture.log.logEndOffset + 100) }
                if round == 11 { try restart(at: fixture.log.logStartOffset - 60) }
                guard case .open = fixture.log.state else { return }
            }
            try fixture.log.close(on: fixture.disk)
        } catch {}
    }

    private mutating func append(batchCount: Int) throws {
        for step in 0..<batchCount {
            let start = fixture.log.logEndOffset
            let batch = try clientBatch(count: 1 + step, producer: 5, sequence: Int32(start.rawValue))
            let pieces = batch.pieces(baseOffset: start, leaderEpoch: LeaderEpoch(epoch))
            let bytes = SharedBytes(pieces.flatMap(\.array))
            expected[start] = bytes
            attempted[start, default: []].append(bytes)
            try fixture.log.appendReplicated(bytes, at: fixture.now)
        }
        try fixture.log.writeStaged(on: fixture.disk)
    }

    private mutating func synchronize() {
        fixture.synchronize()
        if case .open = fixture.log.state { durable = max(durable, fixture.log.durableOffset) }
    }

    /// While a synchronize that was submitted has not come back.
    private mutating func cut(by count: Int64) throws {
        let target = max(fixture.log.logStartOffset, fixture.log.logEndOffset - count)
        _ = fixture.begin(1 << 40)
        let boundary = expected.keys.filter { $0 <= target }.max() ?? fixture.log.logStartOffset
        durable = min(durable, boundary)
        try fixture.log.truncateDiscarding(from: target, on: fixture.disk)
        fixture.log.synchronizeCompleted(DiskTicket(1 << 40), fault: nil)
        for offset in expected.keys where offset >= boundary { expected[offset] = nil }
        durable = fixture.log.durableOffset
        epoch += 1
    }

    private mutating func restart(at offset: Offset) throws {
        durable = .zero
        starts.append(offset)
        expected = [:]
        try fixture.log.resetDiscarding(to: offset, on: fixture.disk)
        durable = offset
        epoch += 1
    }

    /// What was durable is there, nothing else than what was sent is, and epochs and producers fit what is there.
    mutating func check(_ context: String) throws {
        let log = fixture.log
        #expect(log.logEndOffset >= durable, "\(context): ends at \(log.logEndOffset) of \(durable)")
        #expect(starts.contains(log.logStartOffset), "\(context): begins at \(log.logStartOffset)")
        for damage in log.damages { #expect(damage.offsets.lowerBound >= durable, "\(context): \(damage)") }
        guard log.damages.isEmpty else { return }
        var next = log.logStartOffset
        for batch in try fixture.batches() {
            #expect(batch.header.baseOffset == next, "\(context)")
            #expect(attempted[next]?.contains(batch.bytes) == true, "\(context): at \(next)")
            if next < durable, let right = expected[next] { #expect(right == batch.bytes, "\(context): at \(next)") }
            #expect(fixture.log.epoch(of: next) == batch.header.partitionLeaderEpoch, "\(context): at \(next)")
            next = batch.header.nextOffset
        }
        #expect(next == log.logEndOffset, "\(context): readable to \(next)")
        let sequences = fixture.log.describeProducers().map(\.lastSequence)
        if log.logEndOffset > log.logStartOffset {
            #expect(sequences == [Int32(log.logEndOffset.rawValue) - 1], "\(context)")
        }
    }
}

@Suite("a follower's log under crashes")
struct LogFollowerCrashTests {
    private func sample(of total: Int, about count: Int) -> StrideTo<Int> {
        let isFull = ProcessInfo.processInfo.environment["MYELIN_TEST_FULL"] != nil
        return stride(from: 0, to: total, by: isFull ? 1 : max(1, total / count))
    }

    @Test("a run without faults ends with what was sent last")
    func whole() throws {
        var workload = try FollowerWorkload(seed: 1)
        workload.run()
        try workload.fixture.reopen()
        try workload.check("whole")
        #expect(workload.fixture.log.recovery.wasClean)
        #expect(workload.starts.count == 3 && workload.epoch == 5)
        let found = try workload.fixture.batches()
        #expect(found.count == workload.expected.count)
    }

    @Test("a power cut at any operation of appending, cutting and beginning again", arguments: UInt64(1)...4)
    func everyOperation(seed: UInt64) throws {
        var whole = try FollowerWorkload(seed: seed)
        let begin = whole.fixture.disk.operationCount
        whole.run()
        let total = whole.fixture.disk.operationCount - begin
        #expect(total > 150)
        for ordinal in sample(of: total, about: 12) {
            var workload = try FollowerWorkload(seed: seed)
            workload.fixture.disk.plan(.powerCut, at: ordinal + 1)
            workload.run()
            workload.fixture.disk.restart()
            try workload.fixture.reopen()
            try workload.check("seed \(seed), power cut at \(ordinal + 1)")
        }
    }

    @Test("a fault of any operation", arguments: UInt64(1)...2)
    func everyFault(seed: UInt64) throws {
        var whole = try FollowerWorkload(seed: seed)
        let begin = whole.fixture.disk.operationCount
        whole.run()
        for ordinal in sample(of: whole.fixture.disk.operationCount - begin, about: 12) {
            var workload = try FollowerWorkload(seed: seed)
            workload.fixture.disk.plan(.failure(errno: 5), at: ordinal + 1)
            workload.run()
            workload.fixture.disk.crash()
            try workload.fixture.reopen()
            try workload.check("seed \(seed), fault at \(ordinal + 1)")
        }
    }
}
