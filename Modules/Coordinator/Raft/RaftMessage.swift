// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// What one replica says to another. May be lost, doubled, delayed and reordered.
public struct RaftMessage: Hashable, Sendable {
    public let from: ReplicaKey
    /// The directory is nil while the sender has not heard from that replica.
    public let to: ReplicaKey
    /// The sender's term, except in `preVote`, where it is the one that the sender would campaign in.
    public let term: Term
    public let body: Body

    public init(from: ReplicaKey, to: ReplicaKey, term: Term, body: Body) {
        self.from = from
        self.to = to
        self.term = term
        self.body = body
    }

    public enum Body: Hashable, Sendable {
        /// Would you vote for me, whose log ends at `last`? Changes nothing at either side (Ongaro, 9.6).
        case preVote(last: LogPosition)
        /// For the term that was asked for, when granted; the answerer's term in any case is the message's.
        case preVoteReply(candidateTerm: Term, isGranted: Bool)
        /// `isTransfer` when the leader itself asked for the election, so that nobody defends it.
        case vote(last: LogPosition, isTransfer: Bool)
        case voteReply(isGranted: Bool)
        case append(RaftAppend)
        case appendReply(RaftAppendReply)
        case snapshotChunk(SnapshotChunk)
        /// So far `nextPosition` bytes of the snapshot at that log position have been written.
        case snapshotChunkReply(snapshot: LogPosition, nextPosition: Int64)
        /// Campaign now (Ongaro, 3.10).
        case timeoutNow
        /// From a replica that hears no leader and has no vote: whoever leads shall replicate to it.
        case observe
    }
}

/// Entries for a follower, and with or without any, a heartbeat.
public struct RaftAppend: Hashable, Sendable {
    /// Where the entries belong; the follower refuses them unless its log has this position.
    public let previous: LogPosition
    /// Contiguous from `previous.end` on.
    public let entries: [RaftEntry]
    /// Everything before is committed.
    public let commit: Offset
    /// Counts the rounds of read confirmation.
    public let round: UInt64

    public init(previous: LogPosition, entries: [RaftEntry], commit: Offset, round: UInt64) {
        self.previous = previous
        self.entries = entries
        self.commit = commit
        self.round = round
    }
}

/// A follower's answer to an append message, or the news that more of one has become durable.
public struct RaftAppendReply: Hashable, Sendable {
    public enum Outcome: Hashable, Sendable {
        /// The follower's log equals the leader's before `durableEnd`, and is on its disk.
        case accepted(durableEnd: Offset)
        /// The follower's log does not have the position that ends at `previous`. `hint` is the last one of its own
        /// that may be in the leader's.
        case rejected(previous: Offset, hint: LogPosition)
    }

    public let outcome: Outcome
    /// The last round that the follower has seen.
    public let round: UInt64

    public init(outcome: Outcome, round: UInt64) {
        self.outcome = outcome
        self.round = round
    }
}

/// Some bytes of a snapshot.
public struct SnapshotChunk: Hashable, Sendable {
    public let snapshot: RaftSnapshot
    /// Byte position of `bytes` in the snapshot.
    public let position: Int64
    public let bytes: SharedBytes
    public let isLast: Bool

    public init(snapshot: RaftSnapshot, position: Int64, bytes: SharedBytes, isLast: Bool) {
        self.snapshot = snapshot
        self.position = position
        self.bytes = bytes
        self.isLast = isLast
    }

    public var nextPosition: Int64 { position + Int64(bytes.count) }
}
