// SPDX-License-Identifier: Apache-2.0

public import Primitives

extension VoterSet {
    /// As in messages; also what a `.voters` entry and a snapshot keep on disk.
    public func encode(into writer: inout ByteWriter) {
        writer.writeUnsignedVarint64(UInt64(voters.count))
        for voter in voters {
            voter.key.encode(into: &writer)
            writer.writeUnsignedVarint64(UInt64(voter.host.utf8.count))
            writer.writeUTF8(voter.host)
            writer.writeInteger(voter.port)
        }
    }

    /// - Throws: also when ids do not ascend.
    public init(from reader: inout ByteReader) throws(DecodeError) {
        let count = try reader.checkCount(Int(reader.readUnsignedVarint32()), elementByteCountMin: 5)
        var voters: [Voter] = []
        for _ in 0..<count {
            let position = reader.position
            let key = try ReplicaKey(from: &reader)
            if let last = voters.last, key.id <= last.id {
                throw DecodeError(.invalidValue(Int64(key.id.rawValue)), at: position)
            }
            let hostByteCount = try Int(reader.readUnsignedVarint32())
            let host = try reader.readString(count: hostByteCount)
            let port: UInt16 = try reader.readInteger()
            voters.append(Voter(id: key.id, directory: key.directory, host: host, port: port))
        }
        self.init(voters)
    }
}

extension RaftEntry {
    private enum Code {
        static let records: UInt8 = 1
        static let leaderChange: UInt8 = 2
        static let voters: UInt8 = 3
    }

    /// The kind, base, record count, term, and what the kind adds.
    func encode(into writer: inout ByteWriter) {
        switch kind {
        case .records: writer.writeUInt8(Code.records)
        case .leaderChange: writer.writeUInt8(Code.leaderChange)
        case .voters: writer.writeUInt8(Code.voters)
        }
        writer.writeVarint64(base.rawValue)
        writer.writeUnsignedVarint64(UInt64(end.distance(from: base)))
        writer.writeVarint64(term.rawValue)
        switch kind {
        case .records(let payload):
            writer.writeUnsignedVarint64(UInt64(payload.count))
            writer.writeBytes(payload)
        case .leaderChange: break
        case .voters(let voters): voters.encode(into: &writer)
        }
    }

    init(from reader: inout ByteReader) throws(DecodeError) {
        let start = reader.position
        let code = try reader.readUInt8()
        let base = try reader.readOffset()
        let recordCount = try reader.readUnsignedVarint64()
        let (end, overflow) = base.rawValue.addingReportingOverflow(Int64(clamping: recordCount))
        guard recordCount > 0, !overflow else {
            throw DecodeError(.invalidValue(Int64(clamping: recordCount)), at: start)
        }
        let term = try reader.readTerm()
        let kind: Kind
        switch code {
        case Code.records:
            let count = try Int(reader.readUnsignedVarint32())
            kind = .records(try reader.readBytes(count: count))
        case Code.leaderChange: kind = .leaderChange
        case Code.voters: kind = .voters(try VoterSet(from: &reader))
        default: throw DecodeError(.invalidValue(Int64(code)), at: start)
        }
        self.init(base: base, end: Offset(end), term: term, kind: kind)
    }
}

extension RaftSnapshot {
    func encode(into writer: inout ByteWriter) {
        position.encode(into: &writer)
        voters.encode(into: &writer)
    }

    init(from reader: inout ByteReader) throws(DecodeError) {
        let position = try LogPosition(from: &reader)
        self.init(position: position, voters: try VoterSet(from: &reader))
    }
}

extension LogPosition {
    func encode(into writer: inout ByteWriter) {
        writer.writeVarint64(end.rawValue)
        writer.writeVarint64(term.rawValue)
    }

    init(from reader: inout ByteReader) throws(DecodeError) {
        let end = try reader.readOffset()
        self.init(end: end, term: try reader.readTerm())
    }
}

extension ReplicaKey {
    /// The id, whether a directory follows, the directory.
    func encode(into writer: inout ByteWriter) {
        writer.writeVarint32(id.rawValue)
        writer.writeBool(directory != nil)
        guard let directory else { return }
        writer.writeInteger(directory.high)
        writer.writeInteger(directory.low)
    }

    init(from reader: inout ByteReader) throws(DecodeError) {
        let id = NodeID(try reader.readVarint32())
        guard try reader.readFlag() else {
            self.init(id: id, directory: nil)
            return
        }
        let high: UInt64 = try reader.readInteger()
        self.init(id: id, directory: IncarnationID(high: high, low: try reader.readInteger()))
    }
}

extension ByteReader {
    /// One byte that is 0 or 1, so that equal messages have equal bytes.
    mutating func readFlag() throws(DecodeError) -> Bool {
        let start = position
        let byte = try readUInt8()
        guard byte <= 1 else { throw DecodeError(.invalidValue(Int64(byte)), at: start) }
        return byte == 1
    }

    mutating func readNotNegative() throws(DecodeError) -> Int64 {
        let start = position
        let value = try readVarint64()
        guard value >= 0 else { throw DecodeError(.invalidValue(value), at: start) }
        return value
    }

    mutating func readOffset() throws(DecodeError) -> Offset { Offset(try readNotNegative()) }
    /// Below the largest, so that there is always a next one.
    mutating func readTerm() throws(DecodeError) -> Term {
        let start = position
        let value = try readNotNegative()
        guard value < .max else { throw DecodeError(.invalidValue(value), at: start) }
        return Term(value)
    }
}
