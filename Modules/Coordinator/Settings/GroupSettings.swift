// SPDX-License-Identifier: Apache-2.0

/// Settings of consumer groups and of the topic their offsets are kept in.
let groupSettings: [SettingDefinition] = [
    SettingDefinition(
        "group.min.session.timeout.ms", .int, default: "6000", .atLeast(1), .milliseconds,
        meaning: "Shortest session time-out that a member may ask for."),
    SettingDefinition(
        "group.max.session.timeout.ms", .int, default: "1800000", .atLeast(1), .milliseconds,
        meaning: "Longest session time-out that a member may ask for."),
    SettingDefinition(
        "group.initial.rebalance.delay.ms", .int, default: "3000", .atLeast(0), .milliseconds,
        meaning: "Time a new group waits for more members before the first assignment."),
    SettingDefinition(
        "group.max.size", .int, default: "2147483647", .atLeast(1), .count,
        meaning: "Most members that one group may have."),
    SettingDefinition(
        "offset.metadata.max.bytes", .int, default: "4096", .atLeast(0), .bytes,
        meaning: "Most bytes of text that a client may store beside a committed offset."),
    SettingDefinition(
        "offsets.retention.minutes", .int, default: "10080", .atLeast(1), .minutes,
        meaning: "Time after which the offsets of an empty group, or of a topic it no longer reads, are forgotten."),
    SettingDefinition(
        "offsets.retention.check.interval.ms", .long, default: "600000", .atLeast(1), .milliseconds,
        meaning: "Time between two searches for offsets that are past their retention."),
    SettingDefinition(
        "offsets.topic.num.partitions", .int, default: "50", .between(1, 10_000), .count,
        meaning:
            "Partitions of __consumer_offsets when it is created. Do not change it afterwards: groups would lose their place."
    ),
    SettingDefinition(
        "offsets.topic.replication.factor", .int, default: "3", .between(1, 32767), .count,
        meaning: "Replicas of __consumer_offsets when it is created; no more than there are brokers then."),
    SettingDefinition(
        "offsets.topic.segment.bytes", .int, default: "104857600", .atLeast(1_048_576), .bytes,
        meaning: "Segment size of __consumer_offsets when it is created."),
]
