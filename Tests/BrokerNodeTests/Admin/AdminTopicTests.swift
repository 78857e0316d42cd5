// SPDX-License-Identifier: Apache-2.0

import AdminClient
import BrokerNode
import KafkaProtocol
import Primitives
import TestNode
import Testing
import WireProtocol

@Suite("Admin: topics", .serialized, .timeLimit(.minutes(2)))
struct AdminTopicTests {
    @Test("a topic is created, listed, described and deleted")
    func life() async throws {
        try await AdminNode.with { node in
            let created = try await node.client.createTopic(
                "orders", partitions: 3, configs: [.with { ($0.name, $0.value) = ("retention.ms", "60000") }])
            #expect(created.partitionCount == 3)
            #expect(created.replicationFactor == 1)
            #expect(created.configs.map(\.name) == ["retention.ms"])
            #expect(created.topicID != .zero)
            try await node.produce([["a", "b"], ["c"]], to: "orders", 2)

            let listed = try #require(try await node.client.topics().first)
            #expect(listed.name == "orders")
            #expect(listed.recordCount == 3)
            #expect(listed.byteCount > 0)
            #expect(listed.cleanupPolicy == "delete")

            let topic = try await node.client.describeTopic("orders")
            #expect(topic.partitions.map(\.highWatermark) == [Offset(0), Offset(0), Offset(3)])
            #expect(topic.partitions.allSatisfy { $0.leaderID == node.node.nodeID && $0.error == nil })
            let retention = try #require(topic.configs.first { $0.name == "retention.ms" })
            #expect(retention.value == "60000")
            #expect(retention.origin == .topic)

            let deleted = try await node.client.deleteTopics(["orders"])
            #expect(deleted.map(\.partitionCount) == [3])
            #expect(try await node.client.topics().isEmpty)
        }
    }

    @Test("validation answers as if, and changes nothing")
    func validation() async throws {
        try await AdminNode.with { node in
            let would = try await node.client.createTopic("orders", partitions: 2, validateOnly: true)
            #expect(would.partitionCount == 2)
            #expect(would.topicID == .zero)
            #expect(try await node.client.topics().isEmpty)

            _ = try await node.client.createTopic("orders", partitions: 2)
            try await node.produce([["a", "b"]], to: "orders")
            let altered = try await node.client.alterTopic(
                "orders", configs: [set("retention.ms", "1000")], partitions: 5, validateOnly: true)
            #expect(altered.partitionCount == 5)
            #expect(altered.configs.map(\.value) == ["1000"])
            let trimmed = try await node.client.trimPartition(
                "orders", PartitionIndex(0), before: Offset(1), validateOnly: true)
            #expect(trimmed.previousLogStartOffset == Offset(0))
            #expect(trimmed.logStartOffset == Offset(1))
            let deleted = try await node.client.deleteTopics(["orders"], validateOnly: true)
            #expect(deleted.map(\.error) == [nil])

            let topic = try await node.client.describeTopic("orders")
            #expect(topic.partitions.count == 2)
            #expect(topic.partitions.first?.logStartOffset == Offset(0))
            #expect(topic.configs.first { $0.name == "retention.ms" }?.origin == .defaultValue)
        }
    }

    @Test("an alteration changes settings and partitions together, or neither")
    func alteration() async throws {
        try await AdminNode.with { node in
            _ = try await node.client.createTopic("orders", partitions: 2)
            let altered = try await node.client.alterTopic(
                "orders", configs: [set("retention.ms", "1000")], partitions: 4)
            #expect(altered.partitionCount == 4)
            let refused = try await node.client.alterTopics([
                .with {
                    $0.name = "orders"
                    $0.configs = [set("retention.ms", "2000")]
                    $0.partitionCount = 3
                }
            ])
            #expect(refused.first?.error?.reason == "INVALID_PARTITIONS")
            let topic = try await node.client.describeTopic("orders")
            #expect(topic.partitions.count == 4)
            #expect(topic.configs.first { $0.name == "retention.ms" }?.value == "1000")
            // New partitions are served at once.
            try await node.produce([["a"]], to: "orders", 3)
        }
    }

