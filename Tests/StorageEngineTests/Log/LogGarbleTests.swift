// SPDX-License-Identifier: Apache-2.0

import Primitives
import RecordBatch
import Simulation
import StorageEngine
import Testing

/// What the fuzzer of the log's files has found, and its like.
@Suite("a partition log with garbled files")
struct LogGarbleTests {
    static let firstSegment = "payments-0/00000000000000000000.log"

    static func overwrite(_ path: String, with bytes: [UInt8], at position: Int64, on disk: SimulatedDisk) throws {
        let file = try disk.open(path, .readWrite)
        try disk.write([SharedBytes(bytes)], to: file, at: position)
        try disk.synchronize(file)
        disk.close(file)
    }

    @Test("records written after the last segment has lost all its bytes are read")
    func emptied() throws {
        var fixture = try LogFixture()
        for number in 0..<3 { try fixture.write(clientBatch(["value \(number)"])) }
        try fixture.log.close(on: fixture.disk)
        let file = try fixture.disk.open(Self.firstSegment, .readWrite)
        try fixture.disk.truncate(file, to: 0)
        fixture.disk.close(file)
        try fixture.reopen()
        #expect(fixture.log.damages.map(\.offsets) == [Offset(0)..<Offset(3)])
        for number in 3..<6 { try fixture.write(clientBatch(["value \(number)"])) }
        #expect(try fixture.batches(from: Offset(3)).map(\.header.baseOffset) == (3..<6).map { Offset($0) })
    }

    @Test("after a truncation no segment file comes back that was in the wrong place")
    func misplaced() throws {
        var fixture = try LogFixture(LogFixture.small())
        for number in 0..<5 { try fixture.write(clientBatch(["value \(number)"])) }
        fixture.synchronize()
        let stray = try fixture.disk.open("payments-0/00000000000000000004.log", .createNew)
        let batches = try fixture.batches(from: Offset(4))
        try fixture.disk.write(batches.map(\.bytes), to: stray, at: 0)
        fixture.disk.close(stray)
        try fixture.reopen()
        #expect(fixture.log.damages.map(\.evidence) == [.wrongPlace])
        try fixture.log.truncateDiscarding(from: Offset(2), on: fixture.disk)
        try fixture.log.close(on: fixture.disk)
        try fixture.reopen()
        #expect(fixture.log.logEndOffset == Offset(2))
        #expect(fixture.log.damages.isEmpty)
    }

    @Test(
        "a header with impossible offsets is damage to the reader, and the batches after it are read",
        arguments: [0, 23])
    func impossibleOffsets(position: Int64) throws {
        // The base offset becomes the largest there is, or the last offset's delta one beyond the log's end.
        let bytes: [UInt8] = position == 0 ? [0x7f] + [UInt8](repeating: 0xff, count: 7) : [0x00, 0x00, 0x10, 0x00]
        var fixture = try LogFixture()
        for number in 0..<5 { try fixture.write(clientBatch(["value \(number)"])) }
        let batchByteCount = fixture.log.byteCount / 5
        try fixture.log.close(on: fixture.disk)
        try Self.overwrite(Self.firstSegment, with: bytes, at: batchByteCount + position, on: fixture.disk)
        try fixture.reopen()
        #expect(throws: ReadRefusal.self) { try fixture.locate(from: Offset(1), byteCountMax: 10, below: Offset(5)) }
        #expect(fixture.log.damages.map(\.offsets) == [Offset(1)..<Offset(2)])
        #expect(try fixture.batches(from: Offset(2)).map(\.header.baseOffset) == (2..<5).map { Offset($0) })
    }

    @Test(
        "a checkpoint that checks but that no log could have written costs a scan",
        arguments: [28, 40, 48, 56, 84, 88])
    func impossibleCheckpoint(position: Int) throws {
        var fixture = try LogFixture(LogFixture.small())
        for number in 0..<40 { try fixture.write(clientBatch(["value \(number)"])) }
        try fixture.log.close(on: fixture.disk)
        let file = try fixture.disk.open("payments-0/checkpoint", .readWrite)
        var bytes = try fixture.disk.read(file, at: 0, count: Int(try fixture.disk.size(of: file))).array
        // The log start, then the first segment's offsets, size and entry counts: the largest number, or a negative one.
        let value: [UInt8] = position < 84 ? [0x7f] + [UInt8](repeating: 0xff, count: 7) : [0xff, 0xff, 0xff, 0xff]
        bytes.replaceSubrange(position..<position + value.count, with: value)
        var writer = ByteWriter()
        writer.writeBytes(SharedBytes(Array(bytes.dropLast(4))))
        writer.writeInteger(CRC32C.checksum(of: Array(bytes.dropLast(4))))
        try fixture.disk.write([writer.shared], to: file, at: 0)
        fixture.disk.close(file)
        try fixture.reopen()
        #expect(fixture.log.recovery.scannedByteCount == fixture.log.byteCount)
        #expect(try fixture.batches().count == 40)
    }

    @Test("a segment file whose name is an offset that no log reaches is left alone")
    func hugeName() throws {
        var fixture = try LogFixture()
        try fixture.write(clientBatch(["a"]))
        try fixture.log.close(on: fixture.disk)
        fixture.disk.close(try fixture.disk.open("payments-0/09223372036854775807.log", .createNew))
        try fixture.reopen()
        #expect(fixture.log.logEndOffset == Offset(1))
        try fixture.write(clientBatch(["b"]))
        #expect(try fixture.batches().count == 2)
    }

    @Test("a search that damage leads nowhere ends, and finds what lies beyond damage it can pass")
    func searchEnds() throws {
        for shift in [Int64(1000), 1] {
            var fixture = try LogFixture(LogFixture.small(segmentByteCountMax: 1200))
            for number in 0..<40 { try fixture.write(clientBatch(["value \(number)"])) }
            try fixture.log.close(on: fixture.disk)
            let size = Int64(try clientBatch(["value 0"]).bytes.count)
            // The base offsets of the fourth and the sixth batch: not under the checksum.
            for number in [Int64(3), 5] {
                let offset = number + shift
                let bytes = (0..<8).map { UInt8(truncatingIfNeeded: offset >> Int64(56 - 8 * $0)) }
                try Self.overwrite(Self.firstSegment, with: bytes, at: number * size, on: fixture.disk)
            }
            try fixture.reopen()
            #expect(fixture.log.segmentByteCounts.count > 2 && fixture.log.damages.isEmpty)
            for offset in Int64(0)..<9 {
                do throws(ReadRefusal) {
                    let slice = try fixture.log.locate(
                        from: Offset(offset), byteCountMax: 1, below: Offset(40), minOneBatch: true, on: fixture.disk)
                    #expect(slice?.baseOffset == Offset(offset), "\(shift): \(offset)")
                } catch {
                    guard case .damaged = error else { throw error }
                    #expect(offset >= 3, "\(shift): \(offset), \(error)")
                }
            }
            #expect(!fixture.log.damages.isEmpty)
        }
    }
}
