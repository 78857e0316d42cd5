// SPDX-License-Identifier: Apache-2.0

internal import KafkaProtocol
internal import Transactions

extension TransactionRefusal {
    var kafkaCode: ErrorCode {
        switch self {
        case .loadInProgress: .coordinatorLoadInProgress
        case .notCoordinator: .notCoordinator
        case .coordinatorNotAvailable, .tooManyTransactions, .tooManyInFlight: .coordinatorNotAvailable
        case .invalidTransactionalID, .tooManyPartitions: .invalidRequest
        case .invalidTimeout: .invalidTransactionTimeout
        case .invalidProducerIDMapping: .invalidProducerIDMapping
        case .producerFenced: .producerFenced
        case .concurrentTransactions: .concurrentTransactions
        case .invalidState: .invalidTxnState
        case .partitionNotAdded: .transactionAbortable
        case .transactionalIDNotFound: .transactionalIDNotFound
        case .recordsTooLarge: .unknownServerError
        }
    }

    /// Clients of a version below `first` do not know PRODUCER_FENCED (KIP-588).
    func kafkaCode(_ version: Int16, knowsFencedFrom first: Int16) -> ErrorCode {
        self == .producerFenced && version < first ? .invalidProducerEpoch : kafkaCode
    }
}
