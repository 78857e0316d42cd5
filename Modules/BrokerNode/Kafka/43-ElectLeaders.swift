// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import KafkaProtocol
internal import Primitives

extension BrokerShard {
    /// Elects leaders by order (KIP-460).
    func electLeaders(_ request: ElectLeadersRequest, _ context: RequestContext) {
        // Version 0 knows preferred leaders only.
        let kind: ElectLeaders.Kind
        switch context.version >= 1 ? request.electionType : 0 {
        case 0: kind = .preferred
        case 1: kind = .unclean
        default: return refuseElection(.invalidRequest, context)
        }
        let partitions = request.topicPartitions.map { topics in
            topics.flatMap { topic in
                topic.partitions.map { PartitionReference(topic: topic.topic, index: PartitionIndex($0)) }
            }
        }
        command(ElectLeaders(kind, partitions: partitions)) { [self] result in
            switch result {
            case .failure(let refusal): refuseElection(refusal.kafkaCode, context)
            case .success(let elections): respond(Self.response(to: elections), to: context)
            }
        }
    }

    private func refuseElection(_ code: ErrorCode, _ context: RequestContext) {
        var response = ElectLeadersResponse()
        if context.version >= 1 { response.errorCode = code.rawValue }
        respond(response, to: context)
    }

    /// Topics in the order in which they come first.
    private static func response(to elections: [LeaderElection]) -> ElectLeadersResponse {
        var response = ElectLeadersResponse()
        var places: [String: Int] = [:]
        for election in elections {
            let place = places[election.partition.topic] ?? response.replicaElectionResults.count
            if places.updateValue(place, forKey: election.partition.topic) == nil {
                var topic = ElectLeadersResponse.ReplicaElectionResult()
                topic.topic = election.partition.topic
                response.replicaElectionResults.append(topic)
            }
            var result = ElectLeadersResponse.PartitionResult()
            result.partitionID = election.partition.index.rawValue
            if case .failure(let refusal) = election.leader {
                result.errorCode = refusal.kafkaCode.rawValue
                result.errorMessage = refusal.message
            }
            response.replicaElectionResults[place].partitionResult.append(result)
        }
        return response
    }
}

extension ElectLeadersResponse: ErrorCarrying {
    var firstErrorCode: Int16 {
        errorCode != 0
            ? errorCode : replicaElectionResults.lazy.flatMap(\.partitionResult).map(\.errorCode).first { $0 != 0 } ?? 0
    }
}
