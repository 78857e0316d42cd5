// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// What happened.
public enum Event: Equatable, Sendable {
    /// Every record of the partition has been replayed; from here on the coordinator serves.
    case loaded
    /// This node leads the partition no more: everything pending fails and all state goes.
    case resigned
    /// A client asked.
    case requested(RequestToken, GroupRequest)
    /// The records of the ticket are durable. Successes come in the order of their tickets.
    case appended(AppendTicket)
    /// The records of the ticket are not acknowledged.
    case appendFailed(AppendTicket, AppendFailure)
    /// The marker of a producer's transaction is in the partition, and committed as its records are.
    case transactionEnded(ProducerID, committed: Bool)
    /// The topics do not exist any more.
    case topicsDeleted([String])
    /// `nextDeadline` has come.
    case timePassed
}

/// What the shell must do, in order.
public enum Effect: Equatable, Sendable {
    /// Answer the request. Each token is answered once.
    case reply(RequestToken, GroupReply)
    /// Write the records as one batch with acks=all and report `.appended` or `.appendFailed` with the ticket.
    case append([GroupRecord], AppendTicket)
    /// As `append`, as part of the producer's transaction.
    case appendTransactional([GroupRecord], ProducerID, ProducerEpoch, AppendTicket)
}
