// SPDX-License-Identifier: Apache-2.0

import BrokerNode
import Primitives
import Testing

@Suite("the order and the pace of a scrub")
struct ScrubTests {
    private static func partition(_ index: Int32) -> PartitionID {
        PartitionID(topic: TopicID(high: 1, low: 2), index: PartitionIndex(index))
    }

    @Test("every partition has its turn, in order, and within it every segment after the last")
    func order() {
        var pass = ScrubPass([2, 0, 1].map(Self.partition))
        for index in 0..<3 {
            #expect(pass.partition == Self.partition(Int32(index)) && pass.segment == nil)
            pass.verified(Offset(50))
            #expect(pass.segment == Offset(50))
            pass.partitionEnded()
        }
        #expect(pass.partition == nil)
    }

    @Test("a pass goes on behind the segment it was at when the broker stopped")
    func resume() {
        let all = (0..<3).map { Self.partition($0) }
        var pass = ScrubPass(all, resume: (Self.partition(1), Offset(70)))
        #expect(pass.partition == Self.partition(1) && pass.segment == Offset(70))
        pass.partitionEnded()
        #expect(pass.partition == Self.partition(2) && pass.segment == nil)
        // The partition is gone since: the next one is begun from its first segment.
        let other = ScrubPass([Self.partition(0), Self.partition(2)], resume: (Self.partition(1), Offset(70)))
        #expect(other.partition == Self.partition(2) && other.segment == nil)
        #expect(ScrubPass([Self.partition(0)], resume: (Self.partition(1), .zero)).partition == nil)
    }

    @Test("the pauses keep to the rate, rounded up, so that many small reads are no faster")
    func pace() {
        var pass = ScrubPass([])
        #expect(pass.read(1 << 20, bytesPerSecond: 8 << 20) == 125)
        #expect(pass.read(1, bytesPerSecond: 8 << 20) == 1)
        #expect(pass.read(0, bytesPerSecond: 8 << 20) == 0)
        #expect(pass.verifiedByteCount == (1 << 20) + 1)
    }

    @Test("the position survives a restart, and bytes that are not one are refused")
    func position() throws {
        var position = ScrubPosition()
        #expect(try ScrubPosition(decoding: position.encoded) == position)
        position.passStart = Timestamp(1_700_000_000_000)
        position.lastPassStart = Timestamp(1_600_000_000_000)
        (position.partition, position.segment) = (Self.partition(7), Offset(123))
        let bytes = position.encoded
        #expect(try ScrubPosition(decoding: bytes) == position)
        for count in 0..<bytes.count {
            #expect(throws: DecodeError.self) { try ScrubPosition(decoding: bytes.slice(from: 0, count: count)) }
        }
        for place in 0..<bytes.count {
            var flipped = bytes.array
            flipped[place] ^= 1
            #expect(throws: DecodeError.self) { try ScrubPosition(decoding: SharedBytes(flipped)) }
        }
    }
}
