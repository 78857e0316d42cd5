// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// Coordinates the transactions of one partition of `__transaction_state`, as Kafka 4 does.
///
/// A pure core: events go in, effects come out. Its life: `replay` every record of the partition, `.loaded`, requests,
/// `.resigned`. A step changes nothing before the log has it. From the moment a decision is in the log every later
/// coordinator carries the same one out.
/// - SeeAlso: docs/decisions/0018-transactions.md; KIP-98, KIP-360, KIP-588, KIP-664, KIP-890
public struct TransactionCoordinator: Sendable {
    enum Phase: Sendable {
        case loading
        case serving
        case resigned
    }

    /// What keeps a transactional id from taking its next step.
    enum Pending: Sendable {
        case append(AppendTicket)
        case markers(MarkerTicket)
    }

    struct Transaction: Sendable {
        /// What the log has acknowledged.
        var metadata: TransactionMetadata
        var pending: Pending?
        /// Of a prepared one: only the record of its completion is missing.
        var areMarkersWritten = false
        /// Of an ongoing transaction: its time-out. Of a prepared one: the next try to write that it is complete.
        var timer: DeadlineHeap<Deadline>.Handle?
    }

    /// What a timer is for.
    enum Deadline: Sendable {
        case transaction(TransactionalID)
        case expirationCheck
    }

    /// What follows when the log has answered an append.
    enum Continuation: Sendable {
        /// Nobody waits.
        case none
        case timedOut
        case initialized(RequestToken, ProducerIdentity)
        case partitionsAdded(RequestToken)
        /// The decision is in the log: markers follow, and the client may go on.
        case ended(RequestToken, ProducerIdentity)
        case aborted(RequestToken)
        /// The transaction before is aborted first: the producer asks again.
        case fencedForInitialize(RequestToken)
    }

    struct PendingAppend: Sendable {
        let records: [TransactionRecord]
        let continuation: Continuation
    }

    let limits: TransactionLimits
    private(set) var phase = Phase.loading
    var coordinatorEpoch = LeaderEpoch.none
    var transactions: [TransactionalID: Transaction] = [:]
    var appends: [AppendTicket: PendingAppend] = [:]
    var markers: [MarkerTicket: TransactionalID] = [:]
    var timers = DeadlineHeap<Deadline>()
    var expirationTimer: DeadlineHeap<Deadline>.Handle?
    /// Producer ids that nobody has seen.
    var freshIDs: [ProducerID] = []
    /// Requests that need one, in the order they came.
    var idWaiters: [(token: RequestToken, request: TransactionRequest)] = []
    var now = Instant(nanoseconds: 0)
    var wall = Timestamp.none
    var effects: [TransactionEffect] = []
    private var lastAppend = AppendTicket(0)
    private var lastMarkers = MarkerTicket(0)
    public internal(set) var counts = TransactionCounts()

    public init(limits: TransactionLimits) { self.limits = limits }

    /// The earliest moment at which `.timePassed` may change something; nil while nothing waits.
    public var nextDeadline: Instant? { timers.next }

    /// Takes one event and says what follows.
    ///
    /// - Parameters:
    ///   - now: never earlier than before.
    ///   - wall: goes into records and decides what has timed out.
    ///   - effects: what to do is appended, in the order to do it.
    public mutating func step(
        _ event: TransactionEvent, at now: Instant, wall: Timestamp, into effects: inout [TransactionEffect]
    ) {
        self.now = now
        self.wall = wall
        swap(&self.effects, &effects)
        take(event)
        swap(&self.effects, &effects)
    }

    private mutating func take(_ event: TransactionEvent) {
        switch event {
        case .loaded(let epoch): begin(in: epoch)
        case .resigned: resign()
        case .requested(let token, let request):
            guard phase == .serving else {
                return reply(token, request.refused(phase == .loading ? .loadInProgress : .notCoordinator))
            }
            take(request, for: token)
        case .appended(let ticket): settle(ticket, nil)
        case .appendFailed(let ticket, let failure): settle(ticket, failure)
        case .producerIDAllocated(let id): producerIDCame(id)
        case .markersWritten(let ticket): markersWritten(ticket)
        case .timePassed: passTime()
        }
    }

    // MARK: Loading and resigning

