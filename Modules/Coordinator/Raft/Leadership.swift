// SPDX-License-Identifier: Apache-2.0

internal import Primitives

/// What a leader knows of another replica.
struct Replica: Sendable {
    enum Mode: Sendable {
        /// Where the logs part is unknown: one empty append at a time asks.
        case probe
        /// Appends are sent before the former ones are answered.
        case replicate
        /// What it needs is not in memory any more.
        case snapshot(SnapshotTransfer)
    }

    /// The directory is learned from the first answer where the quorum does not say it.
    var key: ReplicaKey
    /// Durable there, and equal to the leader's log.
    var durableEnd = Offset.zero
    /// Where the next entries to send begin.
    var next: Offset
    var mode = Mode.probe
    /// Ends of the appends on their way, ascending.
    var inFlight: [Offset] = []
    /// How many may be on their way. After a refusal it grows with what is acknowledged: messages that overtake one another
    /// are refused, and were each refusal followed by all that may be in flight, they would breed.
    private(set) var window = Int.max
    var lastHeard: Instant
    var confirmedRound: UInt64 = 0

    mutating func acknowledge(_ end: Offset) {
        if end > durableEnd { window = window > Int.max / 2 ? .max : window * 2 }
        durableEnd = max(durableEnd, end)
        next = max(next, durableEnd)
        inFlight.removeAll { $0 <= durableEnd }
    }

    mutating func probe(from offset: Offset) {
        mode = .probe
        window = 1
        next = offset
        inFlight = []
    }
}

/// A snapshot on its way to a follower, one chunk at a time.
struct SnapshotTransfer: Sendable {
    let snapshot: RaftSnapshot
    /// How much of it the follower has written.
    var position: Int64
    /// When the chunk from there was asked for or sent.
    var since: Instant
    var isReading: Bool
}

/// Reads that one round of heartbeats confirms.
struct ReadRound: Sendable {
    let number: UInt64
    /// What was committed when it began.
    let end: Offset
    let tickets: [RaftTicket]
}

/// A leadership about to be given away. Nothing is appended meanwhile.
struct LeadershipTransfer: Sendable {
    let ticket: RaftTicket
    let target: ReplicaKey
    let deadline: Instant
    /// The target was told to campaign.
    var isSent = false
}

/// A change of the quorum on its way.
struct VoterChangeInFlight: Sendable {
    enum Step: Sendable {
        case set(Voter)
        case remove(ReplicaKey)
    }

    /// nil where nobody asked: the leader writes down what it has learned.
    let ticket: RaftTicket?
    var steps: [Step]
    /// The step before is committed with everything before this.
    var awaitedEnd: Offset?
    var catchUp: CatchUp?
}

/// How a new voter comes near enough to the end of the log not to hold up commits (Ongaro, 4.2.1): in rounds, each
/// up to where the log ended at its beginning, until one takes no longer than an election time-out.
struct CatchUp: Sendable {
    let key: ReplicaKey
    let deadline: Instant
    var roundEnd: Offset
    var roundStart: Instant
}

/// All that ends with the leadership.
struct Leadership: Sendable {
    /// Voters and observers, without this node, in the order in which they came.
    var replicas: [Replica] = []
    var heartbeatDeadline = Instant.distantFuture
    /// End of the first entry of this term.
    var firstEnd = Offset.zero
    /// That entry is committed and handed out: `.becameLeader` was said, reads and changes are allowed.
    var isEstablished = false
    var uncommittedByteCount = 0
    var round: UInt64 = 0
    /// The round in flight.
    var readRound: ReadRound?
    var waitingReads: [RaftTicket] = []
    /// Confirmed, and waiting for this node's own state machine.
    var confirmedReads: [(ticket: RaftTicket, end: Offset)] = []
    var transfer: LeadershipTransfer?
    var change: VoterChangeInFlight?

    /// The replica that is this voter.
    func replica(of voter: Voter) -> Replica? { replicas.first { voter.matches($0.key) } }
    func index(of key: ReplicaKey) -> Int? { replicas.firstIndex { $0.key == key } }
    var readCount: Int { waitingReads.count + (readRound?.tickets.count ?? 0) + confirmedReads.count }
}
