// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// A place in the log between two entries, and the term of the entry that ends there.
///
/// What the Raft paper calls the index of an entry is its `end` here, so offsets need no mapping. Two logs that
/// share a position are equal up to it.
public struct LogPosition: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Offset after the last record of the entry.
    public let end: Offset
    public let term: Term

    public init(end: Offset, term: Term) {
        self.end = end
        self.term = term
    }

    /// Before the first entry of all.
    public static let zero = LogPosition(end: .zero, term: .zero)

    /// Whether a log that ends at `left` is less up to date than one that ends at `right` (Raft paper, 5.4.1).
    public static func < (left: LogPosition, right: LogPosition) -> Bool {
        (left.term, left.end) < (right.term, right.end)
    }

    public var description: String { "\(end)/\(term)" }
}

/// A record batch of the log: replicated, stored and committed whole.
public struct RaftEntry: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        /// A batch whose bytes only the proposer and the state machine understand.
        case records(SharedBytes)
        /// The first entry of a leader's term; covers one offset.
        case leaderChange
        /// The quorum from here on, in force as soon as it is in the log; covers one offset.
        case voters(VoterSet)
    }

    public let base: Offset
    /// Offset after its last record; greater than `base`.
    public let end: Offset
    public let term: Term
    public let kind: Kind

    public init(base: Offset, end: Offset, term: Term, kind: Kind) {
        precondition(base < end, "an entry from \(base) to \(end)")
        self.base = base
        self.end = end
        self.term = term
        self.kind = kind
    }

    public var position: LogPosition { LogPosition(end: end, term: term) }

    /// What it counts against limits: its payload and a fixed share for the rest.
    public var byteCount: Int {
        switch kind {
        case .records(let payload): 32 + payload.count
        case .leaderChange: 32
        case .voters(let set): 32 + set.voters.reduce(0) { $0 + 32 + $1.host.utf8.count }
        }
    }
}

/// What a snapshot says of the log that it stands for.
public struct RaftSnapshot: Hashable, Sendable {
    /// Everything before its `end` is in the snapshot.
    public let position: LogPosition
    /// The quorum as of there.
    public let voters: VoterSet

    public init(position: LogPosition, voters: VoterSet) {
        self.position = position
        self.voters = voters
    }

    /// The beginning of a new log: nothing, and the quorum that it starts with. Empty for a node that is to be added
    /// to a quorum that exists.
    public static func initial(voters: VoterSet) -> RaftSnapshot { RaftSnapshot(position: .zero, voters: voters) }
}

/// What a node must never forget, written before anybody learns of it.
public struct HardState: Hashable, Sendable {
    public var term: Term
    /// Who has this node's vote in `term`.
    public var vote: ReplicaKey?

    public init(term: Term = .zero, vote: ReplicaKey? = nil) {
        self.term = term
        self.vote = vote
    }
}

/// What a node finds on its disk when it starts.
public struct RaftRecovery: Sendable {
    public var hardState: HardState
    public var snapshot: RaftSnapshot
    /// Where `entries` begin, at or before the snapshot's position.
    public var start: LogPosition
    /// Contiguous from `start` on; if there are any, one ends where the snapshot does unless it begins there.
    public var entries: [RaftEntry]

    public init(hardState: HardState, snapshot: RaftSnapshot, start: LogPosition, entries: [RaftEntry]) {
        self.hardState = hardState
        self.snapshot = snapshot
        self.start = start
        self.entries = entries
    }

    /// A new node.
    public init(voters: VoterSet) {
        self.init(hardState: HardState(), snapshot: .initial(voters: voters), start: .zero, entries: [])
    }
}
