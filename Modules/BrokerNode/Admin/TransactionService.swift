// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import KafkaProtocol
internal import Primitives
internal import Transactions
internal import WireProtocol

extension AdminService {
    func transactionList(_ request: Admin.TransactionListRequest) async throws -> Admin.TransactionListResponse {
        var filter = TransactionFilter()
        filter.olderThanMilliseconds = request.olderThanMilliseconds
        for name in request.states {
            guard let state = TransactionState(named: name) else {
                let known = TransactionState.allCases.map(\.description).joined(separator: ", ")
                throw RPCError(
                    .invalidRequest, "'\(name)' is no state of a transaction", remedy: "Say \(known).")
            }
            filter.states.append(state)
        }
        var forwarded = request
        forwarded.localOnly = true
        let found = try await ofEveryBroker(
            Admin.transactionList, forwarded, localOnly: request.localOnly, \.transactions
        ) { [self, filter] in try await transactionsHere(filter) }
        return .with {
            $0.transactions = found.items.sorted { $0.transactionalID < $1.transactionalID }
            $0.unreachable = found.unreachable
        }
    }

    private func transactionsHere(_ filter: TransactionFilter) async throws -> [Admin.TransactionDescription] {
        let result: Result<[ListedTransaction], TransactionRefusal> = await ask {
            $0.listTransactions(filter, then: $1)
        }
        do throws(TransactionRefusal) {
            return try result.get().map { describe($0.transactionalID.rawValue, $0.metadata) }
        } catch {
            throw RPCError(
                kafka: error.kafkaCode, "the transactions of broker \(identity.id) are still being loaded",
                remedy: "Try again in a moment; 'myelin doctor' tells when a coordinator does not come up.")
        }
    }

    func transactionDescribe(
        _ request: Admin.TransactionDescribeRequest
    ) async throws -> Admin.TransactionDescribeResponse {
        try requireSome(request.transactionalIDs, "transactional id")
        let transactions = try await ofCoordinators(
            request.transactionalIDs, Admin.transactionDescribe, of: transactionCoordinator,
            localOnly: request.localOnly,
            { ids in .with { ($0.transactionalIDs, $0.localOnly) = (ids, true) } }, \.transactions
        ) { [self] ids in
            zip(ids, await describedHere(ids)).map { id, result in
                switch result {
                case .success(let metadata): describe(id, metadata)
                case .failure(let refusal):
                    .with { ($0.transactionalID, $0.error) = (id, RPCError(refusal, transactionalID: id)) }
                }
            }
        } failed: { id, error in
            .with { ($0.transactionalID, $0.error) = (id, error) }
        }
        return .with { $0.transactions = transactions }
    }

    func transactionAbort(_ request: Admin.TransactionAbortRequest) async throws -> Admin.TransactionAbortResponse {
        try requireSome(request.transactionalIDs, "transactional id")
        let validateOnly = request.validateOnly
        let transactions = try await ofCoordinators(
            request.transactionalIDs, Admin.transactionAbort, of: transactionCoordinator,
            localOnly: request.localOnly,
            { ids in .with { ($0.transactionalIDs, $0.validateOnly, $0.localOnly) = (ids, validateOnly, true) } },
            \.transactions
        ) { [self] ids in
            let refusals = validateOnly ? await abortRefusals(ids) : await abort(ids)
            return zip(ids, refusals).map { id, refusal in
                .with { ($0.transactionalID, $0.error) = (id, refusal.map { RPCError($0, transactionalID: id) }) }
            }
        } failed: { id, error in
            .with { ($0.transactionalID, $0.error) = (id, error) }
        }
        return .with { $0.transactions = transactions }
    }

    // MARK: Asking the coordinators

    /// The broker that coordinates an id, or this one while there are no transactions.
    private func transactionCoordinator(of id: String, in image: MetadataImage) throws(RPCError) -> NodeID {
        guard let topic = image.topic(named: TransactionStateTopic.name) else { return identity.id }
        let index = TransactionStateTopic.partition(of: TransactionalID(id), count: Int32(topic.partitions.count))
        let leader = topic.partitions[Int(index.rawValue)].leader
        guard leader != .none else { throw .leaderless(TransactionStateTopic.name, index) }
        return leader
    }

    private func describedHere(_ ids: [String]) async -> [Result<TransactionMetadata, TransactionRefusal>] {
        await ask { shard, reply in
            guard shard.image.topic(named: TransactionStateTopic.name) != nil else {
                return reply(ids.map { _ in .failure(.transactionalIDNotFound) })
            }
            shard.describeTransactions(ids.map { TransactionalID($0) }, then: reply)
        }
    }

    private func abort(_ ids: [String]) async -> [TransactionRefusal?] {
        await ask { shard, reply in
            let gathering = Gathering<TransactionRefusal?>(count: ids.count, then: reply)
            for (place, id) in ids.enumerated() {
                shard.askTransaction(TransactionalID(id), .abort(TransactionalID(id))) { answer in
                    guard case .abort(let refusal) = answer else {
                        preconditionFailure("an abort was answered with \(answer)")
                    }
                    gathering.set(refusal, at: place)
                }
            }
        }
    }

    /// What `abort` would answer.
    private func abortRefusals(_ ids: [String]) async -> [TransactionRefusal?] {
        await describedHere(ids).map { result in
            switch result {
            case .failure(let refusal): refusal
            case .success(let metadata): metadata.state == .ongoing ? nil : .invalidState(metadata.state)
            }
        }
    }

    private func describe(_ id: String, _ metadata: TransactionMetadata) -> Admin.TransactionDescription {
        .with {
            $0.transactionalID = id
            $0.state = metadata.state.description
            $0.producerID = metadata.producerID
            $0.producerEpoch = metadata.producerEpoch
            $0.timeoutMilliseconds = metadata.timeoutMilliseconds
            $0.startedAt = metadata.state.isOpen ? metadata.startedAt : nil
            $0.updatedAt = metadata.updatedAt
            $0.partitions = Dictionary(grouping: metadata.partitions, by: \.topic).sorted { $0.key < $1.key }.map {
                topic, partitions in
                .with { ($0.topic, $0.partitions) = (topic, partitions.map(\.partition)) }
            }
            $0.coordinatorID = identity.id
        }
    }
}

extension TransactionState {
    fileprivate init?(named name: String) {
        guard let state = Self.allCases.first(where: { $0.description.lowercased() == name.lowercased() }) else {
            return nil
        }
        self = state
    }
}

extension RPCError {
    fileprivate init(_ refusal: TransactionRefusal, transactionalID id: String) {
        let (message, remedy): (String, String) =
            switch refusal {
            case .transactionalIDNotFound:
                ("there is no transactional id '\(id)'", "'myelin txn list' shows them.")
            case .invalidState(let state):
                ("transactional id '\(id)' has no ongoing transaction, it is \(state)", "Nothing is to be done.")
            case .concurrentTransactions:
                (
                    "the transaction of '\(id)' is being ended already",
                    "'myelin txn describe \(id)' shows how far it is."
                )
            case .loadInProgress:
                ("the coordinator of '\(id)' is still loading", "Try again in a moment.")
            case .notCoordinator, .coordinatorNotAvailable:
                ("the coordinator of '\(id)' is not available", "Try again; 'myelin doctor' tells more.")
            default: ("transactional id '\(id)' refused: \(refusal)", "")
            }
        self.init(kafka: refusal.kafkaCode, message, remedy: remedy)
    }
}
