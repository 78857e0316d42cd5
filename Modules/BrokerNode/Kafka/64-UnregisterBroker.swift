// SPDX-License-Identifier: Apache-2.0

internal import ControllerNode
internal import Coordinator
internal import KafkaProtocol
internal import Primitives

extension BrokerShard {
    /// Forgets a broker that has no replicas (KIP-631).
    func unregisterBroker(_ request: UnregisterBrokerRequest, _ context: RequestContext) {
        command(UnregisterBroker(NodeID(request.brokerID))) { [self] result in
            var response = UnregisterBrokerResponse()
            switch result {
            case .failure(let refusal):
                response.errorCode = refusal.kafkaCode.rawValue
                response.errorMessage = refusal.description
            case .success(.failure(let refusal)):
                response.errorCode = refusal.kafkaCode.rawValue
                response.errorMessage = refusal.message
            case .success(.success): break
            }
            respond(response, to: context)
        }
    }
}

extension UnregisterBrokerResponse: ErrorCarrying {
    var firstErrorCode: Int16 { errorCode }
}
