// SPDX-License-Identifier: Apache-2.0

import Primitives
import RecordBatch
import Simulation
import StorageEngine
import Testing

/// A leader's log to copy from, and the bytes of its batches.
struct LeaderLog {
    var fixture: LogFixture

    init(segmentByteCountMax: Int64 = 1 << 20) throws {
        fixture = try LogFixture(LogFixture.small(segmentByteCountMax: segmentByteCountMax))
    }

    mutating func write(_ count: Int, sequence: Int32? = nil, epoch: Int32 = 0) throws {
        let batch =
            if let sequence {
                try clientBatch(count: count, producer: 5, sequence: sequence)
            } else { try clientBatch((0..<count).map { "record \($0) of epoch \(epoch)" }) }
        try fixture.write(batch, epoch: epoch)
    }

    mutating func bytes(from start: Offset = .zero) throws -> SharedBytes {
        SharedBytes(try fixture.batches(from: start, byteCountMax: 1 << 20).flatMap(\.bytes.array))
    }
}

@Suite("a log that copies another replica's batches")
struct LogReplicationTests {
    private func refusal(_ fixture: inout LogFixture, _ bytes: SharedBytes) -> ReplicatedAppendRefusal? {
        do throws(ReplicatedAppendRefusal) {
            try fixture.log.appendReplicated(bytes, at: fixture.now)
            return nil
        } catch { return error }
    }

    @Test("offsets, epochs, producers and bytes are the leader's, across segments and a restart")
    func copies() throws {
        var leader = try LeaderLog(segmentByteCountMax: 1000)
        for round in 0..<20 { try leader.write(3, sequence: Int32(3 * round), epoch: Int32(round / 4)) }
        var follower = try LogFixture(LogFixture.small(segmentByteCountMax: 600))
        let bytes = try leader.bytes()
        let appended = try follower.log.appendReplicated(bytes, at: follower.now)
        #expect(appended.offsets == .zero..<Offset(60) && appended.batchCount == 20)
        #expect(appended.byteCount == bytes.count)
        try follower.log.writeStaged(on: follower.disk)
        follower.synchronize()
        for isReopened in [false, true] {
            if isReopened { try follower.reopen() }
            #expect(follower.log.segmentByteCounts.count > leader.fixture.log.segmentByteCounts.count)
            #expect(try follower.batches() == leader.fixture.batches())
            #expect(follower.log.describeProducers() == leader.fixture.log.describeProducers())
            for offset in Int64(0)..<60 {
                #expect(follower.log.epoch(of: Offset(offset)) == leader.fixture.log.epoch(of: Offset(offset)))
            }
            #expect(
                follower.log.endOffset(of: LeaderEpoch(2)) == EpochEnd(epoch: LeaderEpoch(2), endOffset: Offset(36)))
        }
    }

    @Test(
        "bytes that do not follow, are not whole, do not check or go back in epoch are refused, and nothing is staged")
    func refusals() throws {
        var leader = try LeaderLog()
        for epoch in [Int32(1), 3] { for _ in 0..<2 { try leader.write(2, epoch: epoch) } }
        let bytes = try leader.bytes().array
        let size = bytes.count / 4
        var follower = try LogFixture()

        let later = SharedBytes(Array(bytes[size...]))
        #expect(refusal(&follower, later) == .notContiguous(expected: .zero, received: Offset(2)))
        let gap = SharedBytes(Array(bytes[..<size] + bytes[(2 * size)...]))
        #expect(refusal(&follower, gap) == .notContiguous(expected: Offset(2), received: Offset(4)))
        let torn = SharedBytes(Array(bytes.dropLast()))
        #expect(
            refusal(&follower, torn)
                == .malformed(DecodeError(.truncated(needed: size, available: size - 1), at: 3 * size)))
        var flipped = bytes
        flipped[size + 70] ^= 4
        guard case .malformed(let error) = refusal(&follower, SharedBytes(flipped)),
            case .checksumMismatch = error.reason
        else {
            Issue.record("a flipped bit was taken")
            return
        }
        #expect(error.position == size + 17)
        var older = bytes
        older[3 * size + 15] = 2
        #expect(
            refusal(&follower, SharedBytes(older))
                == .staleLeaderEpoch(current: LeaderEpoch(3), received: LeaderEpoch(2)))
        #expect(!follower.log.hasStaged && follower.log.logEndOffset == .zero)
        #expect(follower.log.latestEpoch == .none)

        try follower.log.appendReplicated(SharedBytes(bytes), at: follower.now)
        try follower.log.writeStaged(on: follower.disk)
        let again = SharedBytes(Array(bytes[..<size]))
        #expect(refusal(&follower, again) == .notContiguous(expected: Offset(8), received: .zero))
    }

    @Test("control batches pass through unharmed and move no sequence")
    func controlBatches() throws {
        var leader = try LeaderLog()
        try leader.write(2, sequence: 0)
        var bytes = try leader.bytes().array
        var marker = bytes
        marker[7] = 2
        marker[22] |= 0x30
        let checksum = CRC32C.checksum(of: Array(marker[21...]))
        for index in 0..<4 { marker[17 + index] = UInt8(truncatingIfNeeded: checksum >> UInt32(24 - 8 * index)) }
        bytes += marker
        var follower = try LogFixture()
        try follower.log.appendReplicated(SharedBytes(bytes), at: follower.now)
        try follower.log.writeStaged(on: follower.disk)
        let batches = try follower.batches()
        #expect(batches.map(\.header.isControl) == [false, true])
        #expect(batches.flatMap(\.bytes.array) == bytes)
        #expect(follower.log.describeProducers().map(\.lastSequence) == [1])
    }

    @Test("a write that fails takes producers, epochs and offsets back")
    func undo() throws {
        var leader = try LeaderLog()
        try leader.write(2, sequence: 0, epoch: 1)
        try leader.write(2, sequence: 2, epoch: 4)
        var follower = try LogFixture()
        follower.disk.plan(.failure(errno: 28), of: .write)
        let bytes = try leader.bytes()
        try follower.log.appendReplicated(bytes, at: follower.now)
        #expect(throws: LogFault.self) { try follower.log.writeStaged(on: follower.disk) }
        #expect(follower.log.logEndOffset == .zero && follower.log.latestEpoch == .none)
        #expect(follower.log.describeProducers().isEmpty)
        try follower.log.appendReplicated(bytes, at: follower.now)
        try follower.log.writeStaged(on: follower.disk)
        #expect(follower.log.logEndOffset == Offset(4) && follower.log.latestEpoch == LeaderEpoch(4))
    }
}
