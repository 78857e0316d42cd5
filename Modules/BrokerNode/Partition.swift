// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import KafkaProtocol
package import Primitives
internal import RecordBatch
internal import Replication
package import StorageEngine

/// When a produced batch counts as taken; Kafka's `acks`.
enum RequiredAcks: Int16, Sendable {
    /// The client waits for no answer.
    case none = 0
    /// The leader has the batch in its file.
    case leader = 1
    /// The batch is below the high watermark: durable on every in-sync replica.
    case all = -1
}

/// What an append is to wait for, and how long.
struct AppendPatience: Sendable {
    let acks: RequiredAcks
    let deadline: Instant
}

/// Where a produced batch went.
struct ProducedBatch: Sendable, Equatable {
    let baseOffset: Offset
    /// Set by topics that stamp append time, else `.none`.
    let logAppendTime: Timestamp
    let logStartOffset: Offset
}

/// One replica of a partition on this broker: its log, its role, its high watermark, and everyone who waits for either.
///
/// Confined to its shard. Appends are staged during a round; `endRound` writes them together and answers.
package final class Partition {
    typealias ProduceReply = (Result<ProducedBatch, ProduceFailure>) -> Void

    /// An append that is staged and not yet written.
    private struct Staged {
        let batch: ProducedBatch
        let nextOffset: Offset
        /// 0 for a duplicate, of which nothing is written.
        let byteCount: Int
        let recordCount: Int32
        let patience: AppendPatience
        let reply: ProduceReply
    }

    /// A written append whose client waits for the high watermark.
    private struct Waiting {
        let batch: ProducedBatch
        let nextOffset: Offset
        let deadline: Instant
        let reply: ProduceReply
    }

    /// Records of a leader that are written here and not yet durable, and how to say that they are.
    private struct Replicated {
        let nextOffset: Offset
        let reply: (AppendAnswer) -> Void
    }

    package let id: PartitionID
    package let topic: String
    /// This broker.
    let node: NodeID
    package private(set) var log: PartitionLog
    /// Present while this broker leads; then `follower` is not.
    private(set) var leader: LeaderReplica?
    private(set) var follower: FollowerReplica?
    /// When this broker began to lead; of no meaning while it does not.
    private(set) var leadingSince = Instant(nanoseconds: 0)
    /// The latest one heard of, from the metadata or from a leader.
    package private(set) var leaderEpoch = LeaderEpoch.none
    var settings: PartitionSettings { didSet { log.configuration = settings.log } }
    /// First offset that consumers may not read yet. Never goes back while this broker leads.
    package private(set) var highWatermark: Offset
    /// End of the log when this broker began to lead, or opened it. Clients may have been told any offset up to here.
    private var recoveredOffset: Offset
    /// Who asked for the end before the high watermark reached `recoveredOffset` again.
    private var endWaiters: [(deadline: Instant, reply: (Bool) -> Void)] = []

    private var staged: [Staged] = []
    /// Memory that takes turns with `staged`, so that a round does not allocate.
    private var spare: [Staged] = []
    private var waiting: [Waiting] = []
    /// Index of the first entry of `waiting` that is still unanswered.
    private var waitingStart = 0
    /// Tells the followers of a partition that has some.
    unowned(safe) var replicator: Replicator?
    /// Is told of damage in the log.
    unowned(safe) var repairer: Repairer?
    /// The log has damage that other replicas may not have: this one is not to count as in sync.
    package internal(set) var isDoubtful = false
    /// A crash, or a change of the files while nobody ran, may have taken records that were acknowledged: the other replicas
    /// are asked before this one leads.
    var mustAskPeers = false
    private var replicated: [Replicated] = []
    /// How many of `replicated` are staged and not yet in the file: the last ones.
    private var stagedReplicatedCount = 0
    private var watchers: [(id: UInt64, readsCommitted: Bool, wake: () -> Void)] = []
    /// What the coordinators of producers were asked, and have not answered, about transactions that begin here.
    var verifications: [ProducerID: PendingVerification] = [:]
    private var isSynchronizing = false
    /// What was written since the node started, duplicates not counted, for metrics.
    private(set) var appendedByteCount: UInt64 = 0
    private(set) var appendedRecordCount: UInt64 = 0
    private(set) var appendedBatchCount: UInt64 = 0
    /// Record bytes handed to fetches.
    var fetchedByteCount: UInt64 = 0
    var rates = PartitionRates()

    /// A replica whose role is not known yet: it follows, and serves nothing above its log start.
    init(id: PartitionID, topic: String, node: NodeID, log: PartitionLog, settings: PartitionSettings) {
        self.id = id
        self.topic = topic
        self.node = node
        self.log = log
        self.settings = settings
        highWatermark = log.logStartOffset
        recoveredOffset = log.writtenOffset
        follower = FollowerReplica(leaderEpoch: .none, highWatermark: log.logStartOffset)
    }

    package var isLeader: Bool { leader != nil }
    var isFollower: Bool { follower != nil }

    var folder: String { log.folder }

    /// Whether a synchronize would make somebody's wait shorter: a producer's for its answer or a consumer's for records.
    private var isSynchronizeWanted: Bool {
        waitingStart < waiting.count || !watchers.isEmpty || !endWaiters.isEmpty || !replicated.isEmpty
    }
}

