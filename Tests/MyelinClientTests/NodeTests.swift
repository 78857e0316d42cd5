// SPDX-License-Identifier: Apache-2.0

import AdminClient
import KafkaProtocol
import MyelinClient
import Primitives
import RecordBatch
import Synchronization
import TestNode
import Testing
import WireProtocol

@Suite("the client and a real node", .serialized, .timeLimit(.minutes(3)))
struct NodeTests {
    /// Runs `body` with a node that has a topic `t`, and a client of it.
    private func withTopic(
        partitions: Int32 = 1, messageBytesMax: Int? = nil, _ body: (MyelinClient, AdminNode) async throws -> Void
    ) async throws {
        try await AdminNode.with { node in
            let limit = messageBytesMax.map { bytes in
                Admin.ConfigSetting.with { ($0.name, $0.value) = ("max.message.bytes", "\(bytes)") }
            }
            _ = try await node.client.createTopic("t", partitions: partitions, configs: limit.map { [$0] } ?? [])
            let client = try MyelinClient(bootstrap: node.address, createsTopics: false)
            let result: Result<Void, any Error>
            do { result = .success(try await body(client, node)) } catch { result = .failure(error) }
            await client.close()
            try result.get()
        }
    }

    private func place(_ partition: Int32) -> TopicPartition {
        TopicPartition(topic: "t", partition: PartitionIndex(partition))
    }

    private func record(_ value: String, _ partition: Int32? = 0, at time: Int64? = nil) -> ProducerRecord {
        ProducerRecord(
            topic: "t", partition: partition.map { PartitionIndex($0) }, value: SharedBytes(value),
            timestamp: time.map { Timestamp($0) })
    }

    /// Everything that is there now, read by a consumer that knows where to stop.
    private func all(
        of partitions: [TopicPartition], _ client: MyelinClient, _ settings: ConsumerSettings = ConsumerSettings()
    ) async throws -> [ConsumerRecord] {
        let ends = try await client.offsets(of: partitions, at: .latest, isolationLevel: settings.isolationLevel)
        let consumer = Consumer(client, settings: settings)
        await consumer.assign(ends.mapValues { _ in nil }, upTo: ends)
        var found: [ConsumerRecord] = []
        for try await record in consumer.records { found.append(record) }
        #expect(await consumer.hasReachedEnd)
        #expect(try await consumer.poll().isEmpty)
        try await consumer.close()
        return found
    }

