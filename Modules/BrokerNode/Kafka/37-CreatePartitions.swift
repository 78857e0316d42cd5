// SPDX-License-Identifier: Apache-2.0

internal import ControllerNode
internal import Coordinator
internal import KafkaProtocol
internal import Primitives

extension BrokerShard {
    func createPartitions(_ request: CreatePartitionsRequest, _ context: RequestContext) {
        let topics = request.topics.map { topic in
            MorePartitions(
                topic: topic.name, totalCount: topic.count,
                assignment: (topic.assignments ?? []).map { $0.brokerIDs.map { NodeID($0) } })
        }
        command(CreatePartitions(topics, validateOnly: request.validateOnly)) { [self] result in
            var response = CreatePartitionsResponse()
            response.results = topics.enumerated().map { place, topic in
                var answer = CreatePartitionsResponse.CreatePartitionsTopicResult()
                answer.name = topic.topic
                switch result {
                case .failure(let failure):
                    answer.errorCode = failure.kafkaCode.rawValue
                    answer.errorMessage = failure.description
                case .success(let outcomes):
                    if case .failure(let refusal) = outcomes[place] {
                        answer.errorCode = refusal.kafkaCode.rawValue
                        answer.errorMessage = refusal.message
                    }
                }
                return answer
            }
            respond(response, to: context)
        }
    }
}
