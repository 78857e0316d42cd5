// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// What a transaction coordinator orders a partition to write: how one producer's transaction ended (KIP-98).
public struct TransactionMarker: Hashable, Sendable {
    public let producerID: ProducerID
    /// In version 2 one more than the epoch of the records it ends (KIP-890).
    public let producerEpoch: ProducerEpoch
    /// False aborts.
    public let committed: Bool
    /// Leader epoch of the coordinator's partition of `__transaction_state`: a coordinator that was replaced is refused.
    public let coordinatorEpoch: Int32
    /// `transaction.version` of the producer: 1 or 2. Below 2 an epoch equal to that of the records is right.
    public let transactionVersion: Int16

    public init(
        producerID: ProducerID, producerEpoch: ProducerEpoch, committed: Bool, coordinatorEpoch: Int32,
        transactionVersion: Int16
    ) {
        self.producerID = producerID
        self.producerEpoch = producerEpoch
        self.committed = committed
        self.coordinatorEpoch = coordinatorEpoch
        self.transactionVersion = transactionVersion
    }
}

/// A transaction whose records a reader of committed ones passes over; an entry of `<base>.txnindex`.
public struct AbortedTransaction: Hashable, Sendable {
    public let producerID: ProducerID
    public let firstOffset: Offset
    /// The marker's.
    public let lastOffset: Offset
    /// The last stable offset once this transaction had ended: no transaction that a later entry tells of began below.
    public let lastStableOffset: Offset

    public init(producerID: ProducerID, firstOffset: Offset, lastOffset: Offset, lastStableOffset: Offset) {
        self.producerID = producerID
        self.firstOffset = firstOffset
        self.lastOffset = lastOffset
        self.lastStableOffset = lastStableOffset
    }
}

/// A transaction that has records in a log and no marker yet.
public struct OpenTransaction: Hashable, Sendable {
    public let producerID: ProducerID
    public let producerEpoch: ProducerEpoch
    public let firstOffset: Offset
    /// When the producer wrote here last.
    public let lastWrite: Timestamp
}
