// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import KafkaProtocol
internal import Primitives
internal import WireProtocol

extension AdminService {
    func leaderElect(_ request: Admin.LeaderElectRequest) async throws -> Admin.LeaderElectResponse {
        let kind: ElectLeaders.Kind
        switch request.type {
        case .preferred: kind = .preferred
        case .unclean: kind = .unclean
        case .unspecified:
            throw RPCError(
                .invalidRequest, "it is not said how leaders are elected", remedy: "Say preferred or unclean.")
        }
        let before = await image()
        let partitions = request.partitions.isEmpty ? nil : try references(request.partitions, in: before)
        let command = ElectLeaders(kind, partitions: partitions)
        let elections = request.validateOnly ? await rehearse(command) : try await self.command(command)
        return .with {
            $0.partitions = elections.map { outcome($0, before) }.sorted {
                ($0.topic, $0.partition) < ($1.topic, $1.partition)
            }
        }
    }

    /// Each partition that is named; all of a topic that is named without indices.
    private func references(
        _ chosen: [Admin.TopicPartitions], in image: MetadataImage
    ) throws(RPCError) -> [PartitionReference] {
        var references: [PartitionReference] = []
        for topic in chosen {
            guard let known = image.topic(named: topic.topic) else { throw .unknownTopic(topic.topic, in: image) }
            let all = known.partitions.indices.map { PartitionIndex(Int32($0)) }
            for index in topic.partitions.isEmpty ? all : Set(topic.partitions).sorted() {
                references.append(PartitionReference(topic: topic.topic, index: index))
            }
        }
        return references
    }

    private func outcome(_ election: LeaderElection, _ image: MetadataImage) -> Admin.LeaderElectOutcome {
        let reference = election.partition
        let before = image.partitionID(reference).flatMap { image.partition($0) }?.leader ?? .none
        return .with {
            $0.topic = reference.topic
            $0.partition = reference.index
            $0.previousLeaderID = before
            $0.leaderID = before
            switch election.leader {
            case .success(let leader): $0.leaderID = leader
            case .failure(.unknownPartition): $0.error = .unknown(reference.topic, reference.index, in: image)
            case .failure(let refusal):
                $0.error = RPCError(
                    kafka: refusal.kafkaCode, "\(reference.topic)-\(reference.index): \(refusal.message)")
            }
        }
    }
}
