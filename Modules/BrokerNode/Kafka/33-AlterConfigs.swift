// SPDX-License-Identifier: Apache-2.0

internal import ControllerNode
internal import Coordinator
internal import KafkaProtocol
internal import Primitives

extension BrokerShard {
    /// Replaces all settings of each resource; clients since 2019 prefer IncrementalAlterConfigs.
    func alterConfigs(_ request: AlterConfigsRequest, _ context: RequestContext) {
        let resources = request.resources.map { resource in
            (
                target: ConfigTarget(
                    ConfigTarget.Kind(kafkaType: resource.resourceType), name: resource.resourceName),
                configs: resource.configs.map { NewTopic.Config(name: $0.name, value: $0.value) }
            )
        }
        command(ReplaceConfigs(resources, validateOnly: request.validateOnly)) { [self] result in
            var response = AlterConfigsResponse()
            response.responses = request.resources.enumerated().map { place, resource in
                var answer = AlterConfigsResponse.AlterConfigsResourceResponse()
                answer.resourceType = resource.resourceType
                answer.resourceName = resource.resourceName
                let refusal = AlterConfigAnswer(result, at: place)
                answer.errorCode = refusal.code.rawValue
                answer.errorMessage = refusal.message
                return answer
            }
            respond(response, to: context)
        }
    }
}

/// What both ways to alter settings answer for one resource.
struct AlterConfigAnswer {
    let code: ErrorCode
    let message: String?

    init(_ result: Result<AlterConfigs.Outcome, ControllerFailure>, at place: Int) {
        switch result {
        case .failure(let failure): (code, message) = (failure.kafkaCode, failure.description)
        case .success(let outcomes):
            switch outcomes[place] {
            case .success: (code, message) = (.none, nil)
            case .failure(let refusal): (code, message) = (refusal.kafkaCode, refusal.message)
            }
        }
    }
}
