// SPDX-License-Identifier: Apache-2.0

import AdminClient
import BrokerNode
import Primitives
import RecordBatch
import Testing
import Transport
import WireProtocol

@Suite("Admin: records", .serialized, .timeLimit(.minutes(3)))
struct AdminRecordTests {
    @Test("10,000 records go in through one stream and come out to a slow reader, all of them and in order")
    func tenThousand() async throws {
        try await AdminNode.with { node in
            _ = try await node.client.createTopic("orders", partitions: 1)
            let filler = String(repeating: "x", count: 1_000)
            let sent = (0..<10_000).map { "\($0) \(filler)" }
            let stored = try await node.produce(
                stride(from: 0, to: 10_000, by: 100).map { Array(sent[$0..<$0 + 100]) }, to: "orders")
            #expect(stored.itemCount == 100)
            #expect(stored.recordCount == 10_000)
            #expect(stored.failedItemCount == 0)

            // Ten times what the client grants without reading.
            let stream = node.client.consume(
                .with {
                    $0.topic = "orders"
                    $0.start = .with { $0.kind = .earliest }
                    $0.itemBytesMax = 256 << 10
                })
            var found: [String] = []
            for try await item in stream.items {
                found += try values(of: item)
                try await Task.sleep(for: .milliseconds(10))
            }
            #expect(found == sent)
            #expect(try await stream.response().partitions.map(\.nextOffset) == [Offset(10_000)])
        }
    }

    @Test("acknowledgements come in the order of the items, with offsets, and each item fails alone")
    func acknowledgements() async throws {
        try await AdminNode.with { node in
            _ = try await node.client.createTopic("orders", partitions: 2)
            let stream = node.client.produce(to: "orders")
            let good = batch(["a", "b"], at: node.now).bytes
            var broken = good.array
            broken[70] ^= 1
            let attachments = [[good], [SharedBytes(broken)], [good, good], [SharedBytes("no batch")], [good]]
            for (place, attachment) in attachments.enumerated() {
                // The last one names a partition that is not there.
                let partition = PartitionIndex(place == 4 ? 9 : 0)
                try await stream.writer.send(
                    .with { ($0.sequence, $0.partition) = (UInt64(place), partition) }, attachments: attachment)
            }
            stream.finish()
            var acknowledged: [Admin.ProduceAcknowledgement] = []
            for try await item in stream.items { acknowledged.append(item.message) }
            #expect(acknowledged.map(\.sequence) == [0, 1, 2, 3, 4])
            #expect(acknowledged.map(\.baseOffset) == [0, -1, 2, -1, -1].map { Offset($0) })
            let codes = acknowledged.map { $0.error?.reason }
            #expect(codes == [nil, "CORRUPT_MESSAGE", nil, "CORRUPT_MESSAGE", "UNKNOWN_TOPIC_OR_PARTITION"])
            #expect(acknowledged[4].error?.remedy == "It has partitions 0 to 1.")
            let sums = try await stream.response()
            #expect(sums.itemCount == 2)
            #expect(sums.recordCount == 6)
            #expect(sums.failedItemCount == 3)
        }
    }

    @Test("of several batches in one item none is stored when one is not valid")
    func wholeItems() async throws {
        try await AdminNode.with { node in
            _ = try await node.client.createTopic("orders", partitions: 1)
            let good = batch(["a"], at: node.now).bytes
            var broken = good.array
            broken[broken.count - 2] ^= 1
            let stream = node.client.produce(to: "orders")
            try await stream.writer.send(.with { $0.sequence = 1 }, attachments: [good, SharedBytes(broken)])
            stream.finish()
            var errors: [String?] = []
            for try await item in stream.items { errors.append(item.message.error?.reason) }
            #expect(errors == ["CORRUPT_MESSAGE"])
            #expect(try await node.client.describeTopic("orders").partitions.map(\.logEndOffset) == [Offset(0)])
        }
    }

    @Test("with acks=0 only failures are answered")
    func unacknowledged() async throws {
        try await AdminNode.with { node in
            _ = try await node.client.createTopic("orders", partitions: 1)
            let stream = node.client.produce(to: "orders", acks: 0)
            let good = batch(["a"], at: node.now).bytes
            for place in 0..<3 {
                try await stream.writer.send(
                    .with { $0.sequence = UInt64(place) }, attachments: place == 1 ? [] : [good])
            }
            stream.finish()
            var answered: [UInt64] = []
            for try await item in stream.items { answered.append(item.message.sequence) }
            #expect(answered == [1])
            #expect(try await stream.response().itemCount == 2)
        }
    }

