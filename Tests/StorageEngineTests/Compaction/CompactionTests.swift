// SPDX-License-Identifier: Apache-2.0

import Primitives
import RecordBatch
import Simulation
import StorageEngine
import Testing

@Suite("compaction of a partition log")
struct CompactionTests {
    @Test("keeps the last record of each key at its offset, in every codec", arguments: Codec.allCases)
    func lastOfEachKey(codec: Codec) throws {
        var fixture = try CompactionFixture()
        try fixture.put([("a", "1"), ("b", "1"), ("c", "1")], codec: codec)
        try fixture.put([("a", "2"), ("c", "2")], codec: codec)
        try fixture.put([("a", "3")], codec: codec)
        try fixture.roll()
        #expect(try fixture.compact())
        let expected = [
            Seen(offset: 1, key: "b", value: "1"), Seen(offset: 4, key: "c", value: "2"),
            Seen(offset: 5, key: "a", value: "3"), Seen(offset: 6, key: "end of segment", value: "x"),
        ]
        #expect(try fixture.records() == expected)
        try fixture.base.reopen()
        #expect(try fixture.records() == expected)
        #expect(fixture.log.damages.isEmpty)
    }

    @Test("keeps codec, epoch, producer and offsets of a batch that loses records")
    func headerStays() throws {
        var fixture = try CompactionFixture()
        let producer = BatchProducer(id: ProducerID(7), epoch: ProducerEpoch(3), baseSequence: 0)
        try fixture.put([("a", "1"), ("b", "1"), ("c", "1")], codec: .lz4, producer: producer, epoch: 4)
        try fixture.put([("a", "2"), ("c", "2")], epoch: 5)
        try fixture.roll(epoch: 5)
        let before = try fixture.base.batches()[0].header
        try fixture.compact()
        let after = try fixture.base.batches()[0].header
        #expect(after.recordCount == 1)
        #expect(after.lastSequence == 2)
        #expect(
            (after.baseOffset, after.lastOffset, after.codec, after.partitionLeaderEpoch, after.producerID)
                == (before.baseOffset, before.lastOffset, .lz4, LeaderEpoch(4), ProducerID(7)))
    }

    @Test("batches that lose all records leave one empty batch for a run of them, and one for each leader epoch")
    func fillers() throws {
        var fixture = try CompactionFixture(segmentByteCountMax: 10_000)
        for epoch in [0, 0, 0, 1, 1] { try fixture.put([("a", "old")], epoch: Int32(epoch)) }
        try fixture.put([("a", "new")], epoch: 1)
        try fixture.roll(epoch: 1)
        try fixture.compact()
        let headers = try fixture.base.batches().map(\.header)
        #expect(headers.map(\.baseOffset.rawValue) == [0, 3, 5, 6])
        #expect(headers.map(\.isFiller) == [true, true, false, false])
        #expect(headers.map(\.partitionLeaderEpoch.rawValue) == [0, 1, 1, 1])
        #expect(fixture.log.endOffset(of: LeaderEpoch(0)) == EpochEnd(epoch: LeaderEpoch(0), endOffset: Offset(3)))
    }

    @Test("a read from inside compacted offsets begins with the batch that stands for them")
    func readInsideGap() throws {
        var fixture = try CompactionFixture(segmentByteCountMax: 10_000)
        for _ in 0..<5 { try fixture.put([("a", "old")]) }
        try fixture.put([("a", "new")])
        try fixture.roll()
        try fixture.compact()
        for start in 0..<6 {
            #expect(try fixture.records(from: Offset(Int64(start))).first?.offset == 5, "from \(start)")
        }
    }

    @Test("a tombstone hides its key at once, stays readable for delete.retention.ms after its first pass, then goes")
    func tombstones() throws {
        var fixture = try CompactionFixture { $0.deleteRetentionMilliseconds = 1000 }
        try fixture.put([("a", "1"), ("b", "1")])
        try fixture.put([("a", nil)])
        try fixture.roll()
        try fixture.compact()
        let tombstone = Seen(offset: 2, key: "a", value: nil)
        #expect(try fixture.records().prefix(2) == [Seen(offset: 1, key: "b", value: "1"), tombstone])
        fixture.base.now = fixture.base.now.advanced(byMilliseconds: 900)
        try fixture.roll()
        try fixture.compact()
        #expect(try fixture.records().contains(tombstone))
        fixture.base.now = fixture.base.now.advanced(byMilliseconds: 101)
        try fixture.roll()
        try fixture.compact()
        #expect(try !fixture.records().contains(tombstone))
        #expect(try fixture.table() == ["b": "1"])
    }

    @Test("the time of a tombstone does not change when it gets its delete horizon")
    func tombstoneTime() throws {
        var fixture = try CompactionFixture()
        let time = fixture.base.now
        try fixture.put([("a", nil), ("b", "1")])
        try fixture.roll()
        try fixture.compact()
        let batch = try fixture.base.batches()[0]
        var records = try Records(batch, using: Decompressor())
        #expect(try records.remaining().map(\.timestamp) == [time, time])
        #expect(batch.header.deleteHorizon == fixture.base.now.advanced(byMilliseconds: 86_400_000))
    }

    @Test("records without a key go, and the active segment is never touched")
    func keyless() throws {
        var fixture = try CompactionFixture()
        try fixture.put([(nil, "nobody's"), ("a", "1")])
        try fixture.roll()
        try fixture.put([(nil, "new")])
        try fixture.compact()
        #expect(try fixture.records().map(\.value) == ["1", "x", "new"])
    }

    @Test("the last batch of each producer that is remembered stays, without records if need be")
    func producers() throws {
        var fixture = try CompactionFixture(segmentByteCountMax: 10_000)
        for sequence in 0..<3 {
            let producer = BatchProducer(id: ProducerID(1), epoch: ProducerEpoch(0), baseSequence: Int32(sequence))
            try fixture.put([("a", "\(sequence)")], producer: producer)
        }
        try fixture.put([("a", "last")])
        try fixture.roll()
        try fixture.compact()
        let headers = try fixture.base.batches().map(\.header)
        #expect(headers.map(\.baseOffset.rawValue) == [0, 2, 3, 4])
        #expect(headers[1].producerID == ProducerID(1) && headers[1].lastSequence == 2 && headers[1].isEmpty)
        // Whoever knows only the files knows the sequence, too.
        try fixture.disk.remove(LogFixture.folder + "/checkpoint")
        try fixture.base.reopen()
        #expect(fixture.log.describeProducers().map(\.lastSequence) == [2])
        #expect(fixture.log.damages.isEmpty)
        #expect(throws: AppendRefusal.self) {
            let producer = BatchProducer(id: ProducerID(1), epoch: ProducerEpoch(0), baseSequence: 9)
            try fixture.put([("a", "gap")], producer: producer)
        }
    }

    @Test("a full map ends a pass early, and passes go on until all is compacted")
    func severalPasses() throws {
        var fixture = try CompactionFixture()
        fixture.limits = CompactionLimits(mapByteCountMax: 24 * 5, mapLoadFactor: 0.9)
        for round in 0..<4 {
            for key in 0..<20 { try fixture.put([("key \(key)", "round \(round)")]) }
        }
        try fixture.roll()
        var passCount = 0
        while try fixture.compact() { passCount += 1 }
        #expect(passCount > 10)
        #expect(try fixture.records().count == 21)
        #expect(try fixture.table() == Dictionary(uniqueKeysWithValues: (0..<20).map { ("key \($0)", "round 3") }))
    }

    @Test("what remains of small segments is put together, and their files go")
    func merging() throws {
        var fixture = try CompactionFixture(segmentByteCountMax: 2000)
        for number in 0..<100 { try fixture.put([("key", "value \(number)")]) }
        try fixture.roll()
        let before = fixture.log.segmentByteCounts.count
        try fixture.compact()
        #expect(before > 4 && fixture.log.segmentByteCounts.count == before)
        try fixture.roll()
        try fixture.compact()
        #expect(fixture.log.segmentByteCounts.count == 2)
        var tickets: UInt64 = 1000
        fixture.base.log.purgeRemoved(at: fixture.base.now, on: fixture.disk) {
            tickets += 1
            return DiskTicket(tickets)
        }
        fixture.disk.flushSubmissions()
        let names = try fixture.disk.list(LogFixture.folder)
        #expect(names.filter { $0.hasSuffix(".log") }.count == 2)
        #expect(!names.contains { $0.hasSuffix(".deleted") || $0.hasSuffix(".cleaned") || $0.hasSuffix(".swap") })
        try fixture.base.reopen()
        #expect(fixture.log.segmentByteCounts.count == 2)
        #expect(fixture.log.recovery.wasClean == false)
        #expect(fixture.log.damages.isEmpty)
    }

    @Test("a read that began before the exchange ends with the old bytes")
    func oldReads() throws {
        var fixture = try CompactionFixture(segmentByteCountMax: 10_000)
        for number in 0..<10 { try fixture.put([("key", "value \(number)")]) }
        try fixture.roll()
        let found = try fixture.base.locate(from: .zero, byteCountMax: 9000, below: Offset(10))
        let slice = try #require(found)
        let before = try fixture.disk.read(slice.file, at: slice.position, count: slice.byteCount)
        try fixture.compact()
        #expect(try fixture.disk.read(slice.file, at: slice.position, count: slice.byteCount) == before)
        #expect(try fixture.records().count == 2)
    }

    @Test("a pass over records that are cut off meanwhile leaves no trace")
    func cutMeanwhile() throws {
        var fixture = try CompactionFixture()
        for number in 0..<40 { try fixture.put([("key \(number % 3)", "value \(number)")]) }
        try fixture.roll()
        let plan = try fixture.begin()
        var pass = try #require(plan)
        try fixture.base.log.truncateDiscarding(from: Offset(20), on: fixture.disk)
        for number in 0..<40 { try fixture.put([("other \(number)", "new")], epoch: 1) }
        fixture.base.synchronize()
        let expected = try fixture.records()
        do {
            steps: while true {
                switch try pass.step(on: fixture.disk) {
                case .working: continue
                case .cleaned(let segment):
                    #expect(
                        try fixture.base.log.replace(with: segment, at: fixture.base.now, on: fixture.disk) == false)
                case .finished:
                    try fixture.base.log.finish(pass, on: fixture.disk)
                    break steps
                }
            }
        } catch is CompactionFault {
            pass.abandon(on: fixture.disk)
        }
        #expect(try fixture.records() == expected)
        #expect(fixture.log.compactionStanding(at: fixture.base.now, below: fixture.bound)?.firstDirty == .zero)
    }

    @Test("a follower that had half of what its leader compacted away takes the other half")
    func followerInsideFiller() throws {
        var leader = try CompactionFixture(segmentByteCountMax: 10_000)
        for number in 0..<10 { try leader.put([("key", "value \(number)")]) }
        try leader.roll()
        var follower = try LogFixture(LogFixture.small())
        for batch in try leader.base.batches().prefix(4) {
            try follower.log.appendReplicated(batch.bytes, at: follower.now)
        }
        try follower.log.writeStaged(on: follower.disk)
        try leader.compact()
        #expect(try leader.base.batches()[0].header.lastOffset == Offset(8))
        let slice = try #require(try leader.base.locate(from: Offset(4), byteCountMax: 9000, below: Offset(11)))
        let bytes = try leader.disk.read(slice.file, at: slice.position, count: slice.byteCount)
        try follower.log.appendReplicated(bytes, at: follower.now)
        try follower.log.writeStaged(on: follower.disk)
        let rest = try #require(try leader.base.locate(from: Offset(10), byteCountMax: 9000, below: Offset(11)))
        try follower.log.appendReplicated(
            leader.disk.read(rest.file, at: rest.position, count: rest.byteCount), at: follower.now)
        try follower.log.writeStaged(on: follower.disk)
        #expect(follower.log.logEndOffset == leader.log.logEndOffset)
        try follower.reopen()
        #expect(follower.log.damages.isEmpty)
        #expect(follower.log.logEndOffset == leader.log.logEndOffset)
    }

    @Test("offsets by time are found in what is left, and never those of records that went")
    func times() throws {
        var fixture = try CompactionFixture(segmentByteCountMax: 10_000)
        let start = fixture.base.now
        for number in 0..<10 {
            fixture.base.now = start.advanced(byMilliseconds: Int64(number) * 10)
            try fixture.put([("key \(number % 2)", "value \(number)")])
        }
        try fixture.roll()
        try fixture.compact()
        let found = try fixture.base.log.offset(
            atOrAfter: start.advanced(byMilliseconds: 15), below: fixture.bound, on: fixture.disk)
        #expect(found?.offset == Offset(8))
        #expect(try fixture.base.log.maxTimestamp(below: fixture.bound, on: fixture.disk)?.offset == Offset(10))
        #expect(try fixture.base.log.maxTimestamp(below: Offset(9), on: fixture.disk)?.offset == Offset(8))
    }
}