    @Test("leaders tell where their partitions begin, end, and have the first record of a time")
    func offsets() async throws {
        try await withTopic(partitions: 3) { client, node in
            let producer = Producer(client)
            for time: Int64 in [1_000, 2_000, 3_000] { _ = try await producer.produce(record("a", 0, at: time)) }
            _ = try await producer.produce(record("a", 1, at: 1_500))
            _ = try await node.client.trimPartition("t", PartitionIndex(0), before: Offset(1))
            let partitions = (0..<3).map { place($0) }
            func found(_ where: OffsetPlace) async throws -> [Int64?] {
                let offsets = try await client.offsets(of: partitions, at: `where`)
                return partitions.map { offsets[$0]?.rawValue }
            }
            #expect(try await found(.earliest) == [1, 0, 0])
            #expect(try await found(.latest) == [3, 1, 0])
            #expect(try await found(.at(Timestamp(1_500))) == [1, 0, nil])
            #expect(try await found(.at(Timestamp(2_001))) == [2, nil, nil])
            let unknown = await #expect(throws: ClientError.self) {
                try await client.offsets(of: [place(9)], at: .latest, withinMilliseconds: 200)
            }
            #expect(unknown?.reason == .invalidArgument)
            await producer.close()
        }
    }

    @Test("partitions are read up to their ends and no further, whatever is written meanwhile")
    func bounded() async throws {
        try await withTopic(partitions: 2) { client, _ in
            let producer = Producer(client)
            _ = try await producer.send((0..<1_000).map { record("\($0)", $0 % 2) })
            await producer.flush()
            let consumer = Consumer(client)
            await consumer.assign(
                [place(0): Offset(100), place(1): nil], upTo: [place(0): Offset(300), place(1): Offset(7)])
            _ = try await producer.send((0..<1_000).map { record("later \($0)", $0 % 2) })
            var offsets: [TopicPartition: [Int64]] = [:]
            for try await record in consumer.records {
                offsets[record.partition, default: []].append(record.offset.rawValue)
            }
            #expect(offsets[place(0)] == Array(100..<300))
            #expect(offsets[place(1)] == Array(0..<7))
            try await consumer.close()
            await producer.close()
        }
    }

    @Test("a bounded reader comes to its end though the last offsets hold no records, and sees no aborted ones")
    func transactions() async throws {
        try await withTopic { client, _ in
            struct Refusal: Error {}
            var settings = ProducerSettings()
            settings.transactionalID = "writer"
            let producer = Producer(client, settings: settings)
            try await producer.transaction { _ = try await $0.send(record("kept")) }
            await #expect(throws: Refusal.self) {
                try await producer.transaction {
                    _ = try await $0.send(record("dropped"))
                    throw Refusal()
                }
            }
            #expect(try await all(of: [place(0)], client).map(\.valueText) == ["kept"])
            var everything = ConsumerSettings()
            everything.isolationLevel = .readUncommitted
            #expect(try await all(of: [place(0)], client, everything).map(\.valueText) == ["kept", "dropped"])
            await producer.close()
        }
    }

    @Test("records without keys that come together share a batch, and each batch goes to another partition")
    func sticky() async throws {
        try await withTopic(partitions: 3) { client, _ in
            let producer = Producer(client)
            for round in 0..<3 {
                let deliveries = try await producer.send((0..<100).map { record("\(round) \($0)", nil) })
                for (place, delivery) in deliveries.enumerated() {
                    let position = try await delivery.position()
                    #expect(position.partition.partition == PartitionIndex(Int32(round)))
                    #expect(position.offset == Offset(Int64(place)))
                }
            }
            await producer.close()
        }
    }

    @Test("who watches a producer is told of each batch, stored or refused")
    func outcomes() async throws {
        try await withTopic(messageBytesMax: 10_000) { client, _ in
            let told = Mutex<[BatchOutcome]>([])
            let producer = Producer(client) { outcome in told.withLock { $0.append(outcome) } }
            let position = try await producer.produce(record("a"))
            #expect(position.offset == Offset(0))
            let refusal = await #expect(throws: ClientError.self) {
                try await producer.produce(record(String(repeating: "x", count: 20_000)))
            }
            #expect(refusal?.reason == .refused("MESSAGE_TOO_LARGE"))
            #expect(refusal?.remedy.contains("max.message.bytes") == true)
            // The refused batch takes nothing from those behind it.
            #expect(try await producer.produce(record("b")).offset == Offset(1))
            let outcomes = told.withLock { $0 }
            #expect(outcomes.map(\.recordCount) == [1, 1, 1])
            #expect(outcomes.allSatisfy { $0.elapsed > .zero && $0.byteCount > 61 })
            #expect(outcomes.map { try? $0.result.get() } == [Offset(0), nil, Offset(1)])
            await producer.close()
        }
    }

    @Test("records that nobody acknowledges have left when the producer is flushed")
    func unacknowledged() async throws {
        try await withTopic(partitions: 2) { client, _ in
            var settings = ProducerSettings()
            settings.acknowledgement = .nobody
            let producer = Producer(client, settings: settings)
            let deliveries = try await producer.send((0..<500).map { record("\($0)", $0 % 2) })
            await producer.flush()
            #expect(try await deliveries[0].position().offset == nil)
            await producer.close()
            let consumer = Consumer(client)
            await consumer.assign(
                [place(0): nil, place(1): nil], upTo: [place(0): Offset(250), place(1): Offset(250)])
            var values: Set<String?> = []
            for try await record in consumer.records { values.insert(record.valueText) }
            #expect(values.count == 500)
            try await consumer.close()
        }
    }

    @Test("an abandoned producer ends at once, and says so to all who wait")
    func abandoned() async throws {
        try await withTopic { client, node in
            _ = try await client.partitionCount(of: "t")
            _ = try await node.client.deleteTopics(["t"])
            let producer = Producer(client)
            // Tried again for two minutes, unless it is given up.
            let delivery = try await producer.send(record("a"))
            try await Task.sleep(for: .milliseconds(200))
            let start = ContinuousClock.now
            await producer.abandon()
            let refusal = await #expect(throws: ClientError.self) { try await delivery.position() }
            #expect(refusal?.reason == .closed)
            await #expect(throws: ClientError.self) { try await producer.send(record("b")) }
            #expect(start.duration(to: .now) < .seconds(10))
        }
    }

    @Test("a topic that was deleted is told to who reads its partitions, once trying again has not helped")
    func deleted() async throws {
        try await withTopic { client, node in
            var settings = ConsumerSettings()
            settings.requestMilliseconds = 1_000
            let consumer = Consumer(client, settings: settings)
            await consumer.assign([place(0): nil])
            _ = try await Producer(client).produce(record("a"))
            #expect(try await consumer.poll().map(\.valueText) == ["a"])
            _ = try await node.client.deleteTopics(["t"])
            let refusal = await #expect(throws: ClientError.self) {
                for _ in 0..<60 { _ = try await consumer.poll() }
            }
            #expect(refusal?.reason == .timedOut)
            #expect(refusal?.message.contains("UNKNOWN_TOPIC_OR_PARTITION") == true)
            try await consumer.close()
        }
    }

    @Test("a late record of one partition does not wait for the long poll of another")
    func longPolls() async throws {
        try await withTopic(partitions: 2) { client, _ in
            var settings = ConsumerSettings()
            settings.fetchWaitMilliseconds = 20_000
            let consumer = Consumer(client, settings: settings)
            await consumer.assign([place(0): nil, place(1): nil])
            let producer = Producer(client)
            _ = try await producer.send([record("a", 0), record("b", 1)])
            await producer.flush()
            // Both partitions come in one answer; what is asked next must ask for both.
            var found: [String?] = []
            while found.count < 2 { found += try await consumer.poll().map(\.valueText) }
            let start = ContinuousClock.now
            for partition: Int32 in [1, 0, 1] {
                _ = try await producer.produce(record("late", partition))
                #expect(try await consumer.poll().map(\.partition) == [place(partition)])
            }
            #expect(start.duration(to: .now) < .seconds(10))
            await producer.close()
            try await consumer.close()
        }
    }
}

