// SPDX-License-Identifier: Apache-2.0

internal import KafkaProtocol
internal import Primitives
internal import RecordBatch
internal import StorageEngine

/// When a produced batch counts as taken; Kafka's `acks`.
enum RequiredAcks: Int16, Sendable {
    /// The client waits for no answer.
    case none = 0
    /// The leader has the batch in its file.
    case leader = 1
    /// The batch is below the high watermark: durable on every in-sync replica.
    case all = -1
}

/// Where a produced batch went.
struct ProducedBatch: Sendable, Equatable {
    let baseOffset: Offset
    /// Set by topics that stamp append time, else `.none`.
    let logAppendTime: Timestamp
    let logStartOffset: Offset
}

/// One partition that this broker leads: its log, its high watermark, and everyone who waits for either.
///
/// Confined to its shard. Appends are staged during a round; `endRound` writes them together and answers.
final class Partition {
    typealias ProduceReply = (Result<ProducedBatch, ProduceFailure>) -> Void

    /// An append that is staged and not yet written.
    private struct Staged {
        let batch: ProducedBatch
        let nextOffset: Offset
        /// 0 for a duplicate, of which nothing is written.
        let byteCount: Int
        let recordCount: Int32
        let acks: RequiredAcks
        let reply: ProduceReply
    }

    /// A written append whose client waits for the high watermark.
    private struct Waiting {
        let batch: ProducedBatch
        let nextOffset: Offset
        let reply: ProduceReply
    }

    let id: PartitionID
    let topic: String
    private(set) var log: PartitionLog
    var leaderEpoch: LeaderEpoch
    var settings: PartitionSettings { didSet { log.configuration = settings.log } }
    /// First offset that consumers may not read yet. Never goes back while this broker leads.
    private(set) var highWatermark: Offset
    /// End of what recovery found. Clients may have been told any offset up to here before the restart.
    private let recoveredOffset: Offset
    /// Who asked for the end before the high watermark reached `recoveredOffset` again.
    private var endWaiters: [(Bool) -> Void] = []

    private var staged: [Staged] = []
    /// Memory that takes turns with `staged`, so that a round does not allocate.
    private var spare: [Staged] = []
    private var waiting: [Waiting] = []
    /// Index of the first entry of `waiting` that is still unanswered.
    private var waitingStart = 0
    private var watchers: [(id: UInt64, wake: () -> Void)] = []
    private var isSynchronizing = false
    /// What was written since the node started, duplicates not counted, for metrics.
    private(set) var appendedByteCount: UInt64 = 0
    private(set) var appendedRecordCount: UInt64 = 0
    private(set) var appendedBatchCount: UInt64 = 0
    /// Record bytes handed to fetches.
    var fetchedByteCount: UInt64 = 0

    init(id: PartitionID, topic: String, log: PartitionLog, leaderEpoch: LeaderEpoch, settings: PartitionSettings) {
        self.id = id
        self.topic = topic
        self.log = log
        self.leaderEpoch = leaderEpoch
        self.settings = settings
        highWatermark = log.durableOffset
        recoveredOffset = log.writtenOffset
    }

    var folder: String { log.folder }

    /// Whether a synchronize would make somebody's wait shorter: a producer's for its answer or a consumer's for records.
    private var isSynchronizeWanted: Bool {
        waitingStart < waiting.count || !watchers.isEmpty || !endWaiters.isEmpty
    }
}

// MARK: Append

extension Partition {
    /// Stages a batch that has been validated; `reply` is called when it is as safe as `acks` asks.
    ///
    /// - Parameter header: To be stored instead of the batch's own, with a checksum that fits.
    func append(
        _ batch: Batch, header: BatchHeader?, acks: RequiredAcks, logAppendTime: Timestamp, at wall: Timestamp,
        reply: @escaping ProduceReply
    ) {
        let appended: Appended
        do {
            appended = try log.append(batch, header: header, epoch: leaderEpoch, at: wall)
        } catch {
            return reply(.failure(.refused(error)))
        }
        let produced = ProducedBatch(
            baseOffset: appended.baseOffset, logAppendTime: logAppendTime, logStartOffset: log.logStartOffset)
        let isNew = !appended.isDuplicate
        staged.append(
            Staged(
                batch: produced, nextOffset: appended.lastOffset.next, byteCount: isNew ? batch.bytes.count : 0,
                recordCount: isNew ? batch.header.recordCount : 0, acks: acks, reply: reply))
    }

    /// Whether the round has staged something that is not yet written.
    var hasStaged: Bool { !staged.isEmpty }

    /// Writes what the round staged and answers those who wait for no more than that.
    ///
    /// - Returns: the fault that made appends of this round void; every one of them has been answered.
    func writeStaged(on disk: any Disk) -> LogFault? {
        guard !staged.isEmpty else { return nil }
        var round: [Staged] = []
        swap(&round, &staged)
        swap(&staged, &spare)
        defer {
            round.removeAll(keepingCapacity: true)
            spare = round
        }
        var fault: LogFault?
        do throws(LogFault) {
            if log.hasStaged { try log.writeStaged(on: disk) }
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
            switch append.acks {
            case .none, .leader: append.reply(.success(append.batch))
            case .all:
                waiting.append(
                    Waiting(batch: append.batch, nextOffset: append.nextOffset, reply: append.reply))
            }
        }
        advanceHighWatermark()
        return fault
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
        log.discardStaged()
        staged = []
        waiting = []
        waitingStart = 0
        endWaiters = []
        for reply in unanswered { reply(.failure(failure)) }
        for reply in unended { reply(false) }
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
        if let fault { failPending(.storage(.failed(fault))) } else { advanceHighWatermark() }
    }

    /// With one replica, what is durable here is durable everywhere; `write.caching` asks for less.
    private func advanceHighWatermark() {
        let reached = settings.writeCaching ? log.writtenOffset : log.durableOffset
        guard reached > highWatermark else { return answerWaiting() }
        highWatermark = reached
        answerWaiting()
        answerEndWaiters()
        wakeWatchers()
    }

    /// Calls `reply` once the end of the partition is no lower than any that was told before a restart: at once, but for
    /// the moment in which what recovery found is synchronized. False when that fails, or the node stops first.
    ///
    /// Kafka answers OFFSET_NOT_AVAILABLE meanwhile (KIP-207), which not all clients retry.
    func awaitRecoveredEnd(_ reply: @escaping (Bool) -> Void) {
        guard !hasReachedRecoveredEnd else { return reply(true) }
        guard case .open = log.state else { return reply(false) }
        endWaiters.append(reply)
    }

    var hasReachedRecoveredEnd: Bool { highWatermark >= recoveredOffset }

    private func answerEndWaiters() {
        guard !endWaiters.isEmpty, hasReachedRecoveredEnd else { return }
        let ended = endWaiters
        endWaiters = []
        for reply in ended { reply(true) }
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

// MARK: Reading

extension Partition {
    /// Calls `wake` each time records become readable, until `unwatch`.
    func watch(_ id: UInt64, wake: @escaping () -> Void) { watchers.append((id, wake)) }

    func unwatch(_ id: UInt64) { watchers.removeAll { $0.id == id } }

    /// Lets every long poll on this partition look again.
    func wakeWatchers() {
        let woken = watchers
        for watcher in woken { watcher.wake() }
    }

    /// Runs an operation of the log that needs no accounting here.
    func withLog<Result, Failure: Error>(
        _ operation: (inout PartitionLog) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try operation(&log)
    }
}
