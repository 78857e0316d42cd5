// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import KafkaProtocol
internal import Primitives
internal import Transactions

extension BrokerShard {
    /// Partition of `__transaction_state` that an id belongs to; nil while the topic does not exist.
    func coordinatorPartition(of id: TransactionalID) -> PartitionID? {
        guard let topic = image.topic(named: TransactionStateTopic.name) else { return nil }
        let index = TransactionStateTopic.partition(of: id, count: Int32(topic.partitions.count))
        return PartitionID(topic: topic.id, index: index)
    }

    /// Puts a request to the coordinator of `id` where it runs on this broker; else the client has come to the wrong one.
    func askTransaction(
        _ id: TransactionalID, _ request: TransactionRequest, then reply: @escaping (TransactionReply) -> Void
    ) {
        guard let partition = coordinatorPartition(of: id) else { return reply(request.refused(.notCoordinator)) }
        ask(shard(of: partition), { $0.submit(request, to: partition.index, reply: $1) }, then: reply)
    }

    private func submit(
        _ request: TransactionRequest, to index: PartitionIndex, reply: @escaping (TransactionReply) -> Void
    ) {
        guard let shell = transactions[index] else { return reply(request.refused(.notCoordinator)) }
        shell.submit(request, reply: reply)
    }

    /// The transactions of all coordinators of this broker, ascending by id; a refusal when one of them still loads.
    func listTransactions(
        _ request: TransactionFilter,
        then continuation: @escaping (Result<[ListedTransaction], TransactionRefusal>) -> Void
    ) {
        askAll({ $0.listOwnTransactions(request, reply: $1) }) { parts in
            continuation(Self.merged(parts).map { $0.sorted { $0.transactionalID < $1.transactionalID } })
        }
    }

    private func listOwnTransactions(
        _ request: TransactionFilter,
        reply: @escaping (Result<[ListedTransaction], TransactionRefusal>) -> Void
    ) {
        guard !transactions.isEmpty else { return reply(.success([])) }
        let shells = transactions.sorted { $0.key < $1.key }.map(\.value)
        let gathering = Gathering<Result<[ListedTransaction], TransactionRefusal>>(count: shells.count) { parts in
            reply(Self.merged(parts))
        }
        for (place, shell) in shells.enumerated() {
            shell.submit(.list(request)) { answer in
                guard case .list(let result) = answer else {
                    preconditionFailure("a list was answered with \(answer)")
                }
                gathering.set(result, at: place)
            }
        }
    }

    private static func merged(
        _ parts: [Result<[ListedTransaction], TransactionRefusal>]
    ) -> Result<[ListedTransaction], TransactionRefusal> {
        var all: [ListedTransaction] = []
        for part in parts {
            switch part {
            case .success(let found): all += found
            case .failure(let refusal): return .failure(refusal)
            }
        }
        return .success(all)
    }
}
