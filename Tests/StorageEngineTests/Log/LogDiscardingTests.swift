// SPDX-License-Identifier: Apache-2.0

import Primitives
import Simulation
import StorageEngine
import Testing

@Suite("what a truncation would drop")
struct LogDiscardingTests {
    /// Ten batches of three records in segments of a few batches: even ones by producer 5, odd ones by nobody.
    private func log() throws -> LogFixture {
        var leader = try LeaderLog(segmentByteCountMax: 600)
        for round in 0..<10 {
            try leader.write(3, sequence: round % 2 == 0 ? Int32(round / 2 * 3) : nil, epoch: Int32(round / 5))
        }
        leader.fixture.synchronize()
        return leader.fixture
    }

    @Test("it tells the offsets, records and producers that the truncation then drops", arguments: [0, 3, 10, 15, 29])
    func describes(offset: Int64) throws {
        var fixture = try log()
        let found = try fixture.log.describeDiscarding(from: Offset(offset), producerCountMax: 10, on: fixture.disk)
        let from = offset / 3 * 3
        #expect(found.from == Offset(from) && found.end == Offset(30))
        #expect(found.recordCount == 30 - from)
        let byProducer = stride(from: from, to: 30, by: 3).filter { $0 / 3 % 2 == 0 }
        #expect(found.producers.map(\.recordCount) == (byProducer.isEmpty ? [] : [Int64(byProducer.count) * 3]))
        #expect(found.producers.first?.firstOffset == byProducer.first.map { Offset($0) })
        #expect(found.producers.first?.lastOffset == byProducer.last.map { Offset($0 + 2) })
        try fixture.log.truncateDiscarding(from: Offset(offset), on: fixture.disk)
        #expect(fixture.log.logEndOffset == Offset(from))
    }

    @Test("nothing beyond the end is nothing")
    func nothing() throws {
        var fixture = try log()
        let found = try fixture.log.describeDiscarding(from: Offset(30), producerCountMax: 10, on: fixture.disk)
        #expect(found.from == Offset(30) && found.end == Offset(30) && found.recordCount == 0)
        #expect(found.producers == [] && found.lastTimestamp == .none)
    }

    @Test("producers beyond the bound are left out and counted")
    func bounded() throws {
        var fixture = try log()
        let found = try fixture.log.describeDiscarding(from: .zero, producerCountMax: 0, on: fixture.disk)
        #expect(found.producers == [] && found.leftOutBatchCount == 5)
        #expect(found.recordCount == 30)
    }

    @Test("an epoch begins where its first record stands, or the first of a later one, or the next")
    func starts() throws {
        let fixture = try log()
        #expect(fixture.log.startOffset(ofEpochsFrom: LeaderEpoch(0)) == .zero)
        #expect(fixture.log.startOffset(ofEpochsFrom: LeaderEpoch(1)) == Offset(15))
        #expect(fixture.log.startOffset(ofEpochsFrom: LeaderEpoch(7)) == Offset(30))
    }
}
