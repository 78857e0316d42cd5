// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import Primitives
internal import Replication
internal import StorageEngine
internal import Transport

/// Records found for a fetch, on their way to the connection's shard.
enum FetchedRecords: Sendable {
    case none
    /// In memory, because they are few or came from the device.
    case bytes(SharedBytes)
    /// In the page cache: the connection sends them with `sendfile`.
    case file(FileSlice)

    var byteCount: Int {
        switch self {
        case .none: 0
        case .bytes(let bytes): bytes.count
        case .file(let slice): slice.byteCount
        }
    }
}

/// A range of an open file, which may be closed before it is sent: the answer can wait for earlier ones.
struct FileSlice: Sendable {
    let lease: DescriptorLease
    let position: Int64
    let byteCount: Int
}

/// What a read of one partition found.
struct PartitionRead: Sendable {
    var records = FetchedRecords.none
    var highWatermark: Offset
    var lastStableOffset: Offset
    var logStartOffset: Offset
    /// For a reader of committed records: transactions whose records it passes over.
    var abortedTransactions: [AbortedTransaction] = []
    /// Where the client's log parts from ours, when it does (KIP-595).
    var divergence: EpochEnd?
    /// A replica nearer to the client, which it should read from instead (KIP-392).
    var preferredReplica: NodeID?
}

/// Who reads, as far as it decides where records come from.
struct RecordReader: Sendable {
    let mayReadFollower: Bool
    /// Up to the last stable offset, and with the aborted transactions (`isolation.level=read_committed`).
    var readsCommitted = false
    /// Where the client is, if it says.
    let rack: String?

    /// A client, or this broker itself, that reads from leaders only.
    static let ofLeader = RecordReader(mayReadFollower: false, rack: nil)
}

/// Why a read of one partition gives no records.
enum ReadFailure: Error, Sendable {
    case unknownPartition
    case unknownTopicID
    /// Another broker leads, and the client may not read from a follower.
    case notLeader
    /// A follower that does not know yet that the offset is committed.
    case offsetNotAvailable
    case fencedLeaderEpoch
    case unknownLeaderEpoch
    case log(ReadRefusal)
}

extension BrokerShard {
    /// Reads below this size are copied from the page cache: a `sendfile` of its own would cost more.
    static let copiedByteCountMax = 16 << 10
    /// Most bytes that one read from the device asks for; more come with the next fetch.
    static let coldByteCountMax = 1 << 20
    /// Reads from the device that finding a place may take, before it is given up: index entries, then batch headers.
    static let coldStepCountMax = 64

    /// Reads the batches of one partition from `target.fetchOffset` on.
    ///
    /// The reply comes in this round when all is in the page cache, else when the device has answered.
    func read(
        _ partition: Partition, _ target: FetchTarget, for reader: RecordReader = .ofLeader, byteCountMax: Int,
        minOneBatch: Bool, reply: @escaping (Result<PartitionRead, ReadFailure>) -> Void
    ) {
        guard partition.isLeader || reader.mayReadFollower && partition.isFollower else {
            return reply(.failure(.notLeader))
        }
        if let failure = checkEpoch(target.currentLeaderEpoch, of: partition) { return reply(.failure(failure)) }
        var read = PartitionRead(
            highWatermark: partition.highWatermark, lastStableOffset: partition.lastStableOffset,
            logStartOffset: partition.log.logStartOffset)
        if let divergence = divergence(of: target, in: partition) {
            read.divergence = divergence
            return reply(.success(read))
        }
        if let replica = nearerReplica(of: partition, holding: target.fetchOffset, to: reader) {
            read.preferredReplica = replica
            return reply(.success(read))
        }
        // A follower hears of commits later than the leader: what it has and does not know committed is not an error.
        if !partition.isLeader, target.fetchOffset > partition.highWatermark {
            let isHeld = target.fetchOffset <= partition.log.logEndOffset
            return reply(isHeld ? .success(read) : .failure(.offsetNotAvailable))
        }
        let request = LocatedRead(
            partition: partition, target: target, readsCommitted: reader.readsCommitted, byteCountMax: byteCountMax,
            minOneBatch: minOneBatch, read: read)
        locate(request, reply: reply)
    }

    private struct LocatedRead {
        let partition: Partition
        let target: FetchTarget
        let readsCommitted: Bool
        let byteCountMax: Int
        let minOneBatch: Bool
        var read: PartitionRead
        /// How often bytes may be found damaged on the way to an answer.
        var attemptsLeft = 8

        var bound: Offset { readsCommitted ? read.lastStableOffset : read.highWatermark }
    }

