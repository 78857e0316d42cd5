// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import KafkaProtocol
internal import Primitives
internal import Transactions

extension BrokerShard {
    /// Names an idempotent producer (KIP-98), or begins a transactional one at its coordinator.
    func initProducerID(_ request: InitProducerIdRequest, _ context: RequestContext) {
        guard let transactionalID = request.transactionalID else {
            return nextProducerID { [self] result in
                switch result {
                case .success(let id): answerProducer(.success(ProducerIdentity(id, ProducerEpoch(0))), context)
                case .failure(.unavailable): answerProducer(.failure(.coordinatorLoadInProgress), context)
                }
            }
        }
        // The producer says who it was, or nothing at all (KIP-360).
        let expected = ProducerIdentity(ProducerID(request.producerID), ProducerEpoch(request.producerEpoch))
        let hasNone = expected.producerID == .none && expected.producerEpoch == .none
        guard hasNone || (expected.producerID > .none && expected.producerEpoch > .none) else {
            return answerProducer(.failure(.invalidRequest), context)
        }
        let id = TransactionalID(transactionalID)
        let content = InitializeRequest(
            id, timeoutMilliseconds: request.transactionTimeoutMs, expected: hasNone ? nil : expected)
        askTransaction(id, .initialize(content)) { [self] reply in
            guard case .initialize(let result) = reply else {
                preconditionFailure("an InitProducerId was answered with \(reply)")
            }
            answerProducer(result.mapError { $0.kafkaCode(context.version, knowsFencedFrom: 4) }, context)
        }
    }

    private func answerProducer(_ result: Result<ProducerIdentity, ErrorCode>, _ context: RequestContext) {
        var response = InitProducerIdResponse()
        switch result {
        case .success(let producer):
            response.producerID = producer.producerID.rawValue
            response.producerEpoch = producer.producerEpoch.rawValue
        case .failure(let code):
            response.errorCode = code.rawValue
            response.producerEpoch = ProducerEpoch.none.rawValue
        }
        respond(response, to: context)
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
    func nextProducerID(_ reply: @escaping (Result<ProducerID, ProducerIDRefusal>) -> Void) {
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
