// SPDX-License-Identifier: Apache-2.0

public import Coordinator
public import Primitives
public import RecordBatch
public import StorageEngine

/// Why the metadata could not be loaded. Nothing was changed.
public enum MetadataOpenError: Error, Equatable, Sendable {
    case log(OpenFault)
    case disk(DiskFault)
    /// Bytes inside the log are not what was written.
    case damaged(LogDamage)
    /// A batch checks, but its records do not read.
    case unreadable(at: Offset, RecordsError)
    /// A record is of a type or version that this version does not know, or is not a record.
    case undecodable(at: Offset, DecodeError)
    /// A record does not follow from those before it.
    case contradiction(at: Offset, ReplayError)
    /// A snapshot does not check, and the log before it is gone.
    case snapshotDamaged(file: String, DecodeError)
    /// The log begins after the newest snapshot.
    case gap(snapshotEnd: Offset, logStart: Offset)
    /// A later version wrote this: a feature's level is above what this one understands.
    case unsupportedFeature(name: String, level: Int16)
}

/// The metadata log of a quorum of one: the partition folder `__cluster_metadata-0`.
///
/// Each proposal is one record batch, whose checksum makes it whole or absent. One synchronize is in flight at a time and
/// covers all that was written before it began.
public final class SoloMetadataLog: MetadataLog {
    public static let folder = "\(TopicName.clusterMetadata)-0"
    /// The id that Kafka reserves for this topic (KIP-516).
    static let partition = PartitionID(topic: TopicID(high: 0, low: 1), index: PartitionIndex(0))

    private struct Proposal {
        let records: [MetadataRecord]
        let nextOffset: Offset
        var firstOffset: Offset { nextOffset - Int64(records.count) }
    }

    public let term: Term
    private let disk: any Disk
    private var log: PartitionLog
    private var proposals: [Proposal] = []
    private var lastTicket: UInt64 = 0
    private var synchronizeTicket: DiskTicket?
    private let compressor = Compressor()

    public var endOffset: Offset { log.logEndOffset }
    public var isBusy: Bool { !proposals.isEmpty }
    public var byteCount: Int64 { log.byteCount }
    var startOffset: Offset { log.logStartOffset }

