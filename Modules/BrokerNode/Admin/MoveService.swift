// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import KafkaProtocol
internal import Primitives
internal import WireProtocol

extension AdminService {
    func partitionMove(_ request: Admin.PartitionMoveRequest) async throws -> Admin.PartitionMoveResponse {
        try requireSome(request.moves, "partition")
        let view = await view(of: Set(request.moves.map(\.topic)))
        let command = AlterPartitionReassignments(
            request.moves.map {
                Reassignment(
                    PartitionReference(topic: $0.topic, index: $0.partition),
                    to: $0.replicas.isEmpty ? nil : $0.replicas)
            })
        let outcomes = request.validateOnly ? await rehearse(command) : try await self.command(command)
        return .with {
            $0.moves = zip(request.moves, outcomes).map { outcome($0, $1, view) }
        }
    }

    private func outcome(
        _ move: Admin.PartitionMove, _ result: Result<Done, ReassignmentRefusal>, _ view: NodeView
    ) -> Admin.PartitionMoveOutcome {
        let id = view.image.partitionID(PartitionReference(topic: move.topic, index: move.partition))
        let before = id.flatMap { view.image.partition($0) }
        return .with {
            $0.topic = move.topic
            $0.partition = move.partition
            $0.previousReplicas = before?.settledReplicas ?? []
            $0.replicas = move.replicas.isEmpty ? $0.previousReplicas : move.replicas
            $0.byteCount = id.flatMap { view.state(of: $0) }?.byteCount ?? 0
            guard case .failure(let refusal) = result else { return }
            $0.error =
                refusal == .unknownPartition
                ? .unknown(move.topic, move.partition, in: view.image)
                : RPCError(kafka: refusal.kafkaCode, "\(move.topic)-\(move.partition): \(refusal.message)")
        }
    }

    func partitionMoveList(_ request: Admin.PartitionMoveListRequest) async -> Admin.PartitionMoveListResponse {
        let image = await image()
        let moving = image.reassigningPartitions().compactMap { id in
            image.topic(id.topic).map { (topic: $0, id: id) }
        }.filter { request.topics.isEmpty || request.topics.contains($0.topic.name) }
        guard !moving.isEmpty else { return Admin.PartitionMoveListResponse() }
        let view = await view(of: Set(moving.map(\.topic.name)))
        return .with {
            $0.moves = moving.sorted { ($0.topic.name, $0.id.index) < ($1.topic.name, $1.id.index) }.map {
                progress(of: $0.topic, $0.id, view)
            }
            $0.unreachable = view.unreachable
        }
    }

    private func progress(of topic: TopicImage, _ id: PartitionID, _ view: NodeView) -> Admin.PartitionMoveProgress {
        let partition = topic.partitions[Int(id.index.rawValue)]
        let byteCount = view.state(of: id)?.byteCount ?? 0
        return .with {
            $0.topic = topic.name
            $0.partition = id.index
            $0.replicas = partition.targetReplicas
            $0.addingReplicas = partition.addingReplicas
            $0.removingReplicas = partition.removingReplicas
            $0.byteCount = byteCount * Int64(partition.addingReplicas.count)
            // Retention may have left the copy with less than the leader: what is in sync misses nothing.
            let copying = partition.addingReplicas.filter { !partition.inSyncReplicas.contains($0) }
            $0.bytesLeft = copying.reduce(0) { $0 + max(0, byteCount - (view.state(of: id, on: $1)?.byteCount ?? 0)) }
        }
    }
}
