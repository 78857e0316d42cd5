// SPDX-License-Identifier: Apache-2.0

import Primitives
import Synchronization
import Transport
import WireProtocol

/// A node that answers from a few topics in memory, over real connections.
final class ScriptedNode: Sendable {
    struct State {
        var topics: [Admin.TopicDescription]
        var deleted: [String] = []
        var resets: [Admin.GroupOffsetResetRequest] = []
        var findings: [Admin.Finding] = []
        var cluster = Admin.ClusterInfoResponse.threeBrokers
        var moves: [Admin.PartitionMoveProgress] = []
        var moved: [Admin.PartitionMove] = []
        var elections: [Admin.LeaderElectRequest] = []
        var configChanges: [Admin.ConfigResourceAlteration] = []
        var drains: [Admin.BrokerDrainRequest] = []
        var stopped: [NodeID] = []
        var isBalanced = false
        var levels: [Admin.FeatureUpdateRequest] = []
    }

    private let group: ShardLoopGroup
    private let server: RPCServer
    private let state: SharedState

    var address: String { "\(server.address)" }
    func read<Value: Sendable>(_ body: (State) -> Value) -> Value { state.mutex.withLock { body($0) } }
    func change(_ body: (inout State) -> Void) { state.mutex.withLock { body(&$0) } }

    /// Starts one for the time of `body`.
    static func with(
        _ topics: [Admin.TopicDescription] = [.orders], findings: [Admin.Finding] = [],
        _ body: (ScriptedNode) async throws -> Void
    ) async throws {
        let state = SharedState(State(topics: topics, findings: findings))
        let group = ShardLoopGroup(count: 1)
        let server = try await RPCServer.bind(
            host: "127.0.0.1", port: 0, group: group, hello: .node(NodeID(1), role: .broker, clusterID: "test"),
            service: state.service)
        let node = ScriptedNode(group: group, server: server, state: state)
        let result: Result<Void, any Error>
        do { result = .success(try await body(node)) } catch { result = .failure(error) }
        await server.drain(withinMilliseconds: 1000)
        await group.shutDown()
        try result.get()
    }

    private init(group: ShardLoopGroup, server: RPCServer, state: SharedState) {
        self.group = group
        self.server = server
        self.state = state
    }
}

extension Admin.TopicDescription {
    /// Two partitions, three records, 300 bytes.
    static let orders = Admin.TopicDescription.with { topic in
        topic.name = "orders"
        topic.replicationFactor = 1
        topic.partitions = ([0, 1] as [Int32]).map { index in
            .with {
                $0.topic = "orders"
                $0.partition = PartitionIndex(index)
                $0.leaderID = NodeID(1)
                $0.replicas = [NodeID(1)]
                $0.inSyncReplicas = [NodeID(1)]
                $0.highWatermark = Offset(index == 0 ? 2 : 1)
                $0.logEndOffset = $0.highWatermark
                $0.byteCount = index == 0 ? 200 : 100
            }
        }
        topic.configs = [
            .with { ($0.name, $0.value, $0.origin) = ("retention.ms", "1000", .topic) },
            .with { ($0.name, $0.value, $0.origin) = ("segment.ms", "2000", .defaultValue) },
        ]
    }
}

final class SharedState: Sendable {
    let mutex: Mutex<ScriptedNode.State>

    init(_ state: ScriptedNode.State) { mutex = Mutex(state) }

    var service: RPCService {
        var service = RPCService()
        service.on(Admin.topicList) { [self] request, _ in topicList(request) }
        service.on(Admin.topicDescribe) { [self] request, _ in
            .with { $0.topics = request.topics.map { topic(named: $0) } }
        }
        service.on(Admin.topicDelete) { [self] request, _ in topicDelete(request) }
        service.on(Admin.doctor) { [self] _, _ in
            .with { ($0.findings, $0.checksRun) = (mutex.withLock { $0.findings }, ["disk-space"]) }
        }
        service.on(Admin.groupLag) { _, _ in .with { $0.groups = [.billing] } }
        service.on(Admin.groupOffsetReset) { [self] request, _ in reset(request) }
        registerCluster(in: &service)
        return service
    }

    private func topic(named name: String) -> Admin.TopicDescription {
        let found = mutex.withLock { $0.topics.first { $0.name == name } }
        return found ?? .with { ($0.name, $0.error) = (name, RPCError(.notFound, "there is no topic \(name)")) }
    }

    private func topicList(_ request: Admin.TopicListRequest) -> Admin.TopicListResponse {
        let names = request.names.isEmpty ? mutex.withLock { $0.topics.map(\.name) } : request.names
        return .with { response in
            response.topics = names.map { name in
                let topic = topic(named: name)
                return .with {
                    $0.name = name
                    $0.error = topic.error
                    $0.partitionCount = Int32(topic.partitions.count)
                    $0.replicationFactor = topic.replicationFactor
                    $0.recordCount = topic.partitions.reduce(0) { $0 + $1.highWatermark.rawValue }
                    $0.byteCount = topic.partitions.reduce(0) { $0 + $1.byteCount }
                    $0.cleanupPolicy = "delete"
                }
            }
        }
    }

    private func topicDelete(_ request: Admin.TopicDeleteRequest) -> Admin.TopicDeleteResponse {
        if !request.validateOnly { mutex.withLock { $0.deleted += request.topics } }
        return .with { response in
            response.topics = request.topics.map { name in
                .with { ($0.name, $0.partitionCount, $0.error) = (name, 2, topic(named: name).error) }
            }
        }
    }

    private func reset(_ request: Admin.GroupOffsetResetRequest) -> Admin.GroupOffsetResetResponse {
        mutex.withLock { $0.resets.append(request) }
        return .with { response in
            response.partitions = [
                .with { ($0.topic, $0.previousOffset, $0.newOffset) = ("orders", Offset(1200), Offset(0)) }
            ]
        }
    }
}

extension Admin.GroupLag {
    static let billing = Admin.GroupLag.with { group in
        group.groupID = "billing"
        group.state = "Stable"
        group.recordLag = 1200
        group.timeLagMilliseconds = 65_000
        group.partitions = [
            .with {
                ($0.topic, $0.committedOffset, $0.highWatermark) = ("orders", Offset(34), Offset(1234))
                ($0.recordLag, $0.timeLagMilliseconds, $0.clientID) = (1200, 65_000, "app")
            },
            .with { ($0.topic, $0.partition) = ("orders", PartitionIndex(1)) },
        ]
    }
}
