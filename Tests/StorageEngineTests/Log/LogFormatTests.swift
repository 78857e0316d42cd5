// SPDX-License-Identifier: Apache-2.0

import Primitives
import RecordBatch
import Simulation
import StorageEngine
import Testing

@Suite("files of a partition log, byte for byte")
struct LogFormatTests {
    private func closed() throws -> LogFixture {
        var configuration = LogConfiguration()
        configuration.indexIntervalByteCount = 50
        var fixture = try LogFixture(configuration)
        for number in 0..<3 {
            let batch = try clientBatch(count: 2, producer: 0x0102, epoch: 3, sequence: Int32(2 * number))
            try fixture.write(batch, epoch: number == 2 ? 7 : 4)
        }
        try fixture.log.close(on: fixture.disk)
        return fixture
    }

    private func read(_ name: String, of fixture: LogFixture) throws -> SharedBytes {
        let file = try fixture.disk.open("payments-0/" + name, .read)
        defer { fixture.disk.close(file) }
        return try fixture.disk.read(file, at: 0, count: Int(try fixture.disk.size(of: file)))
    }

    @Test("the folder holds the files of the format page and no others")
    func names() throws {
        let fixture = try closed()
        #expect(
            try fixture.disk.list(LogFixture.folder) == [
                "00000000000000000000.index", "00000000000000000000.log", "00000000000000000000.timeindex",
                "checkpoint", "leader-epoch-checkpoint", "partition.metadata",
            ])
    }

    @Test("texts are Kafka's")
    func texts() throws {
        let fixture = try closed()
        #expect(try read("leader-epoch-checkpoint", of: fixture) == SharedBytes("0\n2\n4 0\n7 4\n"))
        #expect(
            try read("partition.metadata", of: fixture)
                == SharedBytes("version: 0\ntopic_id: \(LogFixture.partition.topic)"))
    }

    @Test(
        "index entries are the last offset of a batch and where it begins, largest times with their batch's last offset"
    )
    func indexes() throws {
        let fixture = try closed()
        let log = try read("00000000000000000000.log", of: fixture)
        var batches = Batches(log)
        _ = try batches.next()
        let second = Int32(batches.position)
        _ = try batches.next()
        var writer = ByteWriter()
        for (lastOffset, position) in [(Int32(3), second), (5, Int32(batches.position))] {
            writer.writeInt32(lastOffset)
            writer.writeInt32(position)
        }
        #expect(try read("00000000000000000000.index", of: fixture) == writer.shared)
        writer.reset()
        writer.writeInt64(1_700_000_000_001)
        writer.writeInt32(1)
        #expect(try read("00000000000000000000.timeindex", of: fixture) == writer.shared)
    }

    @Test("a checkpoint of version 1, which knew no aborted transactions and no compaction, is read")
    func checkpointVersionOne() throws {
        var fixture = try LogFixture(LogFixture.small(segmentByteCountMax: 300))
        for number in 0..<40 { try fixture.write(clientBatch(["value \(number)"])) }
        try fixture.log.close(on: fixture.disk)
        let bytes = try read("checkpoint", of: fixture)
        let (countPosition, entryByteCount, oldByteCount) = (36, 60, 52)
        let count = Int(bytes.loadBigEndian(at: countPosition) as UInt32)
        #expect(count == fixture.log.segmentByteCounts.count && count > 8)
        var old = ByteWriter()
        old.writeBytes(bytes.slice(from: 0, count: 4))
        old.writeInt16(1)
        old.writeBytes(bytes.slice(from: 6, count: countPosition + 4 - 6))
        for number in 0..<count {
            old.writeBytes(
                bytes.slice(from: countPosition + 4 + number * entryByteCount, count: oldByteCount))
        }
        let rest = countPosition + 4 + count * entryByteCount
        old.writeBytes(bytes.slice(from: rest, count: bytes.count - rest - 16 - 4))
        old.writeInteger(CRC32C.checksum(of: old.bytes))
        let file = try fixture.disk.open("payments-0/checkpoint", .readWrite)
        try fixture.disk.truncate(file, to: 0)
        try fixture.disk.write([old.shared], to: file, at: 0)
        fixture.disk.close(file)
        try fixture.reopen()
        #expect(fixture.log.recovery.wasClean && fixture.log.recovery.scannedByteCount == 0)
        #expect(fixture.log.logEndOffset == Offset(40) && fixture.log.segmentByteCounts.count == count)
        #expect(try fixture.batches().count == 40)
    }

    @Test("a snapshot is Kafka's version 1, our part behind it under the same checksum")
    func snapshot() throws {
        var fixture = try LogFixture(LogFixture.small())
        for number in 0..<30 {
            try fixture.write(clientBatch(count: 2, producer: 9, epoch: 3, sequence: Int32(2 * number)))
        }
        let base = fixture.log.segmentByteCounts[1].baseOffset.rawValue
        let digits = String(base)
        let bytes = try read(String(repeating: "0", count: 20 - digits.count) + digits + ".snapshot", of: fixture)
        var reader = ByteReader(bytes)
        #expect(try reader.readInt16() == 1)
        let checksum: UInt32 = try reader.readInteger()
        #expect(checksum == CRC32C.checksum(of: bytes.slice(from: 6, count: bytes.count - 6)))
        #expect(try reader.readInt32() == 1)
        #expect(try reader.readInt64() == 9)
        #expect(try reader.readInt16() == 3)
        #expect(try reader.readInt32() == Int32(base) - 1)
        #expect(try reader.readInt64() == base - 1)
        #expect(try reader.readInt32() == 1)
        #expect(try reader.readInt64() == fixture.now.rawValue)
        #expect(try reader.readInt32() == -1)
        #expect(try reader.readInt64() == -1)
        #expect(try reader.readInteger(as: UInt32.self) == 0x4d59_5053)
        #expect(try reader.readUInt8() == 0)
        #expect(try reader.readUInt8() == 4)
        #expect(reader.remaining == 4 * 24)
    }

    @Test("a checkpoint that lost bytes or a bit at any place counts as absent, and nothing is lost")
    func checkpoint() throws {
        let fixture = try closed()
        let bytes = try read("checkpoint", of: fixture).array
        for position in stride(from: 0, to: bytes.count, by: 5) {
            for isCut in [true, false] {
                var harmed = bytes
                if isCut { harmed.removeLast(bytes.count - position) } else { harmed[position] ^= 0x10 }
                let file = try fixture.disk.open("payments-0/checkpoint", .readWrite)
                try fixture.disk.truncate(file, to: 0)
                if !harmed.isEmpty { try fixture.disk.write([SharedBytes(harmed)], to: file, at: 0) }
                fixture.disk.close(file)
                var opened = fixture
                try opened.reopen()
                #expect(opened.log.logEndOffset == Offset(6))
                #expect(opened.log.latestEpoch == LeaderEpoch(7))
                #expect(opened.log.recovery.scannedByteCount == opened.log.byteCount)
                #expect(opened.log.describeProducers().map(\.lastSequence) == [5])
            }
        }
    }
}
