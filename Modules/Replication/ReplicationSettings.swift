// SPDX-License-Identifier: Apache-2.0

/// How a leader treats its followers.
public struct ReplicationSettings: Hashable, Sendable {
    /// `replica.lag.time.max.ms`: a member of the in-sync set that has not had everything for so long is proposed out.
    public var lagMillisecondsMax: Int64 = 5000
    /// Batches under way to one follower and not yet in its log, in bytes; one batch may go beyond.
    public var inFlightByteCountMax: Int = 4 << 20
    /// How long a follower that does not have the partition, or could not write, is left alone.
    public var retryMilliseconds: Int64 = 100
    /// `write.caching`: what followers have in their files counts as replicated before it is on stable storage.
    public var countsUnsynchronized = false

    public init() {}
}
