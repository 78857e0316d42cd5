// SPDX-License-Identifier: Apache-2.0

package import Coordinator
internal import Groups
package import Primitives
internal import Transactions

/// What a broker is from start to stop; the same value on all its shards.
package struct BrokerIdentity: Sendable {
    package let id: NodeID
    let clusterID: String
    package let incarnation: IncarnationID
    package let rack: String?
    /// Shards of this broker.
    let shardCount: Int
    /// Absolute path, for people.
    let dataDirectory: String
    /// False: clients are told the address that they used themselves.
    let hasAdvertisedListeners: Bool
    /// As given at start; dynamic settings are laid over them.
    let settings: BrokerSettings
    /// When the node began to start.
    var startedAt = Timestamp.none
    /// What clients with quotas have used; one table for all shards.
    let rates = RateTable()
    /// What clients told of themselves; one board for all shards.
    let clientMetrics = ClientMetricsBoard()

    package init(
        id: NodeID, clusterID: String, incarnation: IncarnationID, rack: String?, shardCount: Int,
        dataDirectory: String,
        hasAdvertisedListeners: Bool, settings: BrokerSettings, startedAt: Timestamp = .none
    ) {
        (self.id, self.clusterID, self.incarnation, self.rack) = (id, clusterID, incarnation, rack)
        (self.shardCount, self.dataDirectory) = (shardCount, dataDirectory)
        (self.hasAdvertisedListeners, self.settings, self.startedAt) = (hasAdvertisedListeners, settings, startedAt)
    }
}

/// Bounds of one shard.
package struct BrokerLimits: Sendable {
    var sessions = FetchSessions.Limits()
    var groups = GroupLimits()
    var transactions = TransactionLimits()
    /// Longest long poll: a client that asks for more is answered empty after this.
    var fetchWaitMillisecondsMax: Int64 = 60_000
    /// Most record bytes in one fetch response, a first batch excepted (`fetch.max.bytes`).
    var fetchByteCountMax = 55 << 20
    /// Longest that records of producers with acks=0 or 1 stay in memory only while nobody waits for them.
    var lazySynchronizeMilliseconds: Int64 = 20
    /// `telemetry.max.bytes`.
    var telemetryByteCountMax = 1 << 20
    /// Bytes of unanswered requests above which a connection is not read (`myelin.connection.request.bytes.max`).
    var connectionRequestByteCountMax = 16 << 20
    /// A connection that was paused because of its output reads again below this.
    var resumeOutputByteCount = 1 << 20
    /// `replica.lag.time.max.ms`.
    var replicaLagMilliseconds: Int64 = 5_000
    /// How often retention is looked at.
    var retentionCheckMilliseconds: Int64 = 300_000

    package init(_ settings: BrokerSettings, shardCount: Int) {
        sessions.sessionCountMax = max(1, settings[.fetchSessionSlots] / shardCount)
        fetchByteCountMax = settings[.fetchBytesMax]
        telemetryByteCountMax = settings[.telemetryBytesMax]
        connectionRequestByteCountMax = settings[.connectionRequestBytesMax]
        replicaLagMilliseconds = Int64(settings[.replicaLagMillisecondsMax])
        retentionCheckMilliseconds = Int64(settings[.retentionCheckIntervalMilliseconds])
        groups.sessionTimeoutMillisecondsMin = Int32(clamping: settings[.groupSessionTimeoutMillisecondsMin])
        groups.sessionTimeoutMillisecondsMax = Int32(clamping: settings[.groupSessionTimeoutMillisecondsMax])
        groups.initialRebalanceDelayMilliseconds = Int32(clamping: settings[.groupInitialRebalanceDelayMilliseconds])
        groups.memberCountMax = min(settings[.groupSizeMax], groups.memberCountMax)
        groups.offsetMetadataLengthMax = settings[.offsetMetadataBytesMax]
        groups.offsetsRetentionMilliseconds = Int64(settings[.offsetsRetentionMinutes]) * 60_000
        groups.retentionCheckIntervalMilliseconds = Int64(settings[.offsetsRetentionCheckIntervalMilliseconds])
        transactions.timeoutMillisecondsMax = Int32(clamping: settings[.transactionTimeoutMillisecondsMax])
        transactions.expirationMilliseconds = Int64(settings[.transactionalIDExpirationMilliseconds])
        transactions.expirationCheckMilliseconds = Int64(
            settings[.transactionalIDExpirationCheckIntervalMilliseconds])
    }
}
