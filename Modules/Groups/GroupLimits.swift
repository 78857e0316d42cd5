// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// Settings and bounds of one coordinator. The defaults are Kafka's where Kafka has the setting.
public struct GroupLimits: Sendable {
    /// `group.min.session.timeout.ms`
    public var sessionTimeoutMillisecondsMin: Int32 = 6_000
    /// `group.max.session.timeout.ms`
    public var sessionTimeoutMillisecondsMax: Int32 = 1_800_000
    /// `group.initial.rebalance.delay.ms`: how long the first member of an empty group waits for company.
    public var initialRebalanceDelayMilliseconds: Int32 = 3_000
    /// `group.max.size`. Kafka has no bound; ours keeps one group within what one record may carry.
    public var memberCountMax: Int = 10_000
    /// `offset.metadata.max.bytes`, counted in UTF-16 units as Kafka does.
    public var offsetMetadataLengthMax: Int = 4_096
    /// `offsets.retention.minutes`, in milliseconds.
    public var offsetsRetentionMilliseconds: Int64 = 7 * 24 * 60 * 60_000
    /// `offsets.retention.check.interval.ms`
    public var retentionCheckIntervalMilliseconds: Int64 = 600_000

    /// How long a new member may be parked in its first JoinGroup; Kafka's constant.
    public var newMemberJoinTimeoutMilliseconds: Int64 = 5 * 60_000
    /// Member ids given out and not yet used (KIP-394), per group.
    public var pendingMemberCountMax: Int = 10_000
    /// Groups of this coordinator, empty ones included.
    public var groupCountMax: Int = 100_000
    /// Metadata of all protocols of one member.
    public var memberMetadataByteCountMax: ByteCount = .mebibytes(1)
    /// Metadata of all members of one group; also the assignments one leader may send.
    public var groupMetadataByteCountMax: ByteCount = .mebibytes(64)
    /// Protocols one member may offer.
    public var protocolCountMax: Int = 64
    /// Appends that the log has not answered yet.
    public var appendsInFlightMax: Int = 10_000
    /// Tombstones per append when offsets expire or topics disappear, so that one batch stays small.
    public var tombstonesPerAppendMax: Int = 1_000

    public init() {}
}
