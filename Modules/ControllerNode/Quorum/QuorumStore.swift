// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import Primitives
internal import RecordBatch
public import StorageEngine

/// The disk of one member of the quorum: its log in the partition folder `__cluster_metadata-0`, its term and vote, its
/// snapshots.
///
/// Writes of the consensus are carried out in their order; one synchronize is in flight at a time and covers all that was
/// written before it began. A full disk delays writes until there is room; any other fault ends the service for good,
/// because what is on the disk is not known any more.
struct QuorumStore {
    static let folder = "\(TopicName.clusterMetadata)-0"
    /// The id that Kafka reserves for this topic (KIP-516).
    static let partition = PartitionID(topic: TopicID(high: 0, low: 1), index: PartitionIndex(0))
    /// How often a write that found no room is tried again.
    static let retryMilliseconds: Int64 = 500

    let disk: any Disk
    let snapshots: SnapshotStore
    private let stateFile: QuorumStateFile
    private var durableEnd: DurableEndFile
    private(set) var log: PartitionLog
    /// Not written yet, in order.
    private var pending: [RaftWrite] = []
    /// Written, with the end of the log that must be durable before they are.
    private var written: [(number: RaftWriteNumber, end: Offset)] = []
    private var synchronizeTicket: DiskTicket?
    private var lastTicket: UInt64 = 0
    /// Since the last try to write found no room.
    private(set) var full: DiskFault?
    private(set) var retryAt = Instant.distantFuture
    /// Out of service for good.
    private(set) var fault: DiskFault?

    // MARK: Open

    /// Writes down which quorum a new folder begins with: a snapshot of nothing. A folder that has begun is left alone.
    static func writeInitialVoters(_ voters: VoterSet, on disk: any Disk) throws(DiskFault) {
        if !disk.exists(folder) {
            try disk.createDirectory(folder)
            try disk.synchronizeDirectory("")
        }
        // A crash may have come between the folder and what is in it.
        let hasBegun = try disk.list(folder).contains { $0.hasSuffix(".log") || $0.hasSuffix(".checkpoint") }
        guard !hasBegun else { return }
        let metadata = MetadataSnapshot(image: MetadataImage(), nextOffset: .zero, term: .zero)
        try SnapshotStore(folder: folder, disk: disk).write(QuorumSnapshot(voters: voters, metadata: metadata))
    }

    /// Opens the folder and reads what the member knew.
    ///
    /// - Parameter voters: The quorum where the folder says none: this node alone, or nobody for one that is to be added.
    static func open(
        _ disk: any Disk, voters: VoterSet, at now: Timestamp
    ) throws(MetadataOpenError) -> (store: QuorumStore, recovery: RaftRecovery, snapshot: QuorumSnapshot?) {
        let snapshot = try SnapshotStore(folder: folder, disk: disk).newest()
        let state = try QuorumStateFile(folder: folder, disk: disk).read()
        var store = try QuorumStore(disk, at: now)
        var position = snapshot?.position ?? .zero
        guard store.log.logStartOffset <= position.end else {
            throw .gap(snapshotEnd: position.end, logStart: store.log.logStartOffset)
        }
        if store.log.logEndOffset < position.end {
            // The crash came between a snapshot from the leader and the new beginning of the log.
            do throws(MetadataFault) { try store.restartLog(at: position.end, now) } catch { throw error.openError }
        } else if position.end > store.log.logStartOffset {
            let term = Term(Int64(store.log.epoch(of: position.end - 1).rawValue))
            if snapshot?.voters == nil {
                // Snapshots from before there were quorums state the term they were taken in.
                position = LogPosition(end: position.end, term: term)
            } else if term != position.term {
                do throws(MetadataFault) { try store.restartLog(at: position.end, now) } catch { throw error.openError }
            }
        }
        let base = RaftSnapshot(position: position, voters: snapshot?.voters ?? voters)
        let entries = try store.entries(from: position.end)
        let recovery = RaftRecovery(
            hardState: state ?? HardState(), snapshot: base, start: position, entries: entries)
        return (store, recovery, snapshot)
    }

