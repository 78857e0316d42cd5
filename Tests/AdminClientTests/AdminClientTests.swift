// SPDX-License-Identifier: Apache-2.0

import AdminClient
import Primitives
import Testing
import Transport
import WireProtocol

@Suite("Admin client", .serialized, .timeLimit(.minutes(1)))
struct AdminClientTests {
    @Test("a request carries what the caller said, and the answer comes back typed")
    func createTopic() async throws {
        try await Node.with { client in
            let outcome = try await client.createTopic(
                "orders", partitions: 6, configs: [.with { ($0.name, $0.value) = ("retention.ms", "1000") }],
                validateOnly: true)
            #expect(outcome.name == "orders")
            #expect(outcome.partitionCount == 6)
            // The node of this test answers with its own default where the request says 0.
            #expect(outcome.replicationFactor == 3)
            #expect(outcome.configs.map(\.value) == ["1000"])
            #expect(outcome.topicID == .zero)
        }
    }

    @Test("of many topics each succeeds or fails alone")
    func perItemErrors() async throws {
        try await Node.with { client in
            let outcomes = try await client.createTopics(
                ["good", "bad/name", "fine"].map { name in .with { $0.name = name } })
            #expect(outcomes.map(\.name) == ["good", "bad/name", "fine"])
            #expect(outcomes.succeeded.map(\.name) == ["good", "fine"])
            #expect(outcomes.failed.map(\.error?.reason) == ["INVALID_TOPIC_EXCEPTION"])
        }
    }

    @Test("about one topic the error of the topic is thrown")
    func singleError() async throws {
        try await Node.with { client in
            let error = await #expect(throws: RPCError.self) { try await client.createTopic("bad/name") }
            #expect(error?.code == .invalidRequest)
            #expect(error?.remedy == "Use letters, digits, '.', '_' and '-'.")
        }
    }

    @Test("an answer with the wrong number of items is the node's fault, not a crash")
    func wrongCount() async throws {
        try await Node.with { client in
            let error = await #expect(throws: RPCError.self) { try await client.describeTopic("orders") }
            #expect(error?.code == .internalFault)
        }
    }

    @Test("a trim without an offset goes up to the high watermark")
    func trim() async throws {
        try await Node.with { client in
            let all = try await client.trimPartition("orders", PartitionIndex(2), before: nil)
            #expect(all.logStartOffset == Offset(77))
            let some = try await client.trimPartition("orders", PartitionIndex(2), before: Offset(5))
            #expect(some.logStartOffset == Offset(5))
        }
    }

    @Test("what is no address and where nobody listens says what to do")
    func addresses() async throws {
        let wrong = #expect(throws: RPCError.self) { try AdminClient(address: "not an address:x") }
        #expect(wrong?.remedy == "Write host:port, for example 127.0.0.1:9190.")
        let client = try AdminClient(address: "127.0.0.1:1")
        let refused = await #expect(throws: RPCError.self) { try await client.clusterInfo() }
        #expect(refused?.code == .connectionRefused)
        #expect(refused?.message == "nothing listens at 127.0.0.1:1")
        #expect(refused?.isRetryable == true)
        await client.close()
    }

    @Test("resources are named as Kafka names them")
    func resources() {
        #expect(Admin.ConfigResource.topic("orders").name == "orders")
        #expect(Admin.ConfigResource.broker(3).name == "3")
        #expect(Admin.ConfigResource.broker(nil).name == "")
        #expect(Admin.ConfigResource.group("g").type == .group)
    }
}

/// A node that answers from the request alone.
private enum Node {
    static func with(_ body: (AdminClient) async throws -> Void) async throws {
        let group = ShardLoopGroup(count: 1)
        let server = try await RPCServer.bind(
            host: "127.0.0.1", port: 0, group: group,
            hello: .node(NodeID(1), role: .broker, clusterID: "mY8ZmQ3ySqWbC0TzJ1k4Vw"), service: service)
        let client = AdminClient(address: server.address, loop: group.loops[0])
        let result: Result<Void, any Error>
        do {
            try await body(client)
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await client.close()
        await server.drain(withinMilliseconds: 100)
        await group.shutDown()
        try result.get()
    }

    private static var service: RPCService {
        var service = RPCService()
        service.on(Admin.topicCreate) { request, _ in
            .with { $0.topics = request.topics.map { create($0) } }
        }
        service.on(Admin.topicDescribe) { _, _ in Admin.TopicDescribeResponse() }
        service.on(Admin.topicTrim) { request, _ in
            .with { $0.partitions = request.partitions.map { trim($0) } }
        }
        return service
    }

    private static func create(_ topic: Admin.NewTopic) -> Admin.TopicOutcome {
        .with {
            $0.name = topic.name
            $0.partitionCount = topic.partitionCount
            $0.replicationFactor = topic.replicationFactor == 0 ? 3 : topic.replicationFactor
            $0.configs = topic.configs
            guard topic.name.contains("/") else { return }
            $0.error = RPCError(
                .invalidRequest, "topic name \(topic.name) has a '/'", remedy: "Use letters, digits, '.', '_' and '-'.",
                reason: "INVALID_TOPIC_EXCEPTION")
        }
    }

    private static func trim(_ partition: Admin.PartitionTrim) -> Admin.PartitionTrimOutcome {
        .with {
            $0.topic = partition.topic
            $0.partition = partition.partition
            $0.logStartOffset = partition.beforeOffset == Offset(-1) ? Offset(77) : partition.beforeOffset
        }
    }
}