    /// - Parameters:
    ///   - disk: Used by nobody else: the log takes all of its completions.
    ///   - snapshotTerm: Of the snapshot that the log continues; `.zero` without one.
    public init(opening disk: any Disk, after snapshotTerm: Term, at now: Timestamp) throws(MetadataOpenError) {
        do throws(OpenFault) {
            log = try PartitionLog(
                opening: Self.folder, of: Self.partition, configuration: Self.configuration, at: now, on: disk)
        } catch { throw .log(error) }
        if let damage = log.damages.first { throw .damaged(damage) }
        self.disk = disk
        // A quorum of one elects itself at each start.
        term = Term(max(snapshotTerm.rawValue, Int64(log.latestEpoch.rawValue))).next
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

    // MARK: Load

    /// Reads what the log holds from `start` on, batch by batch; to be called once, before the first proposal.
    func replay(
        from start: Offset, _ body: ([MetadataRecord], Offset) throws(MetadataOpenError) -> Void
    ) throws(MetadataOpenError) {
        var next = start
        while next < log.logEndOffset {
            guard let slice = try locate(next) else {
                preconditionFailure("nothing at \(next) of a log that ends at \(log.logEndOffset)")
            }
            let bytes: SharedBytes
            do throws(DiskFault) {
                bytes = try disk.read(slice.file, at: slice.position, count: slice.byteCount)
            } catch { throw .disk(error) }
            try Self.decode(bytes, from: next, body)
            next = slice.nextOffset
        }
    }

    private func locate(_ offset: Offset) throws(MetadataOpenError) -> LogSlice? {
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

    private static func decode(
        _ bytes: SharedBytes, from start: Offset,
        _ body: ([MetadataRecord], Offset) throws(MetadataOpenError) -> Void
    ) throws(MetadataOpenError) {
        var batches = Batches(bytes)
        var next = start
        while let batch = try nextBatch(&batches, at: next) {
            next = batch.header.nextOffset
            let records = try records(of: batch).filter { $0.offset >= start }
            guard !records.isEmpty else { continue }
            try body(try records.map { record throws(MetadataOpenError) in try decode(record) }, next)
        }
    }

    /// After an orderly stop nobody has looked at the bytes since, so they are checked here.
    private static func nextBatch(_ batches: inout Batches, at offset: Offset) throws(MetadataOpenError) -> Batch? {
        let batch: Batch
        do throws(BatchesError) {
            guard let found = try batches.next() else { return nil }
            batch = found
        } catch {
            switch error {
            case .partial(let position, let needed, let available):
                throw .undecodable(
                    at: offset, DecodeError(.truncated(needed: needed, available: available), at: position))
            case .garbage(_, let reason): throw .undecodable(at: offset, reason)
            }
        }
        do throws(DecodeError) { try batch.verifyChecksum() } catch { throw .undecodable(at: offset, error) }
        return batch
    }

    private static func records(of batch: Batch) throws(MetadataOpenError) -> [Record] {
        do throws(RecordsError) {
            var records = try Records(batch, using: Decompressor())
            return try records.remaining()
        } catch { throw .unreadable(at: batch.header.baseOffset, error) }
    }

    private static func decode(_ record: Record) throws(MetadataOpenError) -> MetadataRecord {
        do throws(DecodeError) {
            return try MetadataRecord(decoding: record.value ?? .empty)
        } catch { throw .undecodable(at: record.offset, error) }
    }
}

// MARK: Propose

extension SoloMetadataLog {
    public func propose(_ records: [MetadataRecord], at now: Timestamp) throws(MetadataFault) {
        precondition(!records.isEmpty, "a proposal without records")
        var builder = BatchBuilder()
        var writer = ByteWriter()
        for record in records {
            writer.reset()
            record.encode(into: &writer)
            builder.append(timestamp: now, value: writer.shared)
        }
        let batch = builder.build(using: compressor)
        do throws(AppendRefusal) {
            let epoch = LeaderEpoch(Int32(clamping: term.rawValue))
            let appended = try log.append(batch, epoch: epoch, at: now)
            proposals.append(Proposal(records: records, nextOffset: appended.lastOffset.next))
        } catch { throw Self.fault(error) }
    }

    public func advance(at now: Timestamp) -> [MetadataLogEvent] {
        var events: [MetadataLogEvent] = []
        write(into: &events)
        // A disk that finishes at once has the next step ready when it returns.
        repeat {
            collect(into: &events)
        } while submitSynchronize()
        return events
    }

    private func write(into events: inout [MetadataLogEvent]) {
        guard log.hasStaged else { return }
        let written = log.writtenOffset
        do throws(LogFault) {
            try log.writeStaged(on: disk)
        } catch { reject(from: written, Self.fault(error), into: &events) }
    }

    /// Takes what the disk finished, and commits what that made durable.
    private func collect(into events: inout [MetadataLogEvent]) {
        var completions: [DiskCompletion] = []
        disk.takeCompletions(into: &completions)
        for completion in completions where completion.ticket == synchronizeTicket {
            synchronizeTicket = nil
            let fault: DiskFault? = if case .failed(let fault) = completion.outcome { fault } else { nil }
            log.synchronizeCompleted(completion.ticket, fault: fault)
            if let fault { reject(from: log.durableOffset, .failed(fault), into: &events) }
        }
        while let first = proposals.first, first.nextOffset <= log.durableOffset {
            proposals.removeFirst()
            events.append(.committed(first.records, nextOffset: first.nextOffset))
        }
    }

    /// - Returns: Whether something was submitted.
    private func submitSynchronize() -> Bool {
        guard synchronizeTicket == nil, log.needsSynchronize else { return false }
        let ticket = nextTicket()
        guard log.beginSynchronize(on: disk, ticket: ticket) else { return false }
        synchronizeTicket = ticket
        disk.flushSubmissions()
        return true
    }

    private func reject(from offset: Offset, _ fault: MetadataFault, into events: inout [MetadataLogEvent]) {
        proposals.removeAll { $0.firstOffset >= offset }
        events.append(.rejected(from: offset, fault))
    }

    private func nextTicket() -> DiskTicket {
        lastTicket += 1
        return DiskTicket(lastTicket)
    }

    private static func fault(_ refusal: AppendRefusal) -> MetadataFault {
        switch refusal {
        case .failed(let fault): .failed(fault)
        case .closed: .closed
        case .batchTooLarge(let byteCount, let limit): .tooLarge(byteCount: byteCount, limit: limit)
        case .outOfOrderSequence, .invalidProducerEpoch, .staleLeaderEpoch:
            preconditionFailure("the only writer of the metadata log was refused: \(refusal)")
        }
    }

    private static func fault(_ fault: LogFault) -> MetadataFault {
        switch fault {
        case .disk(let fault): fault.isOutOfSpace ? .full(fault) : .failed(fault)
        case .failed(let fault): .failed(fault)
        case .closed: .closed
        }
    }
}

// MARK: Maintenance

extension SoloMetadataLog {
    public func dropPrefix(before offset: Offset, at now: Timestamp) throws(MetadataFault) {
        do throws(LogFault) {
            try log.advanceLogStart(to: offset, at: now, on: disk)
            log.purgeRemoved(at: now, on: disk, nextTicket: nextTicket)
            disk.flushSubmissions()
        } catch { throw Self.fault(error) }
    }

    public func close(at now: Timestamp) throws(MetadataFault) {
        do throws(LogFault) { try log.close(on: disk) } catch { throw Self.fault(error) }
    }
}