@Suite("when a partition log is compacted")
struct CompactionStandingTests {
    @Test("by the share of bytes that no pass has met")
    func ratio() throws {
        var fixture = try CompactionFixture { $0.dirtyRatioMin = 0.6 }
        for number in 0..<30 { try fixture.put([("key \(number)", "value")]) }
        try fixture.roll()
        let first = try #require(fixture.log.compactionStanding(at: fixture.base.now, below: fixture.bound))
        #expect(first.dirtyRatio == 1)
        #expect(first.isDue)
        try fixture.compact()
        for number in 0..<5 { try fixture.put([("key \(number)", "new")]) }
        try fixture.roll()
        let second = try #require(fixture.log.compactionStanding(at: fixture.base.now, below: fixture.bound))
        #expect(second.dirtyRatio > 0 && second.dirtyRatio < 0.6)
        #expect(!second.isDue)
        #expect(second.firstDirty == Offset(30))
    }

    @Test("at any ratio when a record waits longer than max.compaction.lag.ms")
    func overdue() throws {
        var fixture = try CompactionFixture {
            $0.dirtyRatioMin = 1
            $0.lagMillisecondsMax = 1000
        }
        try fixture.put([("a", "1")])
        try fixture.roll()
        #expect(fixture.log.compactionStanding(at: fixture.base.now, below: fixture.bound)?.isDue == false)
        let later = fixture.base.now.advanced(byMilliseconds: 1001)
        #expect(fixture.log.compactionStanding(at: later, below: fixture.bound)?.isDue == true)
    }

