// SPDX-License-Identifier: Apache-2.0

import Primitives
import Synchronization
import Transport
import WireProtocol

extension Admin.ClusterInfoResponse {
    /// Three brokers and three controllers, all well; controller 1 is active.
    static let threeBrokers = Admin.ClusterInfoResponse.with { info in
        info.clusterID = "test"
        info.controllerID = NodeID(1)
        info.brokers = ([1, 2, 3] as [Int32]).map { id in
            .with {
                $0.nodeID = NodeID(id)
                $0.endpoints = [.with { ($0.listenerName, $0.host, $0.port) = ("PLAINTEXT", "b\(id)", 9092) }]
                $0.rack = "r\(id)"
                $0.version = "0.1.0"
                $0.startedAt = Timestamp(1_000)
                ($0.leaderCount, $0.replicaCount, $0.inSyncCount) = (2, 6, 6)
                ($0.byteCount, $0.freeByteCount) = (2048, 1 << 30)
            }
        }
        info.controllers = ([1, 2, 3] as [Int32]).map { id in
            .with {
                $0.nodeID = NodeID(id)
                $0.endpoints = [.with { ($0.listenerName, $0.host, $0.port) = ("RPC", "c\(id)", 9191) }]
                ($0.isActive, $0.isVoter, $0.term) = (id == 1, true, Term(7))
                $0.logEndOffset = Offset(100)
            }
        }
        info.features = [
            .with {
                ($0.name, $0.finalizedLevel, $0.supportedLevelMin, $0.supportedLevelMax) = ("myelin.metadata", 2, 1, 3)
            }
        ]
    }
}

extension SharedState {
    func registerCluster(in service: inout RPCService) {
        service.on(Admin.clusterInfo) { [self] _, _ in mutex.withLock { $0.cluster } }
        service.on(Admin.partitionMove) { [self] request, _ in move(request) }
        service.on(Admin.partitionMoveList) { [self] _, _ in partitionMoves() }
        service.on(Admin.leaderElect) { [self] request, _ in elect(request) }
        service.on(Admin.configAlter) { [self] request, _ in
            mutex.withLock { $0.configChanges += request.resources }
            return .with { $0.resources = request.resources.map { change in .with { $0.resource = change.resource } } }
        }
        service.on(Admin.brokerDrain) { [self] request, _ in drain(request) }
        service.on(Admin.brokerStop) { [self] request, _ in stop(request) }
        service.on(Admin.featureUpdate) { [self] request, _ in
            mutex.withLock { state in
                state.levels.append(request)
                return .with { $0.features = state.cluster.features }
            }
        }
        service.on(Admin.balance) { [self] request, _ in balance(request) }
    }

    /// One move, until it was made.
    private func balance(_ request: Admin.BalanceRequest) -> Admin.BalanceResponse {
        mutex.withLock { state in
            let wasBalanced = state.isBalanced
            if !request.validateOnly { state.isBalanced = true }
            return .with {
                $0.isApplied = !request.validateOnly
                guard !wasBalanced else { return }
                $0.moves = [
                    .with {
                        ($0.topic, $0.previousReplicas, $0.replicas) = ("orders", [NodeID(1)], [NodeID(2)])
                        ($0.byteCount, $0.reason) = (1024, "broker 1 leads 6 more than broker 2")
                    }
                ]
            }
        }
    }

    private func move(_ request: Admin.PartitionMoveRequest) -> Admin.PartitionMoveResponse {
        mutex.withLock { state in
            if !request.validateOnly {
                state.moved += request.moves
                state.moves = request.moves.filter { !$0.replicas.isEmpty }.map { move in
                    .with {
                        ($0.topic, $0.partition, $0.replicas) = (move.topic, move.partition, move.replicas)
                        ($0.byteCount, $0.bytesLeft) = (200, 100)
                    }
                }
            }
            return .with {
                $0.moves = request.moves.map { move in
                    .with {
                        ($0.topic, $0.partition, $0.replicas) = (move.topic, move.partition, move.replicas)
                        ($0.previousReplicas, $0.byteCount) = ([NodeID(1)], 200)
                    }
                }
            }
        }
    }

    /// Every answer is the last one before the move is done.
    private func partitionMoves() -> Admin.PartitionMoveListResponse {
        mutex.withLock { state in
            defer { state.moves = [] }
            return .with { $0.moves = state.moves }
        }
    }

    private func elect(_ request: Admin.LeaderElectRequest) -> Admin.LeaderElectResponse {
        mutex.withLock { $0.elections.append(request) }
        return .with {
            $0.partitions = [.with { ($0.topic, $0.previousLeaderID, $0.leaderID) = ("orders", NodeID(2), NodeID(1)) }]
        }
    }

    /// A drained broker stores nothing at once.
    private func drain(_ request: Admin.BrokerDrainRequest) -> Admin.BrokerDrainResponse {
        mutex.withLock { state in
            state.drains.append(request)
            if !request.validateOnly,
                let place = state.cluster.brokers.firstIndex(where: { $0.nodeID == request.brokerID })
            {
                state.cluster.brokers[place].isDraining = !request.undo
                state.cluster.brokers[place].replicaCount = 0
            }
            return .with { ($0.leaderCount, $0.replicaCount) = (2, 6) }
        }
    }

    /// A stopped broker has started again when it is asked for next.
    private func stop(_ request: Admin.BrokerStopRequest) -> Admin.BrokerStopResponse {
        mutex.withLock { state in
            state.stopped.append(request.brokerID)
            if let place = state.cluster.brokers.firstIndex(where: { $0.nodeID == request.brokerID }) {
                state.cluster.brokers[place].startedAt = Timestamp(2_000)
            }
        }
        return Admin.BrokerStopResponse()
    }
}
