// SPDX-License-Identifier: Apache-2.0

/// Settings of the process: who it is, where its data lies, how it tells what it does.
let nodeSettings: [SettingDefinition] = [
    SettingDefinition(
        "node.id", .int, default: "1", .atLeast(0),
        meaning:
            "Number of this node, different from that of every other node of the cluster. A data folder belongs to one."
    ),
    SettingDefinition(
        "broker.rack", .string, default: nil, .nonEmpty,
        meaning: "Rack or zone this node is in. Replicas of a partition are spread over racks."),
    SettingDefinition(
        "log.dir", .string, default: nil, .nonEmpty,
        meaning: "Folder for all data of this node. Used when log.dirs is not set."),
    SettingDefinition(
        "log.dirs", .list, default: nil, .oneElement,
        meaning: "Folder for all data of this node. Exactly one: spreading over several folders is not supported."),
    SettingDefinition(
        "log.format", .string, default: "text", LogFormatChoice.allowedValues,
        meaning: "Form of the log lines on stderr: text for people, json for machines."),
    SettingDefinition(
        "log.level", .string, default: "info", LogLevelChoice.allowedValues,
        meaning: "Least important log lines that are written."),
    SettingDefinition(
        "myelin.disk.mechanism", .string, default: "auto", DiskMechanismChoice.allowedValues,
        meaning: "How bytes move between memory and disk. auto takes io_uring where the system allows it, else threads."
    ),
    SettingDefinition(
        "myelin.rpc.port", .int, default: "9190", .between(0, 65535),
        meaning:
            "Port for the myelin tool and for other nodes. 0 lets the system choose; a controller on its own takes 9191."
    ),
    SettingDefinition(
        "myelin.admin.port", .int, default: "9644", .between(0, 65535),
        meaning: "Port for /metrics, /healthz and /readyz. 0 lets the system choose."),
    SettingDefinition(
        "myelin.metadata.snapshot.bytes", .long, default: "20971520", .atLeast(65536), .bytes,
        meaning: "Metadata log bytes after which the state is written as a snapshot and the log before it is dropped."),
    SettingDefinition(
        "myelin.metadata.snapshot.records", .long, default: "100000", .atLeast(1), .count,
        meaning: "Metadata records after which the state is written as a snapshot and the log before it is dropped."),
]