// MARK: Append

extension Partition {
    /// Stages a batch that has been validated; `reply` is called when it is as safe as `acks` asks.
    ///
    /// - Parameter header: To be stored instead of the batch's own, with a checksum that fits.
    func append(
        _ batch: Batch, header: BatchHeader?, _ patience: AppendPatience, logAppendTime: Timestamp, at wall: Timestamp,
        reply: @escaping ProduceReply
    ) {
        guard isLeader else { return reply(.failure(.notLeader)) }
        let appended: Appended
        do {
            appended = try log.append(batch, header: header, epoch: leaderEpoch, at: wall)
        } catch {
            return reply(.failure(.refused(error)))
        }
        let isNew = !appended.isDuplicate
        staged.append(
            Staged(
                batch: produced(appended, logAppendTime), nextOffset: appended.lastOffset.next,
                byteCount: isNew ? batch.bytes.count : 0, recordCount: isNew ? batch.header.recordCount : 0,
                patience: patience, reply: reply))
    }

    private func produced(_ appended: Appended, _ logAppendTime: Timestamp) -> ProducedBatch {
        ProducedBatch(
            baseOffset: appended.baseOffset, logAppendTime: logAppendTime, logStartOffset: log.logStartOffset)
    }

    /// Stages the end of a producer's transaction; as `append`.
    ///
    /// A question to the coordinator that is under way for this producer was about the transaction that ends: its answer
    /// lets nothing in any more.
    func append(
        _ marker: TransactionMarker, _ patience: AppendPatience, at wall: Timestamp, reply: @escaping ProduceReply
    ) {
        guard isLeader else { return reply(.failure(.notLeader)) }
        let appended: Appended
        do {
            appended = try log.appendMarker(marker, epoch: leaderEpoch, at: wall)
        } catch {
            return reply(.failure(.refused(error)))
        }
        verifications[marker.producerID] = nil
        staged.append(
            Staged(
                batch: produced(appended, .none), nextOffset: appended.lastOffset.next, byteCount: 0, recordCount: 0,
                patience: patience, reply: reply))
    }

    /// Whether the round has staged something that is not yet written.
    var hasStaged: Bool { !staged.isEmpty || stagedReplicatedCount > 0 }

    /// Writes what the round staged and answers those who wait for no more than that.
    ///
    /// - Returns: the fault that made appends of this round void; every one of them has been answered.
    func writeStaged(on disk: any Disk, at now: Instant) -> LogFault? {
        guard hasStaged else { return nil }
        var round: [Staged] = []
        swap(&round, &staged)
        swap(&staged, &spare)
        defer {
            round.removeAll(keepingCapacity: true)
            spare = round
        }
        var fault: LogFault?
        do throws(LogFault) {
            try log.writeStaged(on: disk)
        } catch {
            fault = error
        }
        for append in round {
            // Where a segment change lay between two writes, the first may have succeeded.
            if let fault, append.nextOffset > log.writtenOffset {
                append.reply(.failure(.storage(fault)))
                continue
            }
            count(append)
            switch append.patience.acks {
            case .none, .leader: append.reply(.success(append.batch))
            case .all:
                waiting.append(
                    Waiting(
                        batch: append.batch, nextOffset: append.nextOffset, deadline: append.patience.deadline,
                        reply: append.reply))
            }
        }
        noteWritten(fault, at: now)
        return fault
    }

    /// Lets the other replicas know what is in the file now; what a leader sent and a fault made void is refused.
    private func noteWritten(_ fault: LogFault?, at now: Instant) {
        if fault != nil {
            let void = replicated.suffix(stagedReplicatedCount).filter { $0.nextOffset > log.writtenOffset }
            replicated.removeLast(void.count)
            follower?.discarded(logEnd: log.logEndOffset)
            for entry in void { entry.reply(.failed) }
        }
        stagedReplicatedCount = 0
        if leader != nil {
            leader?.appended(log.writtenOffset, at: now)
            replicator?.becomeDue(self)
        }
        noteDurable()
    }

    private func count(_ written: Staged) {
        guard written.byteCount > 0 else { return }
        appendedByteCount += UInt64(written.byteCount)
        appendedRecordCount += UInt64(written.recordCount)
        appendedBatchCount += 1
    }

