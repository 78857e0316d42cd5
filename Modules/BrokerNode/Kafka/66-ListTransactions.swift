// SPDX-License-Identifier: Apache-2.0

internal import KafkaProtocol
internal import Primitives
internal import Transactions

extension BrokerShard {
    /// The transactions that this broker coordinates; tools ask every broker.
    func listTransactions(_ request: ListTransactionsRequest, _ context: RequestContext) {
        let states = request.stateFilters.map { name in
            TransactionState.allCases.first { $0.description == name }
        }
        var filter = TransactionFilter()
        filter.states = states.compactMap(\.self)
        filter.producerIDs = request.producerIDFilters.map { ProducerID($0) }
        filter.olderThanMilliseconds = request.durationFilter >= 0 ? request.durationFilter : nil
        var response = ListTransactionsResponse()
        response.unknownStateFilters = zip(request.stateFilters, states).filter { $0.1 == nil }.map(\.0)
        // Nothing can be in a state that does not exist.
        guard filter.states.count > 0 || request.stateFilters.isEmpty else { return respond(response, to: context) }
        listTransactions(filter) { [self] result in
            switch result {
            case .failure(let refusal): response.errorCode = refusal.kafkaCode.rawValue
            case .success(let found):
                response.transactionStates = found.map {
                    var state = ListTransactionsResponse.TransactionState()
                    state.transactionalID = $0.transactionalID.rawValue
                    state.producerID = $0.metadata.producerID.rawValue
                    state.transactionState = $0.metadata.state.description
                    return state
                }
            }
            respond(response, to: context)
        }
    }
}
