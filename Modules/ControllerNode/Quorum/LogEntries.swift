// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import Primitives
internal import RecordBatch

/// Raft entries as the record batches that stand in the log and travel between controllers.
///
/// An entry is one batch: base offset and leader epoch are its base and term. What is no metadata, a new leader or another
/// quorum, is a control batch of one record, whose key has Kafka's type number (KIP-595, KIP-853).
/// - SeeAlso: docs/formats/metadata.md
enum LogEntries {
    private enum ControlType: Int16 {
        case leaderChange = 2
        case voters = 6
    }

    private static let controlBit: Int16 = 0x20

    // MARK: Write

    /// A batch of metadata records, whose base offset and term are still to be set.
    static func batch(of records: [MetadataRecord], at now: Timestamp, using compressor: Compressor) -> Batch {
        var builder = BatchBuilder()
        var writer = ByteWriter()
        for record in records {
            writer.reset()
            record.encode(into: &writer)
            builder.append(timestamp: now, value: writer.shared)
        }
        return builder.build(using: compressor)
    }

    /// The batch of an entry, whose base offset and term are still to be set.
    static func batch(of entry: RaftEntry) -> Batch {
        switch entry.kind {
        case .records(let payload): return parsed(payload)
        case .leaderChange: return control(.leaderChange, SharedBytes.empty)
        case .voters(let set):
            var writer = ByteWriter()
            set.encode(into: &writer)
            return control(.voters, writer.shared)
        }
    }

    /// The bytes of entries as they stand in the log.
    static func pieces(of entries: [RaftEntry]) -> [SharedBytes] {
        entries.flatMap { batch(of: $0).pieces(baseOffset: $0.base, leaderEpoch: $0.term.leaderEpoch) }
    }

    private static func parsed(_ payload: SharedBytes) -> Batch {
        do throws(DecodeError) {
            return try Batch(parsing: payload)
        } catch {
            preconditionFailure("an entry that is no batch: \(error)")
        }
    }

    private static func control(_ type: ControlType, _ value: SharedBytes) -> Batch {
        var key = ByteWriter()
        key.writeInt16(0)
        key.writeInt16(type.rawValue)
        var builder = BatchBuilder()
        // No wall clock: replicas build the same bytes.
        builder.append(timestamp: Timestamp(0), key: key.shared, value: value)
        let plain = builder.build(using: Compressor())
        var header = plain.header
        header.attributes |= controlBit
        header.checksum = header.computedChecksum(payload: plain.payload)
        var writer = ByteWriter(capacity: plain.bytes.count)
        header.write(to: &writer)
        writer.writeBytes(plain.payload)
        return parsed(writer.shared)
    }

    // MARK: Read

    /// The entries in `bytes`, whole batches that follow one another from `start` on.
    ///
    /// - Throws: for bytes that no `pieces` gave, at the offset of the batch.
    static func entries(in bytes: SharedBytes, from start: Offset) throws(MetadataOpenError) -> [RaftEntry] {
        var batches = Batches(bytes)
        var entries: [RaftEntry] = []
        var next = start
        while let batch = try nextBatch(&batches, at: next) {
            guard batch.header.baseOffset == next, batch.header.lastOffsetDelta >= 0 else {
                throw .undecodable(at: next, DecodeError(.invalidValue(batch.header.baseOffset.rawValue), at: 0))
            }
            entries.append(try entry(of: batch))
            next = batch.header.nextOffset
        }
        return entries
    }

    /// Whether an entry that another controller sent can be stored: one whole batch of as many records as it says.
    static func isWhole(_ entry: RaftEntry) -> Bool {
        guard case .records(let payload) = entry.kind else { return entry.end == entry.base.next }
        do throws(DecodeError) {
            let batch = try Batch(parsing: payload)
            try batch.verifyChecksum()
            return batch.bytes.count == payload.count && !batch.header.isControl
                && Int64(batch.header.lastOffsetDelta) + 1 == entry.end.distance(from: entry.base)
        } catch { return false }
    }

    /// The metadata records of an entry; none in a control batch.
    static func records(of entry: RaftEntry) throws(MetadataOpenError) -> [MetadataRecord] {
        guard case .records(let payload) = entry.kind else { return [] }
        return try records(of: parsed(payload)).map { record throws(MetadataOpenError) in
            do throws(DecodeError) {
                return try MetadataRecord(decoding: record.value ?? .empty)
            } catch { throw .undecodable(at: entry.base, error) }
        }
    }

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

    private static func entry(of batch: Batch) throws(MetadataOpenError) -> RaftEntry {
        let header = batch.header
        let kind: RaftEntry.Kind = header.isControl ? try controlKind(of: batch) : .records(batch.bytes)
        return RaftEntry(
            base: header.baseOffset, end: header.nextOffset, term: Term(Int64(header.partitionLeaderEpoch.rawValue)),
            kind: kind)
    }

    private static func controlKind(of batch: Batch) throws(MetadataOpenError) -> RaftEntry.Kind {
        let offset = batch.header.baseOffset
        guard let record = try records(of: batch).first else {
            throw .undecodable(at: offset, DecodeError(.unexpectedNull, at: 0))
        }
        do throws(DecodeError) {
            var key = ByteReader(record.key ?? .empty)
            _ = try key.readInt16()
            let type = try key.readInt16()
            switch ControlType(rawValue: type) {
            case .leaderChange: return .leaderChange
            case .voters:
                var value = ByteReader(record.value ?? .empty)
                return .voters(try VoterSet(from: &value))
            case nil: throw DecodeError(.invalidValue(Int64(type)), at: 2)
            }
        } catch { throw .undecodable(at: offset, error) }
    }

    private static func records(of batch: Batch) throws(MetadataOpenError) -> [Record] {
        do throws(RecordsError) {
            var records = try Records(batch, using: Decompressor())
            return try records.remaining()
        } catch { throw .unreadable(at: batch.header.baseOffset, error) }
    }
}

extension Term {
    /// As a batch states it.
    var leaderEpoch: LeaderEpoch {
        precondition(rawValue <= Int64(Int32.max), "term \(rawValue) does not fit into a leader epoch")
        return LeaderEpoch(Int32(rawValue))
    }
}

/// Sixteen bytes on the wire, whatever they name.
extension TopicID {
    init(_ id: IncarnationID) { self.init(high: id.high, low: id.low) }
}

extension IncarnationID {
    init(_ id: TopicID) { self.init(high: id.high, low: id.low) }
}
