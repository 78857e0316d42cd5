// SPDX-License-Identifier: Apache-2.0

/// Settings of transactions and of the topic their state is kept in.
let transactionSettings: [SettingDefinition] = [
    SettingDefinition(
        "transaction.max.timeout.ms", .int, default: "900000", .atLeast(1), .milliseconds,
        meaning: "Longest time-out that a transactional producer may ask for."),
    SettingDefinition(
        "transactional.id.expiration.ms", .int, default: "604800000", .atLeast(1), .milliseconds,
        meaning: "Time after which a transactional id that nobody uses is forgotten."),
    SettingDefinition(
        "transaction.remove.expired.transaction.cleanup.interval.ms", .int, default: "3600000", .atLeast(1),
        .milliseconds, meaning: "Time between two searches for transactional ids that nobody uses."),
    SettingDefinition(
        "transaction.state.log.num.partitions", .int, default: "50", .between(1, 10_000), .count,
        meaning:
            "Partitions of __transaction_state when it is created. Do not change it afterwards: transactional ids would lose their place."
    ),
    SettingDefinition(
        "transaction.state.log.replication.factor", .int, default: "3", .between(1, 32767), .count,
        meaning: "Replicas of __transaction_state when it is created; no more than there are brokers then."),
    SettingDefinition(
        "transaction.state.log.segment.bytes", .int, default: "104857600", .atLeast(1_048_576), .bytes,
        meaning: "Segment size of __transaction_state when it is created."),
]