    /// Fails every append that has not been answered.
    func failPending(_ failure: ProduceFailure) {
        let unanswered = staged.map(\.reply) + waiting[waitingStart...].map(\.reply)
        let unended = endWaiters
        let unreplicated = replicated
        replicated = []
        stagedReplicatedCount = 0
        log.discardStaged()
        staged = []
        waiting = []
        waitingStart = 0
        endWaiters = []
        for reply in unanswered { reply(.failure(failure)) }
        for waiter in unended { waiter.reply(false) }
        for entry in unreplicated { entry.reply(.failed) }
    }

    /// Answers appends whose client has waited long enough. The records stay, and may be committed later.
    func failOverdue(at now: Instant) {
        let unended = endWaiters.filter { $0.deadline <= now }
        endWaiters.removeAll { $0.deadline <= now }
        for waiter in unended { waiter.reply(false) }
        guard waitingStart < waiting.count else { return }
        let overdue = waiting[waitingStart...].filter { $0.deadline <= now }
        guard !overdue.isEmpty else { return }
        waiting = waiting[waitingStart...].filter { $0.deadline > now }
        waitingStart = 0
        for append in overdue { append.reply(.failure(.timedOut)) }
    }
}

// MARK: Durability and visibility

extension Partition {
    /// Starts making written records durable when somebody waits for that, or when `isOverdue`.
    ///
    /// - Returns: true when a synchronize was submitted under `ticket`.
    func beginSynchronize(on disk: any Disk, ticket: @autoclosure () -> DiskTicket, isOverdue: Bool) -> Bool {
        guard !isSynchronizing, isOverdue || isSynchronizeWanted, log.needsSynchronize else { return false }
        isSynchronizing = log.beginSynchronize(on: disk, ticket: ticket())
        return isSynchronizing
    }

    /// Whether records are written that are not durable and for which nothing is in flight.
    var needsSynchronize: Bool { !isSynchronizing && log.needsSynchronize }

    func synchronizeCompleted(_ ticket: DiskTicket, fault: DiskFault?) {
        isSynchronizing = false
        log.synchronizeCompleted(ticket, fault: fault)
        if let fault { failPending(.storage(.failed(fault))) } else { noteDurable() }
    }

    /// All records below are as safe on this broker as the topic asks: `write.caching` is content with memory.
    var safeOffset: Offset { settings.writeCaching ? log.writtenOffset : log.durableOffset }

    private func noteDurable() {
        if leader != nil {
            leader?.synchronized(safeOffset)
            raiseHighWatermark()
        } else {
            // What the leader said was committed is here now.
            raiseHighWatermark()
            answerReplicated()
        }
    }

    /// Follows the leader's or the follower's part in what is committed, and tells everyone who waits for it.
    private func raiseHighWatermark() {
        guard let reached = leader?.highWatermark ?? follower?.highWatermark, reached > highWatermark else {
            return answerWaiting()
        }
        let stableBefore = lastStableOffset
        highWatermark = reached
        if log.hasUndecidedTransactions { log.settleTransactions(below: reached) }
        answerWaiting()
        answerEndWaiters()
        wakeWatchers(isStableToo: lastStableOffset > stableBefore)
        replicator?.highWatermarkRose(self)
    }

    /// First offset that readers of committed records may not have yet.
    var lastStableOffset: Offset { log.lastStableOffset(below: highWatermark) }

    private func answerReplicated() {
        while let first = replicated.first, first.nextOffset <= safeOffset {
            replicated.removeFirst()
            first.reply(.accepted(logEnd: log.logEndOffset, durableEnd: safeOffset))
        }
    }

    /// Calls `reply` once the end of the partition is no lower than any that was told before a restart: at once, but for
    /// the moment in which what recovery found is synchronized, here and at the followers. False when that fails, takes
    /// longer than until `deadline`, or this broker stops leading first.
    ///
    /// Kafka answers OFFSET_NOT_AVAILABLE at once (KIP-207), which not all clients retry.
    func awaitRecoveredEnd(until deadline: Instant = .distantFuture, _ reply: @escaping (Bool) -> Void) {
        guard !hasReachedRecoveredEnd else { return reply(true) }
        guard case .open = log.state else { return reply(false) }
        endWaiters.append((deadline, reply))
    }

    var hasReachedRecoveredEnd: Bool { highWatermark >= recoveredOffset }

    private func answerEndWaiters() {
        guard !endWaiters.isEmpty, hasReachedRecoveredEnd else { return }
        let ended = endWaiters
        endWaiters = []
        for waiter in ended { waiter.reply(true) }
    }

    /// Answers, in order, the producers whose records are below the high watermark.
    private func answerWaiting() {
        while waitingStart < waiting.count, waiting[waitingStart].nextOffset <= highWatermark {
            let answered = waiting[waitingStart]
            waitingStart += 1
            answered.reply(.success(answered.batch))
        }
        if waitingStart == waiting.count {
            waiting.removeAll(keepingCapacity: true)
            waitingStart = 0
        } else if waitingStart > 1024 {
            waiting.removeFirst(waitingStart)
            waitingStart = 0
        }
    }
}

