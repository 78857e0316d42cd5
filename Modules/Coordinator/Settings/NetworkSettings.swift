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
        meaning: "Bytes of requests held in memory at once; past that nothing more is read from sockets. -1: no limit."),
    SettingDefinition(
        "max.connections", .int, default: "2147483647", .atLeast(0), .count,
        meaning: "Kafka connections open at once. A further one is closed as soon as it is accepted."),
    SettingDefinition(
        "max.connections.per.ip", .int, default: "2147483647", .atLeast(0), .count,
        meaning: "Kafka connections open at once from one address. A further one is closed as soon as it is accepted."),
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
