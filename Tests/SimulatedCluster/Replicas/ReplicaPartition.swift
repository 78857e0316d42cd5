// SPDX-License-Identifier: Apache-2.0

import Coordinator
import Primitives
import RecordBatch
import Replication
import Simulation
import StorageEngine

/// What a client asks for: one batch to be stored, and the answer to that.
enum ProduceAnswer: Equatable {
    /// By the leader of that epoch.
    case stored(end: Offset, LeaderEpoch)
    case notLeader
    case notEnoughReplicas
    /// The producer's state and the batch do not fit together.
    case outOfOrder
    /// A later epoch of the producer has begun.
    case fenced
    case failed
}

extension ProduceAnswer {
    /// For the trace: where the batch stands, or a negative number.
    var code: Int64 {
        switch self {
        case .stored(let end, _): end.rawValue
        case .notLeader: -1
        case .notEnoughReplicas: -2
        case .outOfOrder: -3
        case .failed: -4
        case .fenced: -5
        }
    }
}

/// One partition on one broker: the real log, and the real core of the role it has.
final class ReplicaPartition {
    enum Role {
        case idle
        case leader(LeaderReplica)
        case follower(FollowerReplica)
    }

    let id: PartitionID
    let checker: PartitionChecker
    var log: PartitionLog
    private(set) var role = Role.idle
    private(set) var epoch = LeaderEpoch.none
    unowned let broker: ReplicaBroker
    let disk: SimulatedDisk
    var repair = RepairState()
    var cleaning = CleaningState()

    private struct Waiting {
        let end: Offset
        let reply: (ProduceAnswer) -> Void
    }

    private var staged: [(batch: PartitionChecker.Batch, reply: ((ProduceAnswer) -> Void)?)] = []
    private var duplicates: [Waiting] = []
    private var waiting: [Waiting] = []
    /// The largest high watermark that this replica has heard of: a new leader may know a smaller one at first.
    private(set) var settledEnd = Offset.zero
    /// Whom to tell of what becomes durable here.
    private var answerLeader: ((AppendAnswer) -> Void)?
    private var ticket: DiskTicket?
    private let decompressor = Decompressor()
    /// Coordinates groups while this replica leads the partition of their offsets.
    private(set) var host: GroupHost?
    /// Coordinates transactions while this replica leads a partition of their states.
    private(set) var transactions: TransactionHost?
    /// Questions to the coordinator, whether a producer's transaction is open, by the producer.
    var verifications: [ProducerID: PendingVerification] = [:]

    init(id: PartitionID, broker: ReplicaBroker, disk: SimulatedDisk) throws(OpenFault) {
        self.id = id
        self.broker = broker
        self.disk = disk
        checker = broker.scene.checker(of: id)
        var configuration = LogConfiguration()
        configuration.segmentByteCountMax = broker.scene.segmentByteCountMax
        configuration.indexIntervalByteCount = 256
        configuration.preallocationByteCountMin = 4096
        configuration.compaction = broker.scene.compaction(of: id)
        configuration.fileDeleteDelayMilliseconds = 1000
        log = try PartitionLog(
            opening: broker.scene.folder(of: id), of: id, configuration: configuration, at: broker.process.wallClock,
            on: disk)
        try cutHole()
        checker.recovered(try readAll(), at: broker.process.address)
        checker.durable(to: log.durableOffset.rawValue, at: broker.process.address)
    }

    /// A power cut may keep a later batch and lose an earlier one of those that were not synchronized. Nothing from
    /// there on was ever counted, so the log ends there.
    private func cutHole() throws(OpenFault) {
        let holes = log.damages.map(\.offsets.lowerBound).filter { $0 >= log.durableOffset }
        guard let hole = holes.min() else { return }
        do throws(LogFault) { try log.truncateDiscarding(from: hole, on: disk) } catch {
            throw .disk(DiskFault(.truncate, target: "\(error)", errno: 5))
        }
    }

    var epochs: LogEpochs { LogEpochs(log: log) }
    var isLeader: Bool { if case .leader = role { true } else { false } }

    var standing: ReplicaStanding {
        ReplicaStanding(
            logStart: log.logStartOffset, logEnd: log.logEndOffset, durableEnd: log.durableOffset,
            lastEpoch: log.latestEpoch)
    }

    // MARK: Roles

