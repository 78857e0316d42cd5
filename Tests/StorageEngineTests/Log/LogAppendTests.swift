// SPDX-License-Identifier: Apache-2.0

import Primitives
import RecordBatch
import Simulation
import StorageEngine
import Testing

@Suite("appending to a partition log")
struct LogAppendTests {
    @Test("records get consecutive offsets and come back as they were sent")
    func offsets() throws {
        var fixture = try LogFixture()
        let sent = [try clientBatch(["a", "b"]), try clientBatch(["c"])]
        let first = try fixture.stage(sent[0], epoch: 3)
        let second = try fixture.stage(sent[1], epoch: 3)
        try fixture.log.writeStaged(on: fixture.disk)
        #expect(first == Appended(baseOffset: Offset(0), lastOffset: Offset(1), isDuplicate: false))
        #expect(second.baseOffset == Offset(2))
        let stored = try fixture.batches()
        #expect(stored.map(\.header.baseOffset) == [Offset(0), Offset(2)])
        #expect(stored.map(\.header.partitionLeaderEpoch) == [LeaderEpoch(3), LeaderEpoch(3)])
        for (one, other) in zip(sent, stored) {
            try other.verifyChecksum()
            #expect(one.payload == other.payload)
        }
    }

    @Test("all that is staged goes out in one write")
    func oneWrite() throws {
        var fixture = try LogFixture()
        let before = fixture.disk.operationCounts[.write, default: 0]
        for _ in 0..<10 { try fixture.stage(clientBatch(["x"])) }
        try fixture.log.writeStaged(on: fixture.disk)
        #expect(fixture.disk.operationCounts[.write, default: 0] == before + 1)
        #expect(fixture.log.writtenOffset == Offset(10))
    }

    @Test("a replaced header is stored in place of the batch's own")
    func replacement() throws {
        var fixture = try LogFixture()
        let batch = try clientBatch(["x"])
        var header = batch.header
        header.maxTimestamp = Timestamp(42)
        header.attributes |= 8
        header.checksum = header.computedChecksum(payload: batch.payload)
        _ = try fixture.log.append(batch, header: header, epoch: .zero, at: fixture.now)
        try fixture.log.writeStaged(on: fixture.disk)
        let stored = try #require(try fixture.batches().first)
        try stored.verifyChecksum()
        #expect(stored.header.maxTimestamp == Timestamp(42))
        #expect(stored.header.timestampType == .logAppendTime)
    }

    @Test("a full segment is closed at its real size, and the next begins with the next offset")
    func rollBySize() throws {
        var fixture = try LogFixture(LogFixture.small())
        for number in 0..<60 { try fixture.write(clientBatch(["value \(number)"])) }
        let segments = fixture.log.segmentByteCounts
        #expect(segments.count > 2)
        #expect(segments.allSatisfy { $0.byteCount <= 2048 })
        let first = try fixture.disk.open("payments-0/00000000000000000000.log", .read)
        #expect(try fixture.disk.size(of: first) == segments[0].byteCount)
        #expect(try fixture.batches().map(\.header.baseOffset) == (0..<60).map { Offset($0) })
    }

    @Test("one write may cross segments")
    func rollInsideAWrite() throws {
        var fixture = try LogFixture(LogFixture.small())
        for number in 0..<60 { try fixture.stage(clientBatch(["value \(number)"])) }
        try fixture.log.writeStaged(on: fixture.disk)
        #expect(fixture.log.segmentByteCounts.count > 2)
        #expect(try fixture.batches().count == 60)
    }

    @Test("a segment older than segment.ms takes no more")
    func rollByAge() throws {
        var configuration = LogConfiguration()
        configuration.segmentMilliseconds = 1000
        var fixture = try LogFixture(configuration)
        try fixture.write(clientBatch(["a"]))
        fixture.now = fixture.now.advanced(byMilliseconds: 1000)
        try fixture.write(clientBatch(["b"]))
        #expect(fixture.log.segmentByteCounts.count == 1)
        fixture.now = fixture.now.advanced(byMilliseconds: 1)
        try fixture.write(clientBatch(["c"]))
        #expect(fixture.log.segmentByteCounts.map(\.baseOffset) == [Offset(0), Offset(2)])
    }

