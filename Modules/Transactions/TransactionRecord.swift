// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// What the coordinator writes into `__transaction_state`; the only durable state it has.
///
/// - SeeAlso: docs/formats/transaction-state.md
public enum TransactionRecord: Equatable, Sendable {
    /// The id stands here now.
    case changed(TransactionalID, TransactionMetadata)
    /// Tombstone: the id is forgotten.
    case removed(TransactionalID)

    public var transactionalID: TransactionalID {
        switch self {
        case .changed(let id, _), .removed(let id): id
        }
    }
}

/// Everything about one transactional id at one moment.
public struct TransactionMetadata: Equatable, Sendable {
    public var producerID: ProducerID
    /// The id before this one, when its epochs ran out; a client may still retry under it.
    public var previousProducerID = ProducerID.none
    /// The id after this one, chosen when a transaction was prepared with the last epoch.
    public var nextProducerID = ProducerID.none
    /// `.none` until the first InitProducerId has been written.
    public var producerEpoch: ProducerEpoch
    /// The epoch before, for a client that retries with it (KIP-360). Not in the log, as in Kafka.
    public var lastProducerEpoch = ProducerEpoch.none
    public var timeoutMilliseconds: Int32
    public var state: TransactionState
    /// Ascending, without duplicates.
    public var partitions: [TopicPartition] = []
    /// When the transaction began; `.none` before the first one.
    public var startedAt = Timestamp.none
    public var updatedAt: Timestamp
    /// How the client takes part.
    public var version = TransactionVersion.classic

    public init(
        producerID: ProducerID, producerEpoch: ProducerEpoch, timeoutMilliseconds: Int32, state: TransactionState,
        updatedAt: Timestamp
    ) {
        self.producerID = producerID
        self.producerEpoch = producerEpoch
        self.timeoutMilliseconds = timeoutMilliseconds
        self.state = state
        self.updatedAt = updatedAt
    }

    public var producer: ProducerIdentity { ProducerIdentity(producerID, producerEpoch) }
}
