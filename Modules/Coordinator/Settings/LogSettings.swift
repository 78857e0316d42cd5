// SPDX-License-Identifier: Apache-2.0

/// Settings of topics as such: how they are made, how many there may be, how often they are looked after.
let logSettings: [SettingDefinition] = [
    SettingDefinition(
        "num.partitions", .int, default: "1", .atLeast(1), .count, scope: .clusterWide,
        meaning: "Partitions of a topic whose creator does not say how many."),
    SettingDefinition(
        "default.replication.factor", .int, default: "1", .between(1, 32767), .count, scope: .clusterWide,
        meaning: "Replicas of each partition of a topic whose creator does not say how many."),
    SettingDefinition(
        "auto.create.topics.enable", .boolean, default: "true",
        meaning: "Whether a topic is created when a client asks for the metadata of one that does not exist."),
    SettingDefinition(
        "myelin.topic.partitions.max", .int, default: "10000", .atLeast(1), .count, scope: .clusterWide,
        meaning: "Most partitions that one topic may have."),
    SettingDefinition(
        "myelin.cluster.partitions.max", .int, default: "100000", .atLeast(1), .count, scope: .clusterWide,
        meaning: "Most partitions that all topics together may have."),
    SettingDefinition(
        "log.retention.check.interval.ms", .long, default: "300000", .atLeast(1), .milliseconds,
        meaning: "Time between two searches for segments that are past their retention."),
    SettingDefinition(
        "myelin.scrub.interval.ms", .long, default: "604800000", .atLeast(100), .milliseconds,
        meaning: "Time from the beginning of one check of all stored bytes to the beginning of the next."),
    SettingDefinition(
        "myelin.scrub.bytes.per.second", .long, default: "8388608", .between(65_536, 1_099_511_627_776), .bytes,
        meaning: "Bytes a second that the check of stored bytes reads."),
    SettingDefinition(
        "producer.id.expiration.ms", .int, default: "86400000", .atLeast(1), .milliseconds,
        meaning: "Time after its last record at which a partition forgets an idempotent producer."),
]

/// Broker settings that topics without a value of their own take; each can change while the broker runs.
let topicDefaultSettings: [SettingDefinition] =
    topicDefaultSizeSettings + topicDefaultTimeSettings
    + topicDefaultContentSettings + topicDefaultCompactionSettings

private let topicDefaultSizeSettings: [SettingDefinition] = [
    SettingDefinition(
        "log.segment.bytes", .int, default: "1073741824", .atLeast(1_048_576), .bytes, scope: .clusterWide,
        meaning: "Size at which a segment is closed and the next one begun."),
    SettingDefinition(
        "log.retention.bytes", .long, default: "-1", .any, .bytes, scope: .clusterWide,
        meaning: "Size of a partition past which its oldest segments are removed. Negative: no limit."),
    SettingDefinition(
        "log.index.interval.bytes", .int, default: "4096", .atLeast(0), .bytes, scope: .clusterWide,
        meaning: "Bytes of records between two entries of an offset index."),
    SettingDefinition(
        "log.index.size.max.bytes", .int, default: "10485760", .atLeast(4), .bytes, scope: .clusterWide,
        meaning: "Size of an offset index at which its segment is closed."),
    SettingDefinition(
        "message.max.bytes", .int, default: "1048588", .atLeast(0), .bytes, scope: .clusterWide,
        meaning: "Largest record batch that is accepted, as it travels, after compression."),
]

