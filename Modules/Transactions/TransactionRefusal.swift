// SPDX-License-Identifier: Apache-2.0

internal import Primitives

/// Why a request about a transaction got a lawful no. Each case but the bounds of our own has one Kafka error.
public enum TransactionRefusal: Error, Hashable, Sendable {
    /// The records are still being replayed, or no producer id is to be had (COORDINATOR_LOAD_IN_PROGRESS).
    case loadInProgress
    /// Another node coordinates the id, or this one has just stopped doing so (NOT_COORDINATOR).
    case notCoordinator
    /// The log could not take the records now (COORDINATOR_NOT_AVAILABLE).
    case coordinatorNotAvailable
    /// The transactional id is empty or longer than a record can say (INVALID_REQUEST).
    case invalidTransactionalID
    /// The time-out is not positive, or longer than `transaction.max.timeout.ms` (INVALID_TRANSACTION_TIMEOUT).
    case invalidTimeout(max: Int32)
    /// The id is not known, or belongs to another producer id (INVALID_PRODUCER_ID_MAPPING).
    case invalidProducerIDMapping
    /// A newer incarnation of the producer has begun, or its transaction timed out (PRODUCER_FENCED).
    case producerFenced
    /// An earlier step is being written: the same request succeeds soon (CONCURRENT_TRANSACTIONS).
    case concurrentTransactions
    /// The step does not follow from where the transaction stands (INVALID_TXN_STATE).
    case invalidState(TransactionState)
    /// The partition is not part of the transaction: abort it and go on (TRANSACTION_ABORTABLE).
    case partitionNotAdded
    /// No such id (TRANSACTIONAL_ID_NOT_FOUND).
    case transactionalIDNotFound
    /// This coordinator holds as many ids as it may (COORDINATOR_NOT_AVAILABLE).
    case tooManyTransactions(capacity: Int)
    /// Too many appends wait for the log, or requests for a producer id (COORDINATOR_NOT_AVAILABLE).
    case tooManyInFlight(capacity: Int)
    /// The transaction would have more partitions than it may (INVALID_REQUEST).
    case tooManyPartitions(capacity: Int)
    /// The log refuses records of that size (UNKNOWN_SERVER_ERROR, as Kafka answers it).
    case recordsTooLarge
}

extension AppendFailure {
    var transactionRefusal: TransactionRefusal {
        switch self {
        case .notEnoughReplicas, .timedOut: .coordinatorNotAvailable
        case .leadershipLost, .storageFailed: .notCoordinator
        case .recordsTooLarge: .recordsTooLarge
        }
    }
}
