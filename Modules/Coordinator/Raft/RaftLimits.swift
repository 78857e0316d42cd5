// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// Times and bounds of a Raft node. The same on all nodes of a quorum, or elections take longer than they need.
public struct RaftLimits: Sendable {
    /// How long a follower believes in a silent leader, at least; each wait is drawn from `[t, 2t)`. A leader that
    /// has not heard from a majority for this long gives up.
    public var electionTimeoutMilliseconds: Int64 = 1_000
    /// How often a leader says that it is there. Several must fit into an election time-out, because some get lost.
    public var heartbeatIntervalMilliseconds: Int64 = 150
    /// Payload of one append message; an entry that is larger travels alone.
    public var messageByteCountMax = ByteCount.mebibytes(1)
    /// Payload of one entry; larger proposals are refused.
    public var entryByteCountMax = ByteCount.mebibytes(8)
    /// Append messages on their way to one follower.
    public var appendsInFlightMax = 16
    /// Entries of the leader that are not committed yet; more proposals are refused.
    public var uncommittedByteCountMax = ByteCount.mebibytes(32)
    /// Reads that wait for their quorum round; more are refused.
    public var readsWaitingMax = 4_096
    /// Bytes of a snapshot in one message. One is in flight to each follower.
    public var snapshotChunkByteCountMax = ByteCount.mebibytes(1)
    /// What stays in memory of the log before the newest snapshot, so that a follower that is a little behind needs
    /// none.
    public var retainedByteCountMax = ByteCount.mebibytes(8)
    /// Voters in the quorum; Kafka's tools and the arithmetic of failures see no use for more than 7.
    public var votersMax = 9
    /// Replicas that follow without a vote; more are not served.
    public var observersMax = 16
    /// An observer that is silent for longer is forgotten; it may come back.
    public var observerExpiryMilliseconds: Int64 = 10_000
    /// How long a voter to be added may take to catch up.
    public var catchUpMillisecondsMax: Int64 = 300_000
    /// Messages that wait for the term or vote to be durable; more are dropped, as a network may.
    public var heldMessagesMax = 64

    public init() {}
}