    private init(_ disk: any Disk, at now: Timestamp) throws(MetadataOpenError) {
        self.disk = disk
        snapshots = SnapshotStore(folder: Self.folder, disk: disk)
        stateFile = QuorumStateFile(folder: Self.folder, disk: disk)
        var log = try Self.openLog(disk, at: now)
        do throws(DiskFault) { durableEnd = try DurableEndFile(folder: Self.folder, disk: disk) } catch {
            throw .disk(error)
        }
        try Self.cutTornEnd(of: &log, durableEnd.end, on: disk)
        if log.durableOffset < log.logEndOffset {
            // Consensus counts what is here as durable. Closing waits for the disk, and opening after it costs little.
            do throws(LogFault) { try log.close(on: disk) } catch { throw MetadataFault(error).openError }
            log = try Self.openLog(disk, at: now)
        }
        self.log = log
    }

    private static func openLog(_ disk: any Disk, at now: Timestamp) throws(MetadataOpenError) -> PartitionLog {
        do throws(OpenFault) {
            return try PartitionLog(opening: folder, of: partition, configuration: configuration, at: now, on: disk)
        } catch { throw .log(error) }
    }

    /// Drops what no synchronize covered from the first batch on that a power cut left torn.
    ///
    /// - Parameter durableEnd: What the file of that name says, which may lag; nil when nobody knows.
    /// - Throws: `.damaged` for what was durable.
    private static func cutTornEnd(
        of log: inout PartitionLog, _ durableEnd: Offset?, on disk: any Disk
    ) throws(MetadataOpenError) {
        guard let damage = log.damages.first else { return }
        guard let durableEnd, damage.offsets.lowerBound >= max(durableEnd, log.durableOffset) else {
            throw .damaged(damage)
        }
        do throws(LogFault) { try log.truncateDiscarding(from: damage.offsets.lowerBound, on: disk) } catch {
            throw MetadataFault(error).openError
        }
    }

    private static var configuration: LogConfiguration {
        var configuration = LogConfiguration()
        // Small, because only whole segments go when a snapshot has made them superfluous.
        configuration.segmentByteCountMax = 32 << 20
        configuration.segmentMilliseconds = .max
        configuration.retentionMilliseconds = nil
        configuration.retentionByteCount = nil
        configuration.fileDeleteDelayMilliseconds = 0
        return configuration
    }

    // MARK: Read

    private mutating func entries(from start: Offset) throws(MetadataOpenError) -> [RaftEntry] {
        var entries: [RaftEntry] = []
        var next = start
        while next < log.logEndOffset {
            guard let slice = try locate(next) else {
                preconditionFailure("nothing at \(next) of a log that ends at \(log.logEndOffset)")
            }
            let bytes: SharedBytes
            do throws(DiskFault) {
                bytes = try disk.read(slice.file, at: slice.position, count: slice.byteCount)
            } catch { throw .disk(error) }
            entries += try LogEntries.entries(in: bytes, from: next)
            next = slice.nextOffset
        }
        return entries
    }

    private mutating func locate(_ offset: Offset) throws(MetadataOpenError) -> LogSlice? {
        while true {
            do throws(ReadRefusal) {
                return try log.locate(
                    from: offset, byteCountMax: 1 << 20, below: log.logEndOffset, minOneBatch: true, on: disk)
            } catch {
                try warm(error)
            }
        }
    }

    /// Reads what the way to a batch needs; every other refusal is final.
    private func warm(_ refusal: ReadRefusal) throws(MetadataOpenError) {
        switch refusal {
        case .cold(let file, let position, let byteCount):
            do throws(DiskFault) {
                _ = try disk.read(file, at: position, count: byteCount)
            } catch { throw .disk(error) }
        case .damaged(let damage): throw .damaged(damage)
        case .disk(let fault): throw .disk(fault)
        case .offsetOutOfRange(let start, let end):
            preconditionFailure("read outside \(start) to \(end) of the metadata log")
        case .closed: preconditionFailure("read of a closed metadata log")
        }
    }
}

// MARK: Write

extension QuorumStore {
    /// Takes a write of the consensus; `advance` carries it out.
    mutating func write(_ write: RaftWrite) { pending.append(write) }

