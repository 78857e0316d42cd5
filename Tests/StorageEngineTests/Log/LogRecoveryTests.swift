// SPDX-License-Identifier: Apache-2.0

import Primitives
import RecordBatch
import Simulation
import StorageEngine
import Testing

@Suite("recovery of a partition log")
struct LogRecoveryTests {
    @Test("after a clean close nothing is scanned, and everything is as it was")
    func clean() throws {
        var fixture = try LogFixture(LogFixture.small())
        for number in 0..<60 { try fixture.write(clientBatch(["value \(number)"]), epoch: Int32(number / 20)) }
        let before = try fixture.batches()
        try fixture.log.close(on: fixture.disk)
        try fixture.reopen()
        #expect(fixture.log.recovery.wasClean)
        #expect(fixture.log.recovery.scannedByteCount == 0)
        #expect(fixture.log.recovery.rebuiltIndexCount == 0)
        #expect(fixture.log.durableOffset == Offset(60))
        #expect(try fixture.batches() == before)
        #expect(fixture.log.endOffset(of: LeaderEpoch(1)) == EpochEnd(epoch: LeaderEpoch(1), endOffset: Offset(40)))
    }

    @Test("only what follows the checkpoint is scanned")
    func checkpoint() throws {
        var fixture = try LogFixture(LogFixture.small())
        for number in 0..<40 { try fixture.write(clientBatch(["value \(number)"])) }
        fixture.synchronize()
        #expect(try fixture.log.writeCheckpoint(on: fixture.disk))
        #expect(fixture.log.byteCountBeyondCheckpoint == 0)
        for number in 40..<43 { try fixture.write(clientBatch(["value \(number)"])) }
        let beyond = fixture.log.byteCountBeyondCheckpoint
        try fixture.reopen()
        #expect(fixture.log.recovery.scannedByteCount == beyond)
        #expect(!fixture.log.recovery.wasClean)
        #expect(fixture.log.durableOffset == Offset(40))
        #expect(fixture.log.needsSynchronize)
        #expect(try fixture.batches().count == 43)
    }

    @Test("a checkpoint taken under load is written once its records are durable")
    func laterCheckpoint() throws {
        var fixture = try LogFixture()
        try fixture.write(clientBatch(["a"]))
        let isWritten = try fixture.log.writeCheckpoint(on: fixture.disk)
        #expect(!isWritten)
        try fixture.write(clientBatch(["b"]))
        let isWrittenUnderWay = try fixture.log.writeCheckpoint(on: fixture.disk)
        #expect(!isWrittenUnderWay)
        fixture.synchronize()
        #expect(try fixture.log.writeCheckpoint(on: fixture.disk))
        try fixture.reopen()
        #expect(fixture.log.durableOffset == Offset(1))
        #expect(fixture.log.logEndOffset == Offset(2))
    }

