// SPDX-License-Identifier: Apache-2.0

import Foundation
import Primitives
import RecordBatch
import Simulation
import StorageEngine
import Testing

/// Every case when `MYELIN_TEST_FULL` is set, otherwise about `count` of them, spread evenly.
private func sample(of total: Int, about count: Int) -> StrideTo<Int> {
    let isFull = ProcessInfo.processInfo.environment["MYELIN_TEST_FULL"] != nil
    return stride(from: 0, to: total, by: isFull ? 1 : max(1, total / count))
}

/// What was tried, and what of it was promised.
private struct Workload {
    var fixture: LogFixture
    var attempted: [Offset: SharedBytes] = [:]
    /// Batches of an undone write leave no trace in the log but may survive a crash.
    var durable: Offset = .zero
    var logStart: Offset = .zero

    init(seed: UInt64) throws {
        var configuration = LogFixture.small(segmentByteCountMax: 1500)
        configuration.retentionByteCount = 6000
        fixture = try LogFixture(configuration, on: SimulatedDisk(seed: seed))
        fixture.synchronize()
    }

    /// Appends, rolls, synchronizes, checkpoints and trims until done or the disk stops.
    mutating func run(rounds: Int) {
        do {
            for round in 0..<rounds {
                for step in 0..<3 {
                    let batch = try clientBatch(
                        count: 1 + step, producer: 5, sequence: Int32(fixture.log.logEndOffset.rawValue))
                    attempted[fixture.log.logEndOffset] = batch.payload
                    try fixture.stage(batch, epoch: Int32(round / 10))
                }
                try fixture.log.writeStaged(on: fixture.disk)
                if round % 2 == 1 { fixture.synchronize() }
                durable = max(durable, fixture.log.durableOffset)
                guard case .open = fixture.log.state else { return }
                if round % 5 == 4 { try fixture.log.writeCheckpoint(on: fixture.disk) }
                if round % 7 == 6 { try trim() }
            }
            try fixture.log.close(on: fixture.disk)
        } catch {}
    }

    private mutating func trim() throws {
        let decision = fixture.log.retention(at: fixture.now, below: fixture.log.durableOffset)
        // The log start may have moved although the call did not return.
        logStart = max(logStart, decision.newLogStart)
        try fixture.log.remove(decision, at: fixture.now, on: fixture.disk)
        durable = max(durable, fixture.log.durableOffset)
    }

    /// Acknowledged records are there, nothing else than what was tried is, and no damage touches a promise.
    mutating func check(_ context: String) throws {
        let log = fixture.log
        #expect(log.logEndOffset >= durable, "\(context): \(log.logEndOffset) of \(durable) durable")
        #expect(log.logStartOffset <= logStart, "\(context): starts at \(log.logStartOffset), not \(logStart)")
        for damage in log.damages {
            #expect(damage.offsets.lowerBound >= durable, "\(context): \(damage) below \(durable)")
        }
        let end = log.damages.map(\.offsets.lowerBound).min() ?? log.logEndOffset
        var next = log.logStartOffset
        while next < end,
            let slice = try fixture.locate(from: next, byteCountMax: 900, below: end)
        {
            var batches = Batches(try fixture.disk.read(slice.file, at: slice.position, count: slice.byteCount))
            while let batch = try batches.next() {
                try batch.verifyChecksum()
                #expect(
                    attempted[batch.header.baseOffset] == batch.payload, "\(context): at \(batch.header.baseOffset)")
            }
            next = slice.nextOffset
        }
        #expect(next == end, "\(context): readable to \(next) of \(end)")
        if log.damages.isEmpty, log.logEndOffset > .zero, let producer = log.describeProducers().first {
            #expect(producer.lastSequence == Int32(log.logEndOffset.rawValue) - 1, "\(context)")
        }
    }
}

@Suite("a partition log under crashes")
struct LogCrashTests {
    @Test("a power cut after any operation loses nothing that was durable and invents nothing", arguments: 1...4)
    func everyOperation(seed: UInt64) throws {
        var whole = try Workload(seed: seed)
        let begin = whole.fixture.disk.operationCount
        whole.run(rounds: 24)
        let total = whole.fixture.disk.operationCount - begin
        #expect(total > 100)
        for ordinal in sample(of: total, about: 12) {
            var workload = try Workload(seed: seed)
            workload.fixture.disk.plan(.powerCut, at: ordinal + 1)
            workload.run(rounds: 24)
            workload.fixture.disk.restart()
            try workload.fixture.reopen()
            try workload.check("seed \(seed), operation \(ordinal + 1)")
        }
    }

    @Test("a fault of any operation loses nothing that was durable", arguments: 1...2)
    func everyFault(seed: UInt64) throws {
        var whole = try Workload(seed: seed)
        let begin = whole.fixture.disk.operationCount
        whole.run(rounds: 24)
        for ordinal in sample(of: whole.fixture.disk.operationCount - begin, about: 12) {
            var workload = try Workload(seed: seed)
            workload.fixture.disk.plan(.failure(errno: 5), at: ordinal + 1)
            workload.run(rounds: 24)
            workload.fixture.disk.crash()
            try workload.fixture.reopen()
            try workload.check("seed \(seed), operation \(ordinal + 1)")
        }
    }