    /// Does what can be done without waiting.
    ///
    /// - Returns: The last write that became durable, if one did, and whether a synchronize was begun, which a disk that
    ///   finishes at once has ended by now.
    mutating func advance(
        _ completions: [DiskCompletion], at now: Instant, _ wallClock: Timestamp
    ) -> (durable: RaftWriteNumber?, didSubmit: Bool) {
        guard fault == nil else { return (nil, false) }
        for completion in completions where completion.ticket == synchronizeTicket {
            synchronizeTicket = nil
            let fault: DiskFault? = if case .failed(let fault) = completion.outcome { fault } else { nil }
            log.synchronizeCompleted(completion.ticket, fault: fault)
        }
        do throws(DiskFault) { for completion in completions { try durableEnd.take(completion) } } catch {
            fault = error
        }
        if full == nil || now >= retryAt { writePending(at: now, wallClock) }
        let didSubmit = submitSynchronize()
        let doesFollow = followDurableEnd()
        if case .failed(let fault) = log.state { self.fault = self.fault ?? fault }
        return (fault == nil ? takeDurable() : nil, didSubmit || doesFollow)
    }

    private mutating func followDurableEnd() -> Bool {
        guard durableEnd.lags(behind: log.durableOffset) else { return false }
        let ticket = nextTicket()
        do throws(DiskFault) { try durableEnd.follow(log.durableOffset, ticket) } catch {
            fault = fault ?? error
            return false
        }
        disk.flushSubmissions()
        return true
    }

    private mutating func writePending(at now: Instant, _ wallClock: Timestamp) {
        (full, retryAt) = (nil, .distantFuture)
        while let next = pending.first {
            do throws(MetadataFault) {
                try carryOut(next, wallClock)
                pending.removeFirst()
            } catch {
                switch error {
                case .full(let fault): (full, retryAt) = (fault, now.advanced(byMilliseconds: Self.retryMilliseconds))
                case .failed(let fault): self.fault = fault
                case .tooLarge(let byteCount, let limit):
                    preconditionFailure("an entry of \(byteCount) bytes in segments of \(limit)")
                case .closed: preconditionFailure("write to a closed metadata log")
                }
                return
            }
        }
    }

    private mutating func carryOut(_ write: RaftWrite, _ wallClock: Timestamp) throws(MetadataFault) {
        if let end = write.truncateTo, end < log.logEndOffset {
            for index in written.indices { written[index].end = min(written[index].end, end) }
            do throws(DiskFault) { try durableEnd.lower(to: end) } catch { throw MetadataFault(error) }
            do throws(LogFault) { try log.truncateDiscarding(from: end, on: disk) } catch { throw MetadataFault(error) }
        }
        // What an attempt that met a full disk has written is there already.
        for entry in write.entries where entry.base >= log.logEndOffset { try append(entry, wallClock) }
        do throws(LogFault) { try log.writeStaged(on: disk) } catch { throw MetadataFault(error) }
        if let state = write.hardState {
            do throws(DiskFault) { try stateFile.write(state) } catch { throw MetadataFault(error) }
        }
        written.append((write.number, write.entries.last?.end ?? .zero))
    }

    private mutating func append(_ entry: RaftEntry, _ wallClock: Timestamp) throws(MetadataFault) {
        do throws(AppendRefusal) {
            let appended = try log.append(
                LogEntries.batch(of: entry), epoch: entry.term.leaderEpoch, at: wallClock)
            precondition(appended.baseOffset == entry.base, "an entry of \(entry.base) at \(appended.baseOffset)")
        } catch {
            switch error {
            case .failed(let fault): throw .failed(fault)
            case .closed: throw .closed
            case .batchTooLarge(let byteCount, let limit): throw .tooLarge(byteCount: byteCount, limit: limit)
            case .outOfOrderSequence, .invalidProducerEpoch, .transactionIsOpen, .transactionCoordinatorFenced,
                .staleLeaderEpoch:
                preconditionFailure("the only writer of the metadata log was refused: \(error)")
            }
        }
    }

    private mutating func submitSynchronize() -> Bool {
        guard synchronizeTicket == nil, log.needsSynchronize else { return false }
        let ticket = nextTicket()
        guard log.beginSynchronize(on: disk, ticket: ticket) else { return false }
        synchronizeTicket = ticket
        disk.flushSubmissions()
        return true
    }

    private mutating func takeDurable() -> RaftWriteNumber? {
        var last: RaftWriteNumber?
        while let first = written.first, first.end <= log.durableOffset {
            last = first.number
            written.removeFirst()
        }
        return last
    }

    mutating func nextTicket() -> DiskTicket {
        lastTicket += 1
        return DiskTicket(lastTicket)
    }