    @Test("a folder made for another topic of the same name is not adopted")
    func foreign() throws {
        var fixture = try LogFixture()
        try fixture.write(clientBatch(["a"]))
        try fixture.log.close(on: fixture.disk)
        let other = PartitionID(topic: TopicID(high: 9, low: 9), index: PartitionIndex(0))
        #expect(throws: OpenFault.foreignPartition(expected: other, found: LogFixture.partition.topic)) {
            _ = try PartitionLog(
                opening: LogFixture.folder, of: other, configuration: LogConfiguration(), at: fixture.now,
                on: fixture.disk)
        }
    }

    @Test("missing, short or garbled indexes are rebuilt", arguments: [".index", ".timeindex"], 0..<3)
    func indexes(suffix: String, harm: Int) throws {
        var fixture = try LogFixture(LogFixture.small())
        for number in 0..<60 { try fixture.write(clientBatch(["value \(number)"])) }
        try fixture.log.close(on: fixture.disk)
        for base in fixture.log.segmentByteCounts.map(\.baseOffset) {
            let digits = String(base.rawValue)
            let path = "payments-0/" + String(repeating: "0", count: 20 - digits.count) + digits + suffix
            let file = try fixture.disk.open(path, .readWrite)
            let size = try fixture.disk.size(of: file)
            switch harm {
            case 0: try fixture.disk.remove(path)
            case 1: try fixture.disk.truncate(file, to: size - 5)
            default: try fixture.disk.write([SharedBytes([UInt8](repeating: 0xff, count: Int(size)))], to: file, at: 0)
            }
            fixture.disk.close(file)
        }
        try fixture.reopen()
        #expect(try fixture.batches(from: Offset(7)).map(\.header.baseOffset) == (7..<60).map { Offset($0) })
        for number in stride(from: Int64(59), through: 0, by: -7) {
            #expect(try fixture.batches(from: Offset(number)).first?.header.baseOffset == Offset(number))
        }
        let found = try fixture.log.offset(
            atOrAfter: Timestamp(1_700_000_000_000), below: Offset(60), on: fixture.disk)
        #expect(found?.offset == Offset(0))
        #expect(fixture.log.recovery.rebuiltIndexCount > 0)
    }

    @Test("an index that a power cut left from before a truncation is no damage", arguments: [100, 300, 700, 5000])
    func staleIndex(byteCountMax: Int) throws {
        var fixture = try LogFixture(LogFixture.small(segmentByteCountMax: 1 << 20))
        for number in 0..<40 { try fixture.write(clientBatch(["value \(number)"])) }
        try fixture.log.close(on: fixture.disk)
        let file = try fixture.disk.open("payments-0/00000000000000000000.index", .readWrite)
        let bytes = try fixture.disk.read(file, at: 0, count: Int(try fixture.disk.size(of: file)))
        var reader = ByteReader(bytes)
        var writer = ByteWriter()
        while !reader.isAtEnd {
            writer.writeInt32(try reader.readInt32())
            // As if the batches before had been shorter.
            writer.writeInt32(try reader.readInt32() - 7)
        }
        try fixture.disk.write([writer.shared], to: file, at: 0)
        fixture.disk.close(file)
        for start in Int64(0)..<40 {
            try fixture.reopen()
            let found = try fixture.batches(from: Offset(start), byteCountMax: byteCountMax)
            #expect(found.map(\.header.baseOffset) == (start..<40).map { Offset($0) })
        }
        #expect(fixture.log.damages.isEmpty)
    }

    @Test("a garbled checkpoint costs a scan and nothing else")
    func garbledCheckpoint() throws {
        var fixture = try LogFixture(LogFixture.small())
        for number in 0..<60 { try fixture.write(clientBatch(count: 1, producer: 4, sequence: Int32(number))) }
        try fixture.log.close(on: fixture.disk)
        try fixture.disk.damage("payments-0/checkpoint", at: 30)
        try fixture.disk.evict("payments-0/checkpoint")
        try fixture.reopen()
        #expect(fixture.log.recovery.scannedByteCount == fixture.log.byteCount)
        #expect(try fixture.batches().count == 60)
        #expect(fixture.log.describeProducers().map(\.lastSequence) == [59])
    }

    @Test("damage between valid batches is reported, kept, refused to readers, and passed by new records")
    func interiorDamage() throws {
        var fixture = try LogFixture(LogFixture.small())
        for number in 0..<5 { try fixture.write(clientBatch(["value \(number)"])) }
        fixture.synchronize()
        let bytes = fixture.log.byteCount
        let batchBytes = bytes / 5
        try fixture.disk.damage("payments-0/00000000000000000000.log", at: 2 * batchBytes + 65)
        try fixture.disk.evict("payments-0/00000000000000000000.log")
        try fixture.reopen()
        let damage = LogDamage(
            segment: .zero, position: 2 * batchBytes, byteCount: batchBytes, offsets: Offset(2)..<Offset(3),
            evidence: .checksumMismatch)
        #expect(fixture.log.damages == [damage])
        #expect(fixture.log.byteCount == bytes)
        #expect(throws: ReadRefusal.damaged(damage)) { try fixture.batches(from: Offset(2)) }
        #expect(try fixture.batches(from: Offset(3)).count == 2)
        let slice = try fixture.log.locate(
            from: .zero, byteCountMax: 1 << 20, below: Offset(5), minOneBatch: true, on: fixture.disk)
        #expect(slice?.nextOffset == Offset(2))
        try fixture.write(clientBatch(["new"]))
        #expect(fixture.log.logEndOffset == Offset(6))
        try fixture.log.close(on: fixture.disk)
        try fixture.reopen()
        #expect(fixture.log.recovery.wasClean)
        #expect(fixture.log.damages == [damage])
    }

    @Test("a closed segment that lost its end is damage too")
    func lostEnd() throws {
        var fixture = try LogFixture(LogFixture.small())
        for number in 0..<60 { try fixture.write(clientBatch(["value \(number)"])) }
        fixture.synchronize()
        let segments = fixture.log.segmentByteCounts
        let file = try fixture.disk.open("payments-0/00000000000000000000.log", .readWrite)
        try fixture.disk.truncate(file, to: segments[0].byteCount - 10)
        try fixture.reopen()
        #expect(fixture.log.logEndOffset == Offset(60))
        #expect(fixture.log.damages.map(\.offsets) == [segments[1].baseOffset - 1..<segments[1].baseOffset])
        #expect(try fixture.batches(from: segments[1].baseOffset).count == 60 - Int(segments[1].baseOffset.rawValue))
    }
}

