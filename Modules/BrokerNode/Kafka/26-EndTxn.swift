// SPDX-License-Identifier: Apache-2.0

internal import KafkaProtocol
internal import Primitives
internal import Transactions

extension BrokerShard {
    /// Commits or aborts; from version 5 on the answer says under which epoch the producer goes on (KIP-890).
    func endTransaction(_ request: EndTxnRequest, _ context: RequestContext) {
        let id = TransactionalID(request.transactionalID)
        let content = EndRequest(
            id, ProducerIdentity(ProducerID(request.producerID), ProducerEpoch(request.producerEpoch)),
            isCommit: request.committed, version: context.version >= 5 ? .bumping : .classic)
        askTransaction(id, .end(content)) { [self] answer in
            guard case .end(let result) = answer else { preconditionFailure("an EndTxn was answered with \(answer)") }
            var response = EndTxnResponse()
            switch result {
            case .success(let producer):
                response.producerID = producer.producerID.rawValue
                response.producerEpoch = producer.producerEpoch.rawValue
            case .failure(let refusal):
                response.errorCode = refusal.kafkaCode(context.version, knowsFencedFrom: 2).rawValue
            }
            respond(response, to: context)
        }
    }
}
