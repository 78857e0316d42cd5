// SPDX-License-Identifier: Apache-2.0

import Primitives
import Testing
import Transactions

/// A coordinator with a log that keeps what it is told to, and a clock that is moved by hand.
struct Bench {
    var coordinator: TransactionCoordinator
    /// What the log holds, in order.
    var log: [TransactionRecord] = []
    /// How the log answers.
    var failure: AppendFailure?
    /// Appends wait for `answerAppends` instead of being answered at once.
    var holdsAppends = false
    /// Marker tickets are answered at once.
    var writesMarkers = true
    var nextProducerID: Int64? = 1_000
    var heldAppends: [(records: [TransactionRecord], ticket: AppendTicket)] = []
    var heldMarkers: [(markers: TransactionMarkers, ticket: MarkerTicket)] = []
    var writtenMarkers: [TransactionMarkers] = []
    var replies: [RequestToken: TransactionReply] = [:]
    var now = Instant(nanoseconds: 0)
    var wall = Timestamp(1_000_000)
    private let limits: TransactionLimits
    private var lastToken: Int64 = 0

    init(limits: TransactionLimits = TransactionLimits(), log: [TransactionRecord] = [], epoch: Int32 = 0) {
        self.limits = limits
        coordinator = TransactionCoordinator(limits: limits)
        self.log = log
        for record in log { coordinator.replay(record) }
        step(.loaded(coordinatorEpoch: LeaderEpoch(epoch)))
    }

    mutating func step(_ event: TransactionEvent) {
        var effects: [TransactionEffect] = []
        coordinator.step(event, at: now, wall: wall, into: &effects)
        for effect in effects { perform(effect) }
    }

    private mutating func perform(_ effect: TransactionEffect) {
        switch effect {
        case .reply(let token, let reply):
            #expect(replies[token] == nil, "request \(token) was answered twice")
            replies[token] = reply
        case .append(let records, let ticket):
            guard !holdsAppends else { return heldAppends.append((records, ticket)) }
            answer(records, ticket)
        case .allocateProducerID:
            let id = nextProducerID
            nextProducerID = id.map { $0 + 1 }
            step(.producerIDAllocated(id.map { ProducerID($0) }))
        case .writeMarkers(let markers, let ticket):
            guard writesMarkers else { return heldMarkers.append((markers, ticket)) }
            writtenMarkers.append(markers)
            step(.markersWritten(ticket))
        }
    }

    private mutating func answer(_ records: [TransactionRecord], _ ticket: AppendTicket) {
        if let failure { return step(.appendFailed(ticket, failure)) }
        log += records
        step(.appended(ticket))
    }

    /// Answers what waits for the log, in order.
    mutating func answerAppends() {
        holdsAppends = false
        let held = heldAppends
        heldAppends = []
        for (records, ticket) in held { answer(records, ticket) }
    }

    mutating func answerMarkers() {
        writesMarkers = true
        let held = heldMarkers
        heldMarkers = []
        for (markers, ticket) in held {
            writtenMarkers.append(markers)
            step(.markersWritten(ticket))
        }
    }

    /// Lets time pass on both clocks, stopping at each deadline.
    mutating func pass(milliseconds: Int64) {
        let end = now.advanced(byMilliseconds: milliseconds)
        while let deadline = coordinator.nextDeadline, deadline <= end {
            let elapsed = max(0, deadline.milliseconds(since: now))
            now = max(now, deadline)
            wall = wall.advanced(byMilliseconds: elapsed)
            step(.timePassed)
        }
        wall = wall.advanced(byMilliseconds: end.milliseconds(since: now))
        now = end
    }

    /// A coordinator that begins with what the log holds, as after a failover.
    func failedOver(epoch: Int32 = 1) -> Bench {
        var next = Bench(limits: limits, log: log, epoch: epoch)
        next.nextProducerID = nextProducerID
        return next
    }

    // MARK: Asking

    /// The reply, or nil while it is owed.
    mutating func ask(_ request: TransactionRequest) -> TransactionReply? {
        let token = send(request)
        return replies[token]
    }

    mutating func send(_ request: TransactionRequest) -> RequestToken {
        lastToken += 1
        let token = RequestToken(lastToken)
        step(.requested(token, request))
        return token
    }

    mutating func initialize(
        _ id: TransactionalID = "t", timeout: Int32 = 60_000, as expected: ProducerIdentity? = nil
    ) throws -> ProducerIdentity {
        let reply = ask(.initialize(InitializeRequest(id, timeoutMilliseconds: timeout, expected: expected)))
        guard case .initialize(let result) = reply else { throw Unexpected(reply: reply) }
        return try result.get()
    }

    mutating func add(
        _ id: TransactionalID = "t", _ producer: ProducerIdentity, _ partitions: [TopicPartition] = [a0],
        version: TransactionVersion = .classic
    ) throws {
        let reply = ask(.addPartitions(AddPartitionsRequest(id, producer, partitions, version: version)))
        guard case .addPartitions(let refusal) = reply else { throw Unexpected(reply: reply) }
        if let refusal { throw refusal }
    }

    @discardableResult
    mutating func end(
        _ id: TransactionalID = "t", _ producer: ProducerIdentity, commit: Bool = true,
        version: TransactionVersion = .classic
    ) throws -> ProducerIdentity {
        let reply = ask(.end(EndRequest(id, producer, isCommit: commit, version: version)))
        guard case .end(let result) = reply else { throw Unexpected(reply: reply) }
        return try result.get()
    }

    mutating func verify(_ producer: ProducerIdentity, _ partitions: [TopicPartition]) -> [TransactionRefusal?]? {
        guard case .verifyPartitions(let answers) = ask(.verifyPartitions(.init("t", producer, partitions))) else {
            return nil
        }
        return answers
    }

    mutating func metadata(_ id: TransactionalID = "t") -> TransactionMetadata? {
        guard case .describe(let found) = ask(.describe([id])), case .success(let metadata) = found[0] else {
            return nil
        }
        return metadata
    }

    mutating func state(_ id: TransactionalID = "t") -> TransactionState? { metadata(id)?.state }
}

struct Unexpected: Error {
    let reply: TransactionReply?
}

let a0 = TopicPartition(topic: "a", partition: PartitionIndex(0))
let a1 = TopicPartition(topic: "a", partition: PartitionIndex(1))
let b0 = TopicPartition(topic: "b", partition: PartitionIndex(0))

func producer(_ id: Int64, _ epoch: Int16) -> ProducerIdentity {
    ProducerIdentity(ProducerID(id), ProducerEpoch(epoch))
}

/// A record that stands for `t` as a coordinator before left it.
func changed(
    _ producer: ProducerIdentity, _ state: TransactionState,
    _ change: (inout TransactionMetadata) -> Void = { _ in }
) -> TransactionRecord {
    var metadata = TransactionMetadata(
        producerID: producer.producerID, producerEpoch: producer.producerEpoch, timeoutMilliseconds: 60_000,
        state: state, updatedAt: Timestamp(1_000_000))
    metadata.startedAt = Timestamp(1_000_000)
    if state.isOpen { metadata.partitions = [a0] }
    change(&metadata)
    return .changed("t", metadata)
}
