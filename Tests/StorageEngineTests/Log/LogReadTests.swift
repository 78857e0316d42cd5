// SPDX-License-Identifier: Apache-2.0

import Primitives
import RecordBatch
import Simulation
import StorageEngine
import Testing

@Suite("reading a partition log")
struct LogReadTests {
    private func filled(_ count: Int = 60) throws -> LogFixture {
        var fixture = try LogFixture(LogFixture.small())
        for number in 0..<count {
            try fixture.write(clientBatch(["value \(number)", "second"], time: Int64(1000 * number)))
        }
        return fixture
    }

    @Test("every offset leads to the batch that holds it", arguments: [true, false])
    func everyOffset(isReopened: Bool) throws {
        var fixture = try filled()
        if isReopened {
            try fixture.log.close(on: fixture.disk)
            try fixture.reopen()
        }
        for offset in stride(from: Int64(119), through: 0, by: -1) {
            let slice = try #require(
                try fixture.locate(from: Offset(offset), byteCountMax: 1, below: Offset(120)))
            #expect(slice.baseOffset == Offset(offset / 2 * 2))
            #expect(slice.nextOffset == slice.baseOffset + 2)
        }
    }

    @Test("no batch at or beyond the bound is given")
    func bound() throws {
        var fixture = try filled(10)
        for bound in Int64(0)...20 {
            let slice = try fixture.locate(from: .zero, byteCountMax: 1 << 20, below: Offset(bound))
            #expect(slice?.nextOffset == (bound < 2 ? nil : Offset(bound / 2 * 2)))
        }
    }

    @Test("a slice keeps its bound, except for a first batch that was asked for whole")
    func byteCountMax() throws {
        var fixture = try filled(10)
        let first = try #require(try fixture.locate(from: .zero, byteCountMax: 1, below: Offset(20)))
        let none = try fixture.log.locate(
            from: .zero, byteCountMax: first.byteCount - 1, below: Offset(20), minOneBatch: false, on: fixture.disk)
        #expect(none == nil)
        let two = try fixture.locate(from: .zero, byteCountMax: 2 * first.byteCount + 5, below: Offset(20))
        #expect(two?.nextOffset == Offset(4))
        #expect(two?.byteCount == 2 * first.byteCount)
    }

    @Test("offsets outside the log are refused, the end itself is not")
    func outOfRange() throws {
        var fixture = try filled(5)
        let refusal = ReadRefusal.offsetOutOfRange(logStart: .zero, logEnd: Offset(10))
        #expect(throws: refusal) { try fixture.locate(from: Offset(11), byteCountMax: 1, below: Offset(10)) }
        #expect(throws: refusal) { try fixture.locate(from: Offset(-1), byteCountMax: 1, below: Offset(10)) }
        #expect(try fixture.locate(from: Offset(10), byteCountMax: 1, below: Offset(10)) == nil)
    }

    @Test("following the tail touches the disk not once")
    func tail() throws {
        var fixture = try filled(1)
        var next = try #require(try fixture.locate(from: .zero, byteCountMax: 1 << 20, below: Offset(2))).nextOffset
        for number in 0..<500 {
            try fixture.write(clientBatch(["value \(number)"]))
            let before = fixture.disk.operationCount
            let slice = try #require(
                try fixture.log.locate(
                    from: next, byteCountMax: 1 << 20, below: fixture.log.writtenOffset, minOneBatch: true,
                    on: fixture.disk))
            #expect(fixture.disk.operationCount == before)
            next = slice.nextOffset
        }
    }

    @Test("staged records are not readable")
    func staged() throws {
        var fixture = try filled(1)
        try fixture.stage(clientBatch(["staged"]))
        #expect(try fixture.locate(from: Offset(2), byteCountMax: 100, below: Offset(3)) == nil)
    }

    @Test("a time leads to the first record that reached it")
    func byTime() throws {
        var fixture = try filled()
        for number in [Int64(0), 1, 17, 30, 59] {
            let exact = try fixture.log.offset(
                atOrAfter: Timestamp(1000 * number), below: Offset(120), on: fixture.disk)
            #expect(
                exact
                    == TimestampedOffset(
                        offset: Offset(2 * number), timestamp: Timestamp(1000 * number), leaderEpoch: .zero))
            let second = try fixture.log.offset(
                atOrAfter: Timestamp(1000 * number + 1), below: Offset(120), on: fixture.disk)
            #expect(second?.offset == Offset(2 * number + 1))
        }
        #expect(try fixture.log.offset(atOrAfter: Timestamp(59_002), below: Offset(120), on: fixture.disk) == nil)
        #expect(try fixture.log.offset(atOrAfter: Timestamp(59_000), below: Offset(118), on: fixture.disk) == nil)
    }

    @Test("the largest timestamp is found wherever it lies, and not beyond the bound")
    func maxTimestamp() throws {
        var fixture = try LogFixture(LogFixture.small())
        for number in 0..<60 {
            try fixture.write(clientBatch(["value \(number)"], time: number == 23 ? 900 : Int64(number)))
        }
        #expect(try fixture.log.maxTimestamp(below: Offset(60), on: fixture.disk)?.offset == Offset(23))
        #expect(try fixture.log.maxTimestamp(below: Offset(23), on: fixture.disk)?.offset == Offset(22))
        var empty = try LogFixture()
        #expect(try empty.log.maxTimestamp(below: .zero, on: empty.disk) == nil)
    }

    @Test("an epoch ends where the next one begins (KIP-101), an unknown newer one has no end (KIP-279)")
    func epochEnds() throws {
        var fixture = try LogFixture()
        for epoch in [Int32(2), 2, 5, 7, 7] { try fixture.write(clientBatch(["x"]), epoch: epoch) }
        func end(_ epoch: Int32) -> EpochEnd? { fixture.log.endOffset(of: LeaderEpoch(epoch)) }
        #expect(end(1) == EpochEnd(epoch: LeaderEpoch(1), endOffset: Offset(0)))
        #expect(end(2) == EpochEnd(epoch: LeaderEpoch(2), endOffset: Offset(2)))
        #expect(end(4) == EpochEnd(epoch: LeaderEpoch(2), endOffset: Offset(2)))
        #expect(end(5) == EpochEnd(epoch: LeaderEpoch(5), endOffset: Offset(3)))
        #expect(end(7) == EpochEnd(epoch: LeaderEpoch(7), endOffset: Offset(5)))
        #expect(end(8) == nil)
        #expect(fixture.log.epoch(of: Offset(2)) == LeaderEpoch(5))
    }
}
