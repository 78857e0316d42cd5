// SPDX-License-Identifier: Apache-2.0

import BrokerNode
import Foundation
import KafkaProtocol
import Primitives
import Telemetry
import Testing

@Suite("metrics of a node")
struct ObservationTests {
    private let now = Timestamp(Int64(Date().timeIntervalSince1970 * 1_000))

    @Test("after the start every metric of the catalogue is there")
    func everyMetricIsThere() async throws {
        try await NodeUnderTest.run { tested in
            let samples = await tested.samples()
            for metric in MetricCatalogue.all { #expect(samples.names.contains(metric.name), "\(metric.name)") }
            #expect(samples.names.count == MetricCatalogue.all.count)
            #expect(samples["myelin_requests_total{api=\"Produce\",error=\"NONE\"}"] == 0)
            #expect(samples["myelin_connections"] == 0)
            #expect(
                samples["myelin_log_directory_state{directory=\"\(tested.folder)\",state=\"online\"}"] == 1)
            #expect(samples["myelin_scrape_unanswered_shards"] == 0)
            let disk = tested.node.diskMechanism
            #expect(
                samples["myelin_build_info{version=\"unknown\",commit=\"unknown\",disk=\"\(disk)\"}"] == 1)
        }
    }

    @Test("requests, records and bytes are counted exactly, by API, error, topic and shard")
    func countsExactly() async throws {
        try await NodeUnderTest.run { tested in
            let client = try tested.client()
            try await client.createTopic("t", partitionCount: 2)
            var byteCount = 0
            for partition: Int32 in [0, 1, 1] {
                let produced = try await client.produce("t", partition, times: [now, now, now])
                #expect(produced.errorCode == 0)
                byteCount += produced.byteCount
            }
            #expect(
                try await client.produce("t", 2, times: [now]).errorCode == ErrorCode.unknownTopicOrPartition.rawValue)
            let fetched = try await client.fetch("t", 1, from: 0).records.byteCount
            #expect(try await client.fetch("t", 1, from: 99).errorCode == ErrorCode.offsetOutOfRange.rawValue)
            let samples = await tested.samples()
            #expect(samples["myelin_requests_total{api=\"Produce\",error=\"NONE\"}"] == 3)
            #expect(samples["myelin_requests_total{api=\"Produce\",error=\"UNKNOWN_TOPIC_OR_PARTITION\"}"] == 1)
            #expect(samples["myelin_requests_total{api=\"Fetch\",error=\"NONE\"}"] == 1)
            #expect(samples["myelin_requests_total{api=\"Fetch\",error=\"OFFSET_OUT_OF_RANGE\"}"] == 1)
            #expect(samples["myelin_requests_total{api=\"CreateTopics\",error=\"NONE\"}"] == 1)
            #expect(samples["myelin_request_duration_seconds_count{api=\"Produce\"}"] == 4)
            #expect(samples["myelin_rejected_batches_total{error=\"UNKNOWN_TOPIC_OR_PARTITION\"}"] == 1)
            #expect(samples["myelin_produced_records_total{topic=\"t\"}"] == 9)
            #expect(samples["myelin_produced_batches_total{topic=\"t\"}"] == 3)
            #expect(samples["myelin_produced_bytes_total{topic=\"t\"}"] == Double(byteCount))
            #expect(samples["myelin_fetched_bytes_total{topic=\"t\"}"] == Double(fetched))
            #expect(fetched == byteCount / 3 * 2)
            let shards = ["0", "1"].compactMap { samples["myelin_log_appended_bytes_total{shard=\"\($0)\"}"] }
            #expect(shards.reduce(0, +) == Double(byteCount))
            // Neighbours in a topic lie on neighbouring shards.
            #expect(shards.allSatisfy { $0 > 0 })
            #expect(samples["myelin_log_end_offset{topic=\"t\",partition=\"1\"}"] == 6)
            #expect(samples["myelin_log_size_bytes{topic=\"t\",partition=\"0\"}"] == Double(byteCount / 3))
            #expect(samples["myelin_topics"] == 1)
            #expect(samples["myelin_partitions{state=\"online\"}"] == 2)
            #expect(samples["myelin_received_bytes_total"] == Double(await client.sentByteCount))
            #expect(samples["myelin_sent_bytes_total"] == Double(await client.receivedByteCount))
            #expect(samples["myelin_connections"] == 1)
            #expect(samples["myelin_connections_accepted_total"] == 1)
            let syncCount = try #require(samples["myelin_disk_sync_duration_seconds_count"])
            #expect(syncCount >= 3)
        }
    }

    @Test("bytes read are told apart by where they came from, and add up to what was fetched")
    func readsBySource() async throws {
        try await NodeUnderTest.run { tested in
            let client = try tested.client()
            try await client.createTopic("small")
            try await client.createTopic("large")
            let small = try await client.produce("small", times: [now]).byteCount
            let large = try await client.produce("large", times: [now], valueByteCount: 100_000).byteCount
            let fetchedSmall = try await client.fetch("small", from: 0).records.byteCount
            #expect(fetchedSmall == small)
            #expect(try await client.fetch("large", from: 0).records.byteCount == large)
            let samples = await tested.samples()
            let sources = ["cached", "sendfile", "cold"].map {
                samples["myelin_log_read_bytes_total{source=\"\($0)\"}"] ?? -1
            }
            #expect(sources.reduce(0, +) == Double(small + large))
            // What was just written is in the page cache.
            #expect(sources == [Double(small), Double(large), 0])
        }
    }

    @Test("an unanswered produce with an error, a bad frame and an unknown API leave their marks")
    func refusals() async throws {
        try await NodeUnderTest.run { tested in
            let silent = try tested.client()
            try await silent.produce("absent", times: [now], acks: 0)
            await #expect(throws: KafkaTestClient.ConnectionClosed.self) {
                try await silent.receive(ProduceResponse.self, version: 7)
            }
            let unknown = try tested.client()
            try await unknown.sendFrame([0x7f, 0xff, 0, 0, 0, 0, 0, 1])
            #expect(try await unknown.isClosed())
            let garbled = try tested.client()
            try await garbled.sendFrame([0, 3, 0, 9, 0, 0, 0, 1, 0xff, 0xff, 0, 0x7f])
            #expect(try await garbled.isClosed())
            let oversized = try tested.client()
            try await oversized.sendBytes([0x7f, 0xff, 0xff, 0xff])
            #expect(try await oversized.isClosed())
            let samples = await tested.samples()
            #expect(samples["myelin_requests_total{api=\"Produce\",error=\"UNKNOWN_TOPIC_OR_PARTITION\"}"] == 1)
            #expect(samples["myelin_rejected_batches_total{error=\"UNKNOWN_TOPIC_OR_PARTITION\"}"] == 1)
            for reason in ["unknown_api", "malformed_request", "bad_size"] {
                #expect(samples["myelin_frames_rejected_total{reason=\"\(reason)\"}"] == 1, "\(reason)")
            }
            #expect(samples["myelin_frames_rejected_total{reason=\"unsupported_version\"}"] == 0)
            #expect(samples["myelin_connections_accepted_total"] == 4)
            #expect(samples["myelin_connections"] == 0)
        }
    }

    @Test("what a deleted topic wrote stays counted, its series go")
    func deletedTopics() async throws {
        try await NodeUnderTest.run { tested in
            let client = try tested.client()
            try await client.createTopic("t")
            let byteCount = try await client.produce("t", times: [now, now]).byteCount
            var request = DeleteTopicsRequest()
            request.topicNames = ["t"]
            #expect(try await client.call(request, version: 4).responses[0].errorCode == 0)
            let samples = await tested.samples()
            #expect(samples.seriesCount(of: "myelin_produced_records_total") == 0)
            let shards = ["0", "1"].map { samples["myelin_log_appended_bytes_total{shard=\"\($0)\"}"] ?? -1 }
            #expect(shards.reduce(0, +) == Double(byteCount))
            let records = ["0", "1"].map { samples["myelin_log_appended_records_total{shard=\"\($0)\"}"] ?? -1 }
            #expect(records.reduce(0, +) == 2)
        }
    }

    @Test("a fetch that waits is told of while it waits")
    func waitingFetches() async throws {
        try await NodeUnderTest.run { tested in
            let client = try tested.client()
            try await client.createTopic("t")
            var wanted = FetchRequest.FetchPartition()
            wanted.partitionMaxBytes = 1 << 20
            var topic = FetchRequest.FetchTopic()
            topic.topic = "t"
            topic.partitions = [wanted]
            var request = FetchRequest()
            request.maxWaitMs = 30_000
            request.minBytes = 1
            request.maxBytes = 1 << 20
            request.topics = [topic]
            try await client.send(request, version: 4)
            var waiting: Double?
            // The request is on its way: whoever asks too early asks again.
            for _ in 0..<200 where waiting != 1 { waiting = await tested.samples()["myelin_fetches_waiting"] }
            #expect(waiting == 1)
            #expect(try await tested.client().produce("t", times: [now]).errorCode == 0)
            _ = try await client.receive(FetchResponse.self, version: 4)
            #expect(await tested.samples()["myelin_fetches_waiting"] == 0)
        }
    }

    @Test("a crash's torn tail is told of after the next start")
    func recovery() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "observation-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await NodeUnderTest.run(folder: folder) { tested in
            let client = try tested.client()
            try await client.createTopic("t")
            #expect(try await client.produce("t", times: [now]).errorCode == 0)
        }
        // As a crash leaves it: no clean checkpoint, and half a batch at the end.
        let partition = folder + "/t-0"
        try FileManager.default.removeItem(atPath: partition + "/checkpoint")
        let name = try #require(
            try FileManager.default.contentsOfDirectory(atPath: partition).first { $0.hasSuffix(".log") })
        let log = try #require(FileHandle(forWritingAtPath: partition + "/" + name))
        let end = try log.seekToEnd()
        try log.write(contentsOf: Data([0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 99, 1, 2, 3]))
        try log.close()
        try await NodeUnderTest.run(folder: folder) { tested in
            let samples = await tested.samples()
            #expect(samples["myelin_recovery_cut_bytes"] == 15)
            #expect(samples["myelin_recovery_scanned_bytes"] ?? 0 >= Double(end))
            #expect(samples["myelin_recovery_duration_seconds"] ?? 0 > 0)
            #expect(samples["myelin_log_end_offset{topic=\"t\",partition=\"0\"}"] == 1)
            #expect(samples["myelin_partitions{state=\"unopened\"}"] == 0)
        }
    }

    static let promtool = "/usr/bin/promtool"

    @Test(
        "promtool finds nothing to say about a node that has worked",
        .enabled(if: FileManager.default.isExecutableFile(atPath: promtool), "promtool is not installed"))
    func isCleanForPromtool() async throws {
        try await NodeUnderTest.run { tested in
            let client = try tested.client()
            try await client.createTopic("t")
            _ = try await client.produce("t", times: [now])
            try await client.findCoordinator(of: "g")
            #expect(try await client.commit(group: "g", "t", [(0, 0)]) == 0)
            let text = await tested.node.metricsText()
            let process = Process()
            process.executableURL = URL(filePath: Self.promtool)
            process.arguments = ["check", "metrics"]
            let (input, output) = (Pipe(), Pipe())
            (process.standardInput, process.standardOutput, process.standardError) = (input, output, output)
            try process.run()
            try input.fileHandleForWriting.write(contentsOf: Data(text.utf8))
            try input.fileHandleForWriting.close()
            let said = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
            process.waitUntilExit()
            #expect(said == "")
            #expect(process.terminationStatus == 0)
        }
    }
}