    func lead(_ image: PartitionImage, ineligible: [NodeID]) {
        let known: Offset
        if case .follower(let follower) = role { known = follower.highWatermark } else { known = log.logStartOffset }
        endLeading()
        epoch = image.leaderEpoch
        var settings = ReplicationSettings()
        settings.lagMillisecondsMax = 2000
        settings.inFlightByteCountMax = broker.scene.inFlightByteCountMax
        checker.began(leading: Int64(epoch.rawValue), at: broker.process.address, life: broker.process.life)
        role = .leader(
            LeaderReplica(
                node: broker.id, leaderEpoch: epoch, assignment: assignment(image, ineligible), standing: standing,
                highWatermark: known, settings: settings, at: broker.process.now))
        if broker.scene.hasGroups(id) { host = GroupHost(partition: self, broker: broker) }
        if broker.scene.hasTransactions(id) { transactions = TransactionHost(partition: self, broker: broker) }
        noteHighWatermark()
    }

    func reassign(_ image: PartitionImage, ineligible: [NodeID]) {
        withLeader { $0.assignmentChanged(assignment(image, ineligible), at: broker.process.now) }
    }

    private func assignment(_ image: PartitionImage, _ ineligible: [NodeID]) -> Assignment {
        Assignment(
            partitionEpoch: image.partitionEpoch, replicas: image.replicas, inSync: image.inSyncReplicas,
            inSyncCountMin: broker.scene.inSyncCountMin, ineligible: ineligible)
    }

    func follow(_ newer: LeaderEpoch) {
        endLeading()
        epoch = newer
        switch role {
        case .idle: role = .follower(FollowerReplica(leaderEpoch: newer, highWatermark: log.logStartOffset))
        case .leader(let leader):
            role = .follower(FollowerReplica(leaderEpoch: newer, highWatermark: leader.highWatermark))
        case .follower(var follower):
            follower.follow(newer)
            role = .follower(follower)
        }
        answerLeader = nil
    }

    @discardableResult
    func withLeader<Result>(_ body: (inout LeaderReplica) -> Result) -> Result? {
        guard case .leader(var leader) = role else { return nil }
        let result = body(&leader)
        role = .leader(leader)
        noteHighWatermark()
        return result
    }

    private var toldHighWatermark = Offset(-1)

    private func noteHighWatermark() {
        guard case .leader(let leader) = role, leader.highWatermark != toldHighWatermark || !waiting.isEmpty else {
            return
        }
        if leader.highWatermark != toldHighWatermark {
            toldHighWatermark = leader.highWatermark
            broker.world.note(
                "high watermark", broker.process.address, Int64(id.index.rawValue), Int64(epoch.rawValue),
                leader.highWatermark.rawValue)
            checker.committed(
                upTo: leader.highWatermark.rawValue, epoch: Int64(epoch.rawValue), at: broker.process.address)
            settle(below: leader.highWatermark)
        }
        let done = waiting.filter { $0.end <= leader.highWatermark }
        waiting.removeAll { $0.end <= leader.highWatermark }
        for one in done { one.reply(.stored(end: one.end, epoch)) }
    }

    private func endLeading() {
        host?.resign()
        host = nil
        transactions?.resign()
        transactions = nil
        verifications = [:]
        failPending(.notLeader)
    }

    private func failPending(_ answer: ProduceAnswer) {
        let open = staged.compactMap(\.reply) + duplicates.map(\.reply) + waiting.map(\.reply)
        if log.hasStaged { log.discardStaged() }
        (staged, duplicates, waiting) = ([], [], [])
        toldHighWatermark = Offset(-1)
        for reply in open { reply(answer) }
    }

    // MARK: Producing

    func produce(_ batch: Batch, reply: @escaping (ProduceAnswer) -> Void) {
        guard case .leader(let leader) = role else { return reply(.notLeader) }
        guard !leader.isUnderMinInSync else { return reply(.notEnoughReplicas) }
        do throws(AppendRefusal) {
            let appended = try log.append(batch, epoch: epoch, at: broker.process.wallClock)
            guard !appended.isDuplicate else {
                return duplicates.append(Waiting(end: appended.lastOffset.next, reply: reply))
            }
            var header = batch.header
            (header.baseOffset, header.partitionLeaderEpoch) = (appended.baseOffset, epoch)
            staged.append((checked(header, batch), reply))
        } catch {
            refuse(error, reply)
        }
    }

    private func refuse(_ refusal: AppendRefusal, _ reply: (ProduceAnswer) -> Void) {
        switch refusal {
        case .outOfOrderSequence(let producer, let expected, let received):
            broker.world.note(
                "expects sequence", broker.process.address, Int64(expected), Int64(received), producer.rawValue)
            reply(.outOfOrder)
        case .invalidProducerEpoch: reply(.fenced)
        case .transactionIsOpen, .transactionCoordinatorFenced: reply(.outOfOrder)
        case .staleLeaderEpoch: reply(.notLeader)
        case .failed, .closed, .batchTooLarge: reply(.failed)
        }
    }

