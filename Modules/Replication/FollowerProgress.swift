// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// What a leader knows of one follower, for metrics and descriptions.
public struct FollowerView: Hashable, Sendable {
    public let node: NodeID
    public let isInSync: Bool
    /// The follower's whole log is known to be a beginning of the leader's, over the link that is up.
    public let isMatched: Bool
    public let logEnd: Offset
    public let durableEnd: Offset
    /// Records the leader has and the follower has not made durable.
    public let lag: Int64
    /// When it last had everything; nil when never in this leader epoch.
    public let lastCaughtUp: Instant?
}

struct FollowerProgress: Sendable {
    enum Phase: Hashable {
        /// No link.
        case away
        /// Left alone until then.
        case resting(until: Instant)
        /// To be asked whether the logs end alike.
        case comparing
        /// To be ordered to change the log it said it had.
        case ordering(AppendOrder, previous: OffsetAndEpoch, because: ReplicaStanding)
        /// Asked, or ordered because of what it said, and not answered.
        case waiting(because: ReplicaStanding?)
        /// The log ends at or before `next` and agrees; `reading` names the plan whose batches the driver reads.
        case copying(reading: UInt64?)
    }

    /// Batches under way.
    struct Flight: Hashable {
        let end: Offset
        let byteCount: Int
    }

    let node: NodeID
    /// Of the broker at the other end of the link; nil without one.
    var brokerEpoch: Int64?
    var phase = Phase.away
    /// Where the next append begins.
    var next = Offset.zero
    /// An append has been accepted over this link.
    var isMatched = false
    /// The logs agree by what the follower said; until it says so itself, nothing of it counts.
    var mustConfirm = false
    var logEnd = Offset.zero
    /// Counts for the high watermark, also while the link is lost: what is durable stays so.
    var durableEnd = Offset.zero
    var flights: [Flight] = []
    var inFlightByteCount = 0
    var toldHighWatermark = Offset.zero
    var toldLogStart = Offset.zero
    var lastCaughtUp: Instant?
    /// The leader's end at some time: reaching it proves the follower was level then.
    var mark: (end: Offset, at: Instant)?
    /// A proposal with it was refused; not proposed again before.
    var barredUntil: Instant?

    init(_ node: NodeID) { self.node = node }

    mutating func forgetLink() {
        phase = .away
        brokerEpoch = nil
        clearFlights()
    }

    mutating func clearFlights() {
        (isMatched, mustConfirm) = (false, false)
        flights.removeAll(keepingCapacity: true)
        inFlightByteCount = 0
    }

    mutating func landed(upTo end: Offset) {
        let count = flights.prefix { $0.end <= end }.count
        for flight in flights.prefix(count) { inFlightByteCount -= flight.byteCount }
        flights.removeFirst(count)
    }

    /// Takes note of what the follower has, with the leader's end at this time (as Kafka's `lastCaughtUpTimeMs`).
    mutating func noteCaughtUp(reached: Offset, leaderEnd: Offset, at now: Instant) {
        if reached >= leaderEnd {
            lastCaughtUp = now
        } else if let mark, reached >= mark.end {
            lastCaughtUp = max(lastCaughtUp ?? mark.at, mark.at)
        } else if mark != nil {
            return
        }
        mark = (leaderEnd, now)
    }
}
