// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import Primitives
internal import RecordBatch
internal import StorageEngine

/// The settings of a topic as its partitions use them: read once for each change, not for each request.
struct PartitionSettings: Sendable {
    var log = LogConfiguration()
    var batchBytesMax: Int
    /// Codec that batches are stored with; nil keeps the producer's.
    var storedCodec: Codec?
    var stampsAppendTime: Bool
    var timestampBeforeMillisecondsMax: Int64
    var timestampAfterMillisecondsMax: Int64
    var writeCaching: Bool
    /// Replicas that are copied to no faster than the rates of the brokers say (KIP-73).
    var leaderThrottled: ThrottledReplicas
    var followerThrottled: ThrottledReplicas
    /// In-sync replicas without which nothing is acknowledged by all.
    var inSyncReplicasMin: Int
    var compacts: Bool
    var deletes: Bool
    /// Clients may not write to it.
    var isInternal: Bool

    init(_ configs: EffectiveConfigs, topic: String) {
        batchBytesMax = configs[.batchBytesMax, of: topic]
        storedCodec = Codec(configs[.compressionType, of: topic])
        stampsAppendTime = configs[.timestampType, of: topic] == .logAppendTime
        timestampBeforeMillisecondsMax = Int64(configs[.timestampBeforeMillisecondsMax, of: topic])
        timestampAfterMillisecondsMax = Int64(configs[.timestampAfterMillisecondsMax, of: topic])
        writeCaching = configs[.writeCaching, of: topic]
        leaderThrottled = configs[.leaderThrottledReplicas, of: topic]
        followerThrottled = configs[.followerThrottledReplicas, of: topic]
        inSyncReplicasMin = configs[.inSyncReplicasMin, of: topic]
        let policy = configs[.cleanupPolicy, of: topic]
        compacts = policy.compacts
        deletes = policy.deletes
        isInternal = InternalTopic.isInternal(topic)
        log.segmentByteCountMax = Int64(configs[.segmentBytes, of: topic])
        log.segmentMilliseconds = Int64(configs[.segmentMilliseconds, of: topic])
        log.indexIntervalByteCount = configs[.indexIntervalBytes, of: topic]
        log.indexByteCountMax = configs[.segmentIndexBytes, of: topic]
        log.producerExpirationMilliseconds = Int64(configs.settings[.producerIDExpirationMilliseconds])
        let milliseconds = configs[.retentionMilliseconds, of: topic]
        let byteCount = configs[.retentionBytes, of: topic]
        log.retentionMilliseconds = deletes && milliseconds >= 0 ? Int64(milliseconds) : nil
        log.retentionByteCount = deletes && byteCount >= 0 ? Int64(byteCount) : nil
        log.fileDeleteDelayMilliseconds = Int64(configs[.fileDeleteDelayMilliseconds, of: topic])
        guard compacts else { return }
        var compaction = CompactionConfiguration()
        compaction.dirtyRatioMin = configs[.dirtyRatioMin, of: topic]
        compaction.lagMillisecondsMin = Int64(configs[.compactionLagMillisecondsMin, of: topic])
        compaction.lagMillisecondsMax = Int64(configs[.compactionLagMillisecondsMax, of: topic])
        compaction.deleteRetentionMilliseconds = Int64(configs[.deleteRetentionMilliseconds, of: topic])
        log.compaction = compaction
        // Only closed segments are compacted: one must close in time.
        log.segmentMilliseconds = min(log.segmentMilliseconds, compaction.lagMillisecondsMax)
    }

    /// What a batch that arrives now must keep to.
    func batchRules(at wall: Timestamp) -> BatchRules {
        guard !stampsAppendTime else { return BatchRules(batchBytesMax: batchBytesMax, requiresKeys: compacts) }
        return BatchRules(
            batchBytesMax: batchBytesMax, requiresKeys: compacts,
            earliestTimestamp: timestampBeforeMillisecondsMax == .max
                ? Timestamp(.min) : wall.advanced(byMilliseconds: -timestampBeforeMillisecondsMax),
            latestTimestamp: timestampAfterMillisecondsMax == .max
                ? Timestamp(.max) : wall.advanced(byMilliseconds: timestampAfterMillisecondsMax))
    }
}

extension Codec {
    fileprivate init?(_ choice: CompressionChoice) {
        switch choice {
        case .producer: return nil
        case .uncompressed: self = .none
        case .zstd: self = .zstd
        case .lz4: self = .lz4
        case .snappy: self = .snappy
        case .gzip: self = .gzip
        }
    }
}