    /// Writes the end of a producer's transaction.
    func produce(_ marker: TransactionMarker, reply: @escaping (ProduceAnswer) -> Void) {
        guard case .leader(let leader) = role else { return reply(.notLeader) }
        guard !leader.isUnderMinInSync else { return reply(.notEnoughReplicas) }
        let now = broker.process.wallClock
        do throws(AppendRefusal) {
            let appended = try log.appendMarker(marker, epoch: epoch, at: now)
            verifications[marker.producerID] = nil
            guard !appended.isDuplicate else {
                return duplicates.append(Waiting(end: appended.lastOffset.next, reply: reply))
            }
            let batch = BatchBuilder.endTransaction(
                marker.committed ? .committed : .aborted, producerID: marker.producerID,
                producerEpoch: marker.producerEpoch, coordinatorEpoch: marker.coordinatorEpoch, timestamp: now,
                baseOffset: appended.baseOffset, leaderEpoch: epoch)
            staged.append((checked(batch.header, batch), reply))
        } catch { refuse(error, reply) }
    }

    func checked(_ header: BatchHeader, _ batch: Batch) -> PartitionChecker.Batch {
        PartitionChecker.Batch(
            entry: HashedLog.Entry(
                end: header.nextOffset.rawValue, epoch: Int64(header.partitionLeaderEpoch.rawValue),
                content: UInt64(header.checksum)),
            writing: header.hasProducer && header.baseSequence >= 0
                ? PartitionChecker.Writing(
                    producer: header.producerID.rawValue, epoch: header.producerEpoch.rawValue,
                    sequence: header.baseSequence, recordCount: header.recordCount) : nil,
            part: Self.part(header, batch), base: header.baseOffset.rawValue,
            records: checker.isCompacted ? keyedRecords(of: batch, from: header.baseOffset) : [])
    }

    private func keyedRecords(of batch: Batch, from base: Offset) -> [KeyedRecord] {
        let first = batch.header.baseOffset.rawValue - base.rawValue
        do throws(RecordsError) {
            var records = try Records(batch, using: decompressor)
            return try records.remaining().map {
                KeyedRecord(offset: $0.offset.rawValue - first, key: $0.key, value: $0.value)
            }
        } catch {
            broker.world.fail("records can be read", "\(log.folder) before \(batch.header.nextOffset): \(error)")
            return []
        }
    }

    private static func part(_ header: BatchHeader, _ batch: Batch) -> StableModel.Part? {
        guard header.isTransactional else { return nil }
        let (producer, epoch) = (header.producerID.rawValue, header.producerEpoch.rawValue)
        guard header.isControl else {
            return .records(producer: producer, epoch: epoch, base: header.baseOffset.rawValue)
        }
        return EndTransactionMarker(batch).map {
            .marker(producer: producer, epoch: epoch, isCommit: $0.outcome == .committed)
        }
    }

    // MARK: Following

    func replicate(_ header: AppendHeader, _ bytes: SharedBytes, reply: @escaping (AppendAnswer) -> Void)
        throws(LogFault)
    {
        if case .idle = role { return reply(.notHere) }
        if case .leader = role {
            guard header.leaderEpoch > epoch else { return reply(.fenced(current: epoch)) }
            follow(header.leaderEpoch)
        }
        guard case .follower(var follower) = role else { preconditionFailure("neither leader nor follower") }
        defer { role = .follower(follower) }
        if header.leaderEpoch > epoch { epoch = header.leaderEpoch }
        while true {
            switch follower.decide(on: header, standing: standing, epochs: LogEpochs(log: log)) {
            case .answer(let answer): return reply(answer)
            case .cut(let offset):
                try log.truncateDiscarding(from: offset, on: disk)
                checker.truncated(to: log.logEndOffset.rawValue, at: broker.process.address)
                broker.world.note("cuts", broker.process.address, Int64(id.index.rawValue), log.logEndOffset.rawValue)
                checker.durable(to: log.durableOffset.rawValue, at: broker.process.address)
            case .restart(let offset):
                return broker.world.fail("a log begins anew only where records were deleted", "\(id) at \(offset)")
            case .append(let offset):
                try append(FollowerReplica.batches(in: bytes, from: offset), reply)
                follower.appended(header, logEnd: log.logEndOffset)
                checker.told(highWatermark: follower.highWatermark.rawValue, at: broker.process.address)
                settle(below: follower.highWatermark)
                return
            }
            follower.discarded(logEnd: log.logEndOffset)
        }
    }

