// SPDX-License-Identifier: Apache-2.0

public import WireProtocol

extension AdminClient {
    /// Transactional ids of all brokers, ascending.
    ///
    /// - Parameters:
    ///   - states: Only in these states, Kafka's names; empty gives all.
    ///   - olderThanMilliseconds: Only transactions that began longer ago.
    public func transactions(
        states: [String] = [], olderThanMilliseconds: Int64? = nil
    ) async throws(RPCError) -> [Admin.TransactionDescription] {
        try await call(
            Admin.transactionList, .with { ($0.states, $0.olderThanMilliseconds) = (states, olderThanMilliseconds) }
        ).transactions
    }

    /// Everything about transactional ids, in the order asked.
    public func describeTransactions(_ ids: [String]) async throws(RPCError) -> [Admin.TransactionDescription] {
        try await call(Admin.transactionDescribe, .with { $0.transactionalIDs = ids }).transactions
    }

    /// Aborts ongoing transactions and fences their producers; each id succeeds or fails alone.
    public func abortTransactions(
        _ ids: [String], validateOnly: Bool = false
    ) async throws(RPCError) -> [Admin.TransactionOutcome] {
        try await call(
            Admin.transactionAbort, .with { ($0.transactionalIDs, $0.validateOnly) = (ids, validateOnly) }
        ).transactions
    }
}
