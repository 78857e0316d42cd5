// SPDX-License-Identifier: Apache-2.0

/// Where a consumer begins in a partition for which nothing is committed, or whose committed offset is gone.
public enum OffsetReset: Sendable {
    case earliest
    case latest
    /// It throws `.refused("OFFSET_OUT_OF_RANGE")`.
    case none
}

/// Which records of transactions a consumer sees (KIP-98).
public enum IsolationLevel: Int8, Sendable {
    case readUncommitted = 0
    case readCommitted = 1
}

/// How a consumer works.
public struct ConsumerSettings: Equatable, Sendable {
    public var offsetReset = OffsetReset.earliest
    public var isolationLevel = IsolationLevel.readCommitted
    /// How long a broker may wait for records before it answers that there are none.
    public var fetchWaitMilliseconds: Int32 = 500
    public var fetchByteCountMin: Int32 = 1
    /// Of one answer; at most one answer of each broker is in memory.
    public var fetchByteCountMax: Int32 = 16 << 20
    public var partitionByteCountMax: Int32 = 1 << 20
    /// Where the consumer is; it then reads from a replica of the same rack (KIP-392).
    public var rack = ""
    /// How often what was handed out is committed; nil: by `commit` only.
    public var commitMilliseconds: Int64? = 5_000
    /// A member that says nothing for so long is taken out of its group.
    public var sessionMilliseconds: Int32 = 45_000
    public var heartbeatMilliseconds: Int64 = 3_000
    /// Between two calls of `poll`; a member that is slower leaves, so that others get its partitions.
    public var pollMillisecondsMax: Int32 = 300_000
    /// How long the client tries before an error is thrown.
    public var requestMilliseconds: Int64 = 30_000

    public init() {}
}