    private func locate(_ request: LocatedRead, reply: @escaping (Result<PartitionRead, ReadFailure>) -> Void) {
        warming({ [self] () throws(ReadRefusal) in try located(request) }) { [self] found in
            switch found {
            case .success(.here(let records, let aborted)):
                var read = request.read
                (read.records, read.abortedTransactions) = (records, aborted)
                count(records, of: request.partition)
                reply(.success(read))
            case .success(.cold(let slice, let aborted)):
                var request = request
                request.read.abortedTransactions = aborted
                readCold(slice, for: request, reply: reply)
            case .failure(let refusal): reply(.failure(.log(refusal)))
            }
        }
    }

    private func count(_ records: FetchedRecords, of partition: Partition) {
        let byteCount = UInt64(records.byteCount)
        partition.fetchedByteCount += byteCount
        switch records {
        case .none: break
        case .bytes: metrics.readCachedByteCount += byteCount
        case .file: metrics.readSendfileByteCount += byteCount
        }
    }

    private enum Located {
        case here(FetchedRecords, [AbortedTransaction])
        case cold(LogSlice, [AbortedTransaction])
    }

    private func located(_ request: LocatedRead) throws(ReadRefusal) -> Located {
        guard let slice = try slice(for: request, byteCountMax: request.byteCountMax) else { return .here(.none, []) }
        // What this process has neither written nor checked takes the way through memory, where it is checked.
        if request.partition.log.isVerified(slice), let records = try cachedRecords(slice) {
            return .here(records, try aborted(in: slice, for: request))
        }
        let byteCountMax = min(request.byteCountMax, Self.coldByteCountMax)
        guard let slice = try self.slice(for: request, byteCountMax: byteCountMax) else { return .here(.none, []) }
        return .cold(slice, try aborted(in: slice, for: request))
    }

    private func aborted(
        in slice: LogSlice, for request: LocatedRead
    ) throws(ReadRefusal) -> [AbortedTransaction] {
        guard request.readsCommitted else { return [] }
        return try request.partition.withLog { log throws(ReadRefusal) in
            try log.abortedTransactions(from: request.target.fetchOffset, to: slice.nextOffset, on: disk)
        }
    }

    /// Repeats `operation` after each read that it needs from the device; the reply comes in this round if it needs none.
    func warming<Value>(
        stepsLeft: Int = coldStepCountMax, _ operation: @escaping () throws(ReadRefusal) -> Value,
        reply: @escaping (Result<Value, ReadRefusal>) -> Void
    ) {
        do {
            reply(.success(try operation()))
        } catch .cold(let file, let position, let byteCount) where stepsLeft > 0 {
            let ticket = nextTicket()
            awaitDisk(ticket) { [self] outcome in
                if case .failed(let fault) = outcome { return reply(.failure(.disk(fault))) }
                warming(stepsLeft: stepsLeft - 1, operation, reply: reply)
            }
            disk.submitRead(file, at: position, count: byteCount, ticket: ticket)
        } catch {
            reply(.failure(error))
        }
    }

    private func slice(for request: LocatedRead, byteCountMax: Int) throws(ReadRefusal) -> LogSlice? {
        try request.partition.withLog { log throws(ReadRefusal) in
            try log.locate(
                from: request.target.fetchOffset, byteCountMax: byteCountMax, below: request.bound,
                minOneBatch: request.minOneBatch, on: disk)
        }
    }

    /// The slice's records when no device has to be waited for.
    private func cachedRecords(_ slice: LogSlice) throws(ReadRefusal) -> FetchedRecords? {
        if slice.byteCount > Self.copiedByteCountMax, let descriptor = disk.descriptor(of: slice.file),
            disk.isCached(slice.file, at: slice.position, count: slice.byteCount)
        {
            if let lease = try? DescriptorLease(duplicating: descriptor) {
                return .file(FileSlice(lease: lease, position: slice.position, byteCount: slice.byteCount))
            }
        }
        guard slice.byteCount <= Self.coldByteCountMax else { return nil }
        do {
            let bytes = try disk.readIfCached(slice.file, at: slice.position, count: slice.byteCount)
            guard let bytes, bytes.count == slice.byteCount else { return nil }
            return .bytes(bytes)
        } catch {
            throw .disk(error)
        }
    }

    /// Reads whole batches from the device: at most `coldByteCountMax`, or one batch that is larger.
    private func readCold(
        _ slice: LogSlice, for request: LocatedRead, reply: @escaping (Result<PartitionRead, ReadFailure>) -> Void
    ) {
        let ticket = nextTicket()
        awaitDisk(ticket) { [self] outcome in
            switch outcome {
            case .read(let bytes):
                metrics.readColdByteCount += UInt64(bytes.count)
                checked(bytes, of: slice, for: request, reply: reply)
            case .failed(let fault): reply(.failure(.log(.disk(fault))))
            case .synchronized, .removed: preconditionFailure("a read completed as \(outcome)")
            }
        }
        disk.submitRead(slice.file, at: slice.position, count: slice.byteCount, ticket: ticket)
    }