    @Test("a second power cut during recovery changes nothing")
    func cutDuringRecovery() throws {
        for ordinal in 1...6 {
            var workload = try Workload(seed: 11)
            workload.run(rounds: 23)
            workload.fixture.disk.crash()
            workload.fixture.disk.plan(.powerCut, at: ordinal)
            do { try workload.fixture.reopen() } catch is OpenFault {}
            workload.fixture.disk.restart()
            try workload.fixture.reopen()
            try workload.check("recovery cut at \(ordinal)")
        }
    }
}

@Suite("a partition log with a garbled tail")
struct LogTailTests {
    private enum Harm: CaseIterable {
        case cut, zeros, ones, flip
    }

    /// Three segments of batches in every codec, closed segments durable, and the bytes of the last one.
    private static func build() throws -> (fixture: LogFixture, path: String, bytes: [UInt8], ends: [Int]) {
        var fixture = try LogFixture(LogFixture.small())
        var number = 0
        while fixture.log.segmentByteCounts.count < 3 || fixture.log.segmentByteCounts[2].byteCount < 900 {
            let codec = Codec.allCases[number % Codec.allCases.count]
            try fixture.write(clientBatch((0..<4).map { "record \($0) of batch \(number)" }, codec: codec))
            number += 1
        }
        fixture.synchronize()
        let digits = String(fixture.log.segmentByteCounts[2].baseOffset.rawValue)
        let path = "payments-0/" + String(repeating: "0", count: 20 - digits.count) + digits + ".log"
        let file = try fixture.disk.open(path, .read)
        let bytes = try fixture.disk.read(file, at: 0, count: Int(fixture.log.segmentByteCounts[2].byteCount)).array
        var batches = Batches(SharedBytes(bytes))
        var ends = [0]
        while try batches.next() != nil { ends.append(batches.position) }
        return (fixture, path, bytes, ends)
    }

    @Test("whatever happens to one place of the tail, all before it is kept and nothing is invented")
    func everyByte() throws {
        let original = try Self.build()
        let reference = original.fixture.log.segmentByteCounts
        for harm in Harm.allCases {
            for position in sample(of: original.bytes.count, about: 25) {
                try check(harm, at: position, original, firstOfTail: reference[2].baseOffset)
            }
        }
    }

    private func check(
        _ harm: Harm, at position: Int, _ original: (fixture: LogFixture, path: String, bytes: [UInt8], ends: [Int]),
        firstOfTail: Offset
    ) throws {
        let disk = original.fixture.disk
        let file = try disk.open(original.path, .readWrite)
        defer { disk.close(file) }
        var bytes = original.bytes
        switch harm {
        case .cut: bytes.removeLast(bytes.count - position)
        case .zeros: bytes.replaceSubrange(position..., with: repeatElement(0, count: bytes.count - position))
        case .ones: bytes.replaceSubrange(position..., with: repeatElement(0xff, count: bytes.count - position))
        case .flip: bytes[position] ^= 1 << UInt8(position % 8)
        }
        try disk.truncate(file, to: 0)
        if !bytes.isEmpty { try disk.write([SharedBytes(bytes)], to: file, at: 0) }

        var fixture = original.fixture
        try fixture.reopen()
        // Zeros over zeros change nothing: what counts is the first byte that differs.
        let changed = zip(bytes, original.bytes).enumerated().first { $1.0 != $1.1 }?.offset ?? bytes.count
        let wholeBatches = original.ends.filter { $0 <= changed }.count - 1
        let kept = firstOfTail + Int64(4 * wholeBatches)
        let context = "\(harm) at \(position)"
        #expect(fixture.log.durableOffset <= fixture.log.logEndOffset)
        #expect(fixture.log.logEndOffset >= kept, "\(context)")
        if harm != .flip { #expect(fixture.log.logEndOffset == kept, "\(context)") }
        if harm != .flip { #expect(fixture.log.damages.isEmpty, "\(context): \(fixture.log.damages)") }
        let isInLastBatch = position >= original.ends[original.ends.count - 2]
        // The leader epoch lies outside the checksum: a higher one is a legal one.
        let isEpoch = original.ends.contains { (12..<16).contains(position - $0) }
        if harm == .flip, !isInLastBatch, !isEpoch { #expect(fixture.log.damages.count == 1, "\(context)") }
        let readable = fixture.log.damages.first?.offsets.lowerBound ?? fixture.log.logEndOffset
        let once = try disk.read(file, at: 0, count: bytes.count + 4096)
        try verify(&fixture, upTo: readable, context)
        try fixture.reopen()
        #expect(try disk.read(file, at: 0, count: bytes.count + 4096) == once, "\(context): recovered twice")
        if fixture.log.damages.isEmpty {
            try fixture.write(clientBatch(["next"]), epoch: fixture.log.latestEpoch.rawValue)
            #expect(try fixture.batches(from: readable).count == 1, "\(context)")
        }
    }

    private func verify(_ fixture: inout LogFixture, upTo end: Offset, _ context: String) throws {
        var next = Offset.zero
        while next < end,
            let slice = try fixture.locate(from: next, byteCountMax: 4096, below: end)
        {
            var batches = Batches(try fixture.disk.read(slice.file, at: slice.position, count: slice.byteCount))
            while let batch = try batches.next() {
                var records = try Records(batch, using: Decompressor())
                let number = batch.header.baseOffset.rawValue / 4
                #expect(try records.next()?.value == SharedBytes("record 0 of batch \(number)"), "\(context)")
            }
            next = slice.nextOffset
        }
        #expect(next == end, "\(context)")
    }
}
