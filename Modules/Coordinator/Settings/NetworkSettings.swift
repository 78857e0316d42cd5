// SPDX-License-Identifier: Apache-2.0

/// Settings of connections and of what may be in flight on them.
let networkSettings: [SettingDefinition] = [
    SettingDefinition(
        "listeners", .list, default: "PLAINTEXT://:9092", .listeners,
        meaning:
            "Addresses that Kafka clients connect to. No host means every address of the machine, port 0 any free port."
    ),
    SettingDefinition(
        "advertised.listeners", .list, default: nil, .listeners,
        meaning: "Addresses that clients are told to connect to, where they differ from those of listeners."),
    SettingDefinition(
        "num.network.threads", .int, default: nil, .between(1, 1024), .count,
        meaning: "Shards: threads that each own connections and partitions. Not set: one for each core."),
    SettingDefinition(
        "socket.request.max.bytes", .int, default: "104857600", .atLeast(1), .bytes,
        meaning: "Largest request that is accepted. The connection of a larger one is closed."),
    SettingDefinition(
        "queued.max.request.bytes", .long, default: "134217728", .betweenOr(1_048_576, .max, special: -1), .bytes,
        meaning:
            "Bytes of requests held in memory at once, divided evenly among the shards. Past that large requests wait unread. -1: no limit."
    ),
    SettingDefinition(
        "max.connections", .int, default: "2147483647", .atLeast(0), .count,
        meaning: "Kafka connections open at once. A further one is closed as soon as it is accepted."),
    SettingDefinition(
        "max.connections.per.ip", .int, default: "2147483647", .atLeast(0), .count,
        meaning: "Kafka connections open at once from one address. A further one is closed as soon as it is accepted."),
    SettingDefinition(
        "max.connections.per.ip.overrides", .list, default: "", .addressCounts,
        meaning: "Addresses with a number of connections of their own, instead of max.connections.per.ip."),
    SettingDefinition(
        "max.connection.creation.rate", .int, default: "2147483647", .atLeast(1), .count,
        meaning:
            "Connections a second that are served as they come. Further ones wait their turn, unread; addresses have quotas of their own (connection_creation_rate)."
    ),
    SettingDefinition(
        "myelin.connection.first.request.ms", .long, default: "30000", .atLeast(1), .milliseconds,
        meaning: "Time in which a new connection must have sent its first whole request, else it is closed."),
    SettingDefinition(
        "myelin.request.receive.timeout.ms", .long, default: "60000", .atLeast(1), .milliseconds,
        meaning: "Time in which a request that has begun must be complete, else its connection is closed."),
    SettingDefinition(
        "myelin.request.receive.bytes.per.second.min", .int, default: "1024", .atLeast(0), .bytes,
        meaning:
            "Least rate of a request that has begun, looked at from its tenth second on. A slower connection is closed."
    ),
    SettingDefinition(
        "myelin.connection.request.bytes.max", .int, default: "16777216", .atLeast(1), .bytes,
        meaning:
            "Bytes of unanswered requests of one connection past which nothing more is read from it. One request may be larger."
    ),
    SettingDefinition(
        "quota.window.num", .int, default: "11", .between(2, 1_000), .count,
        meaning:
            "Windows over which client quotas are averaged, the current one included: what (quota.window.num - 1) windows allow may be used at once."
    ),
    SettingDefinition(
        "quota.window.size.seconds", .int, default: "1", .between(1, 3_600), .none,
        meaning: "Length of one window of client quotas, in seconds."),
    SettingDefinition(
        "controller.quota.window.num", .int, default: "11", .between(2, 1_000), .count,
        meaning: "As quota.window.num, for controller_mutation_rate, where the current window counts in full."),
    SettingDefinition(
        "controller.quota.window.size.seconds", .int, default: "1", .between(1, 3_600), .none,
        meaning: "Length of one window of controller_mutation_rate, in seconds."),
    SettingDefinition(
        "telemetry.max.bytes", .int, default: "1048576", .between(1, 16_777_216), .bytes,
        meaning:
            "Largest push of metrics of one client as it is sent (KIP-714); it may expand to four times that. A larger one is refused."
    ),
    SettingDefinition(
        "connections.max.idle.ms", .long, default: "600000", .atLeast(1), .milliseconds,
        meaning: "Time without a request after which a connection is closed."),
    SettingDefinition(
        "fetch.max.bytes", .int, default: "57671680", .atLeast(1024), .bytes,
        meaning: "Most bytes that one fetch response carries, whatever the client asks for. One batch always fits."),
    SettingDefinition(
        "max.incremental.fetch.session.cache.slots", .int, default: "1000", .atLeast(0), .count,
        meaning:
            "Fetch sessions remembered at once (KIP-227). A client without one sends all its partitions every time."),
]
