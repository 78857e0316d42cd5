// SPDX-License-Identifier: Apache-2.0

import Foundation
import Primitives
import Testing
import WireProtocol

@Suite("the replication catalogue")
struct ReplicationCatalogueTests {
    private static let topic = TopicID(high: 0x0123_4567_89ab_4def, low: 0x8123_4567_89ab_cdef)

    @Test("the catalogue only grows")
    func catalogue() throws {
        // RECORD=1 writes the file anew: a line there may be added, never changed.
        if ProcessInfo.processInfo.environment["RECORD"] != nil {
            try Catalogue.replication.text.write(
                to: Vectors.folder.appendingPathComponent("catalogue-replication.txt"), atomically: true,
                encoding: .utf8)
        }
        #expect(try Vectors.text("catalogue-replication.txt") == Catalogue.replication.text)
    }

    @Test("ids lie in the replication family and ascend; pushing goes both ways")
    func ids() {
        let ids = Replicas.methods.map(\.id.rawValue)
        #expect(ids == ids.sorted() && Set(ids).count == ids.count)
        #expect(ids.allSatisfy { $0 >> 8 == 2 })
        #expect(Replicas.push.descriptor.shape == .bidirectional)
        #expect(Replicas.fetchLog.descriptor.shape == .unary)
    }

    @Test("a frame with every field is these bytes")
    func golden() throws {
        let append = Replicas.PartitionAppend.with {
            ($0.topicID, $0.partitionIndex, $0.leaderEpoch) = (Self.topic, PartitionIndex(3), LeaderEpoch(7))
            ($0.previousOffset, $0.previousEpoch, $0.order) = (Offset(1000), .none, .cut)
            ($0.targetOffset, $0.targetEpoch) = (Offset(990), LeaderEpoch(5))
            ($0.endingOffset, $0.endingEpoch) = (Offset(1200), LeaderEpoch(6))
            ($0.highWatermark, $0.logStartOffset, $0.byteCount) = (Offset(980), Offset(64), 300)
        }
        let frame = Replicas.AppendFrame.with { $0.partitions = [append] }
        let expected = try Vectors.bytes("message-append-frame")
        #expect(MessageEncoder.bytes(of: frame).array == expected.array)
        #expect(try MessageDecoder.message(Replicas.AppendFrame.self, from: expected) == frame)
        for count in 1..<expected.count {
            #expect(throws: DecodeError.self) {
                try MessageDecoder.message(Replicas.AppendFrame.self, from: expected.slice(from: 0, count: count))
            }
        }
    }

    @Test("answers come back as they went")
    func roundTrips() throws {
        let answers = Replicas.AppendFrameReply.with {
            $0.brokerEpoch = 1 << 40
            $0.partitions = [
                .with { ($0.outcome, $0.logEndOffset, $0.durableEndOffset) = (.accepted, Offset(10), Offset(9)) },
                .with { ($0.outcome, $0.logEndOffset, $0.epoch) = (.diverged, Offset(10), .none) },
                .with { ($0.topicID, $0.outcome, $0.epoch) = (Self.topic, .fenced, LeaderEpoch(8)) }, .init(),
            ]
        }
        #expect(try Payload(answers).decoded() == answers)
        let response = Replicas.FetchLogResponse.with { ($0.outcome, $0.nextOffset) = (.given, Offset(5)) }
        #expect(try Payload(response).decoded() == response)
    }

    @Test("an attachment is cut by the byte counts, and must be all of them")
    func attachments() throws {
        let frame = Replicas.AppendFrame.with {
            $0.partitions = [3, 0, 2].map { count in .with { $0.byteCount = count } }
        }
        let slices = try frame.batches(in: [1, 2, 3, 4, 5])
        #expect(slices.map(\.array) == [[1, 2, 3], [], [4, 5]])
        #expect(throws: DecodeError.self) { try frame.batches(in: [1, 2, 3, 4]) }
        #expect(throws: DecodeError.self) { try frame.batches(in: [1, 2, 3, 4, 5, 6]) }
        let negative = Replicas.AppendFrame.with { $0.partitions = [.with { $0.byteCount = -1 }] }
        #expect(throws: DecodeError.self) { try negative.batches(in: .empty) }
    }

    @Test("a frame of 10,000 partitions is read in one list")
    func many() throws {
        let frame = Replicas.AppendFrame.with {
            $0.partitions = (0..<10_000).map { index in
                .with { ($0.topicID, $0.partitionIndex, $0.order) = (Self.topic, PartitionIndex(index), .append) }
            }
        }
        #expect(try Payload(frame).decoded() == frame)
    }
}