    /// Takes over one record of the log, in the order of the log; a later one of the same id counts.
    ///
    /// - Precondition: before `.loaded`.
    public mutating func replay(_ record: TransactionRecord) {
        precondition(phase == .loading, "a record is replayed while \(phase)")
        switch record {
        case .changed(let id, let metadata): transactions[id] = Transaction(metadata: metadata)
        case .removed(let id): transactions[id] = nil
        }
    }

    /// Goes on where the coordinator before stopped: decided transactions are carried out, ongoing ones keep their time.
    private mutating func begin(in epoch: LeaderEpoch) {
        precondition(phase == .loading, "loaded while \(phase)")
        phase = .serving
        coordinatorEpoch = epoch
        for id in transactions.keys.sorted() { proceed(with: id) }
        startExpirationTimer()
    }

    private mutating func resign() {
        guard phase != .resigned else { return }
        phase = .resigned
        let tickets = appends.keys.sorted()
        for ticket in tickets {
            if let pending = appends.removeValue(forKey: ticket) { answer(pending.continuation, .leadershipLost) }
        }
        for (token, request) in idWaiters { reply(token, request.refused(.notCoordinator)) }
        idWaiters = []
        transactions = [:]
        markers = [:]
        timers = DeadlineHeap()
    }

    // MARK: Effects

    mutating func reply(_ token: RequestToken, _ reply: TransactionReply) { effects.append(.reply(token, reply)) }

    /// Writes where an id is to stand; until the log answers, the id takes no other step.
    mutating func append(_ metadata: TransactionMetadata, of id: TransactionalID, then continuation: Continuation) {
        append([.changed(id, metadata)], then: continuation)
    }

    mutating func append(_ records: [TransactionRecord], then continuation: Continuation) {
        lastAppend = lastAppend.next
        appends[lastAppend] = PendingAppend(records: records, continuation: continuation)
        for record in records { transactions[record.transactionalID]?.pending = .append(lastAppend) }
        effects.append(.append(records, lastAppend))
    }

    mutating func writeMarkers(_ metadata: TransactionMetadata, of id: TransactionalID) {
        lastMarkers = lastMarkers.next
        markers[lastMarkers] = id
        transactions[id]?.pending = .markers(lastMarkers)
        let content = TransactionMarkers(
            transactionalID: id, producer: metadata.producer, isCommit: metadata.state == .prepareCommit,
            coordinatorEpoch: coordinatorEpoch, version: metadata.version, partitions: metadata.partitions)
        effects.append(.writeMarkers(content, lastMarkers))
    }

    // MARK: Queries

    /// Ids held, those without a transaction included.
    public var transactionCount: Int { transactions.count }

    /// How many ids stand in each state.
    public var countByState: [TransactionState: Int] {
        transactions.values.reduce(into: [:]) { $0[$1.metadata.state, default: 0] += 1 }
    }

    /// Open transactions that should have ended a minute ago, ascending by id: their partitions take no markers, or the log
    /// takes no decision.
    public func overdue(at wall: Timestamp) -> [ListedTransaction] {
        transactions.filter { _, transaction in
            let metadata = transaction.metadata
            let allowed = Int64(metadata.timeoutMilliseconds) + 60_000
            return metadata.state.isOpen && metadata.startedAt.advanced(byMilliseconds: allowed) < wall
        }
        .map { ListedTransaction(transactionalID: $0.key, metadata: $0.value.metadata) }
        .sorted { $0.transactionalID < $1.transactionalID }
    }

    /// When the oldest transaction that is not complete began, with its id; nil where all are.
    public var oldestOpen: (id: TransactionalID, startedAt: Timestamp)? {
        transactions.filter(\.value.metadata.state.isOpen)
            .map { (id: $0.key, startedAt: $0.value.metadata.startedAt) }
            .min { ($0.startedAt, $0.id) < ($1.startedAt, $1.id) }
    }
}

extension TransactionState {
    /// Whether partitions hold records whose fate consumers do not know yet.
    public var isOpen: Bool {
        switch self {
        case .ongoing, .prepareCommit, .prepareAbort: true
        case .empty, .completeCommit, .completeAbort: false
        }
    }
}

/// Plain counts for the shell to export; they only grow.
public struct TransactionCounts: Equatable, Sendable {
    public internal(set) var committed = 0
    public internal(set) var aborted = 0
    /// Aborted because their time was up; also counted as aborted.
    public internal(set) var timedOut = 0
    /// Ids that were not used for `transactional.id.expiration.ms`.
    public internal(set) var expired = 0
}
