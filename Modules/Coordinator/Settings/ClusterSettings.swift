// SPDX-License-Identifier: Apache-2.0

/// Settings of the controllers, of what keeps a broker in the cluster, and of replication between brokers.
let clusterSettings: [SettingDefinition] = quorumSettings + membershipSettings + replicationSettings + balanceSettings

private let quorumSettings: [SettingDefinition] = [
    SettingDefinition(
        "controller.quorum.bootstrap.servers", .list, default: nil, .endpoints,
        meaning:
            "RPC addresses of controllers, of which one must answer. Not set: the node is a cluster of its own."),
    SettingDefinition(
        "controller.quorum.voters", .list, default: nil, .voters,
        meaning: "First voters of a new cluster, as ID@HOST:PORT. Read by a controller whose folder is new."),
    SettingDefinition(
        "controller.quorum.election.timeout.ms", .int, default: "1000", .between(50, 600_000), .milliseconds,
        meaning: "Time without a word from the active controller after which a controller stands for election."),
    SettingDefinition(
        "myelin.quorum.heartbeat.interval.ms", .int, default: "150", .between(5, 60_000), .milliseconds,
        meaning: "Time between two signs of life of the active controller. Several fit into the election time-out."),
]

private let membershipSettings: [SettingDefinition] = [
    SettingDefinition(
        "myelin.rpc.advertised.host", .string, default: nil, .nonEmpty,
        meaning: "Host that other nodes and the myelin tool reach this node's RPC at. Not set: the name of the machine."
    ),
    SettingDefinition(
        "myelin.rpc.host", .string, default: nil, .nonEmpty,
        meaning:
            "Address that a controller listens at for RPC; 0.0.0.0 is every one of the machine. Not set: where others reach it."
    ),
    SettingDefinition(
        "broker.heartbeat.interval.ms", .int, default: "500", .between(10, 60_000), .milliseconds,
        meaning: "Time between two heartbeats of a broker to the active controller."),
    SettingDefinition(
        "broker.session.timeout.ms", .int, default: "2000", .between(50, 600_000), .milliseconds,
        meaning: "Time without a heartbeat after which a broker is fenced: it leads nothing until it is heard of again."
    ),
    SettingDefinition(
        "myelin.controlled.shutdown.timeout.ms", .int, default: "30000", .atLeast(0), .milliseconds,
        meaning: "Time that a stopping broker waits for others to take over before it stops nevertheless."),
    SettingDefinition(
        "myelin.clock.skew.max.ms", .long, default: "1800000", .atLeast(1000), .milliseconds,
        meaning: "How far a broker's clock may be from the active controller's, and a controller's from another's, "
            + "before it is refused."),
]

private let replicationSettings: [SettingDefinition] = [
    SettingDefinition(
        "replica.lag.time.max.ms", .long, default: "5000", .between(50, 3_600_000), .milliseconds,
        meaning: "Time that a replica may be behind its leader before it counts as out of sync."),
    SettingDefinition(
        "leader.replication.throttled.rate", .long, default: "9223372036854775807", .atLeast(1), .bytes,
        scope: .clusterWide,
        meaning:
            "Bytes a second that a broker sends as leader to the replicas of leader.replication.throttled.replicas."),
    SettingDefinition(
        "follower.replication.throttled.rate", .long, default: "9223372036854775807", .atLeast(1), .bytes,
        scope: .clusterWide,
        meaning:
            "Bytes a second that a broker takes as follower for the replicas of follower.replication.throttled.replicas."
    ),
    SettingDefinition(
        "myelin.fetch.nearest.replica", .boolean, default: "true",
        meaning: "Whether a consumer that names its rack is sent to an in-sync replica of that rack (KIP-392)."),
    SettingDefinition(
        "unclean.leader.election.enable", .boolean, default: "false", .oneOf(["false"]), scope: .clusterWide,
        meaning: uncleanElectionMeaning),
]

/// Of the broker setting and of the topic setting alike.
let uncleanElectionMeaning =
    "Whether a replica that may lack acknowledged records is made leader unasked. Never: it takes an explicit order."

private let balanceSettings: [SettingDefinition] = [
    SettingDefinition(
        "auto.leader.rebalance.enable", .boolean, default: "true", scope: .clusterWide,
        meaning: "Whether leadership goes back to the preferred replicas by itself."),
    SettingDefinition(
        "leader.imbalance.check.interval.seconds", .int, default: "300", .atLeast(1), scope: .clusterWide,
        meaning: "Seconds between two searches for partitions that their preferred replica does not lead."),
    SettingDefinition(
        "myelin.balance.enable", .boolean, default: "true", scope: .clusterWide,
        meaning: "Whether replicas move by themselves to even out brokers, and onto brokers that are new."),
    SettingDefinition(
        "myelin.balance.interval.ms", .long, default: "30000", .atLeast(1000), .milliseconds, scope: .clusterWide,
        meaning: "Time between two steps of balancing and draining."),
    SettingDefinition(
        "myelin.balance.moves.max", .int, default: "10", .between(1, 10_000), .count, scope: .clusterWide,
        meaning: "Most partitions that balancing and draining have in motion at once."),
    // As Redpanda's raft_learner_recovery_rate.
    SettingDefinition(
        "myelin.move.rate.max", .long, default: "104857600", .atLeast(1), .bytes, scope: .clusterWide,
        meaning:
            "Most bytes a second that a broker copies to replicas that moves add, while no client waits longer for it."),
    SettingDefinition(
        "myelin.move.rate.min", .long, default: "1048576", .atLeast(1), .bytes, scope: .clusterWide,
        meaning: "Bytes a second that a broker copies to replicas that moves add, however long clients wait: moves end."
    ),
]
