// SPDX-License-Identifier: Apache-2.0

import Primitives
import RecordBatch
import Simulation
import StorageEngine
import Testing

@Suite("a damaged log and a peer that has the bytes")
struct LogRepairTests {
    /// Three records a batch, an epoch for each four batches, over several segments; what a peer would answer with.
    private static func build(isCheckpointed: Bool = true) throws -> (fixture: LogFixture, batches: [Batch]) {
        var fixture = try LogFixture(LogFixture.small(segmentByteCountMax: 700))
        for round in 0..<24 {
            let batch = try clientBatch(count: 3, producer: 5, sequence: Int32(3 * round))
            try fixture.write(batch, epoch: Int32(round / 4))
        }
        fixture.synchronize()
        if isCheckpointed { try fixture.log.writeCheckpoint(on: fixture.disk) }
        return (fixture, try fixture.batches())
    }

    private static func path(_ segment: Offset) -> String {
        let digits = String(segment.rawValue)
        return "payments-0/" + String(repeating: "0", count: 20 - digits.count) + digits + ".log"
    }

    /// Flips a bit on the platter, where the next read finds it.
    private static func flip(_ segment: Offset, at position: Int64, on disk: SimulatedDisk) throws {
        try disk.damage(path(segment), at: position)
        try disk.evict(path(segment))
    }

    /// Scrubs all closed segments in steps of a few bytes.
    private func scrubAll(_ fixture: inout LogFixture) throws -> Int {
        var last: Offset?
        var stepCount = 0
        while var scrub = fixture.log.scrub(after: last) {
            while !scrub.isDone {
                try scrub.verifyNext(byteCountMax: 200, on: fixture.disk)
                stepCount += 1
            }
            fixture.log.note(scrub)
            last = scrub.segment
        }
        return stepCount
    }

    private func refusal(_ fixture: inout LogFixture, _ damage: LogDamage, _ bytes: SharedBytes) -> MendRefusal? {
        do throws(MendRefusal) {
            try fixture.log.mend(damage, with: bytes, on: fixture.disk)
            return nil
        } catch { return error }
    }

    @Test("a scrub of a sound log finds nothing, in many small steps")
    func soundScrub() throws {
        var (fixture, _) = try Self.build()
        let stepCount = try scrubAll(&fixture)
        #expect(stepCount > fixture.log.segmentByteCounts.count)
        #expect(fixture.log.damages.isEmpty)
    }

