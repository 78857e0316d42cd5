// SPDX-License-Identifier: Apache-2.0

import BrokerNode
import Foundation
import Primitives
import Telemetry
import Testing
import Transport

@Suite("the admin endpoint")
struct AdminEndpointTests {
    private func withEndpoint(
        _ process: ProcessFacts = ProcessFacts(), _ body: (NodeUnderTest, Int) async throws -> Void
    ) async throws {
        try await NodeUnderTest.run { tested in
            let endpoint = try await AdminEndpoint.start(
                for: tested.node, host: "127.0.0.1", port: 0, process: process)
            do {
                try await body(tested, endpoint.address.port)
            } catch {
                await endpoint.shutDown()
                throw error
            }
            await endpoint.shutDown()
        }
    }

    @Test("metrics come as Prometheus wants them, with what the process says of itself")
    func metrics() async throws {
        let process = ProcessFacts(version: "1.2.3", commit: "abc", suppressedLogLineCount: { 7 })
        try await withEndpoint(process) { tested, port in
            let answer = try await HTTPAnswer.of("GET", "/metrics", port: port)
            #expect(answer.status == 200)
            #expect(answer.head.lowercased().contains("content-type: \(PrometheusText.contentType)"))
            let samples = PrometheusSamples(answer.body)
            let disk = tested.node.diskMechanism
            #expect(samples["myelin_build_info{version=\"1.2.3\",commit=\"abc\",disk=\"\(disk)\"}"] == 1)
            #expect(samples["myelin_log_lines_suppressed_total"] == 7)
        }
    }

    @Test("a node that works is healthy and ready, and leaves nothing behind from being asked")
    func ready() async throws {
        try await withEndpoint { tested, port in
            let health = try await HTTPAnswer.of("GET", "/healthz", port: port)
            #expect((health.status, health.body) == (200, "{\"healthy\":true,\"reasons\":[]}\n"))
            let readiness = try await HTTPAnswer.of("GET", "/readyz", port: port)
            #expect((readiness.status, readiness.body) == (200, "{\"ready\":true,\"reasons\":[]}\n"))
            #expect(!FileManager.default.fileExists(atPath: tested.folder + "/write.probe"))
        }
    }

    @Test("a loop that does not answer is told of, and its last numbers stand in for it")
    func stuckLoop() async throws {
        try await NodeUnderTest.run { tested in
            let client = try tested.client()
            try await client.createTopic("t", partitionCount: 2)
            for partition: Int32 in [0, 1] { try await client.produce("t", partition, times: [Timestamp(0)]) }
            let before = await tested.samples()
            let release = tested.block(loop: 1)
            let during = PrometheusSamples(await tested.node.metricsText(withinMilliseconds: 500))
            #expect((during["myelin_scrape_unanswered_shards"] ?? 0) >= 1)
            for series in ["myelin_produced_records_total{topic=\"t\"}", "myelin_topics"] {
                #expect(during[series] == before[series])
            }
            #expect(before["myelin_produced_records_total{topic=\"t\"}"] == 2)
            let health = await tested.node.health()
            #expect(health.unansweredShards.contains(1))
            #expect(await tested.node.readiness().obstacles.contains(.shardUnanswered(1)))
            release()
            var isHealthy = false
            for _ in 0..<10 where !isHealthy { isHealthy = await tested.node.health().isHealthy }
            #expect(isHealthy)
        }
    }

    @Test("a node that stops is not ready and says why")
    func stopping() async throws {
        try await withEndpoint { tested, port in
            await tested.node.stop(drainingForMilliseconds: 100)
            let readiness = try await HTTPAnswer.of("GET", "/readyz", port: port)
            #expect(readiness.status == 503)
            #expect(readiness.body == "{\"ready\":false,\"reasons\":[\"the node is stopping\"]}\n")
            #expect(await tested.node.health().isHealthy)
        }
    }

    @Test("a partition whose log cannot be opened is named, and counted")
    func unopenedPartition() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "observation-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await NodeUnderTest.run(folder: folder) { _ = try await $0.client().createTopic("t", partitionCount: 2) }
        try Data("no metadata".utf8).write(to: URL(filePath: folder + "/t-1/partition.metadata"))
        try await NodeUnderTest.run(folder: folder) { tested in
            let readiness = await tested.node.readiness()
            #expect(readiness.obstacles == [.partitionUnavailable("t-1")])
            let samples = await tested.samples()
            #expect(samples["myelin_partitions{state=\"unopened\"}"] == 1)
            #expect(samples["myelin_partitions{state=\"online\"}"] == 1)
        }
    }

    @Test("a data folder that takes no writes keeps the node from being ready")
    func unwritableFolder() async throws {
        try await NodeUnderTest.run { tested in
            // A directory in the way of the test write: works for any user, as a read-only mount does.
            try FileManager.default.createDirectory(
                atPath: tested.folder + "/write.probe", withIntermediateDirectories: false)
            let readiness = await tested.node.readiness()
            #expect(!readiness.isReady)
            guard case .dataFolderTakesNoWrites(let reason)? = readiness.obstacles.first else {
                return #expect(Bool(false), "\(readiness)")
            }
            #expect(reason.contains("write.probe"))
            try FileManager.default.removeItem(atPath: tested.folder + "/write.probe")
            #expect(await tested.node.readiness().isReady)
        }
    }

    @Test(
        "other paths and methods are refused in one line",
        arguments: [
            ("GET", "/", 404), ("GET", "/metrics/", 404), ("POST", "/metrics", 405), ("DELETE", "/readyz", 405),
        ])
    func refusals(method: String, path: String, status: Int) async throws {
        try await withEndpoint { _, port in
            let answer = try await HTTPAnswer.of(method, path, port: port)
            #expect(answer.status == status)
            #expect(answer.body.hasSuffix("\n") && answer.body.split(separator: "\n").count == 1)
        }
    }
}
