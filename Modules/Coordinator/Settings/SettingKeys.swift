// SPDX-License-Identifier: Apache-2.0

/// Names a broker setting together with the type its value reads as.
public struct BrokerKey<Value: SettingReadable>: Sendable {
    public let name: String

    /// - Precondition: the broker table has the name.
    package init(_ name: String) {
        precondition(SettingsTable.broker[name] != nil, "no broker setting \(name)")
        self.name = name
    }
}

/// Names a topic setting together with the type its value reads as.
public struct TopicKey<Value: SettingReadable>: Sendable {
    public let name: String

    /// - Precondition: the topic table has the name.
    package init(_ name: String) {
        precondition(SettingsTable.topic[name] != nil, "no topic setting \(name)")
        self.name = name
    }
}

extension BrokerKey where Value == Int {
    public static var nodeID: Self { Self("node.id") }
    public static var rpcPort: Self { Self("myelin.rpc.port") }
    public static var adminPort: Self { Self("myelin.admin.port") }
    public static var metadataSnapshotBytes: Self { Self("myelin.metadata.snapshot.bytes") }
    public static var metadataSnapshotRecords: Self { Self("myelin.metadata.snapshot.records") }

    public static var quorumElectionTimeoutMilliseconds: Self { Self("controller.quorum.election.timeout.ms") }
    public static var quorumHeartbeatIntervalMilliseconds: Self { Self("myelin.quorum.heartbeat.interval.ms") }
    public static var brokerHeartbeatIntervalMilliseconds: Self { Self("broker.heartbeat.interval.ms") }
    public static var brokerSessionTimeoutMilliseconds: Self { Self("broker.session.timeout.ms") }
    public static var controlledShutdownTimeoutMilliseconds: Self { Self("myelin.controlled.shutdown.timeout.ms") }
    public static var clockSkewMillisecondsMax: Self { Self("myelin.clock.skew.max.ms") }
    public static var replicaLagMillisecondsMax: Self { Self("replica.lag.time.max.ms") }
    /// In bytes a second; the largest number means without limit.
    public static var leaderThrottledRate: Self { Self("leader.replication.throttled.rate") }
    /// In bytes a second; the largest number means without limit.
    public static var followerThrottledRate: Self { Self("follower.replication.throttled.rate") }
    /// In bytes a second.
    public static var moveRateMin: Self { Self("myelin.move.rate.min") }
    /// In bytes a second.
    public static var moveRateMax: Self { Self("myelin.move.rate.max") }
    public static var leaderImbalanceCheckIntervalSeconds: Self { Self("leader.imbalance.check.interval.seconds") }
    public static var balanceIntervalMilliseconds: Self { Self("myelin.balance.interval.ms") }
    public static var balanceMovesMax: Self { Self("myelin.balance.moves.max") }

    public static var socketRequestBytesMax: Self { Self("socket.request.max.bytes") }
    public static var queuedRequestBytesMax: Self { Self("queued.max.request.bytes") }
    public static var connectionsMax: Self { Self("max.connections") }
    public static var connectionsPerAddressMax: Self { Self("max.connections.per.ip") }
    public static var connectionRateMax: Self { Self("max.connection.creation.rate") }
    public static var firstRequestMilliseconds: Self { Self("myelin.connection.first.request.ms") }
    public static var requestReceiveMilliseconds: Self { Self("myelin.request.receive.timeout.ms") }
    public static var requestReceiveRateMin: Self { Self("myelin.request.receive.bytes.per.second.min") }
    public static var connectionRequestBytesMax: Self { Self("myelin.connection.request.bytes.max") }
    public static var quotaWindowCount: Self { Self("quota.window.num") }
    public static var quotaWindowSeconds: Self { Self("quota.window.size.seconds") }
    public static var controllerQuotaWindowCount: Self { Self("controller.quota.window.num") }
    public static var controllerQuotaWindowSeconds: Self { Self("controller.quota.window.size.seconds") }
    public static var telemetryBytesMax: Self { Self("telemetry.max.bytes") }
    public static var connectionsIdleMilliseconds: Self { Self("connections.max.idle.ms") }
    public static var fetchBytesMax: Self { Self("fetch.max.bytes") }
    public static var fetchSessionSlots: Self { Self("max.incremental.fetch.session.cache.slots") }

    public static var numPartitions: Self { Self("num.partitions") }
    public static var defaultReplicationFactor: Self { Self("default.replication.factor") }
    /// Of topics without a value of their own.
    static var inSyncReplicasMinDefault: Self { Self("min.insync.replicas") }
    public static var topicPartitionsMax: Self { Self("myelin.topic.partitions.max") }
    public static var clusterPartitionsMax: Self { Self("myelin.cluster.partitions.max") }
    public static var retentionCheckIntervalMilliseconds: Self { Self("log.retention.check.interval.ms") }
    public static var scrubIntervalMilliseconds: Self { Self("myelin.scrub.interval.ms") }
    public static var scrubBytesPerSecond: Self { Self("myelin.scrub.bytes.per.second") }
    public static var cleanerBackoffMilliseconds: Self { Self("log.cleaner.backoff.ms") }
    public static var cleanerMapBytesMax: Self { Self("log.cleaner.dedupe.buffer.size") }
    public static var producerIDExpirationMilliseconds: Self { Self("producer.id.expiration.ms") }

