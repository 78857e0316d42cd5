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
        var gate = MutationGate(context, strictFrom: 3, isRehearsal: request.validateOnly, at: now)
        let admitted = topics.map { topic in
            gate.admits(max(0, Int(topic.totalCount) - image.partitionCount(of: .name(topic.topic))))
        }
        let wait = gate.waitNanoseconds
        command(CreatePartitions(topics.keeping(admitted), validateOnly: request.validateOnly)) { [self] result in
            var response = CreatePartitionsResponse()
            var rest = (try? result.get())?[...] ?? []
            response.results = zip(topics, admitted).map { topic, isAdmitted in
                var answer = CreatePartitionsResponse.CreatePartitionsTopicResult()
                answer.name = topic.topic
                switch result {
                case .failure(let failure):
                    answer.errorCode = failure.kafkaCode.rawValue
                    answer.errorMessage = failure.description
                case .success where !isAdmitted:
                    answer.errorCode = ErrorCode.throttlingQuotaExceeded.rawValue
                    answer.errorMessage = MutationGate.refusal
                case .success:
                    if case .failure(let refusal) = rest.removeFirst() {
                        answer.errorCode = refusal.kafkaCode.rawValue
                        answer.errorMessage = refusal.message
                    }
                }
                return answer
            }
            respond(response, to: context, waitNanoseconds: wait, for: .controllerMutationRate)
        }
    }
}
