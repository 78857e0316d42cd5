// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// What happened.
public enum TransactionEvent: Equatable, Sendable {
    /// Every record of the partition has been replayed; from here on the coordinator serves, in this epoch of its leader.
    case loaded(coordinatorEpoch: LeaderEpoch)
    /// This node leads the partition no more: everything pending fails, and the next leader goes on from the log.
    case resigned
    /// A client, a broker or an operator asked.
    case requested(RequestToken, TransactionRequest)
    /// The records of the ticket are durable.
    case appended(AppendTicket)
    /// The records of the ticket are not acknowledged.
    case appendFailed(AppendTicket, AppendFailure)
    /// Answers one `.allocateProducerID`; nil when there is none to be had now.
    case producerIDAllocated(ProducerID?)
    /// Each partition of the ticket has its marker, or needs none any more.
    case markersWritten(MarkerTicket)
    /// `nextDeadline` has come.
    case timePassed
}

/// What the shell must do, in order.
public enum TransactionEffect: Equatable, Sendable {
    /// Answer the request. Each token is answered once.
    case reply(RequestToken, TransactionReply)
    /// Write the records as one batch with acks=all and report `.appended` or `.appendFailed` with the ticket.
    case append([TransactionRecord], AppendTicket)
    /// Get a producer id that nobody else has and report `.producerIDAllocated`.
    case allocateProducerID
    /// Write a marker to each partition, however often it takes, and report `.markersWritten`; given up by `.resigned`.
    case writeMarkers(TransactionMarkers, MarkerTicket)
}

/// How a transaction ended, for each of its partitions.
public struct TransactionMarkers: Equatable, Sendable {
    public var transactionalID: TransactionalID
    public var producer: ProducerIdentity
    public var isCommit: Bool
    /// Leader epoch of the partition of `__transaction_state`: markers of an older coordinator are refused.
    public var coordinatorEpoch: LeaderEpoch
    public var version: TransactionVersion
    /// At least one, ascending.
    public var partitions: [TopicPartition]

    public init(
        transactionalID: TransactionalID, producer: ProducerIdentity, isCommit: Bool, coordinatorEpoch: LeaderEpoch,
        version: TransactionVersion, partitions: [TopicPartition]
    ) {
        self.transactionalID = transactionalID
        self.producer = producer
        self.isCommit = isCommit
        self.coordinatorEpoch = coordinatorEpoch
        self.version = version
        self.partitions = partitions
    }
}