    /// Answers with what came from the device, if it is what was written; else looks again, where the damage is known now.
    private func checked(
        _ bytes: SharedBytes, of slice: LogSlice, for request: LocatedRead,
        reply: @escaping (Result<PartitionRead, ReadFailure>) -> Void
    ) {
        do throws(ReadRefusal) {
            if try verify(bytes, of: slice, in: request.partition) {
                var read = request.read
                read.records = .bytes(bytes)
                request.partition.fetchedByteCount += UInt64(bytes.count)
                return reply(.success(read))
            }
            guard request.attemptsLeft > 0 else {
                throw .disk(DiskFault(.read, target: request.partition.folder, errno: 5))
            }
        } catch { return reply(.failure(.log(error))) }
        var next = request
        next.attemptsLeft -= 1
        locate(next, reply: reply)
    }

    /// Whether bytes of a slice are what was written; if not, the damage is known and its repair begins.
    func verify(_ bytes: SharedBytes, of slice: LogSlice, in partition: Partition) throws(ReadRefusal) -> Bool {
        try partition.withLog { log throws(ReadRefusal) in try log.verify(bytes, of: slice, on: disk) }
    }

    /// Compares the epoch a client believes in with ours (KIP-320).
    func checkEpoch(_ epoch: LeaderEpoch, of partition: Partition) -> ReadFailure? {
        guard epoch != .none, epoch != partition.leaderEpoch else { return nil }
        return epoch < partition.leaderEpoch ? .fencedLeaderEpoch : .unknownLeaderEpoch
    }

    /// A live in-sync follower in the reader's rack that has the record it asks for; nil when the leader is as near.
    private func nearerReplica(of partition: Partition, holding offset: Offset, to reader: RecordReader) -> NodeID? {
        guard let rack = reader.rack, rack != node.rack, let leader = partition.leader else { return nil }
        return leader.views.first { follower in
            guard follower.isInSync, follower.logEnd >= offset, let broker = image.broker(follower.node) else {
                return false
            }
            return !broker.isFenced && broker.rack == rack
        }?.node
    }

    private func divergence(of target: FetchTarget, in partition: Partition) -> EpochEnd? {
        guard target.lastFetchedEpoch != .none, let end = partition.log.endOffset(of: target.lastFetchedEpoch) else {
            return nil
        }
        let diverges = end.epoch < target.lastFetchedEpoch || end.endOffset < target.fetchOffset
        return diverges ? end : nil
    }
}

extension BrokerShard {
    /// Reads a piece of a log of our own, up to what is written, for replay.
    func readForReplay(
        _ partition: Partition, from offset: Offset, reply: @escaping (Result<SharedBytes, ReadRefusal>) -> Void
    ) {
        readChecked(partition, from: offset, byteCountMax: Self.coldByteCountMax) { reply($0.map(\.bytes)) }
    }

    /// Whole batches in memory that are what was written, up to what is written; empty at the end of the log.
    ///
    /// - Parameter byteCountMax: At least one batch always comes.
    func readChecked(
        _ partition: Partition, from offset: Offset, byteCountMax: Int, attemptsLeft: Int = 8,
        reply: @escaping (Result<(bytes: SharedBytes, nextOffset: Offset), ReadRefusal>) -> Void
    ) {
        warming({ [self] () throws(ReadRefusal) in
            try partition.withLog { log throws(ReadRefusal) in
                try log.locate(
                    from: offset, byteCountMax: byteCountMax, below: log.writtenOffset, minOneBatch: true, on: disk)
            }
        }) { [self] result in
            switch result {
            case .failure(let refusal): reply(.failure(refusal))
            case .success(nil): reply(.success((.empty, offset)))
            case .success(let slice?):
                read(slice) { [self] read in
                    do throws(ReadRefusal) {
                        let bytes = try read.get()
                        if try verify(bytes, of: slice, in: partition) {
                            return reply(.success((bytes, slice.nextOffset)))
                        }
                        guard attemptsLeft > 0 else {
                            throw .disk(DiskFault(.read, target: partition.folder, errno: 5))
                        }
                    } catch { return reply(.failure(error)) }
                    readChecked(
                        partition, from: offset, byteCountMax: byteCountMax, attemptsLeft: attemptsLeft - 1,
                        reply: reply)
                }
            }
        }
    }

    private func read(_ slice: LogSlice, reply: @escaping (Result<SharedBytes, ReadRefusal>) -> Void) {
        let ticket = nextTicket()
        awaitDisk(ticket) { outcome in
            switch outcome {
            case .read(let bytes): reply(.success(bytes))
            case .failed(let fault): reply(.failure(.disk(fault)))
            case .synchronized, .removed: preconditionFailure("a read completed as \(outcome)")
            }
        }
        disk.submitRead(slice.file, at: slice.position, count: slice.byteCount, ticket: ticket)
    }
}
