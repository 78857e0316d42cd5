// SPDX-License-Identifier: Apache-2.0

import KafkaProtocol
import MyelinClient
import Primitives
import RecordBatch
import Testing

@Suite("the client's cores")
struct CoreTests {
    // MARK: Frames

    @Test("frames come out whole however the bytes are cut", arguments: 0..<50)
    func joining(seed: UInt64) throws {
        var chance = Entropy(seed: seed)
        let frames = (0..<20).map { _ in
            SharedBytes((0..<Int.random(in: 0...300, using: &chance)).map { UInt8(truncatingIfNeeded: $0) })
        }
        var writer = ByteWriter()
        for frame in frames {
            writer.writeInt32(Int32(frame.count))
            writer.writeBytes(frame)
        }
        var joiner = FrameJoiner(frameByteCountMax: 300)
        var rest = writer.shared
        var found: [SharedBytes] = []
        while !rest.isEmpty {
            let count = Int.random(in: 1...min(rest.count, 120), using: &chance)
            try joiner.append(rest.slice(from: 0, count: count)) { found.append($0) }
            rest = rest.slice(from: count, count: rest.count - count)
        }
        #expect(found == frames)
    }

    @Test("a size that is negative or too large is refused at once", arguments: [-1, 301, Int32.max])
    func impossibleSize(size: Int32) {
        var writer = ByteWriter()
        writer.writeInt32(size)
        var joiner = FrameJoiner(frameByteCountMax: 300)
        #expect(throws: DecodeError.self) { try joiner.append(writer.shared) { _ in Issue.record("a frame") } }
    }

    // MARK: Partitions

    @Test(
        "keys go where Kafka's Java clients put them",
        arguments: [
            ("21", -973_932_308), ("foobar", -790_332_482), ("a-little-bit-long-string", -985_981_536),
            ("a-little-bit-longer-string", -1_486_304_829), ("abc", 479_470_107),
            ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
        ] as [(String, Int32)])
    func murmur(key: String, hash: Int32) {
        #expect(Int32(bitPattern: Murmur2.hash(SharedBytes(key))) == hash)
        var partitioner = Partitioner()
        let partition = partitioner.partition(forKey: SharedBytes(key), of: "t", count: 7)
        #expect(partition.rawValue == (hash & 0x7fff_ffff) % 7)
    }

    @Test("records without a key stay in one partition until its batch is full, and each partition gets its turn")
    func sticky() {
        var partitioner = Partitioner()
        var seen: [Int32] = []
        for _ in 0..<6 {
            partitioner.turn("t")
            let first = partitioner.partition(forKey: nil, of: "t", count: 3)
            #expect(partitioner.partition(forKey: nil, of: "t", count: 3) == first)
            seen.append(first.rawValue)
        }
        #expect(seen == [0, 1, 2, 0, 1, 2])
    }

    @Test("a topic's partitions are shared in runs, the first members get one more, and only those who want the topic")
    func range() {
        let assigned = RangeAssignor.assign(
            ["a": ["x", "y"], "b": ["x"], "c": ["x", "y", "gone"]], partitionCounts: ["x": 7, "y": 1])
        func list(_ topic: String, _ range: Range<Int32>) -> [TopicPartition] {
            range.map { TopicPartition(topic: topic, partition: PartitionIndex($0)) }
        }
        #expect(assigned["a"] == list("x", 0..<3) + list("y", 0..<1))
        #expect(assigned["b"] == list("x", 3..<5))
        #expect(assigned["c"] == list("x", 5..<7))
    }

    // MARK: Batches

    private func record(_ size: Int) -> Record {
        Record(timestamp: Timestamp(1), value: SharedBytes([UInt8](repeating: 7, count: size)))
    }

    @Test("records share a batch while it has room, a large one is alone, and memory is counted until it is released")
    func accumulating() throws {
        let partition = TopicPartition(topic: "t", partition: PartitionIndex(0))
        var accumulator = Accumulator<Int>(batchByteCountMax: 1_000, codec: .none)
        var receipts = 0
        func makeReceipt() -> Int {
            receipts += 1
            return receipts
        }
        let sizes = [300, 300, 300, 5_000, 10]
        let taken = sizes.map { size in accumulator.append(record(size), to: partition, makeReceipt: makeReceipt) }
        #expect(taken.map(\.receipt) == [1, 1, 2, 3, 4])
        #expect(taken.map(\.place) == [0, 1, 0, 0, 0])
        #expect(!accumulator.hasRoom(for: record(2_000), in: partition))
        #expect(accumulator.hasRoom(for: record(10), in: partition))
        var counts: [Int32] = []
        while let batch = accumulator.take(partition) {
            counts.append(batch.builder.recordCount)
            let before = accumulator.byteCount
            accumulator.release(batch)
            #expect(accumulator.byteCount == before - batch.builder.uncompressedByteCount)
        }
        #expect(counts == [2, 1, 1, 1])
        #expect(accumulator.byteCount == 0 && accumulator.isEmpty)
    }

    // MARK: Transactions

    private func batch(_ producer: Int64, at offset: Int64, transactional: Bool = true) -> Batch {
        var builder = BatchBuilder(
            producer: BatchProducer(id: ProducerID(producer), epoch: ProducerEpoch(0), baseSequence: 0),
            isTransactional: transactional)
        builder.append(record(5))
        return builder.build(using: Compressor(), baseOffset: Offset(offset))
    }

    private func marker(_ outcome: TransactionOutcome, _ producer: Int64, at offset: Int64) -> Batch {
        BatchBuilder.endTransaction(
            outcome, producerID: ProducerID(producer), producerEpoch: ProducerEpoch(0), coordinatorEpoch: 0,
            timestamp: Timestamp(1), baseOffset: Offset(offset))
    }

    @Test("records of aborted transactions are left out, each until its producer's marker")
    func aborted() {
        var aborts = [FetchResponse.AbortedTransaction(), FetchResponse.AbortedTransaction()]
        (aborts[0].producerID, aborts[0].firstOffset) = (9, 4)
        (aborts[1].producerID, aborts[1].firstOffset) = (8, 1)
        var filter = AbortFilter(aborts)
        let log = [
            (batch(9, at: 0), true), (batch(8, at: 1), false), (batch(7, at: 2, transactional: false), true),
            (marker(.committed, 9, at: 3), false), (batch(9, at: 4), false), (batch(8, at: 5), false),
            (marker(.aborted, 8, at: 6), false), (batch(8, at: 7), true), (marker(.aborted, 9, at: 8), false),
            (batch(9, at: 9), true),
        ]
        #expect(log.map { filter.takes($0.0) } == log.map(\.1))
    }

    // MARK: Waiting

    @Test("waits double up to a bound, and chance moves each by a fifth at most")
    func backoff() {
        var even = Backoff()
        let waits = (0..<10).map { _ in even.nextMilliseconds(chance: 0.5) }
        #expect(waits == [20, 40, 80, 160, 320, 640, 1_000, 1_000, 1_000, 1_000])
        var (low, high) = (Backoff(), Backoff())
        #expect(low.nextMilliseconds(chance: 0) == 16)
        #expect(high.nextMilliseconds(chance: 0.999_999) == 23)
    }
}