    private func append(_ bytes: SharedBytes, _ reply: @escaping (AppendAnswer) -> Void) throws(LogFault) {
        answerLeader = reply
        guard !bytes.isEmpty else { return reply(.accepted(logEnd: log.logEndOffset, durableEnd: log.durableOffset)) }
        do throws(ReplicatedAppendRefusal) {
            try log.appendReplicated(bytes, at: broker.process.wallClock)
        } catch {
            if case .failed(let fault) = error { throw .failed(fault) }
            return reply(.failed)
        }
        staged = Self.batches(in: bytes).map { (checkedRest(of: $0, from: log.writtenOffset), nil) }
        do throws(LogFault) { try log.writeStaged(on: disk) } catch {
            settleStaged(throw: error)
            guard case .disk = error else { throw error }
            return reply(.failed)
        }
        settleStaged(throw: nil)
        reply(.accepted(logEnd: log.logEndOffset, durableEnd: log.durableOffset))
    }

    /// A leader's filler may begin before the end of this log, which takes the rest of it.
    private func checkedRest(of batch: Batch, from end: Offset) -> PartitionChecker.Batch {
        var header = batch.header
        if header.isFiller, header.baseOffset < end {
            header.lastOffsetDelta -= Int32(end.distance(from: header.baseOffset))
            header.baseOffset = end
        }
        return checked(header, batch)
    }

    static func batches(in bytes: SharedBytes) -> [Batch] {
        var batches = Batches(bytes)
        var found: [Batch] = []
        do throws(BatchesError) { while let batch = try batches.next() { found.append(batch) } } catch {}
        return found
    }

    // MARK: Disk

    /// Writes what the round staged, and begins to make it durable.
    func endRound() throws(LogFault) {
        if log.hasStaged || !duplicates.isEmpty {
            var fault: LogFault?
            do throws(LogFault) { if log.hasStaged { try log.writeStaged(on: disk) } } catch { fault = error }
            settleStaged(throw: fault)
            if let fault, case .failed = fault { throw fault }
            waiting += duplicates
            duplicates = []
            withLeader { $0.appended(log.writtenOffset, at: broker.process.now) }
        }
        guard ticket == nil, log.needsSynchronize else { return }
        let next = broker.nextTicket()
        if log.beginSynchronize(on: disk, ticket: next) { ticket = next }
        if case .failed(let fault) = log.state { throw .failed(fault) }
    }

    private func settleStaged(throw fault: LogFault?) {
        let round = staged
        staged = []
        for (batch, reply) in round {
            guard batch.entry.end <= log.writtenOffset.rawValue else {
                reply?(.failed)
                continue
            }
            checker.appended(batch, at: broker.process.address)
            if let reply { waiting.append(Waiting(end: Offset(batch.entry.end), reply: reply)) }
        }
    }

    /// - Returns: Whether the completion was this partition's.
    func completed(_ completion: DiskCompletion) throws(LogFault) -> Bool {
        guard completion.ticket == ticket else { return false }
        ticket = nil
        if case .failed(let fault) = completion.outcome {
            log.synchronizeCompleted(completion.ticket, fault: fault)
            throw .failed(fault)
        }
        log.synchronizeCompleted(completion.ticket, fault: nil)
        broker.world.note(
            "durable", broker.process.address, Int64(id.index.rawValue), log.durableOffset.rawValue,
            log.logEndOffset.rawValue)
        checker.durable(to: log.durableOffset.rawValue, at: broker.process.address)
        withLeader { $0.synchronized(log.durableOffset) }
        if case .follower = role {
            answerLeader?(.accepted(logEnd: log.logEndOffset, durableEnd: log.durableOffset))
        }
        return true
    }

    // MARK: Reading

    /// The batches from `offset` on that lie below `bound`, up to the first whose bytes are not what was written.
    func read(from offset: Offset, below bound: Offset, byteCountMax: Int) -> SharedBytes? {
        do throws(ReadRefusal) {
            guard let slice = try locate(from: offset, below: bound, byteCountMax: byteCountMax) else { return nil }
            do throws(DiskFault) {
                return verified(try disk.read(slice.file, at: slice.position, count: slice.byteCount))
            } catch { return nil }
        } catch {
            if case .damaged = error { repair.isSuspect = true }
            return nil
        }
    }

