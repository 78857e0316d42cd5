// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// What a leader tells one follower about one partition, before the batches if there are any.
public struct AppendHeader: Hashable, Sendable {
    public var leaderEpoch: LeaderEpoch
    /// Where the batches begin in the leader's log; the follower's log must agree up to here.
    public var previous: OffsetAndEpoch
    public var order: AppendOrder
    public var highWatermark: Offset
    /// The leader's first offset; the follower's moves there.
    public var logStart: Offset

    public init(
        leaderEpoch: LeaderEpoch, previous: OffsetAndEpoch, order: AppendOrder = .append, highWatermark: Offset,
        logStart: Offset
    ) {
        self.leaderEpoch = leaderEpoch
        self.previous = previous
        self.order = order
        self.highWatermark = highWatermark
        self.logStart = logStart
    }
}

/// What the follower is to do with its log.
///
/// Orders that discard name the end they are for, so that a frame that comes twice or late discards nothing: no log has
/// the same end and last epoch twice with different records.
public enum AppendOrder: Hashable, Sendable {
    /// Append the batches; none only spread the news.
    case append
    /// Only say whether the logs end alike.
    case compare
    /// Drop what is after the epoch's end, as both logs know it (KIP-101, KIP-279).
    case cut(to: OffsetAndEpoch, ifEnding: OffsetAndEpoch)
    /// Drop everything and begin again at this offset: the logs have no record in common that is still there.
    case restart(at: Offset, ifEnding: OffsetAndEpoch)
}

/// A follower's answer about one partition.
public enum AppendAnswer: Hashable, Sendable {
    /// The follower's whole log is a beginning of the leader's. Sent again as more of it becomes durable.
    case accepted(logEnd: Offset, durableEnd: Offset)
    /// The logs do not agree at `previous`; nothing was appended.
    case diverged(ReplicaStanding)
    /// A newer leader is known.
    case fenced(current: LeaderEpoch)
    /// The follower does not know the partition, or not yet.
    case notHere
    /// Its disk or the bytes were at fault; nothing was appended.
    case failed
}
