// SPDX-License-Identifier: Apache-2.0

internal import Primitives

extension TransactionCoordinator {
    /// The log has answered: what it has acknowledged takes effect, and the next step follows by itself.
    mutating func settle(_ ticket: AppendTicket, _ failure: AppendFailure?) {
        // After a resignation nobody waits any more.
        guard let pending = appends.removeValue(forKey: ticket) else { return }
        for record in pending.records { take(record, isDurable: failure == nil) }
        answer(pending.continuation, failure)
        for record in pending.records {
            if failure == nil { proceed(with: record.transactionalID) } else { retryLater(record.transactionalID) }
        }
    }

    private mutating func take(_ record: TransactionRecord, isDurable: Bool) {
        let id = record.transactionalID
        transactions[id]?.pending = nil
        guard isDurable else {
            // An id whose first record the log refused has not begun.
            if transactions[id]?.metadata.producerEpoch == ProducerEpoch.none { transactions[id] = nil }
            return
        }
        switch record {
        case .changed(_, let metadata):
            cancelTimer(of: id)
            transactions[id]?.metadata = metadata
            transactions[id]?.areMarkersWritten = false
            switch metadata.state {
            case .completeCommit: counts.committed += 1
            case .completeAbort: counts.aborted += 1
            case .empty, .ongoing, .prepareCommit, .prepareAbort: break
            }
        case .removed:
            cancelTimer(of: id)
            transactions[id] = nil
            counts.expired += 1
        }
    }

    /// Tells those who wait for an append how it went.
    mutating func answer(_ continuation: Continuation, _ failure: AppendFailure?) {
        let refusal = failure?.transactionRefusal
        switch continuation {
        case .none: break
        case .timedOut: if failure == nil { counts.timedOut += 1 }
        case .initialized(let token, let producer): reply(token, .initialize(result(producer, refusal)))
        case .partitionsAdded(let token): reply(token, .addPartitions(refusal))
        case .ended(let token, let producer): reply(token, .end(result(producer, refusal)))
        case .aborted(let token): reply(token, .abort(refusal))
        case .fencedForInitialize(let token):
            reply(token, .initialize(.failure(refusal ?? .concurrentTransactions)))
        }
    }

    private func result(
        _ producer: ProducerIdentity, _ refusal: TransactionRefusal?
    ) -> Result<ProducerIdentity, TransactionRefusal> {
        refusal.map { .failure($0) } ?? .success(producer)
    }

    // MARK: What follows by itself

    /// Does what an id that waits for nothing needs: time for an ongoing transaction, markers for a decided one.
    mutating func proceed(with id: TransactionalID) {
        guard let transaction = transactions[id], transaction.pending == nil, transaction.timer == nil else { return }
        let metadata = transaction.metadata
        switch metadata.state {
        case .ongoing:
            let age = max(0, wall.rawValue - metadata.startedAt.rawValue)
            setTimer(of: id, inMilliseconds: max(0, Int64(metadata.timeoutMilliseconds) - age))
        case .prepareCommit, .prepareAbort:
            guard metadata.partitions.isEmpty || transaction.areMarkersWritten else {
                return writeMarkers(metadata, of: id)
            }
            append(metadata.completed(at: wall), of: id, then: .none)
        case .empty, .completeCommit, .completeAbort: break
        }
    }

    mutating func markersWritten(_ ticket: MarkerTicket) {
        guard let id = markers.removeValue(forKey: ticket), let metadata = transactions[id]?.metadata else { return }
        transactions[id]?.areMarkersWritten = true
        append(metadata.completed(at: wall), of: id, then: .none)
    }

    /// What nobody asks for again is tried again when the log refused it.
    private mutating func retryLater(_ id: TransactionalID) {
        guard let transaction = transactions[id], transaction.metadata.state.isOpen, transaction.timer == nil else {
            return
        }
        setTimer(of: id, inMilliseconds: limits.retryMilliseconds)
    }

    // MARK: Time

    mutating func passTime() {
        while let due = timers.popDue(at: now) {
            switch due {
            case .transaction(let id):
                transactions[id]?.timer = nil
                timeCame(for: id)
            case .expirationCheck:
                expirationTimer = nil
                expire()
                startExpirationTimer()
            }
        }
    }

    private mutating func timeCame(for id: TransactionalID) {
        guard let transaction = transactions[id] else { return }
        guard transaction.pending == nil else { return setTimer(of: id, inMilliseconds: limits.retryMilliseconds) }
        guard transaction.metadata.state == .ongoing else { return proceed(with: id) }
        append(transaction.metadata.fenced(at: wall), of: id, then: .timedOut)
    }

    func deadline(inMilliseconds milliseconds: Int64) -> Instant { now.advanced(byMilliseconds: milliseconds) }

    private mutating func setTimer(of id: TransactionalID, inMilliseconds milliseconds: Int64) {
        guard var handle = transactions[id].map(\.timer) else { return }
        timers.set(&handle, to: deadline(inMilliseconds: milliseconds), for: .transaction(id))
        transactions[id]?.timer = handle
    }

    private mutating func cancelTimer(of id: TransactionalID) {
        guard var handle = transactions[id].map(\.timer) else { return }
        timers.cancel(&handle)
        transactions[id]?.timer = nil
    }

    mutating func startExpirationTimer() {
        timers.set(
            &expirationTimer, to: deadline(inMilliseconds: limits.expirationCheckMilliseconds), for: .expirationCheck)
    }

    /// Forgets ids that nobody has used for long.
    private mutating func expire() {
        let oldest = wall.advanced(byMilliseconds: -limits.expirationMilliseconds)
        var expired = transactions.filter { _, transaction in
            transaction.pending == nil && !transaction.metadata.state.isOpen
                && transaction.metadata.updatedAt <= oldest
        }.keys.sorted()[...]
        while !expired.isEmpty, appends.count < limits.appendsInFlightMax {
            append(expired.prefix(limits.tombstonesPerAppendMax).map { .removed($0) }, then: .none)
            expired = expired.dropFirst(limits.tombstonesPerAppendMax)
        }
    }
}
