// SPDX-License-Identifier: Apache-2.0

internal import Primitives

// Where a transactional id may go from where it stands. Each function returns what would be written; nothing changes before
// the log has it.

extension ProducerEpoch {
    /// The last epoch but one is the last that a client sees: the one after it is left for fencing.
    var isExhausted: Bool { rawValue >= .max - 1 }

    /// Not to be used by a client: it can only be followed by another producer id.
    var isLast: Bool { rawValue == .max }
}

extension TransactionMetadata {
    // MARK: Beginning

    /// A producer of this id begins, or recovers.
    ///
    /// - Parameter freshID: A producer id that nobody has; needed when `needsProducerID(for:)`.
    func initialized(
        by request: InitializeRequest, freshID: ProducerID?, at wall: Timestamp
    ) throws(TransactionRefusal) -> TransactionMetadata {
        try checkExpected(request.expected)
        var next = self
        next.timeoutMilliseconds = request.timeoutMilliseconds
        next.state = .empty
        next.partitions = []
        next.startedAt = .none
        next.updatedAt = wall
        next.nextProducerID = .none
        if needsProducerID(for: request) {
            guard let freshID else { preconditionFailure("a producer id is rotated without a new one") }
            next.previousProducerID = producerID
            next.producerID = freshID
            next.lastProducerEpoch = request.expected == nil ? .none : producerEpoch
            next.producerEpoch = ProducerEpoch(0)
            return next
        }
        guard let expected = request.expected?.producerEpoch, producerEpoch != .none else {
            next.lastProducerEpoch = .none
            next.producerEpoch = producerEpoch.next
            return next
        }
        // A retry of a call that succeeded keeps what that call gave.
        guard expected != lastProducerEpoch || expected == producerEpoch else { return next }
        guard expected == producerEpoch else { throw .producerFenced }
        next.lastProducerEpoch = producerEpoch
        next.producerEpoch = producerEpoch.next
        return next
    }

    /// Whether the epochs of the producer id are used up and the caller is the one who holds the last.
    func needsProducerID(for request: InitializeRequest) -> Bool {
        producerEpoch.isExhausted && (request.expected.map { $0.producerEpoch == producerEpoch } ?? true)
    }

    /// A producer that says who it was must be the one of this id, or have been so until its epochs ran out.
    func checkExpected(_ expected: ProducerIdentity?) throws(TransactionRefusal) {
        guard let expected, producerEpoch != .none, expected.producerID != producerID else { return }
        guard expected.producerID == previousProducerID, expected.producerEpoch.isExhausted else {
            throw .producerFenced
        }
    }

    // MARK: Adding

    /// - Returns: nil when all are part of the ongoing transaction already.
    func adding(_ request: AddPartitionsRequest, at wall: Timestamp) throws(TransactionRefusal) -> TransactionMetadata?
    {
        switch state {
        case .prepareCommit, .prepareAbort: throw .concurrentTransactions
        case .empty, .ongoing, .completeCommit, .completeAbort: break
        }
        guard !producerEpoch.isLast else { throw .producerFenced }
        let isOngoing = state == .ongoing
        let known = isOngoing ? partitions : []
        let added = Set(request.partitions).subtracting(known)
        if isOngoing, added.isEmpty { return nil }
        var next = self
        next.state = .ongoing
        next.partitions = (known + added).sorted()
        next.startedAt = isOngoing ? startedAt : wall
        next.updatedAt = wall
        next.version = request.version
        return next
    }

    // MARK: Ending

    /// Commit or abort, before any marker is written.
    ///
    /// - Parameter nextID: A producer id that nobody has; needed when the epoch rises past the last that clients see.
    func prepared(
        isCommit: Bool, version: TransactionVersion, nextID: ProducerID?, at wall: Timestamp
    ) -> TransactionMetadata {
        var next = self
        next.state = isCommit ? .prepareCommit : .prepareAbort
        // A transaction without partitions begins and ends at once (KIP-890).
        if state != .ongoing { next.startedAt = wall }
        next.updatedAt = wall
        next.version = version
        guard version.bumpsEpoch else { return next }
        next.lastProducerEpoch = producerEpoch
        next.producerEpoch = producerEpoch.next
        next.nextProducerID = nextID ?? .none
        return next
    }

