// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// Names a request of the driver in the effects that answer it.
public struct RaftTicket: Number {
    public let rawValue: Int64
    @inlinable public init(rawValue: Int64) { self.rawValue = rawValue }
}

/// Counts the writes of a node since it started.
public struct RaftWriteNumber: Number {
    public let rawValue: Int64
    @inlinable public init(rawValue: Int64) { self.rawValue = rawValue }
    public static let zero = RaftWriteNumber(0)
}

/// What happened.
public enum RaftEvent: Sendable {
    /// `nextDeadline` has come.
    case timePassed
    /// A message came over a connection whose other end is known to be node `from`.
    case received(RaftMessage, from: NodeID)
    /// The write of that number and all before it are on the disk.
    case persisted(RaftWriteNumber)
    /// Append the records. Answered with `.accepted` or `.refused`.
    case proposed(SharedBytes, recordCount: Int, RaftTicket)
    /// Up to where must the state machine have come to answer a linearizable read? Answered with `.readReady` or
    /// `.refused`.
    case readRequested(RaftTicket)
    /// Give the leadership to that voter, or without one to the best. Answered with `.transferred` or `.refused`.
    case transferRequested(to: NodeID?, RaftTicket)
    /// Answered with `.accepted`, when its last step is in the log, or `.refused`.
    case voterChangeRequested(VoterChange, RaftTicket)
    /// Nodes that may know a leader, for one that has no quorum or one that may have moved. Replaces those of before.
    case contactsFound([NodeID])

    /// A snapshot of the committed log, described by `RaftCore.snapshot(at:)`, is durable.
    case snapshotTaken(RaftSnapshot)
    /// The answer to `.readSnapshot`. Without a chunk that snapshot is gone, and the newest one is begun.
    case snapshotRead(SnapshotRead, SnapshotChunk?)
    /// The chunk of a `.writeSnapshot`, not the last one, is written; it need not be durable.
    case snapshotChunkWritten(LogPosition, nextPosition: Int64)
    /// After the last chunk: the snapshot is durable and checked, the log on disk is empty and begins after it, the
    /// hard state is kept, the state machine is the snapshot. Writes from before must not reach the new log.
    case snapshotInstalled(LogPosition)
    /// After any chunk: the bytes are not a snapshot, or could not be written. The leader will begin again.
    case snapshotRefused(LogPosition)
}

/// What the driver must do, in order.
public enum RaftEffect: Sendable {
    /// Report `.persisted` afterwards. Writes are made in the order of their numbers; one synchronize may cover
    /// several.
    case persist(RaftWrite)
    /// Send it, or lose it. Nothing here depends on what is not durable yet.
    case send(RaftMessage)
    /// These follow those committed before, are on this node's disk, and are for its state machine.
    case committed([RaftEntry])
    /// This node leads, and every entry of former terms has been handed out by `.committed`.
    case becameLeader(Term)
    /// It led. Entries that it accepted and that are not committed may still be, or not.
    case steppedDown(leader: NodeID?)
    /// The proposal, or the last step of the change, is in the log from `base` to `end`. Only `.committed` makes it
    /// last.
    case accepted(RaftTicket, base: Offset, end: Offset)
    /// Nothing was done, except as the refusal says.
    case refused(RaftTicket, RaftRefusal)
    /// A read is linearizable on a state machine that has all before `end`; this node's has.
    case readReady(RaftTicket, end: Offset)
    /// The leadership that was to be given away is.
    case transferred(RaftTicket)
    /// Answer with `.snapshotRead`. Asked again when the answer takes longer than a few heartbeats.
    case readSnapshot(SnapshotRead)
    /// Write the bytes at their position of a new snapshot file: position 0 begins it anew. Answer with
    /// `.snapshotChunkWritten`, or after the last one with `.snapshotInstalled`; or with `.snapshotRefused`.
    case writeSnapshot(SnapshotChunk)
}

/// What goes to the disk. The entries follow the cut; the hard state may get there before or after them, and a crash
/// may leave any part undone, as long as `.persisted` means all of it.
public struct RaftWrite: Hashable, Sendable {
    public let number: RaftWriteNumber
    /// Cut the log so that it ends here, before anything is appended.
    public let truncateTo: Offset?
    /// Contiguous.
    public let entries: [RaftEntry]
    public let hardState: HardState?

    public init(number: RaftWriteNumber, truncateTo: Offset?, entries: [RaftEntry], hardState: HardState?) {
        self.number = number
        self.truncateTo = truncateTo
        self.entries = entries
        self.hardState = hardState
    }
}

/// A part of a snapshot that a follower needs.
public struct SnapshotRead: Hashable, Sendable {
    public let follower: ReplicaKey
    public let snapshot: RaftSnapshot
    /// First byte wanted.
    public let position: Int64
    public let byteCountMax: Int

    public init(follower: ReplicaKey, snapshot: RaftSnapshot, position: Int64, byteCountMax: Int) {
        self.follower = follower
        self.snapshot = snapshot
        self.position = position
        self.byteCountMax = byteCountMax
    }
}

/// Why a request was not granted.
public enum RaftRefusal: Error, Hashable, Sendable {
    /// Ask `leader`, if one is known. After a change of voters was begun, its outcome is unknown.
    case notLeader(leader: NodeID?)
    /// The leadership is being given away.
    case transferring
    /// Too much waits already.
    case busy
    case tooLarge(limit: ByteCount)
    /// A change of voters is being made.
    case changeInFlight
    case alreadyVoter
    case notVoter
    /// A quorum cannot do without its last voter.
    case lastVoter
    case tooManyVoters(limit: Int)
    /// The voter to be added did not come near the end of the log in time, or not at all. Nothing was changed.
    case notCaughtUp
    /// The one to take over did not catch up or did not win in time. This node leads on.
    case transferTimedOut
}