    public static var groupSessionTimeoutMillisecondsMin: Self { Self("group.min.session.timeout.ms") }
    public static var groupSessionTimeoutMillisecondsMax: Self { Self("group.max.session.timeout.ms") }
    public static var groupInitialRebalanceDelayMilliseconds: Self { Self("group.initial.rebalance.delay.ms") }
    public static var groupSizeMax: Self { Self("group.max.size") }
    public static var offsetMetadataBytesMax: Self { Self("offset.metadata.max.bytes") }
    public static var offsetsRetentionMinutes: Self { Self("offsets.retention.minutes") }
    public static var offsetsRetentionCheckIntervalMilliseconds: Self { Self("offsets.retention.check.interval.ms") }
    public static var offsetsTopicPartitions: Self { Self("offsets.topic.num.partitions") }
    public static var offsetsTopicReplicationFactor: Self { Self("offsets.topic.replication.factor") }
    public static var offsetsTopicSegmentBytes: Self { Self("offsets.topic.segment.bytes") }

    public static var transactionTimeoutMillisecondsMax: Self { Self("transaction.max.timeout.ms") }
    public static var transactionalIDExpirationMilliseconds: Self { Self("transactional.id.expiration.ms") }
    public static var transactionalIDExpirationCheckIntervalMilliseconds: Self {
        Self("transaction.remove.expired.transaction.cleanup.interval.ms")
    }
    public static var transactionTopicPartitions: Self { Self("transaction.state.log.num.partitions") }
    public static var transactionTopicReplicationFactor: Self { Self("transaction.state.log.replication.factor") }
    public static var transactionTopicSegmentBytes: Self { Self("transaction.state.log.segment.bytes") }
}

extension BrokerKey where Value == Int? {
    /// nil: one for each core.
    public static var numNetworkThreads: Self { Self("num.network.threads") }
}

extension BrokerKey where Value == String? {
    public static var rack: Self { Self("broker.rack") }
    /// nil: where others reach the controller.
    public static var rpcHost: Self { Self("myelin.rpc.host") }
    /// nil: the name of the machine.
    public static var rpcAdvertisedHost: Self { Self("myelin.rpc.advertised.host") }
}

extension BrokerKey where Value == Double {
    public static var cleanerMapLoadFactor: Self { Self("log.cleaner.io.buffer.load.factor") }
    public static var cleanerBytesPerSecondMax: Self { Self("log.cleaner.io.max.bytes.per.second") }
}

extension BrokerKey where Value == Bool {
    public static var cleanerEnabled: Self { Self("log.cleaner.enable") }
    public static var autoCreateTopics: Self { Self("auto.create.topics.enable") }
    public static var autoLeaderRebalance: Self { Self("auto.leader.rebalance.enable") }
    public static var balanceEnabled: Self { Self("myelin.balance.enable") }
    public static var fetchesFromNearestReplica: Self { Self("myelin.fetch.nearest.replica") }
}

extension BrokerKey where Value == ListenerAddresses {
    public static var listeners: Self { Self("listeners") }
}

extension BrokerKey where Value == ListenerAddresses? {
    /// nil: the same as `listeners`.
    public static var advertisedListeners: Self { Self("advertised.listeners") }
}

extension BrokerKey where Value == Endpoints? {
    /// nil: the node is a cluster of its own.
    public static var quorumBootstrapServers: Self { Self("controller.quorum.bootstrap.servers") }
}

extension BrokerKey where Value == QuorumVoters? {
    public static var quorumVoters: Self { Self("controller.quorum.voters") }
}

extension BrokerKey where Value == AddressCounts {
    public static var connectionsPerAddressOverrides: Self { Self("max.connections.per.ip.overrides") }
}

extension BrokerKey where Value == LogFormatChoice {
    public static var logFormat: Self { Self("log.format") }
}

extension BrokerKey where Value == LogLevelChoice {
    public static var logLevel: Self { Self("log.level") }
}

extension BrokerKey where Value == DiskMechanismChoice {
    public static var diskMechanism: Self { Self("myelin.disk.mechanism") }
}

extension TopicKey where Value == Int {
    public static var segmentBytes: Self { Self("segment.bytes") }
    public static var segmentMilliseconds: Self { Self("segment.ms") }
    /// Negative: no limit.
    public static var retentionBytes: Self { Self("retention.bytes") }
    /// −1: never.
    public static var retentionMilliseconds: Self { Self("retention.ms") }
    public static var indexIntervalBytes: Self { Self("index.interval.bytes") }
    public static var segmentIndexBytes: Self { Self("segment.index.bytes") }
    public static var batchBytesMax: Self { Self("max.message.bytes") }
    public static var timestampBeforeMillisecondsMax: Self { Self("message.timestamp.before.max.ms") }
    public static var timestampAfterMillisecondsMax: Self { Self("message.timestamp.after.max.ms") }
    public static var inSyncReplicasMin: Self { Self("min.insync.replicas") }
    public static var compactionLagMillisecondsMin: Self { Self("min.compaction.lag.ms") }
    public static var compactionLagMillisecondsMax: Self { Self("max.compaction.lag.ms") }
    public static var deleteRetentionMilliseconds: Self { Self("delete.retention.ms") }
    public static var fileDeleteDelayMilliseconds: Self { Self("file.delete.delay.ms") }
}

extension TopicKey where Value == Double {
    public static var dirtyRatioMin: Self { Self("min.cleanable.dirty.ratio") }
}

extension TopicKey where Value == ThrottledReplicas {
    public static var leaderThrottledReplicas: Self { Self("leader.replication.throttled.replicas") }
    public static var followerThrottledReplicas: Self { Self("follower.replication.throttled.replicas") }
}

extension TopicKey where Value == Bool {
    public static var writeCaching: Self { Self("write.caching") }
}

extension TopicKey where Value == CleanupPolicy {
    public static var cleanupPolicy: Self { Self("cleanup.policy") }
}

extension TopicKey where Value == TimestampChoice {
    public static var timestampType: Self { Self("message.timestamp.type") }
}

extension TopicKey where Value == CompressionChoice {
    public static var compressionType: Self { Self("compression.type") }
}
