// SPDX-License-Identifier: Apache-2.0

import Coordinator
import Primitives

extension ByteWriter {
    mutating func write(_ state: HardState) {
        writeInt64(state.term.rawValue)
        writeInt32(state.vote?.id.rawValue ?? -1)
        write(state.vote?.directory)
    }

    mutating func write(_ directory: IncarnationID?) {
        writeBool(directory != nil)
        writeInteger(directory?.high ?? 0)
        writeInteger(directory?.low ?? 0)
    }

    mutating func write(_ set: VoterSet) {
        writeInt32(Int32(set.count))
        for voter in set.voters {
            writeInt32(voter.id.rawValue)
            write(voter.directory)
        }
    }

    mutating func write(_ entry: RaftEntry) {
        writeInt64(entry.base.rawValue)
        writeInt64(entry.end.rawValue)
        writeInt64(entry.term.rawValue)
        switch entry.kind {
        case .records(let payload):
            writeUInt8(0)
            writeBytes(payload)
        case .leaderChange: writeUInt8(1)
        case .voters(let set):
            writeUInt8(2)
            write(set)
        }
    }
}

/// Reads what was written by this program and has been checked since.
struct RecordReader {
    private let bytes: SharedBytes
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = SharedBytes(bytes) }

    mutating func byte() -> UInt8 { integer() }
    mutating func number() -> Int64 { integer() }

    mutating func integer<Integer: FixedWidthInteger>() -> Integer {
        defer { position += Integer.bitWidth / 8 }
        return bytes.loadBigEndian(at: position, as: Integer.self)
    }

    mutating func rest() -> [UInt8] {
        defer { position = bytes.count }
        return bytes.slice(from: position, count: bytes.count - position).array
    }

    mutating func directory() -> IncarnationID? {
        let isThere = byte() == 1
        let id = IncarnationID(high: integer(), low: integer())
        return isThere ? id : nil
    }

    mutating func hardState() -> HardState {
        let term = Term(number())
        let id: Int32 = integer()
        let directory = directory()
        return HardState(term: term, vote: id < 0 ? nil : ReplicaKey(id: NodeID(id), directory: directory))
    }

    mutating func voters() -> VoterSet {
        let count: Int32 = integer()
        return VoterSet(
            (0..<count).map { _ in
                let id = NodeID(integer())
                return Voter(id: id, directory: directory(), host: "simulated", port: 1)
            })
    }

    mutating func entry() -> RaftEntry {
        let (base, end, term) = (Offset(number()), Offset(number()), Term(number()))
        let kind: RaftEntry.Kind =
            switch byte() {
            case 0: .records(SharedBytes(rest()))
            case 1: .leaderChange
            default: .voters(voters())
            }
        return RaftEntry(base: base, end: end, term: term, kind: kind)
    }
}
