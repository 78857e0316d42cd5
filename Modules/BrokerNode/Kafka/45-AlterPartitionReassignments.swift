// SPDX-License-Identifier: Apache-2.0

internal import ControllerNode
internal import Coordinator
internal import KafkaProtocol
internal import Primitives

extension BrokerShard {
    /// Begins moves of partitions, or takes them back (KIP-455).
    func alterPartitionReassignments(_ request: AlterPartitionReassignmentsRequest, _ context: RequestContext) {
        let reassignments = request.topics.flatMap { topic in
            topic.partitions.map { partition in
                Reassignment(
                    PartitionReference(topic: topic.name, index: PartitionIndex(partition.partitionIndex)),
                    to: partition.replicas.map { $0.map { NodeID($0) } })
            }
        }
        let allowsChange = context.version < 1 || request.allowReplicationFactorChange
        let asked = AlterPartitionReassignments(reassignments, allowsReplicationFactorChange: allowsChange)
        command(asked) { [self] result in
            var response = AlterPartitionReassignmentsResponse()
            if context.version >= 1 { response.allowReplicationFactorChange = request.allowReplicationFactorChange }
            switch result {
            case .failure(let refusal):
                response.errorCode = refusal.kafkaCode.rawValue
                response.errorMessage = refusal.description
            case .success(let outcomes): response.responses = Self.responses(to: request, outcomes)
            }
            respond(response, to: context)
        }
    }

    /// Outcomes are in the order of the partitions of all topics.
    private static func responses(
        to request: AlterPartitionReassignmentsRequest, _ outcomes: AlterPartitionReassignments.Outcome
    ) -> [AlterPartitionReassignmentsResponse.ReassignableTopicResponse] {
        var rest = outcomes[...]
        return request.topics.map { topic in
            var answer = AlterPartitionReassignmentsResponse.ReassignableTopicResponse()
            answer.name = topic.name
            answer.partitions = topic.partitions.map { partition in
                var result = AlterPartitionReassignmentsResponse.ReassignablePartitionResponse()
                result.partitionIndex = partition.partitionIndex
                if case .failure(let refusal)? = rest.popFirst() {
                    result.errorCode = refusal.kafkaCode.rawValue
                    result.errorMessage = refusal.message
                }
                return result
            }
            return answer
        }
    }
}

extension AlterPartitionReassignmentsResponse: ErrorCarrying {
    var firstErrorCode: Int16 {
        errorCode != 0 ? errorCode : responses.lazy.flatMap(\.partitions).map(\.errorCode).first { $0 != 0 } ?? 0
    }
}
