// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import KafkaProtocol
internal import Primitives

extension BrokerShard {
    /// Changes single settings of each resource (KIP-339).
    func incrementalAlterConfigs(_ request: IncrementalAlterConfigsRequest, _ context: RequestContext) {
        guard request.resources.allSatisfy({ $0.configs.allSatisfy { (0...3).contains($0.configOperation) } }) else {
            return answerAlter(request, context) { _ in (.invalidRequest, "an operation is 0 to 3") }
        }
        let resources = request.resources.map { resource in
            (
                target: ConfigTarget(
                    ConfigTarget.Kind(kafkaType: resource.resourceType), name: resource.resourceName),
                changes: resource.configs.map {
                    AlterConfigs.Change(.init(kafkaOperation: $0.configOperation), name: $0.name, value: $0.value)
                }
            )
        }
        command(AlterConfigs(resources, validateOnly: request.validateOnly)) { [self] result in
            answerAlter(request, context) { place in
                let answer = AlterConfigAnswer(result, at: place)
                return (answer.code, answer.message)
            }
        }
    }

    private func answerAlter(
        _ request: IncrementalAlterConfigsRequest, _ context: RequestContext,
        _ outcome: (Int) -> (code: ErrorCode, message: String?)
    ) {
        var response = IncrementalAlterConfigsResponse()
        response.responses = request.resources.enumerated().map { place, resource in
            var answer = IncrementalAlterConfigsResponse.AlterConfigsResourceResponse()
            answer.resourceType = resource.resourceType
            answer.resourceName = resource.resourceName
            (answer.errorCode, answer.errorMessage) = (outcome(place).code.rawValue, outcome(place).message)
            return answer
        }
        respond(response, to: context)
    }
}

extension AlterConfigs.Operation {
    /// - Precondition: 0 to 3.
    fileprivate init(kafkaOperation: Int8) {
        switch kafkaOperation {
        case 0: self = .set
        case 1: self = .delete
        case 2: self = .append
        case 3: self = .subtract
        default: preconditionFailure("operation \(kafkaOperation)")
        }
    }
}
