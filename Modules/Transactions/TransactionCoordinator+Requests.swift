// SPDX-License-Identifier: Apache-2.0

internal import Primitives

extension TransactionCoordinator {
    mutating func take(_ request: TransactionRequest, for token: RequestToken) {
        do throws(TransactionRefusal) {
            switch request {
            case .initialize(let content): try initialize(content, request, for: token)
            case .addPartitions(let content): try add(content, for: token)
            case .verifyPartitions(let content): reply(token, .verifyPartitions(try verify(content)))
            case .end(let content): try end(content, request, for: token)
            case .abort(let id): try abort(id, for: token)
            case .describe(let ids): reply(token, .describe(ids.map { describe($0) }))
            case .list(let filter): reply(token, .list(.success(list(filter))))
            }
        } catch {
            reply(token, request.refused(error))
        }
    }

    // MARK: Beginning

    private mutating func initialize(
        _ content: InitializeRequest, _ request: TransactionRequest, for token: RequestToken
    ) throws(TransactionRefusal) {
        let id = content.transactionalID
        try check(id)
        guard (1...limits.timeoutMillisecondsMax).contains(content.timeoutMilliseconds) else {
            throw .invalidTimeout(max: limits.timeoutMillisecondsMax)
        }
        try checkRoomForAppend()
        guard let transaction = transactions[id] else { return try create(content, request, for: token) }
        guard transaction.pending == nil else { throw .concurrentTransactions }
        let metadata = transaction.metadata
        try metadata.checkExpected(content.expected)
        switch metadata.state {
        case .prepareCommit, .prepareAbort: throw .concurrentTransactions
        case .ongoing:
            append(metadata.fenced(at: wall), of: id, then: .fencedForInitialize(token))
        case .empty, .completeCommit, .completeAbort:
            let freshID = metadata.needsProducerID(for: content) ? try takeFreshID(for: token, request) : nil
            guard !metadata.needsProducerID(for: content) || freshID != nil else { return }
            let next = try metadata.initialized(by: content, freshID: freshID, at: wall)
            append(next, of: id, then: .initialized(token, next.producer))
        }
    }

    /// The first time that this id is heard of.
    private mutating func create(
        _ content: InitializeRequest, _ request: TransactionRequest, for token: RequestToken
    ) throws(TransactionRefusal) {
        guard transactions.count < limits.transactionCountMax else {
            throw .tooManyTransactions(capacity: limits.transactionCountMax)
        }
        guard let freshID = try takeFreshID(for: token, request) else { return }
        let unborn = TransactionMetadata(
            producerID: freshID, producerEpoch: .none, timeoutMilliseconds: content.timeoutMilliseconds,
            state: .empty, updatedAt: wall)
        transactions[content.transactionalID] = Transaction(metadata: unborn)
        let next = try unborn.initialized(by: content, freshID: nil, at: wall)
        append(next, of: content.transactionalID, then: .initialized(token, next.producer))
    }

    // MARK: Adding and verifying

    private mutating func add(
        _ content: AddPartitionsRequest, for token: RequestToken
    ) throws(TransactionRefusal) {
        let id = content.transactionalID
        try check(id)
        try checkRoomForAppend()
        guard let transaction = transactions[id] else { throw .invalidProducerIDMapping }
        // First, since the step under way may give the producer another id.
        guard transaction.pending == nil else { throw .concurrentTransactions }
        try transaction.metadata.check(content.producer)
        guard let next = try transaction.metadata.adding(content, at: wall) else {
            return reply(token, .addPartitions(nil))
        }
        guard next.partitions.count <= limits.partitionCountMax else {
            throw .tooManyPartitions(capacity: limits.partitionCountMax)
        }
        append(next, of: id, then: .partitionsAdded(token))
    }

    /// What is being written does not count: the partition's leader checks once more when it appends.
    private func verify(_ content: VerifyPartitionsRequest) throws(TransactionRefusal) -> [TransactionRefusal?] {
        try check(content.transactionalID)
        guard let metadata = transactions[content.transactionalID]?.metadata else { throw .invalidProducerIDMapping }
        try metadata.check(content.producer)
        switch metadata.state {
        case .prepareCommit, .prepareAbort: throw .concurrentTransactions
        case .empty, .ongoing, .completeCommit, .completeAbort:
            return content.partitions.map { metadata.partitions.contains($0) ? nil : .partitionNotAdded }
        }
    }

