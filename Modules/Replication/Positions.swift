// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// An offset, and the leader epoch of the record before it.
///
/// Two logs that both have a record with this offset and epoch are equal up to there: one leader wrote each epoch, in order.
public struct OffsetAndEpoch: Hashable, Sendable {
    public var offset: Offset
    /// `.none` where no record is before `offset`, or none that is still known.
    public var epoch: LeaderEpoch

    public init(_ offset: Offset, _ epoch: LeaderEpoch) {
        self.offset = offset
        self.epoch = epoch
    }
}

/// What the cores ask a log about the leaders that wrote it (KIP-101). Answers count records below the log start as unknown.
public protocol EpochTable {
    /// Epoch of the record at `offset`; `.none` when it is not known.
    func epoch(of offset: Offset) -> LeaderEpoch
    /// The largest known epoch at or before `epoch`, with the offset after its last record; nil when all are newer.
    func lastEpoch(atOrBefore epoch: LeaderEpoch) -> OffsetAndEpoch?
}

/// What a replica says about its own log.
public struct ReplicaStanding: Hashable, Sendable {
    public var logStart: Offset
    public var logEnd: Offset
    /// All records below are on stable storage.
    public var durableEnd: Offset
    /// Epoch of the last record; `.none` in a log that never had one.
    public var lastEpoch: LeaderEpoch

    public init(logStart: Offset, logEnd: Offset, durableEnd: Offset, lastEpoch: LeaderEpoch) {
        self.logStart = logStart
        self.logEnd = logEnd
        self.durableEnd = durableEnd
        self.lastEpoch = lastEpoch
    }

    public var end: OffsetAndEpoch { OffsetAndEpoch(logEnd, lastEpoch) }
    var isEmpty: Bool { logStart == logEnd }
}