@Suite("damage below the recovery point")
struct LogOldDamageTests {
    @Test("a lookup that lands on a bad header reports exactly that batch, and remembers it", arguments: [8, 16, 7])
    func badHeader(byte: Int64) throws {
        var fixture = try LogFixture(LogFixture.small())
        for number in 0..<60 { try fixture.write(clientBatch(["value \(100 + number)"])) }
        try fixture.log.close(on: fixture.disk)
        let path = "payments-0/00000000000000000000.log"
        let batchByteCount = Int64(try clientBatch(["value 100"]).bytes.count)
        try fixture.disk.damage(path, at: 4 * batchByteCount + byte, mask: 0x20)
        try fixture.disk.evict(path)
        try fixture.reopen()
        #expect(fixture.log.recovery.wasClean)
        // The index leads past the bad header or to it; walking from the beginning meets it.
        for _ in 0..<2 {
            do {
                _ = try fixture.locate(from: Offset(4), byteCountMax: 1, below: Offset(60))
                Issue.record("nothing was refused")
            } catch ReadRefusal.damaged(let damage) {
                #expect(damage.offsets == Offset(4)..<Offset(5))
                #expect(damage.position == 4 * batchByteCount)
                #expect(damage.byteCount == batchByteCount)
            }
        }
        #expect(fixture.log.damages.count == 1)
        #expect(try fixture.batches(from: Offset(5)).count == 55)
        try fixture.write(clientBatch(["more"]))
        try fixture.log.close(on: fixture.disk)
        try fixture.reopen()
        #expect(fixture.log.damages.count == 1)
    }

    @Test("a closed file that lost its end after a clean close is found out by the first read")
    func shortFile() throws {
        var fixture = try LogFixture(LogFixture.small())
        for number in 0..<60 { try fixture.write(clientBatch(["value \(100 + number)"])) }
        try fixture.log.close(on: fixture.disk)
        let segments = fixture.log.segmentByteCounts
        let file = try fixture.disk.open("payments-0/00000000000000000000.log", .readWrite)
        try fixture.disk.truncate(file, to: segments[0].byteCount - 100)
        try fixture.reopen()
        let first = try #require(try fixture.locate(from: .zero, byteCountMax: 1 << 20, below: Offset(60)))
        #expect(first.nextOffset == segments[1].baseOffset - 2)
        #expect(throws: ReadRefusal.self) {
            try fixture.locate(from: segments[1].baseOffset - 1, byteCountMax: 1, below: Offset(60))
        }
        #expect(fixture.log.damages.map(\.offsets) == [segments[1].baseOffset - 2..<segments[1].baseOffset])
        #expect(try fixture.batches(from: segments[1].baseOffset).count == 60 - Int(segments[1].baseOffset.rawValue))
    }
}
