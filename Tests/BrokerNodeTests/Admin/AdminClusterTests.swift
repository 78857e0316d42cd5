// SPDX-License-Identifier: Apache-2.0

import AdminClient
import BrokerNode
import Coordinator
import Foundation
import Primitives
import TestNode
import Testing
import Transport
import WireProtocol

@Suite("Admin: cluster", .serialized, .timeLimit(.minutes(2)))
struct AdminClusterTests {
    @Test("every method of the catalogue has a handler")
    func complete() async throws {
        try await AdminNode.with { node in
            for descriptor in Admin.methods where descriptor.shape == .unary {
                // An empty request decodes as any message; only a method without a handler is "not supported" for it.
                let method = UnaryMethod<Admin.HealthRequest, Admin.HealthRequest>.declared(
                    descriptor.id.rawValue, descriptor.name)
                do throws(RPCError) {
                    _ = try await node.client.rpc.call(method, .init())
                } catch {
                    #expect(error.code != .notSupported, "\(descriptor.name)")
                }
            }
        }
    }

    @Test("the cluster tells its brokers, controller, features and totals")
    func info() async throws {
        try await AdminNode.with { node in
            _ = try await node.client.createTopic("orders", partitions: 3)
            try await node.produce([["a", "b"]], to: "orders")
            let info = try await node.client.clusterInfo()
            #expect(info.clusterID == node.node.clusterID)
            #expect(info.controllerID == node.node.nodeID)
            #expect(info.answeringNodeID == node.node.nodeID)
            #expect(info.topicCount == 1)
            #expect(info.partitionCount == 3)
            #expect(info.offlinePartitionCount == 0)
            let broker = try #require(info.brokers.first)
            #expect(info.brokers.count == 1)
            #expect(broker.version == "1.2.3")
            #expect(broker.leaderCount == 3)
            #expect(broker.byteCount > 0)
            #expect(broker.startedAt <= node.now && broker.startedAt > Timestamp(0))
            #expect(broker.endpoints.map(\.listenerName) == ["PLAINTEXT", "RPC"])
            #expect(broker.endpoints.map(\.port).last == Int32(node.server.address.port))
            #expect(info.controllers.map(\.isActive) == [true])
            #expect(info.features.map(\.name) == ["myelin.metadata", "transaction.version"])
        }
    }

    @Test("a node that has nothing to complain of is healthy, check by check")
    func health() async throws {
        try await AdminNode.with { node in
            let health = try await node.client.health()
            // How much room the machine of this test has is not the node's merit.
            let checks = health.checks.filter { $0.name != "disk-space" }
            #expect(checks.allSatisfy { $0.status == .healthy && $0.remedy.isEmpty && !$0.summary.isEmpty })
            #expect(checks.map(\.name).prefix(2) == ["log-directory", "metadata-log"])
        }
    }

    @Test("metrics are those of the catalogue, and prefixes choose among them")
    func metrics() async throws {
        try await AdminNode.with { node in
            _ = try await node.client.createTopic("orders", partitions: 1)
            try await node.produce([["a", "b"], ["c"]], to: "orders")
            let all = try await node.client.metrics()
            #expect(all.families.map(\.name) == all.families.map(\.name).sorted())
            let produced = try await node.client.metrics(namePrefixes: ["myelin_produced_records"])
            let family = try #require(produced.families.first)
            #expect(produced.families.count == 1)
            #expect(family.kind == .counter)
            #expect(family.samples.map(\.value) == [3])
            let syncs = try #require(
                all.families.first { $0.name == "myelin_disk_sync_duration_seconds" }?.samples.first)
            #expect(syncs.count > 0)
            #expect(syncs.buckets.last?.upperBound == .infinity)
            #expect(syncs.buckets.last?.cumulativeCount == syncs.count)
        }
    }

    @Test("the doctor finds what is wrong, worst first, and says which checks ran")
    func doctor() async throws {
        let environment = ["MYELIN_NO_SUCH_SETTING": "1"]
        try await AdminNode.with(environment: environment) { node in
            _ = try await node.client.createTopic("orders", partitions: 1)
            try await node.produce([["a"]], to: "orders", at: node.now.advanced(byMilliseconds: 3_600_000 - 60_000))
            _ = try await node.client.resetOffsets(
                of: "billing", selection: [.with { $0.topic = "orders" }], to: .with { $0.kind = .earliest })
            let report = try await node.client.doctor()
            #expect(report.checksRun.contains("damaged-partitions"))
            let severities = report.findings.map(\.severity.rawValue)
            #expect(severities == severities.sorted(by: >))
            let subjects = Dictionary(grouping: report.findings, by: \.check).mapValues { $0.map(\.subject) }
            #expect(subjects["unknown-variables"] == ["variable MYELIN_NO_SUCH_SETTING"])
            #expect(subjects["idle-group-lag"] == ["group billing"])
            #expect(subjects["clock"] == ["partition orders-0"])
            #expect(report.findings.allSatisfy { !$0.summary.isEmpty && !$0.remedy.isEmpty })

            let one = try await node.client.doctor(checks: ["clock"])
            #expect(one.checksRun == ["clock"])
            #expect(one.findings.map(\.check) == ["clock"])
        }
    }

    @Test("a check that does not exist is refused with the one that was meant")
    func unknownCheck() async throws {
        try await AdminNode.with { node in
            let error = await #expect(throws: RPCError.self) { try await node.client.doctor(checks: ["clocks"]) }
            #expect(error?.code == .invalidRequest)
            #expect(error?.remedy == "Did you mean 'clock'?")
        }
    }

    @Test("settings that change nothing are found where they are set")
    func settingsWithoutEffect() async throws {
        let inert = try #require(SettingsTable.topic.definitions.first { $0.effect == SettingEffect.none })
        let value = try #require(inert.defaultValue)
        try await AdminNode.with { node in
            _ = try await node.client.createTopic(
                "orders", partitions: 1, configs: [.with { ($0.name, $0.value) = (inert.name, value) }])
            let report = try await node.client.doctor(checks: ["settings-without-effect"])
            #expect(report.findings.map(\.subject) == ["topic orders"])
            #expect(report.findings.first?.summary.hasPrefix(inert.name) == true)
        }
    }

    @Test("a partition that cannot be opened makes the node unhealthy and is named")
    func unopened() async throws {
        try await AdminNode.with { node in
            // The folder of a topic that was not there before belongs to another one.
            let folder = node.folder + "/orders-0"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try Data("no metadata of ours".utf8).write(to: URL(filePath: folder + "/partition.metadata"))
            _ = try await node.client.createTopic("orders", partitions: 1)
            let health = try await node.client.health()
            #expect(health.status == .unhealthy)
            #expect(health.checks.first { $0.name == "unopened-partitions" }?.summary.contains("orders-0") == true)
            let partition = try #require(try await node.client.describeTopic("orders").partitions.first)
            #expect(partition.error?.code == .storageFault)
        }
    }
}
