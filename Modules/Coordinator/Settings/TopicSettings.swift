// SPDX-License-Identifier: Apache-2.0

/// Settings of topics. One with a broker setting behind it has no default of its own.
let topicSettings: [SettingDefinition] =
    topicSizeSettings + topicTimeSettings + topicContentSettings + topicCompactionSettings
    + topicUnusedSettings

private let topicSizeSettings: [SettingDefinition] = [
    SettingDefinition(
        "segment.bytes", .int, default: nil, .atLeast(1_048_576), .bytes, from: ["log.segment.bytes"],
        meaning: "Size at which a segment is closed and the next one begun."),
    SettingDefinition(
        "retention.bytes", .long, default: nil, .any, .bytes, from: ["log.retention.bytes"],
        meaning: "Size of a partition past which its oldest segments are removed. Negative: no limit."),
    SettingDefinition(
        "index.interval.bytes", .int, default: nil, .atLeast(0), .bytes, from: ["log.index.interval.bytes"],
        meaning: "Bytes of records between two entries of an offset index."),
    SettingDefinition(
        "segment.index.bytes", .int, default: nil, .atLeast(4), .bytes, from: ["log.index.size.max.bytes"],
        meaning: "Size of an offset index at which its segment is closed."),
    SettingDefinition(
        "max.message.bytes", .int, default: nil, .atLeast(0), .bytes, from: ["message.max.bytes"],
        meaning: "Largest record batch that is accepted, as it travels, after compression."),
]

private let topicTimeSettings: [SettingDefinition] = [
    SettingDefinition(
        "segment.ms", .long, default: nil, .atLeast(1), .milliseconds,
        from: ["log.roll.ms", .hours("log.roll.hours")],
        meaning: "Age at which a segment is closed and the next one begun."),
    SettingDefinition(
        "retention.ms", .long, default: nil, .atLeast(-1), .milliseconds,
        from: ["log.retention.ms", .minutes("log.retention.minutes"), .hours("log.retention.hours")],
        meaning: "Age past which segments are removed. -1: never."),
    SettingDefinition(
        "message.timestamp.before.max.ms", .long, default: nil, .atLeast(0), .milliseconds,
        from: ["log.message.timestamp.before.max.ms"],
        meaning: "How far a record's time may lie behind the broker's clock before the record is refused."),
    SettingDefinition(
        "message.timestamp.after.max.ms", .long, default: nil, .atLeast(0), .milliseconds,
        from: ["log.message.timestamp.after.max.ms"],
        meaning: "How far a record's time may lie ahead of the broker's clock before the record is refused."),
]

private let topicContentSettings: [SettingDefinition] = [
    SettingDefinition(
        "cleanup.policy", .list, default: nil, .someOf(["compact", "delete"]), from: ["log.cleanup.policy"],
        meaning:
            "What happens to old records: delete removes segments by age and size, compact keeps the last of each key."),
    SettingDefinition(
        "message.timestamp.type", .string, default: nil, TimestampChoice.allowedValues,
        from: ["log.message.timestamp.type"],
        meaning: "Whose time a record carries: the producer's (CreateTime) or the broker's (LogAppendTime)."),
    SettingDefinition(
        "compression.type", .string, default: nil, CompressionChoice.allowedValues, from: ["compression.type"],
        meaning: "Codec that batches are stored with. producer keeps what the producer chose."),
    SettingDefinition(
        "min.insync.replicas", .int, default: nil, .atLeast(1), .count, from: ["min.insync.replicas"],
        meaning: "In-sync replicas without which a produce with acks=all is refused."),
    SettingDefinition(
        "write.caching", .boolean, default: nil, from: ["write.caching"],
        meaning: "Whether acks=all is answered from replicated memory, without waiting for the disk."),
    SettingDefinition(
        "unclean.leader.election.enable", .boolean, default: nil, .oneOf(["false"]),
        from: ["unclean.leader.election.enable"], meaning: uncleanElectionMeaning),
    SettingDefinition(
        "leader.replication.throttled.replicas", .list, default: "", .throttledReplicas,
        meaning: "Replicas that their leader sends to no faster than leader.replication.throttled.rate says."),
    SettingDefinition(
        "follower.replication.throttled.replicas", .list, default: "", .throttledReplicas,
        meaning: "Replicas that follow no faster than follower.replication.throttled.rate says."),
]

private let topicCompactionSettings: [SettingDefinition] = [
    SettingDefinition(
        "min.cleanable.dirty.ratio", .double, default: nil, .fraction, from: ["log.cleaner.min.cleanable.ratio"],
        meaning: "Share of bytes not compacted yet above which a partition is compacted."),
    SettingDefinition(
        "min.compaction.lag.ms", .long, default: nil, .atLeast(0), .milliseconds,
        from: ["log.cleaner.min.compaction.lag.ms"], meaning: "Age before which a record is not compacted away."),
    SettingDefinition(
        "max.compaction.lag.ms", .long, default: nil, .atLeast(1), .milliseconds,
        from: ["log.cleaner.max.compaction.lag.ms"],
        meaning: "Age past which a record is compacted, however few there are."),
    SettingDefinition(
        "delete.retention.ms", .long, default: nil, .atLeast(0), .milliseconds,
        from: ["log.cleaner.delete.retention.ms"],
        meaning: "Time for which tombstones and markers can still be read after compaction has met them."),
    SettingDefinition(
        "file.delete.delay.ms", .long, default: nil, .atLeast(0), .milliseconds,
        from: ["log.segment.delete.delay.ms"],
        meaning: "Time between taking a segment out of service and removing its file."),
]

/// What Kafka's clients may send and nothing here reads.
private let topicUnusedSettings: [SettingDefinition] = [
    unused("compression.gzip.level", .int, "-1", .betweenOr(1, 9, special: -1), "Level that gzip compresses with."),
    unused("compression.lz4.level", .int, "9", .between(1, 17), "Level that lz4 compresses with."),
    unused("compression.zstd.level", .int, "3", .between(-131_072, 22), "Level that zstd compresses with."),
    unused(
        "flush.messages", .long, "9223372036854775807", .atLeast(1),
        "Records after which the log is synchronized; every acknowledged record is anyway."),
    unused(
        "flush.ms", .long, "9223372036854775807", .atLeast(0),
        "Time after which the log is synchronized; every acknowledged record is anyway."),
    unused("local.retention.bytes", .long, "-2", .atLeast(-2), "Bytes of a tiered topic kept on local disks."),
    unused("local.retention.ms", .long, "-2", .atLeast(-2), "Age up to which a tiered topic is on local disks."),
    unused("preallocate", .boolean, "false", .any, "Whether segments are preallocated; they always are."),
    unused("remote.log.copy.disable", .boolean, "false", .any, "Whether copying to tiered storage stops."),
    unused("remote.log.delete.on.disable", .boolean, "false", .any, "Whether ending tiering removes what it stored."),
    unused("remote.storage.enable", .boolean, "false", .oneOf(["false"]), "Whether the topic is tiered; it cannot be."),
    unused("segment.jitter.ms", .long, "0", .atLeast(0), "Random time taken off the age at which segments close."),
]

private func unused(
    _ name: String, _ kind: SettingKind, _ defaultValue: String?, _ allowed: AllowedValues,
    from brokerSettings: [BrokerSynonym] = [], _ documentation: String
) -> SettingDefinition {
    SettingDefinition(
        name, kind, default: defaultValue, allowed, effect: .none, from: brokerSettings,
        meaning: "\(documentation) \(acceptedOnly)")
}
