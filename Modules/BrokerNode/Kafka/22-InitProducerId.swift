// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import KafkaProtocol
internal import Primitives

extension BrokerShard {
    /// Names an idempotent producer (KIP-98). Transactional producers are refused: transactions are not served.
    func initProducerID(_ request: InitProducerIdRequest, _ context: RequestContext) {
        var response = InitProducerIdResponse()
        guard request.transactionalID == nil else {
            let code: ErrorCode = request.transactionalID == "" ? .invalidRequest : .transactionalIDAuthorizationFailed
            response.errorCode = code.rawValue
            return respond(response, to: context)
        }
        nextProducerID { [self] result in
            switch result {
            case .success(let id):
                response.producerID = id.rawValue
                response.producerEpoch = 0
            case .failure: response.errorCode = ErrorCode.coordinatorLoadInProgress.rawValue
            }
            respond(response, to: context)
        }
    }

    /// Fetches a block of producer ids before anybody asks, so that producers can begin while no controller is active.
    func prepareProducerIDs() {
        guard producerIDs.isEmpty, producerIDWaiters.isEmpty else { return }
        nextProducerID { [self] result in
            // It goes back: nobody has seen it.
            if case .success(let id) = result { producerIDs = id.rawValue..<producerIDs.upperBound }
        }
    }

    /// A producer id that nobody else has, from this shard's block or a new one.
    private func nextProducerID(_ reply: @escaping (Result<ProducerID, ProducerIDRefusal>) -> Void) {
        if let id = producerIDs.popFirst() { return reply(.success(ProducerID(id))) }
        producerIDWaiters.append(reply)
        guard producerIDWaiters.count == 1 else { return }
        command(AllocateProducerIDs(broker: node.id, epoch: brokerEpoch)) { [self] result in
            let waiters = producerIDWaiters
            producerIDWaiters = []
            guard case .success(.success(let block)) = result else {
                for waiter in waiters { waiter(.failure(.unavailable)) }
                return
            }
            producerIDs = block.first.rawValue..<block.end.rawValue
            for waiter in waiters { nextProducerID(waiter) }
        }
    }
}

/// Why there is no producer id now; the client tries again.
enum ProducerIDRefusal: Error {
    case unavailable
}
