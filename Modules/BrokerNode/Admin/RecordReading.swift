// SPDX-License-Identifier: Apache-2.0

internal import Primitives
internal import RecordBatch
internal import StorageEngine

/// Why no records came out of a partition.
enum RecordReadFailure: Error, Sendable {
    /// Deleted, or never opened here.
    case partitionGone
    /// Another broker leads the partition.
    case notLeader
    /// The node is stopping.
    case draining
    case log(ReadRefusal)
    /// The batch at this offset does not decode.
    case unreadable(at: Offset)
}

/// Whole batches, as stored, and where the partition stood when they were read.
struct RecordPiece: Sendable {
    /// Empty at the high watermark.
    let bytes: SharedBytes
    let highWatermark: Offset
    let lastStableOffset: Offset
    let logStartOffset: Offset
    /// For a reader of committed records: transactions whose records it passes over.
    let abortedTransactions: [AbortedTransaction]
}

extension BrokerShard {
    /// How long a read waits that found the disk's memory for reads used up.
    private static let busyDiskMilliseconds: Int64 = 5

    /// Copies whole batches into memory, from the one that holds `offset` on, below the high watermark.
    ///
    /// - Parameters:
    ///   - readsCommitted: Below the last stable offset instead.
    ///   - byteCountMax: At least one batch always comes.
    func readPiece(
        of partition: Partition?, from offset: Offset, readsCommitted: Bool = false, byteCountMax: Int,
        attemptsLeft: Int = 8,
        reply: @escaping (Result<RecordPiece, RecordReadFailure>) -> Void
    ) {
        guard let partition else { return reply(.failure(.partitionGone)) }
        guard !isDraining else { return reply(.failure(.draining)) }
        guard partition.isLeader else { return reply(.failure(.notLeader)) }
        let (highWatermark, stable) = (partition.highWatermark, partition.lastStableOffset)
        let bound = readsCommitted ? stable : highWatermark
        let start = partition.log.logStartOffset
        func piece(_ bytes: SharedBytes, _ aborted: [AbortedTransaction] = []) -> RecordPiece {
            RecordPiece(
                bytes: bytes, highWatermark: highWatermark, lastStableOffset: stable, logStartOffset: start,
                abortedTransactions: aborted)
        }
        guard offset >= start, offset <= highWatermark else {
            return reply(.failure(.log(.offsetOutOfRange(logStart: start, logEnd: highWatermark))))
        }
        guard offset < bound else { return reply(.success(piece(.empty))) }
        warming({ [self] () throws(ReadRefusal) in
            try partition.withLog { log throws(ReadRefusal) in
                try log.locate(from: offset, byteCountMax: byteCountMax, below: bound, minOneBatch: true, on: disk).map
                {
                    slice throws(ReadRefusal) in
                    (
                        slice,
                        readsCommitted ? try log.abortedTransactions(from: offset, to: slice.nextOffset, on: disk) : []
                    )
                }
            }
        }) { [self] found in
            switch found {
            case .success(nil): reply(.success(piece(.empty)))
            case .success((let slice, let aborted)?):
                copy(slice) { [self] copied in
                    do throws(ReadRefusal) {
                        let bytes = try copied.get()
                        if try verify(bytes, of: slice, in: partition) { return reply(.success(piece(bytes, aborted))) }
                        guard attemptsLeft > 0 else { return reply(.failure(.unreadable(at: offset))) }
                    } catch { return reply(.failure(.log(error))) }
                    readPiece(
                        of: partition, from: offset, readsCommitted: readsCommitted, byteCountMax: byteCountMax,
                        attemptsLeft: attemptsLeft - 1, reply: reply)
                }
            case .failure(let refusal): reply(.failure(.log(refusal)))
            }
        }
    }

    /// The bytes of a slice, from the page cache or the device.
    private func copy(_ slice: LogSlice, reply: @escaping (Result<SharedBytes, ReadRefusal>) -> Void) {
        do throws(DiskFault) {
            let cached = try disk.readIfCached(slice.file, at: slice.position, count: slice.byteCount)
            if let cached, cached.count == slice.byteCount {
                metrics.readCachedByteCount += UInt64(cached.count)
                return reply(.success(cached))
            }
        } catch {
            return reply(.failure(.disk(error)))
        }
        let ticket = nextTicket()
        awaitDisk(ticket) { [self] outcome in
            switch outcome {
            case .read(let bytes):
                metrics.readColdByteCount += UInt64(bytes.count)
                reply(.success(bytes))
            case .failed(let fault) where fault.isTemporary:
                schedule(afterMilliseconds: Self.busyDiskMilliseconds) { [self] in copy(slice, reply: reply) }
            case .failed(let fault): reply(.failure(.disk(fault)))
            case .synchronized, .removed: preconditionFailure("a read completed as \(outcome)")
            }
        }
        disk.submitRead(slice.file, at: slice.position, count: slice.byteCount, ticket: ticket)
    }

    /// The time of the first record at or after `offset` that consumers see; nil when there is none.
    ///
    /// Exact: the record itself is read, since a batch tells only the times of its first and its youngest record.
    func timestamp(
        ofFirstRecordIn partition: Partition, from offset: Offset,
        reply: @escaping (Result<Timestamp?, RecordReadFailure>) -> Void
    ) {
        readPiece(of: partition, from: offset, byteCountMax: 1) { [self] result in
            switch result {
            case .failure(let failure): reply(.failure(failure))
            case .success(let piece) where piece.bytes.isEmpty: reply(.success(nil))
            case .success(let piece):
                do {
                    switch try firstRecord(in: piece.bytes, from: offset) {
                    case .found(let timestamp): reply(.success(timestamp))
                    case .none(let next): timestamp(ofFirstRecordIn: partition, from: next, reply: reply)
                    }
                } catch {
                    reply(.failure(.unreadable(at: offset)))
                }
            }
        }
    }

    private enum FirstRecord {
        case found(Timestamp)
        /// Markers, or records before the offset only; go on here.
        case none(next: Offset)
    }

    private func firstRecord(in bytes: SharedBytes, from offset: Offset) throws -> FirstRecord {
        var batches = Batches(bytes)
        var next = offset
        while let batch = try batches.next() {
            next = batch.header.nextOffset
            guard !batch.header.isControl, next > offset else { continue }
            var records = try Records(batch, using: codecs.decompressor)
            while let record = try records.next() {
                if record.offset >= offset { return .found(record.timestamp) }
            }
        }
        guard next > offset else { throw RecordReadFailure.unreadable(at: offset) }
        return .none(next: next)
    }
}

extension DiskFault {
    /// Too many reads are in flight: `EAGAIN`.
    fileprivate var isTemporary: Bool { errno == 11 }
}