    @Test("a segment whose index is full takes no more")
    func rollByIndex() throws {
        var configuration = LogConfiguration()
        configuration.indexIntervalByteCount = 1
        configuration.indexByteCountMax = 48
        var fixture = try LogFixture(configuration)
        for _ in 0..<20 { try fixture.write(clientBatch(["a"])) }
        #expect(fixture.log.segmentByteCounts.count > 1)
        #expect(try fixture.batches().count == 20)
    }

    @Test("a batch larger than a segment is refused")
    func tooLarge() throws {
        var fixture = try LogFixture(LogFixture.small())
        let batch = try clientBatch([String(repeating: "x", count: 3000)])
        #expect(
            throws: AppendRefusal.batchTooLarge(byteCount: batch.bytes.count, segmentByteCountMax: 2048)
        ) { try fixture.stage(batch) }
        #expect(!fixture.log.hasStaged)
    }

    @Test("an older leader cannot append")
    func staleEpoch() throws {
        var fixture = try LogFixture()
        try fixture.write(clientBatch(["a"]), epoch: 5)
        #expect(throws: AppendRefusal.staleLeaderEpoch(current: LeaderEpoch(5), received: LeaderEpoch(4))) {
            try fixture.stage(clientBatch(["b"]), epoch: 4)
        }
    }

    @Test("space is reserved in doubling steps, never past the segment")
    func reservation() throws {
        var configuration = LogConfiguration()
        configuration.segmentByteCountMax = 100 << 10
        var fixture = try LogFixture(configuration)
        var sizes: [Int64] = []
        let file = try fixture.disk.open("payments-0/00000000000000000000.log", .read)
        for _ in 0..<10 {
            try fixture.write(clientBatch([String(repeating: "x", count: 9000)]))
            let size = try fixture.disk.size(of: file)
            if size != sizes.last { sizes.append(size) }
        }
        #expect(sizes == [16 << 10, 48 << 10, 100 << 10])
    }

    @Test("a full disk undoes what was staged, and the same batches go in when there is room again")
    func diskFull() throws {
        let disk = SimulatedDisk(seed: 3, capacity: 256 << 10)
        var fixture = try LogFixture(LogFixture.small(segmentByteCountMax: 1 << 20), on: disk)
        let batch = try clientBatch([String(repeating: "x", count: 5000)])
        var written: Int64 = 0
        var refusal: LogFault?
        while refusal == nil {
            let sequence = Int32(written)
            try fixture.stage(clientBatch(count: 1, producer: 7, sequence: sequence))
            try fixture.stage(batch)
            do throws(LogFault) {
                try fixture.log.writeStaged(on: disk)
                written += 1
            } catch { refusal = error }
        }
        guard case .disk(let fault) = refusal else { return #expect(Bool(false), "\(String(describing: refusal))") }
        #expect(fault.isOutOfSpace)
        #expect(fixture.log.logEndOffset == Offset(2 * written))
        #expect(fixture.log.describeProducers().first?.lastSequence == Int32(written) - 1)
        #expect(try fixture.batches(byteCountMax: 1 << 20).count == Int(2 * written))
        disk.capacity = 1 << 30
        try fixture.write(clientBatch(count: 1, producer: 7, sequence: Int32(written)))
        #expect(fixture.log.logEndOffset == Offset(2 * written + 1))
        fixture.synchronize()
        try fixture.reopen()
        #expect(fixture.log.logEndOffset == Offset(2 * written + 1))
        #expect(fixture.log.damages.isEmpty)
    }

    @Test("a failed write leaves nothing that recovery could take for a batch", arguments: 1...12)
    func failedWrite(ordinal: Int) throws {
        var fixture = try LogFixture(LogFixture.small())
        for number in 0..<5 { try fixture.write(clientBatch(["before \(number)"])) }
        fixture.disk.plan(.failure(errno: 5), at: ordinal, of: .write)
        var kept: [Offset] = (0..<5).map { Offset($0) }
        for number in 0..<40 {
            let appended = try fixture.stage(clientBatch(["number \(number)", "and more"]))
            do throws(LogFault) {
                try fixture.log.writeStaged(on: fixture.disk)
                kept.append(appended.baseOffset)
            } catch { #expect(fixture.log.logEndOffset == appended.baseOffset) }
        }
        #expect(fixture.disk.plannedFaultCount == 0)
        #expect(try fixture.batches().map(\.header.baseOffset) == kept)
        try fixture.reopen()
        #expect(fixture.log.damages.isEmpty)
        #expect(try fixture.batches().map(\.header.baseOffset) == kept)
    }

    @Test("discarding brings back offsets, epochs and producers")
    func discard() throws {
        var fixture = try LogFixture()
        try fixture.write(clientBatch(count: 2, producer: 1, sequence: 0), epoch: 1)
        try fixture.stage(clientBatch(count: 2, producer: 1, sequence: 2), epoch: 2)
        try fixture.stage(clientBatch(count: 2, producer: 9, sequence: 0), epoch: 2)
        fixture.log.discardStaged()
        #expect(fixture.log.logEndOffset == Offset(2))
        #expect(fixture.log.latestEpoch == LeaderEpoch(1))
        #expect(fixture.log.describeProducers().map(\.lastSequence) == [1])
    }
}

@Suite("durability of a partition log")
struct LogDurabilityTests {
    @Test("durable is what was written before the synchronize began, not before it ended")
    func coverage() throws {
        var fixture = try LogFixture()
        try fixture.write(clientBatch(["a"]))
        let began = fixture.begin(1)
        #expect(began)
        try fixture.write(clientBatch(["b"]))
        let beganNot = fixture.begin(2)
        #expect(!beganNot)
        #expect(fixture.log.durableOffset == Offset(0))
        fixture.log.synchronizeCompleted(DiskTicket(1), fault: nil)
        #expect(fixture.log.durableOffset == Offset(1))
        #expect(fixture.log.needsSynchronize)
    }

    @Test("after a roll the closed segment becomes durable first")
    func order() throws {
        var fixture = try LogFixture(LogFixture.small())
        for number in 0..<60 { try fixture.write(clientBatch(["value \(number)"])) }
        let bases = fixture.log.segmentByteCounts.map(\.baseOffset)
        for (number, base) in bases.enumerated().dropFirst() {
            let began = fixture.begin(UInt64(number))
            #expect(began)
            fixture.log.synchronizeCompleted(DiskTicket(UInt64(number)), fault: nil)
            #expect(fixture.log.durableOffset == base)
        }
        fixture.synchronize()
        #expect(fixture.log.durableOffset == fixture.log.logEndOffset)
    }

    @Test("a failed synchronize makes nothing durable and ends the log's service")
    func failure() throws {
        var fixture = try LogFixture()
        try fixture.write(clientBatch(["a"]))
        fixture.synchronize()
        try fixture.write(clientBatch(["b"]))
        fixture.disk.plan(.failure(errno: 5), of: .synchronize)
        fixture.synchronize()
        #expect(fixture.log.durableOffset == Offset(1))
        guard case .failed(let fault) = fixture.log.state else { return #expect(Bool(false), "still in service") }
        #expect(throws: AppendRefusal.failed(fault)) { try fixture.stage(clientBatch(["c"])) }
        #expect(throws: LogFault.failed(fault)) { try fixture.log.writeCheckpoint(on: fixture.disk) }
        let beganNot = fixture.begin(99)
        #expect(!beganNot)
        #expect(try fixture.batches().count == 2)
    }
}