    // MARK: Ending

    private mutating func end(
        _ content: EndRequest, _ request: TransactionRequest, for token: RequestToken
    ) throws(TransactionRefusal) {
        let id = content.transactionalID
        try check(id)
        try checkRoomForAppend()
        guard let transaction = transactions[id] else { throw .invalidProducerIDMapping }
        guard transaction.pending == nil else { throw .concurrentTransactions }
        let metadata = transaction.metadata
        switch try metadata.judge(content) {
        case .alreadyDone: reply(token, .end(.success(metadata.producer)))
        case .prepare:
            var nextID: ProducerID?
            if content.version.bumpsEpoch, metadata.producerEpoch.isExhausted {
                nextID = try takeFreshID(for: token, request)
                guard nextID != nil else { return }
            }
            let next = metadata.prepared(
                isCommit: content.isCommit, version: content.version, nextID: nextID, at: wall)
            append(next, of: id, then: .ended(token, next.producerAfterCompletion))
        }
    }

    private mutating func abort(_ id: TransactionalID, for token: RequestToken) throws(TransactionRefusal) {
        try check(id)
        try checkRoomForAppend()
        guard let transaction = transactions[id] else { throw .transactionalIDNotFound }
        guard transaction.pending == nil else { throw .concurrentTransactions }
        guard transaction.metadata.state == .ongoing else { throw .invalidState(transaction.metadata.state) }
        append(transaction.metadata.fenced(at: wall), of: id, then: .aborted(token))
    }

    // MARK: Looking

    private func describe(_ id: TransactionalID) -> Result<TransactionMetadata, TransactionRefusal> {
        guard let metadata = transactions[id]?.metadata, metadata.producerEpoch != .none else {
            return .failure(.transactionalIDNotFound)
        }
        return .success(metadata)
    }

    private func list(_ filter: TransactionFilter) -> [ListedTransaction] {
        transactions.filter { _, transaction in
            let metadata = transaction.metadata
            guard metadata.producerEpoch != .none else { return false }
            guard filter.states.isEmpty || filter.states.contains(metadata.state) else { return false }
            guard filter.producerIDs.isEmpty || filter.producerIDs.contains(metadata.producerID) else { return false }
            guard let age = filter.olderThanMilliseconds else { return true }
            return metadata.startedAt != .none && wall.rawValue - metadata.startedAt.rawValue > age
        }
        .map { ListedTransaction(transactionalID: $0.key, metadata: $0.value.metadata) }
        .sorted { $0.transactionalID < $1.transactionalID }
    }

    // MARK: Checks

    private func check(_ id: TransactionalID) throws(TransactionRefusal) {
        guard id.byteCount > 0, id.byteCount <= textByteCountMax else { throw .invalidTransactionalID }
    }

    private func checkRoomForAppend() throws(TransactionRefusal) {
        guard appends.count < limits.appendsInFlightMax else {
            throw .tooManyInFlight(capacity: limits.appendsInFlightMax)
        }
    }

    // MARK: Producer ids

    /// A producer id that nobody has; nil when the request waits for one and is taken again when it comes.
    private mutating func takeFreshID(
        for token: RequestToken, _ request: TransactionRequest
    ) throws(TransactionRefusal) -> ProducerID? {
        if let id = freshIDs.popLast() { return id }
        guard idWaiters.count < limits.producerIDWaitersMax else {
            throw .tooManyInFlight(capacity: limits.producerIDWaitersMax)
        }
        idWaiters.append((token, request))
        effects.append(.allocateProducerID)
        return nil
    }

    mutating func producerIDCame(_ id: ProducerID?) {
        guard phase == .serving, !idWaiters.isEmpty else { return }
        let (token, request) = idWaiters.removeFirst()
        guard let id else { return reply(token, request.refused(.loadInProgress)) }
        freshIDs.append(id)
        // Things may have changed meanwhile; an id that is not needed any more serves the next.
        take(request, for: token)
    }
}

extension TransactionMetadata {
    fileprivate func check(_ producer: ProducerIdentity) throws(TransactionRefusal) {
        guard producer.producerID == producerID else { throw .invalidProducerIDMapping }
        guard producer.producerEpoch == producerEpoch else { throw .producerFenced }
    }
}