@Suite("runs of batches")
struct FetchedRunTests {
    private func batch(_ values: [String], at base: Int64) -> [UInt8] {
        var builder = BatchBuilder()
        for value in values { builder.append(timestamp: Timestamp(1), value: SharedBytes(value)) }
        return builder.build(using: Compressor(), baseOffset: Offset(base)).bytes.array
    }

    private func run(_ bytes: [UInt8], from offset: Int64) -> FetchedRun {
        FetchedRun(
            partition: TopicPartition(topic: "t", partition: PartitionIndex(0)), fetchOffset: Offset(offset),
            bytes: SharedBytes(bytes), aborted: [])
    }

    @Test("records before the offset and from the end on are left out, and so is a batch that is cut off")
    func bounds() throws {
        let bytes = batch(["0", "1", "2"], at: 0) + batch(["3", "4", "5"], at: 3) + batch(["6"], at: 6).dropLast()
        let open = try run(bytes, from: 1).records(upTo: nil)
        #expect(open.records.map(\.valueText) == ["1", "2", "3", "4", "5"])
        #expect(open.nextOffset == Offset(6))
        let bounded = try run(bytes, from: 1).records(upTo: Offset(5))
        #expect(bounded.records.map(\.valueText) == ["1", "2", "3", "4"])
        #expect(bounded.nextOffset == Offset(5))
        #expect(try run(bytes, from: 1).records(upTo: Offset(3)).records.map(\.valueText) == ["1", "2"])
    }

    @Test("what stands before a damaged batch is handed out first, then it is told where to go on")
    func damage() throws {
        var damaged = batch(["3", "4"], at: 3)
        damaged[damaged.count - 1] ^= 1
        let bytes = batch(["0", "1", "2"], at: 0) + damaged + batch(["5"], at: 5)
        let good = try run(bytes, from: 0).records(upTo: nil)
        #expect(good.records.count == 3)
        #expect(good.nextOffset == Offset(3))
        let error = #expect(throws: ClientError.self) {
            try run(Array(bytes.dropFirst(batch(["0", "1", "2"], at: 0).count)), from: 3).records(upTo: nil)
        }
        #expect(
            error?.reason
                == .damaged(TopicPartition(topic: "t", partition: PartitionIndex(0)), next: Offset(5)))
    }
}
