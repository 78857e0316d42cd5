// SPDX-License-Identifier: Apache-2.0

internal import KafkaProtocol
internal import Primitives
internal import Transactions

extension BrokerShard {
    func describeTransactions(_ request: DescribeTransactionsRequest, _ context: RequestContext) {
        describeTransactions(request.transactionalIDs.map { TransactionalID($0) }) { [self] results in
            var response = DescribeTransactionsResponse()
            response.transactionStates = zip(request.transactionalIDs, results).map { id, result in
                DescribeTransactionsResponse.TransactionState(id, result)
            }
            respond(response, to: context)
        }
    }

    /// What the coordinators of this broker know of ids, in the order asked.
    func describeTransactions(
        _ ids: [TransactionalID],
        then continuation: @escaping ([Result<TransactionMetadata, TransactionRefusal>]) -> Void
    ) {
        guard !ids.isEmpty else { return continuation([]) }
        let gathering = Gathering<Result<TransactionMetadata, TransactionRefusal>>(
            count: ids.count, then: continuation)
        for (place, id) in ids.enumerated() {
            askTransaction(id, .describe([id])) { answer in
                guard case .describe(let found) = answer else {
                    preconditionFailure("a describe was answered with \(answer)")
                }
                gathering.set(found[0], at: place)
            }
        }
    }
}

extension DescribeTransactionsResponse.TransactionState {
    fileprivate init(_ id: String, _ result: Result<TransactionMetadata, TransactionRefusal>) {
        self.init()
        transactionalID = id
        switch result {
        case .failure(let refusal): errorCode = refusal.kafkaCode.rawValue
        case .success(let metadata):
            transactionState = metadata.state.description
            transactionTimeoutMs = metadata.timeoutMilliseconds
            transactionStartTimeMs = metadata.startedAt.rawValue
            producerID = metadata.producerID.rawValue
            producerEpoch = metadata.producerEpoch.rawValue
            topics = Dictionary(grouping: metadata.partitions, by: \.topic).sorted { $0.key < $1.key }.map {
                var topic = DescribeTransactionsResponse.TopicData()
                topic.topic = $0.key
                topic.partitions = $0.value.map(\.partition.rawValue)
                return topic
            }
        }
    }
}