    @Test("a stream into an unknown topic, or with acks that mean nothing, is refused before any record is sent")
    func refusedStreams() async throws {
        try await AdminNode.with { node in
            _ = try await node.client.createTopic("orders", partitions: 1)
            let unknown = await #expect(throws: RPCError.self) {
                try await node.client.produce(to: "order").response()
            }
            #expect(unknown?.remedy.hasPrefix("Did you mean 'orders'?") == true)
            let acks = await #expect(throws: RPCError.self) {
                try await node.client.produce(to: "orders", acks: 2).response()
            }
            #expect(acks?.code == .invalidRequest)
            let consume = await #expect(throws: RPCError.self) { try await node.consume { $0.topic = "order" } }
            #expect(consume?.code == .notFound)
            let partition = await #expect(throws: RPCError.self) {
                try await node.consume {
                    $0.topic = "orders"
                    $0.partitions = [PartitionIndex(3)]
                }
            }
            #expect(partition?.message == "topic 'orders' has no partition 3")
        }
    }

    @Test(
        "a stream begins and ends where it is told",
        arguments: [
            (position(.earliest), nil, ["0", "1", "2", "3", "4", "5"]),
            (position(.latest), nil, []),
            (position(.offset, 4), nil, ["4", "5"]),
            (position(.offset, 6), nil, []),
            (position(.countFromEnd, 2), nil, ["4", "5"]),
            (position(.countFromEnd, 99), nil, ["0", "1", "2", "3", "4", "5"]),
            (position(.timestamp, 2_000), nil, ["2", "3", "4", "5"]),
            (position(.timestamp, 9_000), nil, []),
            (position(.earliest), position(.offset, 3), ["0", "1", "2"]),
            (position(.offset, 1), position(.timestamp, 4_000), ["1", "2", "3"]),
            (position(.offset, 2), position(.offset, 2), []),
            (position(.earliest), position(.offset, 99), ["0", "1", "2", "3", "4", "5"]),
        ] as [(Admin.Position, Admin.Position?, [String])])
    func ranges(start: Admin.Position, end: Admin.Position?, expected: [String]) async throws {
        try await AdminNode.with { node in
            _ = try await node.client.createTopic("orders", partitions: 1)
            // Batches of three, one second from record to record.
            var builder = BatchBuilder()
            for place in 0..<6 {
                builder.append(timestamp: Timestamp(Int64(place) * 1_000), value: SharedBytes("\(place)"))
                guard place % 3 == 2 else { continue }
                let stream = node.client.produce(to: "orders")
                try await stream.writer.send(.init(), attachments: [builder.build(using: Compressor()).bytes])
                stream.finish()
                #expect(try await stream.response().recordCount == 3)
                builder = BatchBuilder()
            }
            let found = try await node.consume {
                $0.topic = "orders"
                $0.start = start
                $0.end = end
            }
            #expect(found == expected)
        }
    }

    @Test("a position outside the log is an error of its partition that tells the log's bounds")
    func outside() async throws {
        try await AdminNode.with { node in
            _ = try await node.client.createTopic("orders", partitions: 1)
            try await node.produce([["a"]], to: "orders")
            let error = await #expect(throws: RPCError.self) {
                try await node.consume {
                    $0.topic = "orders"
                    $0.start = position(.offset, 7)
                }
            }
            #expect(error?.reason == "OFFSET_OUT_OF_RANGE")
            #expect(error?.message == "orders-0 has offsets 0 to 1")
        }
    }

    @Test("a count stops the stream after the batch that reaches it")
    func countMax() async throws {
        try await AdminNode.with { node in
            _ = try await node.client.createTopic("orders", partitions: 1)
            try await node.produce([["a", "b"], ["c", "d"], ["e", "f"]], to: "orders")
            let found = try await node.consume {
                $0.topic = "orders"
                $0.start = position(.earliest)
                $0.recordCountMax = 3
            }
            #expect(found == ["a", "b", "c", "d"])
        }
    }

    @Test("chosen partitions are read, each in its own order")
    func partitions() async throws {
        try await AdminNode.with { node in
            _ = try await node.client.createTopic("orders", partitions: 3)
            for partition in Int32(0)..<3 {
                try await node.produce([["\(partition)a"], ["\(partition)b"]], to: "orders", partition)
            }
            let found = try await node.consume {
                $0.topic = "orders"
                $0.start = position(.earliest)
                $0.partitions = [PartitionIndex(2), PartitionIndex(0)]
            }
            #expect(found.filter { $0.hasPrefix("0") } == ["0a", "0b"])
            #expect(found.filter { $0.hasPrefix("2") } == ["2a", "2b"])
            #expect(found.count == 4)
        }
    }

    @Test(
        "a following stream brings what is produced after it began, says when it has caught up, and ends when cancelled"
    )
    func follow() async throws {
        try await AdminNode.with { node in
            _ = try await node.client.createTopic("orders", partitions: 2)
            try await node.produce([["old"]], to: "orders", 1)
            let stream = node.client.consume(
                .with {
                    $0.topic = "orders"
                    $0.start = position(.earliest)
                    $0.follow = true
                })
            var items = stream.items.makeAsyncIterator()
            let first = try #require(try await items.next())
            #expect(try values(of: first) == ["old"])
            #expect(first.message.isCaughtUp)
            for round in 0..<5 {
                try await node.produce([["new \(round)"]], to: "orders", Int32(round % 2))
                let next = try #require(try await items.next())
                #expect(try values(of: next) == ["new \(round)"])
            }
            // A deleted topic ends the stream, with the reason at its partitions.
            _ = try await node.client.deleteTopics(["orders"])
            #expect(try await items.next() == nil)
            let response = try await stream.response()
            #expect(
                response.partitions.map { $0.error?.reason } == Array(repeating: "UNKNOWN_TOPIC_OR_PARTITION", count: 2)
            )
        }
    }

    @Test("a following stream that was cancelled ends, and does not hold up a server that drains")
    func abandoned() async throws {
        try await AdminNode.with { node in
            _ = try await node.client.createTopic("orders", partitions: 1)
            try await node.produce([["a"]], to: "orders")
            let stream = node.client.consume(
                .with {
                    $0.topic = "orders"
                    $0.start = position(.earliest)
                    $0.follow = true
                })
            var items = stream.items.makeAsyncIterator()
            #expect(try await items.next() != nil)
            stream.cancel()
            await #expect(throws: RPCError.self) { try await stream.response() }
            let start = ContinuousClock.now
            await node.server.drain(withinMilliseconds: 60_000)
            #expect(ContinuousClock.now - start < .seconds(20))
        }
    }
}

func position(_ kind: Admin.PositionKind, _ value: Int64 = 0) -> Admin.Position {
    .with {
        $0.kind = kind
        if kind == .timestamp { $0.timestamp = Timestamp(value) } else { $0.offset = Offset(value) }
    }
}
