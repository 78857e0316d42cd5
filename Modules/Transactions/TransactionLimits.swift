// SPDX-License-Identifier: Apache-2.0

/// Settings and bounds of one coordinator. The defaults are Kafka's where Kafka has the setting.
public struct TransactionLimits: Sendable {
    /// `transaction.max.timeout.ms`
    public var timeoutMillisecondsMax: Int32 = 900_000
    /// `transactional.id.expiration.ms`
    public var expirationMilliseconds: Int64 = 7 * 24 * 60 * 60_000
    /// `transaction.remove.expired.transaction.cleanup.interval.ms`
    public var expirationCheckMilliseconds: Int64 = 60 * 60_000

    /// Pause before what the log refused, or what met a write under way, is tried again.
    public var retryMilliseconds: Int64 = 500
    /// Transactional ids of this coordinator.
    public var transactionCountMax = 100_000
    /// Partitions of one transaction: its record stays well within a batch.
    public var partitionCountMax = 10_000
    /// Appends that the log has not answered yet.
    public var appendsInFlightMax = 10_000
    /// Requests that wait for a producer id.
    public var producerIDWaitersMax = 10_000
    /// Tombstones per append when ids expire, so that one batch stays small.
    public var tombstonesPerAppendMax = 1_000

    public init() {}
}