    /// Abort, under an epoch that the producer does not have: it can do no more.
    func fenced(at wall: Timestamp) -> TransactionMetadata {
        precondition(state == .ongoing, "a transaction is fenced while \(state)")
        var next = self
        next.state = .prepareAbort
        next.updatedAt = wall
        next.lastProducerEpoch = .none
        next.producerEpoch = producerEpoch.next
        return next
    }

    /// Every partition has its marker.
    func completed(at wall: Timestamp) -> TransactionMetadata {
        precondition(
            state == .prepareCommit || state == .prepareAbort, "a transaction is completed while \(state)")
        var next = self
        next.state = state == .prepareCommit ? .completeCommit : .completeAbort
        next.partitions = []
        next.updatedAt = wall
        next.nextProducerID = .none
        guard nextProducerID != .none else { return next }
        next.previousProducerID = producerID
        next.producerID = nextProducerID
        next.producerEpoch = ProducerEpoch(0)
        return next
    }

    /// Who the client is once a prepared transaction is complete.
    var producerAfterCompletion: ProducerIdentity {
        nextProducerID == .none ? producer : ProducerIdentity(nextProducerID, ProducerEpoch(0))
    }

    /// What an end means here; the two versions differ in how a retry is told from the next end.
    func judge(_ request: EndRequest) throws(TransactionRefusal) -> EndDecision {
        let isRetry = request.version.bumpsEpoch && isRetry(of: request)
        guard request.producer.producerID == producerID || isRetry else { throw .invalidProducerIDMapping }
        guard acceptsEpoch(of: request, isRetry: isRetry) else { throw .producerFenced }
        switch state {
        case .ongoing: return .prepare
        case .prepareCommit where request.isCommit, .prepareAbort where !request.isCommit:
            throw .concurrentTransactions
        case .completeCommit where request.isCommit, .completeAbort where !request.isCommit:
            guard request.version.bumpsEpoch, !isRetry else { return .alreadyDone }
            // The same epoch is the next transaction, and one without partitions can only be aborted.
            guard !request.isCommit else { throw .invalidState(state) }
            return .prepare
        case .empty where !request.isCommit && request.version.bumpsEpoch,
            .completeCommit where !request.isCommit && request.version.bumpsEpoch && !isRetry:
            return .prepare
        case .empty, .prepareCommit, .prepareAbort, .completeCommit, .completeAbort: throw .invalidState(state)
        }
    }

    /// Whether the client sends again an end that was carried out: its epoch is one behind, or one id behind.
    private func isRetry(of request: EndRequest) -> Bool {
        let epoch = request.producer.producerEpoch
        if request.producer.producerID == producerID { return !epoch.isLast && epoch.next == producerEpoch }
        return request.producer.producerID == previousProducerID && epoch.rawValue == .max - 1
            && producerEpoch.rawValue == 0
    }

    private func acceptsEpoch(of request: EndRequest, isRetry: Bool) -> Bool {
        let isCurrent = request.producer.producerEpoch == producerEpoch && request.producer.producerID == producerID
        // The last epoch is never a client's: it has been fenced, and begins anew.
        guard !(producerEpoch.isLast && nextProducerID == .none) else { return false }
        guard request.version.bumpsEpoch else { return isCurrent }
        switch state {
        case .empty, .ongoing: return isCurrent
        case .prepareCommit, .prepareAbort: return isRetry
        case .completeCommit, .completeAbort: return isRetry || isCurrent
        }
    }
}

/// What is to be done about an end that is lawful.
enum EndDecision {
    case prepare
    /// It was carried out before: the client did not get the answer.
    case alreadyDone
}