    private func verified(_ bytes: SharedBytes) -> SharedBytes? {
        var batches = Batches(bytes)
        var byteCount = 0
        do throws(BatchesError) {
            while let batch = try batches.next(), batch.computedChecksum == batch.header.checksum {
                byteCount += batch.header.totalByteCount
            }
        } catch {}
        if byteCount < bytes.count { repair.isSuspect = true }
        return byteCount == 0 ? nil : bytes.slice(from: 0, count: byteCount)
    }

    /// Transactions that have ended below the high watermark bound nothing any more.
    private func settle(below highWatermark: Offset) {
        guard highWatermark > settledEnd else { return }
        settledEnd = highWatermark
        if log.hasUndecidedTransactions { log.settleTransactions(below: highWatermark) }
        checker.told(
            stableEnd: stableEnd.rawValue, below: highWatermark.rawValue,
            knowsAll: log.damages.isEmpty && highWatermark >= log.transactionEndsKnownFrom
                && (isLeader || !checker.forgetsMarkers),
            at: broker.process.address)
    }

    /// What a reader of committed records gets: batches below the last stable offset, and whose records it passes over.
    func readStable(from offset: Offset, byteCountMax: Int) -> (bytes: SharedBytes, aborted: [AbortedTransaction])? {
        guard let bytes = read(from: offset, below: stableEnd, byteCountMax: byteCountMax),
            let end = ReplicaLink.end(of: bytes)
        else { return nil }
        while true {
            do throws(ReadRefusal) {
                return (bytes, try log.abortedTransactions(from: offset, to: end, on: disk))
            } catch {
                guard case .cold(let file, let position, let count) = error else { return nil }
                do throws(DiskFault) { _ = try disk.read(file, at: position, count: count) } catch { return nil }
            }
        }
    }

    private func locate(from offset: Offset, below bound: Offset, byteCountMax: Int) throws(ReadRefusal) -> LogSlice? {
        while true {
            do throws(ReadRefusal) {
                return try log.locate(
                    from: offset, byteCountMax: byteCountMax, below: bound, minOneBatch: true, on: disk)
            } catch {
                guard case .cold(let file, let position, let count) = error else { throw error }
                do throws(DiskFault) { _ = try disk.read(file, at: position, count: count) } catch {
                    throw .disk(error)
                }
            }
        }
    }

    private func readAll() throws(OpenFault) -> [PartitionChecker.Batch] {
        var found: [PartitionChecker.Batch] = []
        var next = log.logStartOffset
        while next < log.writtenOffset {
            let bytes = read(from: next, below: log.writtenOffset, byteCountMax: 1 << 16) ?? .empty
            // The epoch lies outside of the checksum: a batch with another than the log knows is damaged as well.
            let batches = Self.batches(in: bytes).prefix {
                $0.header.partitionLeaderEpoch == log.epoch(of: $0.header.baseOffset)
            }
            guard let last = batches.last else {
                scrub()
                if let damage = log.damages.first(where: { $0.offsets.contains(next) }) {
                    found += checker.remembered(next..<damage.offsets.upperBound, at: broker.process.address)
                    next = damage.offsets.upperBound
                    continue
                }
                let why = "\(log.folder) at \(next) of \(log.writtenOffset): \(log.damages), \(log.recovery)"
                throw .disk(DiskFault(.read, target: why, errno: 5))
            }
            found += batches.map { batch in
                var header = batch.header
                // Of what is really there.
                header.checksum = batch.computedChecksum
                return checked(header, batch)
            }
            next = last.header.nextOffset
        }
        return found
    }

    /// Where the partition ends, for clients that ask; nil while an earlier leader may have acknowledged more (KIP-207).
    var toldEnd: Offset? {
        guard case .leader(let leader) = role, leader.highWatermarkIsCurrent else { return nil }
        return leader.highWatermark
    }

    /// The end that readers of committed records see.
    var stableEnd: Offset { log.lastStableOffset(below: settledEnd) }

    /// The end that readers see.
    var readableEnd: Offset {
        switch role {
        case .idle: log.logStartOffset
        case .leader(let leader): leader.highWatermark
        case .follower(let follower): follower.highWatermark
        }
    }
}

/// What a log knows of the leaders that wrote it, as the cores ask for it.
struct LogEpochs: EpochTable {
    let log: PartitionLog

    func epoch(of offset: Offset) -> LeaderEpoch { log.epoch(of: offset) }

    func lastEpoch(atOrBefore epoch: LeaderEpoch) -> OffsetAndEpoch? {
        let latest = log.latestEpoch
        guard latest != .none, let end = log.endOffset(of: min(epoch, latest)), end.epoch <= epoch else { return nil }
        return OffsetAndEpoch(end.endOffset, end.epoch)
    }
}