    @Test("a flipped bit in a closed segment is found by the scrub and mended from a peer without truncation")
    func scrubAndMend() throws {
        var (fixture, batches) = try Self.build()
        let segment = fixture.log.segmentByteCounts[1].baseOffset
        try Self.flip(segment, at: 100, on: fixture.disk)
        _ = try scrubAll(&fixture)
        let damage = try #require(fixture.log.damages.first)
        #expect(fixture.log.damages.count == 1 && damage.evidence == .checksumMismatch)
        #expect(damage.segment == segment && damage.offsets == segment..<segment + 3)
        #expect(throws: ReadRefusal.damaged(damage)) {
            try fixture.locate(from: segment, byteCountMax: 1, below: fixture.log.writtenOffset)
        }
        let peer = try #require(batches.first { $0.header.baseOffset == segment })
        #expect(refusal(&fixture, damage, peer.bytes) == nil)
        for isReopened in [false, true] {
            if isReopened {
                fixture.disk.crash()
                try fixture.reopen()
            }
            #expect(fixture.log.damages.isEmpty && fixture.log.logEndOffset == Offset(72))
            let found = try fixture.batches()
            #expect(found == batches)
        }
        _ = try scrubAll(&fixture)
        #expect(fixture.log.damages.isEmpty)
    }

    @Test("a flipped bit in an epoch, which no checksum covers, is found and mended, and what is behind is good")
    func epochField() throws {
        var (fixture, batches) = try Self.build()
        for segment in fixture.log.segmentByteCounts.dropLast().map(\.baseOffset) {
            // 0 becomes 1, 1 becomes 0, and so on: one above and one below the epochs around.
            try fixture.disk.damage(Self.path(segment), at: 15, mask: 1)
            try fixture.disk.evict(Self.path(segment))
            _ = try scrubAll(&fixture)
            let damage = try #require(fixture.log.damages.first)
            #expect(fixture.log.damages.count == 1 && damage.evidence == .wrongPlace)
            #expect(damage.segment == segment && damage.offsets == segment..<segment + 3)
            let peer = try #require(batches.first { $0.header.baseOffset == segment })
            #expect(refusal(&fixture, damage, peer.bytes) == nil)
            _ = try scrubAll(&fixture)
            #expect(fixture.log.damages.isEmpty)
        }
        let found = try fixture.batches()
        #expect(found == batches)
    }

    @Test("damage over several batches that recovery found, with the beginning of an epoch in it, is mended too")
    func mendEpochs() throws {
        var (fixture, batches) = try Self.build(isCheckpointed: false)
        let segments = fixture.log.segmentByteCounts
        let index = try #require(batches.firstIndex { $0.header.baseOffset == Offset(12) })
        let base = try #require(segments.last { $0.baseOffset <= Offset(12) }).baseOffset
        var position = batches[..<index].filter { $0.header.baseOffset >= base }.reduce(0) { $0 + $1.bytes.count }
        for batch in batches[index...index + 1] {
            try Self.flip(base, at: Int64(position + 80), on: fixture.disk)
            position += batch.bytes.count
        }
        fixture.disk.crash()
        try fixture.reopen()
        let damage = try #require(fixture.log.damages.first)
        #expect(fixture.log.damages.count == 1 && damage.offsets.lowerBound == Offset(12))
        #expect(fixture.log.epoch(of: Offset(12)) == .zero)
        let lost = batches.filter { damage.offsets.contains($0.header.baseOffset) }
        let bytes = SharedBytes(lost.flatMap(\.bytes.array))
        #expect(refusal(&fixture, damage, bytes) == nil)
        for isReopened in [false, true] {
            if isReopened { try fixture.reopen() }
            #expect(fixture.log.epoch(of: Offset(12)) == LeaderEpoch(1))
            #expect(fixture.log.epoch(of: Offset(11)) == .zero)
            let found = try fixture.batches()
            #expect(found == batches)
            #expect(fixture.log.damages.isEmpty)
        }
    }

    @Test("who wrote what was damaged is known again once it is mended, also by segments begun meanwhile")
    func mendedProducers() throws {
        var fixture = try LogFixture(LogFixture.small(segmentByteCountMax: 700))
        let first = try clientBatch(count: 3, producer: 7, sequence: 0)
        try fixture.write(first)
        try fixture.write(clientBatch(count: 3, producer: 5, sequence: 0))
        fixture.synchronize()
        let lost = try #require(try fixture.batches().first)
        try Self.flip(.zero, at: 80, on: fixture.disk)
        fixture.disk.crash()
        try fixture.reopen()
        let damage = try #require(fixture.log.damages.first)
        for round in 1..<12 { try fixture.write(clientBatch(count: 3, producer: 5, sequence: Int32(3 * round))) }
        fixture.synchronize()
        #expect(fixture.log.segmentByteCounts.count > 2)
        #expect(refusal(&fixture, damage, lost.bytes) == nil)
        for step in 0..<3 {
            let again = try fixture.write(first)
            #expect(again == Appended(baseOffset: .zero, lastOffset: Offset(2), isDuplicate: true), "step \(step)")
            switch step {
            case 0: try fixture.reopen()
            // What is left begins with the producers of a segment that began while they were not known.
            default: try fixture.log.truncateDiscarding(from: fixture.log.logEndOffset - 3, on: fixture.disk)
            }
        }
    }

    @Test("who wrote a segment that was gone is known again once it is back")
    func producersOfMissingSegment() throws {
        var fixture = try LogFixture(LogFixture.small(segmentByteCountMax: 500))
        for round in 0..<6 { try fixture.write(clientBatch(count: 3, producer: 5, sequence: Int32(3 * round))) }
        let lost = try clientBatch(count: 3, producer: 7, sequence: 0)
        let base = try fixture.write(lost).baseOffset
        for round in 6..<18 { try fixture.write(clientBatch(count: 3, producer: 5, sequence: Int32(3 * round))) }
        fixture.synchronize()
        let batches = try fixture.batches()
        let segment = try #require(fixture.log.segmentByteCounts.last { $0.baseOffset <= base }?.baseOffset)
        #expect(segment > .zero)
        try fixture.disk.remove(Self.path(segment))
        try fixture.disk.synchronizeDirectory("payments-0")
        fixture.disk.crash()
        try fixture.reopen()
        let damage = try #require(fixture.log.damages.first)
        #expect(fixture.log.damages.count == 1 && damage.offsets.contains(base))
        let bytes = batches.filter { damage.offsets.contains($0.header.baseOffset) }.flatMap(\.bytes.array)
        #expect(refusal(&fixture, damage, SharedBytes(bytes)) == nil)
        #expect(try fixture.write(lost) == Appended(baseOffset: base, lastOffset: base + 2, isDuplicate: true))
    }

    @Test("bytes that do not check, do not fit or are of another leader mend nothing")
    func refusals() throws {
        var (fixture, batches) = try Self.build()
        let segment = fixture.log.segmentByteCounts[1].baseOffset
        try Self.flip(segment, at: 100, on: fixture.disk)
        _ = try scrubAll(&fixture)
        let damage = try #require(fixture.log.damages.first)
        let index = try #require(batches.firstIndex { $0.header.baseOffset == segment })
        let right = batches[index].bytes
        let next = batches[index + 1].bytes
        let misfit = MendRefusal.doesNotFit(offsets: damage.offsets, byteCount: damage.byteCount)
        #expect(refusal(&fixture, damage, .empty) == misfit)
        #expect(refusal(&fixture, damage, next) == misfit)
        #expect(refusal(&fixture, damage, SharedBytes(right.array + next.array)) == misfit)
        var flipped = right.array
        flipped[90] ^= 1
        guard case .malformed = refusal(&fixture, damage, SharedBytes(flipped)) else {
            Issue.record("a flipped bit was taken")
            return
        }
        var newer = right.array
        newer[15] += 3
        #expect(
            refusal(&fixture, damage, SharedBytes(newer))
                == .wrongEpoch(LeaderEpoch(Int32(newer[15])), at: segment))
        #expect(fixture.log.damages == [damage])
        #expect(refusal(&fixture, damage, right) == nil)
        #expect(refusal(&fixture, damage, right) == .unknownDamage)
    }

    @Test("the active segment is scrubbed too, as far as it is durable")
    func activeScrub() throws {
        var fixture = try LogFixture()
        for _ in 0..<3 { try fixture.write(try clientBatch(["one", "two"])) }
        #expect(fixture.log.scrub(after: nil) == nil)
        fixture.synchronize()
        let durable = fixture.log.segmentByteCounts[0].byteCount
        try fixture.write(try clientBatch(["not durable"]))
        #expect(fixture.log.scrub(after: nil)?.byteCount == durable)
        try Self.flip(.zero, at: 70, on: fixture.disk)
        _ = try scrubAll(&fixture)
        #expect(fixture.log.damages.map(\.offsets) == [Offset(0)..<Offset(2)])
    }

    @Test("damage over several batches is mended piece by piece, and what is left survives a crash")
    func pieces() throws {
        var (fixture, batches) = try Self.build()
        let segment = fixture.log.segmentByteCounts[1].baseOffset
        let lost = Array(batches.drop { $0.header.baseOffset < segment }.prefix(3))
        try #require(lost.allSatisfy { $0.header.baseOffset < fixture.log.segmentByteCounts[2].baseOffset })
        var position = 0
        for batch in lost {
            try Self.flip(segment, at: Int64(position + 80), on: fixture.disk)
            position += batch.bytes.count
        }
        _ = try scrubAll(&fixture)
        for (place, batch) in lost.enumerated() {
            let damage = try #require(fixture.log.damages.first)
            #expect(damage.offsets == batch.header.baseOffset..<lost[2].header.nextOffset)
            let left = try fixture.log.mend(damage, with: batch.bytes, on: fixture.disk)
            #expect((left == nil) == (place == 2))
            #expect(fixture.log.damages == [left].compactMap(\.self))
            fixture.disk.crash()
            try fixture.reopen()
        }
        let found = try fixture.batches()
        #expect(found == batches && fixture.log.damages.isEmpty)
    }

    @Test("a segment whose file is gone is made again from a peer", arguments: [1, 2])
    func missingSegment(number: Int) throws {
        var (fixture, batches) = try Self.build()
        try fixture.log.close(on: fixture.disk)
        let segments = fixture.log.segmentByteCounts
        try fixture.disk.remove(Self.path(segments[number].baseOffset))
        try fixture.reopen()
        let damage = try #require(fixture.log.damages.first)
        #expect(damage.offsets == segments[number].baseOffset..<segments[number + 1].baseOffset)
        let bytes = batches.filter { damage.offsets.contains($0.header.baseOffset) }.flatMap(\.bytes.array)
        #expect(refusal(&fixture, damage, SharedBytes(bytes)) == nil)
        for isReopened in [false, true] {
            if isReopened {
                fixture.disk.crash()
                try fixture.reopen()
            }
            let found = try fixture.batches()
            #expect(found == batches && fixture.log.damages.isEmpty)
        }
    }

    @Test("records behind a lost end go to a segment of their own, so that the end can be put back")
    func lostEnd() throws {
        var (fixture, batches) = try Self.build()
        try fixture.log.close(on: fixture.disk)
        let last = try #require(fixture.log.segmentByteCounts.last)
        let file = try fixture.disk.open(Self.path(last.baseOffset), .readWrite)
        try fixture.disk.truncate(file, to: last.byteCount / 2)
        fixture.disk.close(file)
        try fixture.reopen()
        let damage = try #require(fixture.log.damages.first)
        #expect(damage.offsets.upperBound == Offset(72) && fixture.log.logEndOffset == Offset(72))
        try fixture.write(try clientBatch(["after"]), epoch: 6)
        fixture.synchronize()
        #expect(fixture.log.segmentByteCounts.last?.baseOffset == Offset(72))
        let bytes = batches.filter { damage.offsets.contains($0.header.baseOffset) }.flatMap(\.bytes.array)
        #expect(refusal(&fixture, damage, SharedBytes(bytes)) == nil)
        for isReopened in [false, true] {
            if isReopened {
                fixture.disk.crash()
                try fixture.reopen()
            }
            let found = try fixture.batches()
            #expect(found.dropLast() == batches[...] && found.last?.header.baseOffset == Offset(72))
            #expect(fixture.log.damages.isEmpty)
        }
    }

    @Test("bytes that were not written by this process are not verified before they are read, and damage is found then")
    func reading() throws {
        var (fixture, batches) = try Self.build()
        let written = try #require(try fixture.locate(from: .zero, byteCountMax: 700, below: Offset(72)))
        #expect(fixture.log.isVerified(written))
        try fixture.log.close(on: fixture.disk)
        try fixture.reopen()
        let slice = try #require(try fixture.locate(from: .zero, byteCountMax: 700, below: Offset(72)))
        #expect(!fixture.log.isVerified(slice))
        let whole = try fixture.disk.read(slice.file, at: slice.position, count: slice.byteCount)
        #expect(try fixture.log.verify(whole, of: slice, on: fixture.disk))
        #expect(fixture.log.isVerified(slice) && fixture.log.damages.isEmpty)
        // The second batch of the next segment.
        let segment = fixture.log.segmentByteCounts[1].baseOffset
        let first = try #require(batches.first { $0.header.baseOffset == segment })
        try Self.flip(segment, at: Int64(first.bytes.count + 80), on: fixture.disk)
        let damaged = try #require(try fixture.locate(from: segment, byteCountMax: 700, below: Offset(72)))
        let read = try fixture.disk.read(damaged.file, at: damaged.position, count: damaged.byteCount)
        #expect(try !fixture.log.verify(read, of: damaged, on: fixture.disk))
        #expect(fixture.log.damages.map(\.offsets) == [segment + 3..<segment + 6])
        let shorter = try #require(try fixture.locate(from: segment, byteCountMax: 700, below: Offset(72)))
        #expect(shorter.byteCount == first.bytes.count && fixture.log.isVerified(shorter))
    }

    @Test("what a scrub found before the log was cut counts for nothing")
    func staleScrub() throws {
        var (fixture, _) = try Self.build()
        let segment = fixture.log.segmentByteCounts[1].baseOffset
        try Self.flip(segment, at: 100, on: fixture.disk)
        var scrub = try #require(fixture.log.scrub(after: fixture.log.segmentByteCounts[0].baseOffset))
        while !scrub.isDone { try scrub.verifyNext(byteCountMax: 1 << 20, on: fixture.disk) }
        #expect(scrub.damages.count == 1)
        try fixture.log.truncateDiscarding(from: segment, on: fixture.disk)
        fixture.log.note(scrub)
        #expect(fixture.log.damages.isEmpty)
    }

    @Test("a power cut anywhere while mending leaves the damage or the mended bytes, and nothing else touched")
    func crashes() throws {
        for ordinal in 1...12 {
            var (fixture, batches) = try Self.build()
            let segment = fixture.log.segmentByteCounts[1].baseOffset
            try Self.flip(segment, at: 100, on: fixture.disk)
            _ = try scrubAll(&fixture)
            let damage = try #require(fixture.log.damages.first)
            let peer = try #require(batches.first { $0.header.baseOffset == segment })
            fixture.disk.plan(.powerCut, at: ordinal)
            _ = refusal(&fixture, damage, peer.bytes)
            fixture.disk.restart()
            try fixture.reopen()
            _ = try scrubAll(&fixture)
            #expect(fixture.log.damages.allSatisfy { $0.offsets == damage.offsets }, "cut at \(ordinal)")
            #expect(fixture.log.logEndOffset == Offset(72))
            let after = try fixture.batches(from: segment + 3)
            #expect(after == batches.filter { $0.header.baseOffset >= segment + 3 }, "cut at \(ordinal)")
        }
    }
}
