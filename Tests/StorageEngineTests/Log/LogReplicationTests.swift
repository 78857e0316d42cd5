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
            let (copied, original) = (try follower.batches(), try leader.fixture.batches())
            #expect(copied == original)
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

@Suite("a log that drops records on a leader's word")
struct LogCutTests {
    /// Ten batches in five epochs, two records each, of two producers, over several segments.
    private func fixture() throws -> LogFixture {
        var leader = try LeaderLog()
        for round in 0..<10 {
            let batch = try clientBatch(count: 2, producer: Int64(round % 2), sequence: Int32(round / 2 * 2))
            try leader.fixture.write(batch, epoch: Int32(round / 2))
        }
        var follower = try LogFixture(LogFixture.small(segmentByteCountMax: 300))
        try follower.log.appendReplicated(leader.bytes(), at: follower.now)
        try follower.log.writeStaged(on: follower.disk)
        follower.synchronize()
        return follower
    }

    @Test("a cut anywhere leaves producers, epochs and bytes as they were before", arguments: Int64(0)...20)
    func restoresState(end: Int64) throws {
        let whole = try fixture()
        var cut = try fixture()
        let batches = try cut.batches().prefix { $0.header.nextOffset.rawValue <= end }
        try cut.log.truncateDiscarding(from: Offset(end), on: cut.disk)
        var fresh = try LogFixture(LogFixture.small(segmentByteCountMax: 300))
        for batch in batches { try fresh.log.appendReplicated(batch.bytes, at: fresh.now) }
        try fresh.log.writeStaged(on: fresh.disk)
        for isReopened in [false, true] {
            if isReopened { try cut.reopen() }
            #expect(cut.log.logEndOffset == fresh.log.logEndOffset)
            let (left, right) = (try cut.batches(), try fresh.batches())
            #expect(left == right)
            #expect(cut.log.latestEpoch == fresh.log.latestEpoch)
            for epoch in Int32(0)..<6 {
                let epoch = LeaderEpoch(epoch)
                #expect(cut.log.lastEpochEnd(atOrBefore: epoch) == fresh.log.lastEpochEnd(atOrBefore: epoch))
            }
            let sequences = cut.log.describeProducers().map { [$0.producerID.rawValue, Int64($0.lastSequence)] }
            #expect(
                sequences == fresh.log.describeProducers().map { [$0.producerID.rawValue, Int64($0.lastSequence)] })
        }
        #expect(whole.log.logEndOffset == Offset(20))
    }

    @Test("a cut finds the producers of earlier segments where a snapshot is lost")
    func lostSnapshot() throws {
        var fixture = try fixture()
        let base = try #require(fixture.log.segmentByteCounts.last).baseOffset
        let digits = String(base.rawValue)
        try fixture.disk.remove("payments-0/" + String(repeating: "0", count: 20 - digits.count) + digits + ".snapshot")
        let before = fixture.log.describeProducers().map(\.lastSequence)
        try fixture.write(clientBatch(count: 1, producer: 0, sequence: 10), epoch: 4)
        try fixture.log.truncateDiscarding(from: Offset(20), on: fixture.disk)
        #expect(fixture.log.describeProducers().map(\.lastSequence) == before)
    }

    @Test("a synchronize that was under way vouches for nothing that was written after a cut")
    func inFlight() throws {
        var fixture = try fixture()
        try fixture.write(clientBatch(count: 2, producer: 0, sequence: 10), epoch: 4)
        let began = fixture.begin(900)
        #expect(began)
        try fixture.log.truncateDiscarding(from: Offset(20), on: fixture.disk)
        try fixture.write(clientBatch(count: 2, producer: 0, sequence: 10), epoch: 5)
        fixture.log.synchronizeCompleted(DiskTicket(900), fault: nil)
        #expect(fixture.log.durableOffset == Offset(20) && fixture.log.needsSynchronize)
        fixture.synchronize()
        #expect(fixture.log.durableOffset == Offset(22))
    }

    @Test("neither does one of a segment that is gone and was begun again at the same offset")
    func inFlightOfLostSegment() throws {
        var fixture = try fixture()
        let base = fixture.log.logEndOffset
        let big = try clientBatch(count: 15, producer: 0, sequence: 10)
        try fixture.write(big, epoch: 4)
        #expect(fixture.log.segmentByteCounts.last?.baseOffset == base)
        let began = fixture.begin(900)
        #expect(began)
        try fixture.log.truncateDiscarding(from: Offset(14), on: fixture.disk)
        while fixture.log.logEndOffset < base {
            let sequence = Int32(fixture.log.logEndOffset.rawValue - 14)
            try fixture.write(clientBatch(count: 1, producer: 7, sequence: sequence), epoch: 4)
        }
        fixture.synchronize()
        try fixture.write(clientBatch(count: 15, producer: 7, sequence: 6), epoch: 5)
        #expect(fixture.log.segmentByteCounts.last?.baseOffset == base)
        fixture.log.synchronizeCompleted(DiskTicket(900), fault: nil)
        #expect(fixture.log.durableOffset < fixture.log.logEndOffset)
    }

    @Test("a cut that the disk refuses changes nothing")
    func refusedCut() throws {
        var fixture = try fixture()
        let before = try fixture.batches()
        fixture.disk.plan(.failure(errno: 28), of: .write)
        #expect(throws: LogFault.self) { try fixture.log.truncateDiscarding(from: Offset(6), on: fixture.disk) }
        #expect(fixture.log.logEndOffset == Offset(20) && fixture.log.latestEpoch == LeaderEpoch(4))
        let after = try fixture.batches()
        #expect(after == before)
        try fixture.write(clientBatch(count: 1, producer: 0, sequence: 10), epoch: 4)
        fixture.synchronize()
        try fixture.reopen()
        #expect(fixture.log.logEndOffset == Offset(21) && fixture.log.damages.isEmpty)
    }

    @Test(
        "a log that is begun again is empty at its new start, and takes what follows",
        arguments: [Int64(0), 7, 20, 500])
    func reset(start: Int64) throws {
        var fixture = try fixture()
        try fixture.log.resetDiscarding(to: Offset(start), on: fixture.disk)
        for isReopened in [false, true] {
            if isReopened { try fixture.reopen() }
            #expect(fixture.log.logStartOffset == Offset(start) && fixture.log.logEndOffset == Offset(start))
            #expect(fixture.log.latestEpoch == .none && fixture.log.describeProducers().isEmpty)
            #expect(fixture.log.damages.isEmpty && fixture.log.segmentByteCounts.count == 1)
        }
        let batch = try clientBatch(count: 3, producer: 4, sequence: start == 0 ? 0 : 77)
        let bytes = batch.pieces(baseOffset: Offset(start), leaderEpoch: LeaderEpoch(9)).flatMap(\.array)
        try fixture.log.appendReplicated(SharedBytes(bytes), at: fixture.now)
        try fixture.log.writeStaged(on: fixture.disk)
        fixture.synchronize()
        try fixture.reopen()
        let found = try fixture.batches().flatMap(\.bytes.array)
        #expect(found == bytes)
        #expect(fixture.log.latestEpoch == LeaderEpoch(9))
    }

    @Test("a fresh log begins where its leader's does")
    func freshStart() throws {
        var fixture = try LogFixture()
        try fixture.log.resetDiscarding(to: Offset(1000), on: fixture.disk)
        fixture.disk.crash()
        try fixture.reopen()
        #expect(fixture.log.logStartOffset == Offset(1000) && fixture.log.durableOffset == Offset(1000))
    }
}
