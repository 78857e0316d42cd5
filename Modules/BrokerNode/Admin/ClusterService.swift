// SPDX-License-Identifier: Apache-2.0

internal import ControllerNode
internal import Coordinator
internal import Primitives
import Synchronization
internal import Transport
internal import WireProtocol

/// What the controller says of itself.
private struct ControllerFacts: Sendable {
    let term: Term
    let logEndOffset: Offset
}

extension AdminService {
    func clusterInfo() async -> Admin.ClusterInfoResponse {
        let view = await view()
        let controller: ControllerFacts? = await ask { shard, reply in
            reply(shard.controller.map { ControllerFacts(term: $0.term, logEndOffset: $0.nextOffset) })
        }
        let topics = view.image.topicsByName()
        let partitions = topics.flatMap(\.partitions)
        return .with {
            $0.clusterID = identity.clusterID
            $0.controllerID = controller == nil ? .none : identity.id
            $0.brokers = view.image.brokers().map { broker($0, partitions, view) }
            $0.controllers = controller.map { [info($0)] } ?? []
            $0.features = Features.supported.map { feature($0, view.image) }
            $0.topicCount = Int32(topics.count { !$0.isInternal })
            $0.internalTopicCount = Int32(topics.count { $0.isInternal })
            $0.partitionCount = Int32(partitions.count)
            $0.underReplicatedPartitionCount = Int32(partitions.count { $0.isUnderReplicated })
            $0.offlinePartitionCount = Int32(partitions.count { $0.isOffline })
            $0.answeringNodeID = identity.id
        }
    }

    private func broker(
        _ broker: BrokerRecord, _ partitions: [PartitionImage], _ view: NodeView
    ) -> Admin.BrokerInfo {
        .with {
            $0.nodeID = broker.id
            $0.endpoints = broker.listeners.map { Admin.Endpoint($0) }
            $0.rack = broker.rack ?? ""
            $0.isFenced = broker.isFenced
            $0.leaderCount = Int32(partitions.count { $0.leader == broker.id })
            $0.replicaCount = Int32(partitions.count { $0.replicas.contains(broker.id) })
            // What another broker stores and runs only it can tell.
            guard broker.id == identity.id else { return }
            $0.version = process.version
            $0.startedAt = identity.startedAt
            $0.byteCount = view.partitions.values.reduce(0) { $0 + $1.byteCount }
            $0.endpoints += rpcEndpoints
        }
    }

    private func info(_ facts: ControllerFacts) -> Admin.ControllerInfo {
        .with {
            $0.nodeID = identity.id
            $0.endpoints = rpcEndpoints
            $0.isActive = true
            $0.term = facts.term
            $0.logEndOffset = facts.logEndOffset
        }
    }

    private func feature(_ range: FeatureRange, _ image: MetadataImage) -> Admin.FeatureInfo {
        .with {
            $0.name = range.name
            $0.finalizedLevel = Int32(image.featureLevel(range.name))
            $0.supportedLevelMin = Int32(range.levelMin)
            $0.supportedLevelMax = Int32(range.levelMax)
        }
    }

    private var rpcEndpoints: [Admin.Endpoint] {
        guard let address = endpoint.withLock({ $0 }) else { return [] }
        return [
            .with {
                $0.listenerName = "RPC"
                $0.host = address.host
                $0.port = Int32(address.port)
                $0.securityProtocol = "PLAINTEXT"
            }
        ]
    }
}

extension Admin.Endpoint {
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