    @Test("refusals name what was wrong and what to do instead")
    func refusals() async throws {
        try await AdminNode.with { node in
            _ = try await node.client.createTopic("orders", partitions: 1)
            let misspelt = await #expect(throws: RPCError.self) { try await node.client.describeTopic("order") }
            #expect(misspelt?.code == .notFound)
            #expect(misspelt?.reason == "UNKNOWN_TOPIC_OR_PARTITION")
            #expect(misspelt?.remedy.hasPrefix("Did you mean 'orders'?") == true)
            let twice = await #expect(throws: RPCError.self) { try await node.client.createTopic("orders") }
            #expect(twice?.code == .alreadyExists)
            let illegal = await #expect(throws: RPCError.self) { try await node.client.createTopic("a/b") }
            #expect(illegal?.code == .invalidRequest)
            let setting = await #expect(throws: RPCError.self) {
                try await node.client.createTopic(
                    "other", configs: [.with { ($0.name, $0.value) = ("retention.mss", "1") }])
            }
            #expect(setting?.remedy.contains("'retention.ms'") == true)
            let unknown = try await node.client.deleteTopics(["nothing", "orders"])
            #expect(unknown.map { $0.error?.code } == [.notFound, nil])
            let none = await #expect(throws: RPCError.self) { try await node.client.createTopics([]) }
            #expect(none?.code == .invalidRequest)
            let partitions = await #expect(throws: RPCError.self) {
                try await node.client.partitions(of: ["nothing"])
            }
            #expect(partitions?.code == .notFound)
        }
    }

    @Test("a trim moves the log start and refuses what lies outside the log")
    func trim() async throws {
        try await AdminNode.with { node in
            _ = try await node.client.createTopic("orders", partitions: 1)
            _ = try await node.client.createTopic(
                "kept", partitions: 1, configs: [.with { ($0.name, $0.value) = ("cleanup.policy", "compact") }])
            try await node.produce([["a", "b", "c"], ["d", "e"]], to: "orders")
            let zero = PartitionIndex(0)
            let some = try await node.client.trimPartition("orders", zero, before: Offset(2))
            #expect(some.previousLogStartOffset == Offset(0))
            #expect(some.logStartOffset == Offset(2))
            let reader = try node.kafkaClient()
            #expect(try await reader.fetch("orders", from: 1).errorCode == ErrorCode.offsetOutOfRange.rawValue)
            #expect(try await reader.fetch("orders", from: 2).errorCode == 0)
            let all = try await node.client.trimPartition("orders", zero, before: nil)
            #expect(all.logStartOffset == Offset(5))
            let outside = await #expect(throws: RPCError.self) {
                try await node.client.trimPartition("orders", zero, before: Offset(9))
            }
            #expect(outside?.reason == "OFFSET_OUT_OF_RANGE")
            #expect(outside?.remedy.contains("0 to 5") == true)
            let compacted = await #expect(throws: RPCError.self) {
                try await node.client.trimPartition("kept", zero, before: nil)
            }
            #expect(compacted?.code == .refused)
            let index = await #expect(throws: RPCError.self) {
                try await node.client.trimPartition("orders", PartitionIndex(7), before: nil)
            }
            #expect(index?.code == .notFound)
            #expect(index?.message == "topic 'orders' has no partition 7")
        }
    }

    @Test("partitions are listed by topic and index, and filters leave out what is well")
    func partitionList() async throws {
        try await AdminNode.with { node in
            _ = try await node.client.createTopic("b", partitions: 2)
            _ = try await node.client.createTopic("a", partitions: 1)
            let all = try await node.client.partitions()
            #expect(all.map { "\($0.topic)-\($0.partition)" } == ["a-0", "b-0", "b-1"])
            #expect(try await node.client.partitions(of: ["b"]).count == 2)
            #expect(try await node.client.partitions(filter: .offline).isEmpty)
            #expect(try await node.client.partitions(filter: .underReplicated).isEmpty)
        }
    }
}

func set(_ name: String, _ value: String) -> Admin.ConfigAlteration {
    .with { ($0.name, $0.operation, $0.value) = (name, .set, value) }
}
