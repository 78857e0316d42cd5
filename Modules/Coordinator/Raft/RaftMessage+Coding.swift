// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// A message as bytes: version 1, the kind, both replicas, the term, the body. Integers are varints, zigzag where
/// they may be negative; an id takes 16 bytes.
///
/// Both ends are controllers; a version that is not known is refused, so a changed message gets a new one.
extension RaftMessage {
    private static let version: UInt8 = 1

    public func encode(into writer: inout ByteWriter) {
        writer.writeUInt8(Self.version)
        writer.writeUInt8(body.kind)
        from.encode(into: &writer)
        to.encode(into: &writer)
        writer.writeVarint64(term.rawValue)
        switch body {
        case .preVote(let last): last.encode(into: &writer)
        case .preVoteReply(let candidateTerm, let isGranted):
            writer.writeVarint64(candidateTerm.rawValue)
            writer.writeBool(isGranted)
        case .vote(let last, let isTransfer):
            last.encode(into: &writer)
            writer.writeBool(isTransfer)
        case .voteReply(let isGranted): writer.writeBool(isGranted)
        case .append(let append): append.encode(into: &writer)
        case .appendReply(let reply): reply.encode(into: &writer)
        case .snapshotChunk(let chunk): chunk.encode(into: &writer)
        case .snapshotChunkReply(let snapshot, let next):
            snapshot.encode(into: &writer)
            writer.writeVarint64(next)
        case .timeoutNow, .observe: break
        }
    }

    public func encoded() -> SharedBytes {
        var writer = ByteWriter(capacity: 64)
        encode(into: &writer)
        return writer.shared
    }

    /// Payloads share the memory of `bytes`.
    ///
    /// - Throws: `DecodeError` for bytes that `encoded()` does not give. Nothing is allocated by a claimed length.
    public init(decoding bytes: SharedBytes) throws(DecodeError) {
        var reader = ByteReader(bytes)
        let version = try reader.readUInt8()
        guard version == Self.version else { throw DecodeError(.invalidValue(Int64(version)), at: 0) }
        let kind = try reader.readUInt8()
        let from = try ReplicaKey(from: &reader)
        let to = try ReplicaKey(from: &reader)
        let term = try reader.readTerm()
        self.init(from: from, to: to, term: term, body: try Body(kind: kind, from: &reader))
        try reader.finish()
    }
}

extension RaftMessage.Body {
    fileprivate init(kind: UInt8, from reader: inout ByteReader) throws(DecodeError) {
        switch kind {
        case 1: self = .preVote(last: try LogPosition(from: &reader))
        case 2: self = .preVoteReply(candidateTerm: try reader.readTerm(), isGranted: try reader.readFlag())
        case 3: self = .vote(last: try LogPosition(from: &reader), isTransfer: try reader.readFlag())
        case 4: self = .voteReply(isGranted: try reader.readFlag())
        case 5: self = .append(try RaftAppend(from: &reader))
        case 6: self = .appendReply(try RaftAppendReply(from: &reader))
        case 7: self = .snapshotChunk(try SnapshotChunk(from: &reader))
        case 8:
            let snapshot = try LogPosition(from: &reader)
            self = .snapshotChunkReply(snapshot: snapshot, nextPosition: try reader.readNotNegative())
        case 9: self = .timeoutNow
        case 10: self = .observe
        default: throw DecodeError(.invalidValue(Int64(kind)), at: 1)
        }
    }
}

extension RaftAppend {
    fileprivate func encode(into writer: inout ByteWriter) {
        previous.encode(into: &writer)
        writer.writeVarint64(commit.rawValue)
        writer.writeUnsignedVarint64(round)
        writer.writeUnsignedVarint64(UInt64(entries.count))
        for entry in entries { entry.encode(into: &writer) }
    }

    fileprivate init(from reader: inout ByteReader) throws(DecodeError) {
        let previous = try LogPosition(from: &reader)
        let commit = try reader.readOffset()
        let round = try reader.readUnsignedVarint64()
        let count = try reader.checkCount(Int(reader.readUnsignedVarint32()), elementByteCountMin: 4)
        var entries: [RaftEntry] = []
        for _ in 0..<count { entries.append(try RaftEntry(from: &reader)) }
        self.init(previous: previous, entries: entries, commit: commit, round: round)
    }
}

extension RaftAppendReply {
    fileprivate func encode(into writer: inout ByteWriter) {
        writer.writeUnsignedVarint64(round)
        switch outcome {
        case .accepted(let end):
            writer.writeBool(true)
            writer.writeVarint64(end.rawValue)
        case .rejected(let previous, let hint):
            writer.writeBool(false)
            writer.writeVarint64(previous.rawValue)
            hint.encode(into: &writer)
        }
    }

    fileprivate init(from reader: inout ByteReader) throws(DecodeError) {
        let round = try reader.readUnsignedVarint64()
        if try reader.readFlag() {
            self.init(outcome: .accepted(durableEnd: try reader.readOffset()), round: round)
        } else {
            let previous = try reader.readOffset()
            self.init(outcome: .rejected(previous: previous, hint: try LogPosition(from: &reader)), round: round)
        }
    }
}

extension SnapshotChunk {
    fileprivate func encode(into writer: inout ByteWriter) {
        snapshot.encode(into: &writer)
        writer.writeVarint64(position)
        writer.writeBool(isLast)
        writer.writeUnsignedVarint64(UInt64(bytes.count))
        writer.writeBytes(bytes)
    }

    fileprivate init(from reader: inout ByteReader) throws(DecodeError) {
        let snapshot = try RaftSnapshot(from: &reader)
        let position = try reader.readNotNegative()
        let isLast = try reader.readFlag()
        let count = try Int(reader.readUnsignedVarint32())
        let (_, overflow) = position.addingReportingOverflow(Int64(count))
        guard !overflow else { throw DecodeError(.invalidValue(position), at: reader.position) }
        let bytes = try reader.readBytes(count: count)
        self.init(snapshot: snapshot, position: position, bytes: bytes, isLast: isLast)
    }
}
