// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import Primitives
internal import WireProtocol

extension AdminService {
    /// Moves of a plan that is only shown.
    private static let plannedMoveCountMax = 1_000
    /// Partitions in motion at a time: each costs every broker a share of its disk and network, and a crowd of them is done
    /// no sooner. Who wants more asks again when some are done.
    static let movesInMotionMax = 50

    func balance(_ request: Admin.BalanceRequest) async throws -> Admin.BalanceResponse {
        let view = await view()
        let step = BalanceStep(
            loads: view.loads(),
            moveCountMax: request.validateOnly ? Self.plannedMoveCountMax : Self.movesInMotionMax,
            validateOnly: request.validateOnly)
        let plan = request.validateOnly ? await rehearse(step) : try await command(step)
        return .with {
            $0.moves = plan.moves.map { Admin.BalanceMove($0) }
            $0.brokers = view.brokerLoads(after: plan)
            $0.isApplied = !request.validateOnly
        }
    }

    func brokerDrain(_ request: Admin.BrokerDrainRequest) async throws -> Admin.BrokerDrainResponse {
        let drain = DrainBroker(request.brokerID, isDraining: !request.undo)
        let outcome = request.validateOnly ? await rehearse(drain) : try await command(drain)
        if case .failure(let refusal) = outcome {
            throw RPCError(kafka: refusal.kafkaCode, refusal.message, remedy: refusal.remedy)
        }
        if !request.validateOnly, !request.undo {
            // The first moves begin now, the next ones when somebody asks again.
            let step = BalanceStep(
                loads: await view().loads(), moveCountMax: Self.movesInMotionMax, evens: false)
            _ = try await command(step)
        }
        let held = await image().topicsByName().flatMap(\.partitions).filter { $0.replicas.contains(request.brokerID) }
        return .with {
            $0.replicaCount = Int32(held.count)
            $0.leaderCount = Int32(held.count { $0.leader == request.brokerID })
        }
    }
}

extension NodeView {
    /// What each partition weighs, as far as its leader said.
    fileprivate func loads() -> [PartitionLoad] {
        image.topicsByName().flatMap { topic in
            topic.partitions.indices.map { index in
                let id = PartitionID(topic: topic.id, index: PartitionIndex(Int32(index)))
                return load(of: id)
            }
        }
    }

    private func load(of id: PartitionID) -> PartitionLoad {
        let state = state(of: id)
        return PartitionLoad(
            partition: id, bytes: state?.byteCount ?? 0, bytesInPerSecond: state?.bytesInPerSecond ?? 0,
            bytesOutPerSecond: state?.bytesOutPerSecond ?? 0)
    }

    fileprivate func brokerLoads(after plan: BalancePlan) -> [Admin.BrokerLoad] {
        var loads: [NodeID: Admin.BrokerLoad] = [:]
        for broker in image.brokers() {
            loads[broker.id] = .with { ($0.nodeID, $0.rack) = (broker.id, broker.rack ?? "") }
        }
        let moved = Dictionary(plan.moves.map { ($0.partition, $0.to) }, uniquingKeysWith: { $1 })
        for topic in image.topicsByName() {
            for (index, partition) in topic.partitions.enumerated() {
                let reference = PartitionReference(topic: topic.name, index: PartitionIndex(Int32(index)))
                let load = load(of: PartitionID(topic: topic.id, index: reference.index))
                let planned = moved[reference] ?? partition.targetReplicas
                loads[partition.leader]?.leaderCount += 1
                loads[partition.leader]?.bytesOutPerSecond += load.bytesOutPerSecond
                for broker in partition.replicas { loads[broker]?.addReplica(load) }
                if let first = planned.first {
                    loads[first]?.plannedLeaderCount += 1
                    loads[first]?.plannedBytesOutPerSecond += load.bytesOutPerSecond
                }
                for broker in planned { loads[broker]?.planReplica(load) }
            }
        }
        return loads.values.sorted { $0.nodeID < $1.nodeID }
    }
}

extension Admin.BrokerLoad {
    fileprivate mutating func addReplica(_ load: PartitionLoad) {
        replicaCount += 1
        byteCount += load.bytes
        bytesInPerSecond += load.bytesInPerSecond
    }

    fileprivate mutating func planReplica(_ load: PartitionLoad) {
        plannedReplicaCount += 1
        plannedByteCount += load.bytes
        plannedBytesInPerSecond += load.bytesInPerSecond
    }
}

extension Admin.BalanceMove {
    fileprivate init(_ move: Coordinator.BalanceMove) {
        self.init()
        topic = move.partition.topic
        partition = move.partition.index
        previousReplicas = move.from
        replicas = move.to
        byteCount = move.bytes
        reason = move.reason.description
    }
}
