// SPDX-License-Identifier: Apache-2.0

internal import ControllerNode
internal import Coordinator
internal import Primitives
import Synchronization
internal import Transport
internal import WireProtocol

extension AdminService {
    func clusterInfo() async -> Admin.ClusterInfoResponse {
        let view = await view(includingPartitions: false)
        let quorum = await quorumInfo()
        let free = await ask { $1($0.freeByteCount) }
        let topics = view.image.topicsByName()
        let counts = ReplicaCounts(topics)
        return .with {
            $0.clusterID = identity.clusterID
            $0.brokers = view.image.brokers().map { broker($0, counts, view, freeByteCount: free) }
            $0.controllerID = .none
            if case .success(let quorum) = quorum {
                $0.controllerID = quorum.leader
                $0.controllers = controllers(quorum, at: view.wallClock)
            }
            $0.features = Features.supported.map { feature($0, view.image) }
            $0.topicCount = Int32(topics.count { !$0.isInternal })
            $0.internalTopicCount = Int32(topics.count { $0.isInternal })
            $0.partitionCount = Int32(topics.reduce(0) { $0 + $1.partitions.count })
            $0.underReplicatedPartitionCount = topics.reduce(0) { $0 + $1.underReplicatedPartitionCount }
            $0.offlinePartitionCount = Int32(topics.reduce(0) { $0 + $1.partitions.count { $0.isOffline } })
            $0.answeringNodeID = identity.id
        }
    }

    private func broker(
        _ broker: BrokerRecord, _ counts: ReplicaCounts, _ view: NodeView, freeByteCount: Int64?
    ) -> Admin.BrokerInfo {
        .with {
            $0.nodeID = broker.id
            $0.endpoints = broker.listeners.map { Admin.Endpoint($0) }
            $0.rack = broker.rack ?? ""
            $0.isFenced = broker.isFenced
            $0.isInControlledShutdown = broker.isInControlledShutdown
            $0.isDraining = broker.isDraining
            $0.leaderCount = counts.leaders[broker.id] ?? 0
            $0.replicaCount = counts.replicas[broker.id] ?? 0
            $0.inSyncCount = counts.inSync[broker.id] ?? 0
            if let rpc = broker.rpc { $0.endpoints.append(.rpc(rpc.host, Int32(rpc.port))) }
            guard broker.id != identity.id else {
                $0.version = process.version
                $0.startedAt = identity.startedAt
                $0.byteCount = view.partitions.values.reduce(0) { $0 + $1.byteCount }
                $0.freeByteCount = freeByteCount
                if broker.rpc == nil { $0.endpoints += rpcEndpoints }
                return
            }
            switch view.others[broker.id] {
            case .success(let other):
                $0.version = other.state.version
                $0.startedAt = other.state.startedAt
                $0.byteCount = other.state.byteCount
                $0.freeByteCount = other.state.freeByteCount
            case .failure(let error): $0.error = error
            case nil: $0.error = RPCError(.unavailable, "it is fenced, or has no RPC endpoint")
            }
        }
    }

    /// The level of a feature, and what all brokers can.
    func feature(_ range: FeatureRange, _ image: MetadataImage) -> Admin.FeatureInfo {
        let ranges = image.brokers().compactMap { broker in broker.features.first { $0.name == range.name } } + [range]
        return .with {
            $0.name = range.name
            $0.finalizedLevel = Int32(image.featureLevel(range.name))
            $0.supportedLevelMin = ranges.reduce(0) { max($0, Int32($1.levelMin)) }
            $0.supportedLevelMax = ranges.reduce(.max) { min($0, Int32($1.levelMax)) }
        }
    }

    /// Where this service answers.
    var rpcEndpoints: [Admin.Endpoint] {
        guard let address = endpoint.withLock({ $0 }) else { return [] }
        return [.rpc(address.host, Int32(address.port))]
    }
}

/// How many partitions each broker leads, stores, and is in sync with.
private struct ReplicaCounts {
    var leaders: [NodeID: Int32] = [:]
    var replicas: [NodeID: Int32] = [:]
    var inSync: [NodeID: Int32] = [:]

    init(_ topics: [TopicImage]) {
        for partition in topics.lazy.flatMap(\.partitions) {
            leaders[partition.leader, default: 0] += 1
            for broker in partition.replicas { replicas[broker, default: 0] += 1 }
            for broker in partition.inSyncReplicas { inSync[broker, default: 0] += 1 }
        }
    }
}

extension Admin.Endpoint {
    fileprivate static func rpc(_ host: String, _ port: Int32) -> Self {
        .with { ($0.listenerName, $0.host, $0.port, $0.securityProtocol) = ("RPC", host, port, "PLAINTEXT") }
    }

    fileprivate init(_ listener: BrokerListener) {
        self.init()
        listenerName = listener.name
        host = listener.host
        port = Int32(listener.port)
        securityProtocol =
            switch listener.securityProtocol {
            case .plaintext: "PLAINTEXT"
            case .ssl: "SSL"
            case .saslPlaintext: "SASL_PLAINTEXT"
            case .saslSSL: "SASL_SSL"
            }
    }
}