    /// What stands against writing `byteCount` more; nil when there is room for it, reserved or free.
    func lackOfRoom(for byteCount: Int) -> DiskFault? {
        do throws(DiskFault) {
            guard try disk.freeByteCount() < Int64(byteCount) + (1 << 20) else { return nil }
            guard let active = log.segmentByteCounts.last else { return nil }
            let path = "\(Self.folder)/\(SnapshotStore.digits(active.baseOffset.rawValue, count: 20)).log"
            let file = try disk.open(path, .read)
            defer { disk.close(file) }
            let reserved = try disk.size(of: file) - active.byteCount
            return reserved >= Int64(byteCount) ? nil : DiskFault(.allocate, target: path, errno: 28)
        } catch {
            // Not knowing is no reason to refuse: the write itself will tell.
            return nil
        }
    }
}

// MARK: Maintenance

extension QuorumStore {
    /// A snapshot up to `offset` is durable: the log before it may go.
    mutating func dropPrefix(before offset: Offset, at now: Timestamp) throws(MetadataFault) {
        do throws(LogFault) {
            try log.advanceLogStart(to: offset, at: now, on: disk)
        } catch { throw MetadataFault(error) }
        var last = lastTicket
        log.purgeRemoved(at: now, on: disk) {
            last += 1
            return DiskTicket(last)
        }
        lastTicket = last
        disk.flushSubmissions()
    }

    /// Begins the log anew, empty, at `offset`: a snapshot has taken its place and is durable.
    ///
    /// After a crash in the middle it is shorter than the snapshot, or has another term there, and `open` ends the work.
    mutating func restartLog(at offset: Offset, _ now: Timestamp) throws(MetadataFault) {
        do throws(LogFault) { try log.close(on: disk) } catch { throw MetadataFault(error) }
        synchronizeTicket = nil
        for index in written.indices { written[index].end = .zero }
        pending = pending.map { RaftWrite(number: $0.number, truncateTo: nil, entries: [], hardState: $0.hardState) }
        do throws(DiskFault) {
            try durableEnd.lower(to: offset)
            let names = try disk.list(Self.folder).filter { name in
                ["log", "index", "timeindex", "snapshot"].contains { name.hasSuffix(".\($0)") }
            }
            let checkpoint = "\(Self.folder)/checkpoint"
            if disk.exists(checkpoint) { try disk.remove(checkpoint) }
            // From the end on, so that what is left is the beginning of the log at any moment.
            for name in names.sorted(by: >) { try disk.remove("\(Self.folder)/\(name)") }
            let path = "\(Self.folder)/\(SnapshotStore.digits(offset.rawValue, count: 20)).log"
            disk.close(try disk.open(path, .createNew))
            try disk.synchronizeDirectory(Self.folder)
        } catch { throw MetadataFault(error) }
        do throws(MetadataOpenError) { log = try Self.openLog(disk, at: now) } catch {
            guard case .log(.disk(let fault)) = error else {
                preconditionFailure("an empty log does not open: \(error)")
            }
            throw .failed(fault)
        }
        precondition(log.logEndOffset == offset, "a log begun at \(offset) ends at \(log.logEndOffset)")
    }

    /// Carries out what waits and makes everything durable. Nothing may be called afterwards.
    mutating func close(at now: Instant, _ wallClock: Timestamp) throws(MetadataFault) {
        if fault == nil { writePending(at: now, wallClock) }
        do throws(LogFault) { try log.close(on: disk) } catch { throw MetadataFault(error) }
        if let fault { throw .failed(fault) }
    }
}

/// The world in the way of the metadata log.
public enum MetadataFault: Error, Hashable, Sendable {
    /// No room. Nothing was written; freeing space heals it.
    case full(DiskFault)
    /// The log is out of service until the process starts again.
    case failed(DiskFault)
    /// Records proposed together are larger than a segment.
    case tooLarge(byteCount: Int, limit: Int64)
    case closed
}

extension MetadataFault {
    init(_ fault: LogFault) {
        switch fault {
        case .disk(let fault): self.init(fault)
        case .failed(let fault): self = .failed(fault)
        case .closed: self = .closed
        }
    }

    init(_ fault: DiskFault) { self = fault.isOutOfSpace ? .full(fault) : .failed(fault) }

    fileprivate var openError: MetadataOpenError {
        switch self {
        case .full(let fault), .failed(let fault): .disk(fault)
        case .tooLarge, .closed: preconditionFailure("opening a log gave \(self)")
        }
    }
}
