// SPDX-License-Identifier: Apache-2.0

import Coordinator
import Primitives
import Testing

@Suite struct RaftCodingTests {
    static let voters = VoterSet([
        Quorum.voter(1), Voter(id: NodeID(7), directory: nil, host: "münchen", port: 65_535),
    ])

    static let bodies: [RaftMessage.Body] = {
        let last = LogPosition(end: Offset(1_000_000), term: Term(12))
        let snapshot = RaftSnapshot(position: last, voters: voters)
        let entries = [
            entry(10, 12, term: 3, "two records"),
            RaftEntry(base: Offset(12), end: Offset(13), term: Term(4), kind: .leaderChange),
            RaftEntry(base: Offset(13), end: Offset(14), term: Term(4), kind: .voters(voters)),
        ]
        return [
            .preVote(last: last), .preVoteReply(candidateTerm: Term(13), isGranted: true),
            .vote(last: last, isTransfer: true), .voteReply(isGranted: false),
            .append(RaftAppend(previous: last, entries: entries, commit: Offset(9), round: .max)),
            .append(RaftAppend(previous: .zero, entries: [], commit: .zero, round: 0)),
            .appendReply(RaftAppendReply(outcome: .accepted(durableEnd: Offset(5)), round: 3)),
            .appendReply(RaftAppendReply(outcome: .rejected(previous: Offset(8), hint: last), round: 3)),
            .snapshotChunk(
                SnapshotChunk(snapshot: snapshot, position: 1 << 40, bytes: SharedBytes("bytes"), isLast: true)),
            .snapshotChunkReply(snapshot: last, nextPosition: 77), .timeoutNow, .observe,
        ]
    }()

    static func message(_ body: RaftMessage.Body) -> RaftMessage {
        RaftMessage(
            from: Quorum.voter(3).key, to: ReplicaKey(id: NodeID(4), directory: nil), term: Term(99), body: body)
    }

    @Test(
        "a message is the same after its bytes, and no shorter prefix or longer run of them is one", arguments: bodies)
    func roundTrip(body: RaftMessage.Body) throws {
        let message = Self.message(body)
        let bytes = message.encoded()
        #expect(try RaftMessage(decoding: bytes) == message)
        for count in 0..<bytes.count {
            #expect(throws: DecodeError.self) { try RaftMessage(decoding: bytes.slice(from: 0, count: count)) }
        }
        #expect(throws: DecodeError.self) { try RaftMessage(decoding: SharedBytes(bytes.array + [0])) }
    }

    @Test("the bytes of version 1 stay what they are")
    func golden() {
        let message = RaftMessage(
            from: ReplicaKey(id: NodeID(1), directory: IncarnationID(high: 2, low: 3)),
            to: ReplicaKey(id: NodeID(4), directory: nil), term: Term(5),
            body: .append(
                RaftAppend(
                    previous: LogPosition(end: Offset(6), term: Term(5)), entries: [entry(6, 8, term: 5, "ab")],
                    commit: Offset(6), round: 1)))
        let wanted: [UInt8] = [
            1, 5,  // version, append
            2, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3,  // from 1, directory
            8, 0,  // to 4, no directory
            10,  // term 5
            12, 10,  // previous 6/5
            12, 1, 1,  // commit 6, round 1, one entry
            1, 12, 2, 10, 2, 97, 98,  // records at 6, two of them, term 5, two bytes
        ]
        #expect(message.encoded().array == wanted)
    }

    @Test("changed bytes give a message that encodes back to them, or a typed error, and never a trap")
    func garbage() {
        var entropy = Entropy(seed: 42)
        var decoded = 0
        for body in Self.bodies {
            let bytes = Self.message(body).encoded().array
            for _ in 0..<2_000 {
                var changed = bytes
                for _ in 0...entropy.index(below: 3) {
                    changed[entropy.index(below: changed.count)] = UInt8(truncatingIfNeeded: entropy.next())
                }
                guard let message = try? RaftMessage(decoding: SharedBytes(changed)) else { continue }
                decoded += 1
                #expect((try? RaftMessage(decoding: message.encoded())) == message)
            }
        }
        #expect(decoded > 1_000)
    }

    @Test("a claimed count allocates nothing, and what cannot be is refused")
    func hostile() {
        let header: [UInt8] = [1, 5, 2, 0, 4, 0, 2]
        for body: [UInt8] in [
            [0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f],  // four billion entries
            [1, 0, 0, 0, 0],  // a negative offset
            [0, 0, 0, 0, 1, 1, 0, 0, 0, 0],  // an entry of no records
            [0, 0, 0, 0, 1, 9, 0, 1, 0, 0],  // an unknown kind of entry
            [0, 0, 0, 0, 1, 3, 0, 1, 0, 2, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0],  // voter 1 twice
        ] {
            #expect(throws: DecodeError.self) { try RaftMessage(decoding: SharedBytes(header + body)) }
        }
        #expect(throws: DecodeError.self) { try RaftMessage(decoding: [2, 10, 2, 0, 4, 0, 2]) }
        #expect(throws: DecodeError.self) { try RaftMessage(decoding: [1, 11, 2, 0, 4, 0, 2]) }
    }
}
