// SPDX-License-Identifier: Apache-2.0

import Primitives
import RecordBatch
import Simulation
import StorageEngine
import Testing

@Suite("damage in what is compacted")
struct CompactionRepairTests {
    private static let path = LogFixture.folder + "/00000000000000000000.log"

    /// A compacted log with bad bytes at the positions, and its batches before and after the pass.
    private static func damaged(
        at positions: [Int64]
    ) throws -> (fixture: CompactionFixture, before: [Batch], after: [Batch]) {
        var fixture = try CompactionFixture(segmentByteCountMax: 10_000)
        try fixture.put([("a", "1"), ("b", "1")])
        try fixture.put([("a", "2"), ("c", "1")])
        try fixture.put([("c", "2")])
        try fixture.roll()
        let before = try fixture.base.batches()
        try fixture.compact()
        let after = try fixture.base.batches()
        for position in positions {
            try fixture.disk.damage(path, at: position)
            try fixture.disk.evict(path)
        }
        var scrub = try #require(fixture.log.scrub(after: nil))
        while !scrub.isDone { try scrub.verifyNext(byteCountMax: 100, on: fixture.disk) }
        fixture.base.log.note(scrub)
        return (fixture, before, after)
    }

    private func refusal(_ fixture: inout CompactionFixture, _ batches: [Batch]) throws -> MendRefusal? {
        let damage = try #require(fixture.log.damages.first)
        let bytes = SharedBytes(batches.flatMap(\.bytes.array))
        do throws(MendRefusal) {
            try fixture.base.log.mend(damage, with: bytes, on: fixture.disk)
            return nil
        } catch { return error }
    }

    @Test("is mended by a peer that has compacted the same, and not by one that would bring back what is gone")
    func sameAndLess() throws {
        var (fixture, before, after) = try Self.damaged(at: [64])
        let damage = try #require(fixture.log.damages.first)
        #expect(fixture.log.damages.count == 1 && damage.offsets == .zero..<Offset(2))
        #expect(
            try refusal(&fixture, [before[0]])
                == .doesNotFit(offsets: damage.offsets, byteCount: Int64(after[0].bytes.count)))
        #expect(fixture.log.damages == [damage])
        #expect(throws: CompactionFault.self) {
            try fixture.put([("a", "3")])
            try fixture.roll()
            try fixture.compact()
        }
        #expect(try refusal(&fixture, [after[0]]) == nil)
        #expect(try fixture.table() == ["a": "3", "b": "1", "c": "2"])
        try fixture.compactFully()
        #expect(try fixture.table() == ["a": "3", "b": "1", "c": "2"])
    }

    @Test("is mended as a whole: a piece alone could be of a peer that has compacted less")
    func pieces() throws {
        var (fixture, _, after) = try Self.damaged(at: [64, 70 + 64])
        #expect(fixture.log.damages.map(\.offsets) == [.zero..<Offset(4)])
        #expect(try refusal(&fixture, [after[0]]) != nil)
        #expect(try refusal(&fixture, Array(after[0...1])) == nil)
        #expect(fixture.log.damages.isEmpty)
        #expect(try fixture.table() == ["a": "2", "b": "1", "c": "2"])
    }
}
