// SPDX-License-Identifier: Apache-2.0

internal import Primitives
internal import RecordBatch
internal import StorageEngine

/// Why no records came out of a partition.
enum RecordReadFailure: Error, Sendable {
    /// Another broker leads the partition.
    case notLeader
    /// The node is stopping.
    case draining
    case log(ReadRefusal)
    /// The batch at this offset does not decode.
    case unreadable(at: Offset)
}

extension BrokerShard {
    /// How long a read waits that found the disk's memory for reads used up.
    private static let busyDiskMilliseconds: Int64 = 5

    /// The first record at or after `timestamp` that consumers see; nil when there is none.
    func offset(
        in partition: Partition, atOrAfter timestamp: Timestamp,
        reply: @escaping (Result<Offset?, RecordReadFailure>) -> Void
    ) {
        let bound = partition.highWatermark
        warming({ [self] () throws(ReadRefusal) in
            try partition.withLog { log throws(ReadRefusal) in
                try log.offset(atOrAfter: timestamp, below: bound, on: disk)
            }
        }) { reply($0.map { $0?.offset }.mapError { .log($0) }) }
    }

    /// Copies the batch that holds `offset`; empty at the high watermark.
    private func readBatch(
        of partition: Partition, from offset: Offset, attemptsLeft: Int = 8,
        reply: @escaping (Result<SharedBytes, RecordReadFailure>) -> Void
    ) {
        guard !isDraining else { return reply(.failure(.draining)) }
        guard partition.isLeader else { return reply(.failure(.notLeader)) }
        let (start, bound) = (partition.log.logStartOffset, partition.highWatermark)
        guard offset >= start, offset <= bound else {
            return reply(.failure(.log(.offsetOutOfRange(logStart: start, logEnd: bound))))
        }
        guard offset < bound else { return reply(.success(.empty)) }
        warming({ [self] () throws(ReadRefusal) in
            try partition.withLog { log throws(ReadRefusal) in
                try log.locate(from: offset, byteCountMax: 1, below: bound, minOneBatch: true, on: disk)
            }
        }) { [self] found in
            switch found {
            case .success(nil): reply(.success(.empty))
            case .success(let slice?):
                copy(slice) { [self] copied in
                    do throws(ReadRefusal) {
                        let bytes = try copied.get()
                        if try verify(bytes, of: slice, in: partition) { return reply(.success(bytes)) }
                        guard attemptsLeft > 0 else { return reply(.failure(.unreadable(at: offset))) }
                    } catch { return reply(.failure(.log(error))) }
                    readBatch(of: partition, from: offset, attemptsLeft: attemptsLeft - 1, reply: reply)
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
        readBatch(of: partition, from: offset) { [self] result in
            switch result {
            case .failure(let failure): reply(.failure(failure))
            case .success(let bytes) where bytes.isEmpty: reply(.success(nil))
            case .success(let bytes):
                do {
                    switch try firstRecord(in: bytes, from: offset) {
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