    @Test("not before min.compaction.lag.ms, nor at or above the last stable offset, nor beyond the checkpoint")
    func bounds() throws {
        var fixture = try CompactionFixture { $0.lagMillisecondsMin = 1000 }
        try fixture.put([("a", "1")])
        try fixture.roll()
        #expect(try fixture.compact() == false)
        fixture.base.now = fixture.base.now.advanced(byMilliseconds: 1000)
        #expect(try fixture.compact(below: .zero) == false)
        #expect(try fixture.compact())
        fixture.base.now = fixture.base.now.advanced(byMilliseconds: 10_000)
        for number in 0..<20 { try fixture.put([("a", "\(number)")]) }
        fixture.base.synchronize()
        fixture.base.now = fixture.base.now.advanced(byMilliseconds: 10_000)
        #expect(fixture.log.compactionNeedsCheckpoint == true)
        let waiting = fixture.log.compactionStanding(at: fixture.base.now, below: fixture.bound)
        #expect(try #require(waiting).end > Offset(2))
        #expect(try fixture.compact() == false)
        try fixture.settle()
        #expect(fixture.log.compactionNeedsCheckpoint == false)
        #expect(try fixture.compact())
    }

    @Test("never when the topic is not compacted")
    func otherPolicy() throws {
        var fixture = try CompactionFixture()
        try fixture.put([("a", "1")])
        try fixture.roll()
        fixture.base.log.configuration.compaction = nil
        #expect(fixture.log.compactionStanding(at: fixture.base.now, below: fixture.bound) == nil)
        #expect(try fixture.compact() == false)
    }

    @Test("damage below the high watermark is reported, not compacted over")
    func damage() throws {
        var fixture = try CompactionFixture(segmentByteCountMax: 10_000)
        try fixture.put([("a", "1"), ("b", "2")])
        try fixture.roll()
        let path = LogFixture.folder + "/00000000000000000000.log"
        let file = try fixture.disk.open(path, .readWrite)
        try fixture.disk.write([[0xff]], to: file, at: 70)
        #expect(throws: CompactionFault.self) { try fixture.compact() }
        try fixture.disk.write([[0xff]], to: file, at: 0)
        #expect(throws: CompactionFault.self) { try fixture.compact() }
    }
}
