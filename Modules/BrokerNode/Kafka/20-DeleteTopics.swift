// SPDX-License-Identifier: Apache-2.0

internal import ControllerNode
internal import Coordinator
internal import KafkaProtocol
internal import Primitives

extension BrokerShard {
    func deleteTopics(_ request: DeleteTopicsRequest, _ context: RequestContext) {
        // Version 6 names topics by id as well (KIP-516).
        let topics: [TopicReference] =
            context.version >= 6
            ? request.topics.map { topic in topic.name.map { .name($0) } ?? .id(topic.topicID) }
            : request.topicNames.map { .name($0) }
        var gate = MutationGate(context, strictFrom: 5, at: now)
        let admitted = topics.map { gate.admits(image.partitionCount(of: $0)) }
        let wait = gate.waitNanoseconds
        command(DeleteTopics(topics.keeping(admitted))) { [self] result in
            var response = DeleteTopicsResponse()
            var rest = (try? result.get())?[...] ?? []
            switch result {
            case .failure(let failure):
                response.responses = topics.map { self.result($0, failure.kafkaCode, failure.description, context) }
            case .success:
                response.responses = zip(topics, admitted).map { topic, isAdmitted in
                    guard isAdmitted else {
                        return self.result(topic, .throttlingQuotaExceeded, MutationGate.refusal, context)
                    }
                    switch rest.removeFirst() {
                    case .success(let deleted):
                        var answer = self.result(.name(deleted.name), .none, nil, context)
                        if context.version >= 6 { answer.topicID = deleted.id }
                        return answer
                    case .failure(let refusal):
                        return self.result(topic, refusal.kafkaCode, refusal.message, context)
                    }
                }
            }
            respond(response, to: context, waitNanoseconds: wait, for: .controllerMutationRate)
        }
    }

    private func result(
        _ topic: TopicReference, _ code: ErrorCode, _ message: String?, _ context: RequestContext
    ) -> DeleteTopicsResponse.DeletableTopicResult {
        var result = DeleteTopicsResponse.DeletableTopicResult()
        switch topic {
        case .name(let name): result.name = name
        case .id(let id):
            result.name = nil
            result.topicID = id
        }
        result.errorCode = code.rawValue
        if context.version >= 5 { result.errorMessage = message }
        return result
    }
}