// MARK: Roles

extension Partition {
    /// Begins to lead in the assignment's epoch, after `follow` has ended what was before.
    func lead(in epoch: LeaderEpoch, _ assignment: Assignment, _ replication: ReplicationSettings, at now: Instant) {
        follower = nil
        leaderEpoch = epoch
        leadingSince = now
        recoveredOffset = log.writtenOffset
        leader = LeaderReplica(
            node: node, leaderEpoch: epoch, assignment: assignment, standing: standing, highWatermark: highWatermark,
            settings: replication, at: now)
        raiseHighWatermark()
    }

    /// Serves the followers' part in an epoch.
    func follow(in epoch: LeaderEpoch) {
        precondition(epoch >= leaderEpoch, "epoch \(epoch) after \(leaderEpoch) of \(folder)")
        leader = nil
        leaderEpoch = epoch
        replicator = nil
        // What coordinators answer was asked before another led, who may have written the marker meanwhile.
        verifications = [:]
        if follower == nil { follower = FollowerReplica(leaderEpoch: epoch, highWatermark: highWatermark) }
        follower?.follow(epoch)
    }

    func takeLeader() -> LeaderReplica? { leader.take() }

    func putLeader(_ replica: LeaderReplica) {
        leader = replica
        raiseHighWatermark()
    }

    /// What a follower is to be sent next; nil when that is nothing.
    func nextAppend(to follower: NodeID, byteCountMax: Int) -> AppendPlan? {
        leader?.nextAppend(to: follower, byteCountMax: byteCountMax, epochs: log)
    }

    /// A header that tells a follower of a higher high watermark or log start; nil when it knows.
    func announcement(to follower: NodeID) -> AppendHeader? { leader?.announcement(to: follower, epochs: log) }

    /// Takes what a follower says of its log.
    func acknowledged(_ answer: ReplicaAnswer, by follower: NodeID, at now: Instant) {
        leader?.acknowledged(from: follower, answer.answer, in: answer.leaderEpoch, at: now, epochs: log)
        raiseHighWatermark()
    }

    /// What the follower makes of an append, as its log stands.
    func decide(_ header: AppendHeader) -> FollowerDecision {
        guard var replica = follower.take() else { return .answer(.fenced(current: leaderEpoch)) }
        let decision = replica.decide(on: header, standing: standing, epochs: log)
        follower = replica
        leaderEpoch = max(leaderEpoch, replica.leaderEpoch)
        raiseHighWatermark()
        return decision
    }

    /// Takes note that records were dropped from the log, as its leader ordered.
    func discarded() {
        follower?.discarded(logEnd: log.logEndOffset)
        highWatermark = min(highWatermark, log.logEndOffset)
    }

    /// Stages what a leader sent; `reply` is called when it is durable, or void.
    func appendReplicated(
        _ batches: SharedBytes, _ header: AppendHeader, at wall: Timestamp, reply: @escaping (AppendAnswer) -> Void
    ) {
        if !batches.isEmpty {
            do {
                _ = try log.appendReplicated(batches, at: wall)
            } catch {
                return reply(.failed)
            }
            follower?.appended(header, logEnd: log.logEndOffset)
            stagedReplicatedCount += 1
        }
        guard log.logEndOffset > safeOffset else {
            return reply(.accepted(logEnd: log.logEndOffset, durableEnd: safeOffset))
        }
        replicated.append(Replicated(nextOffset: log.logEndOffset, reply: reply))
    }
}

// MARK: Reading

extension Partition {
    /// Calls `wake` each time records become readable, until `unwatch`.
    ///
    /// - Parameter readsCommitted: Only when the last stable offset moves.
    func watch(_ id: UInt64, readsCommitted: Bool, wake: @escaping () -> Void) {
        watchers.append((id, readsCommitted, wake))
    }

    func unwatch(_ id: UInt64) { watchers.removeAll { $0.id == id } }

    /// Lets every long poll on this partition look again, or only those that read what is not committed.
    func wakeWatchers(isStableToo: Bool = true) {
        let woken = watchers
        for watcher in woken where isStableToo || !watcher.readsCommitted { watcher.wake() }
    }

    /// Runs an operation of the log that needs no accounting here.
    func withLog<Result, Failure: Error>(
        _ operation: (inout PartitionLog) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        defer { if !log.damages.isEmpty { repairer?.damaged(self) } }
        return try operation(&log)
    }

    /// Takes what verifying a segment has found.
    package func note(_ scrub: SegmentScrub) { withLog { $0.note(scrub) } }
}