private let topicDefaultTimeSettings: [SettingDefinition] = [
    SettingDefinition(
        "log.roll.ms", .long, default: nil, .atLeast(1), .milliseconds, scope: .clusterWide,
        meaning: "Age at which a segment is closed. Comes before log.roll.hours."),
    SettingDefinition(
        "log.roll.hours", .int, default: "168", .atLeast(1), .hours, scope: .clusterWide,
        meaning: "Age at which a segment is closed, where log.roll.ms is not set."),
    SettingDefinition(
        "log.retention.ms", .long, default: nil, .atLeast(-1), .milliseconds, scope: .clusterWide,
        meaning:
            "Age past which segments are removed. Comes before log.retention.minutes and log.retention.hours. -1: never."
    ),
    SettingDefinition(
        "log.retention.minutes", .int, default: nil, .atLeast(-1), .minutes, scope: .clusterWide,
        meaning: "Age past which segments are removed, where log.retention.ms is not set. -1: never."),
    SettingDefinition(
        "log.retention.hours", .int, default: "168", .atLeast(-1), .hours, scope: .clusterWide,
        meaning:
            "Age past which segments are removed, where neither log.retention.ms nor log.retention.minutes is. -1: never."
    ),
    SettingDefinition(
        "log.segment.delete.delay.ms", .long, default: "60000", .atLeast(0), .milliseconds, scope: .clusterWide,
        meaning: "Time between taking a segment out of service and removing its file."),
    SettingDefinition(
        "log.message.timestamp.before.max.ms", .long, default: "9223372036854775807", .atLeast(0), .milliseconds,
        scope: .clusterWide,
        meaning: "How far a record's time may lie behind the broker's clock before the record is refused."),
    SettingDefinition(
        "log.message.timestamp.after.max.ms", .long, default: "3600000", .atLeast(0), .milliseconds,
        scope: .clusterWide,
        meaning: "How far a record's time may lie ahead of the broker's clock before the record is refused."),
]

private let topicDefaultContentSettings: [SettingDefinition] = [
    SettingDefinition(
        "log.cleanup.policy", .list, default: "delete", .someOf(["compact", "delete"]), scope: .clusterWide,
        meaning:
            "What happens to old records: delete removes segments by age and size, compact keeps the last of each key."),
    SettingDefinition(
        "log.message.timestamp.type", .string, default: "CreateTime", TimestampChoice.allowedValues,
        scope: .clusterWide,
        meaning: "Whose time a record carries: the producer's (CreateTime) or the broker's (LogAppendTime)."),
    SettingDefinition(
        "compression.type", .string, default: "producer", CompressionChoice.allowedValues, scope: .clusterWide,
        meaning: "Codec that batches are stored with. producer keeps what the producer chose."),
    SettingDefinition(
        "min.insync.replicas", .int, default: "1", .atLeast(1), .count, scope: .clusterWide,
        meaning: "In-sync replicas without which a produce with acks=all is refused."),
    SettingDefinition(
        "write.caching", .boolean, default: "false", scope: .clusterWide,
        meaning: "Whether acks=all is answered from replicated memory, without waiting for the disk."),
]

private let topicDefaultCompactionSettings: [SettingDefinition] = [
    SettingDefinition(
        "log.cleaner.delete.retention.ms", .long, default: "86400000", .atLeast(0), .milliseconds,
        scope: .clusterWide,
        meaning: "Time for which tombstones and markers can still be read after compaction has met them."),
    SettingDefinition(
        "log.cleaner.min.compaction.lag.ms", .long, default: "0", .atLeast(0), .milliseconds, scope: .clusterWide,
        meaning: "Age before which a record is not compacted away."),
    SettingDefinition(
        "log.cleaner.max.compaction.lag.ms", .long, default: "9223372036854775807", .atLeast(1), .milliseconds,
        scope: .clusterWide, meaning: "Age past which a record is compacted, however few there are."),
    SettingDefinition(
        "log.cleaner.min.cleanable.ratio", .double, default: "0.5", .fraction, scope: .clusterWide,
        meaning: "Share of bytes not compacted yet above which a partition is compacted."),
]

/// How compaction works on this broker.
let cleanerSettings: [SettingDefinition] = [
    SettingDefinition(
        "log.cleaner.enable", .boolean, default: "true",
        meaning: "Whether topics with cleanup.policy=compact are compacted here, __consumer_offsets among them."),
    SettingDefinition(
        "log.cleaner.backoff.ms", .long, default: "15000", .atLeast(0), .milliseconds,
        meaning: "Time between two searches for partitions to compact, when there were none."),
    SettingDefinition(
        "log.cleaner.dedupe.buffer.size", .long, default: "134217728", .between(1_048_576, 4_294_967_296), .bytes,
        meaning: "Most memory for the keys of one pass, 24 bytes each. Taken for a pass, and no more than it needs."),
    SettingDefinition(
        "log.cleaner.io.buffer.load.factor", .double, default: "0.9", .fraction,
        meaning: "Share of that memory that is filled; a pass ends where it is full, and the next one goes on."),
    SettingDefinition(
        "log.cleaner.io.max.bytes.per.second", .double, default: "1.7976931348623157E308", .any,
        meaning: "Bytes that compaction reads and writes a second at most."),
]

/// Ends the documentation of a setting that has no effect.
let acceptedOnly = "Accepted for compatibility; has no effect."
