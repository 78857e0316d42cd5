// SPDX-License-Identifier: Apache-2.0

import AdminClient
import BrokerNode
import Primitives
import TestNode
import Testing
import WireProtocol

@Suite("Admin: settings", .serialized, .timeLimit(.minutes(2)))
struct AdminConfigTests {
    @Test("the settings of topics and brokers are listed with defaults and documentation")
    func list() async throws {
        try await AdminNode.with { node in
            for type in [Admin.ConfigResourceType.topic, .broker] {
                let entries = try await node.client.configs(of: type)
                #expect(entries.map(\.name) == entries.map(\.name).sorted())
                #expect(entries.allSatisfy { !$0.documentation.isEmpty && !$0.type.isEmpty })
            }
            let policy = try await node.client.configs(of: .topic).first { $0.name == "cleanup.policy" }
            #expect(policy?.validValues.sorted() == ["compact", "delete"])
            let groups = await #expect(throws: RPCError.self) { try await node.client.configs(of: .group) }
            #expect(groups?.code == .notSupported)
        }
    }

    @Test("a broker setting is changed, shown with its origin and synonyms, and taken back")
    func alter() async throws {
        try await AdminNode.with { node in
            let broker = Admin.ConfigResource.broker(node.node.nodeID.rawValue)
            let change = Admin.ConfigResourceAlteration.with {
                $0.resource = broker
                $0.alterations = [set("log.retention.ms", "5000")]
            }
            #expect(try await node.client.alterConfigs([change], validateOnly: true).map(\.error) == [nil])
            #expect(try await node.client.explainConfig("log.retention.ms", of: broker).origin != .broker)

            #expect(try await node.client.alterConfigs([change]).map(\.error) == [nil])
            let entry = try await node.client.explainConfig("log.retention.ms", of: broker)
            #expect(entry.value == "5000")
            #expect(entry.origin == .broker)
            #expect(entry.synonyms.first?.value == "5000")
            #expect(!entry.documentation.isEmpty)
            // A topic inherits it.
            _ = try await node.client.createTopic("orders", partitions: 1)
            let inherited = try await node.client.explainConfig("retention.ms", of: .topic("orders"))
            #expect(inherited.value == "5000")
            #expect(inherited.origin == .broker)
            #expect(inherited.synonyms.first?.name == "log.retention.ms")

            var removal = change
            removal.alterations = [.with { ($0.name, $0.operation) = ("log.retention.ms", .delete) }]
            #expect(try await node.client.alterConfigs([removal]).map(\.error) == [nil])
            #expect(try await node.client.explainConfig("log.retention.ms", of: broker).origin != .broker)
        }
    }

    @Test("a description has what was asked for, and each resource fails alone")
    func describe() async throws {
        try await AdminNode.with { node in
            _ = try await node.client.createTopic("orders", partitions: 1)
            let found = try await node.client.describeConfigs(
                [.topic("orders"), .topic("order")], names: ["retention.ms"])
            #expect(found.map { $0.entries.map(\.name) } == [["retention.ms"], []])
            #expect(found[0].entries[0].documentation.isEmpty)
            #expect(found[1].error?.remedy.hasPrefix("Did you mean 'orders'?") == true)
            let full = try await node.client.describeConfigs(
                [.topic("orders")], includingDocumentation: true, includingSynonyms: true)
            #expect(full[0].entries.count > 10)
            #expect(full[0].entries.allSatisfy { !$0.documentation.isEmpty })
        }
    }

    @Test("refusals name the setting that was meant, or where it can be changed")
    func refusals() async throws {
        try await AdminNode.with { node in
            let broker = Admin.ConfigResource.broker(node.node.nodeID.rawValue)
            let misspelt = await #expect(throws: RPCError.self) {
                try await node.client.explainConfig("log.retention.m", of: broker)
            }
            #expect(misspelt?.remedy.contains("'log.retention.ms'") == true)
            let readOnly = try await node.client.alterConfigs([
                .with { ($0.resource, $0.alterations) = (broker, [set("node.id", "7")]) }
            ])
            #expect(readOnly.first?.error?.reason == "INVALID_CONFIG")
            let bad = try await node.client.alterConfigs([
                .with { ($0.resource, $0.alterations) = (broker, [set("log.retention.ms", "soon")]) }
            ])
            #expect(bad.first?.error?.remedy == "'myelin config explain log.retention.ms' tells what it takes.")
            let other = await #expect(throws: RPCError.self) {
                try await node.client.explainConfig("log.retention.ms", of: .broker(99))
            }
            #expect(other?.code == .invalidRequest)
            let unsaid = await #expect(throws: RPCError.self) {
                try await node.client.alterConfigs([
                    .with {
                        $0.resource = broker
                        $0.alterations = [.with { $0.name = "log.retention.ms" }]
                    }
                ])
            }
            #expect(unsaid?.remedy == "Say set, delete, append or subtract.")
        }
    }
}
