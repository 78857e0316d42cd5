// swift-tools-version: 6.2
import PackageDescription

// Everywhere: Swift 6, imports are private unless they say otherwise, warnings are errors.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]
// In modules also: every unsafe expression says so.
let safe: [SwiftSetting] = strict + [.strictMemorySafety()]

func module(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .target(
        name: name, dependencies: dependencies, path: "Modules/\(name)", exclude: exclude, swiftSettings: safe)
}

func tests(_ module: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = []) -> Target {
    .testTarget(
        name: "\(module)Tests", dependencies: [.init(stringLiteral: module)] + dependencies,
        path: "Tests/\(module)Tests", exclude: exclude, swiftSettings: strict)
}

let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
    .product(name: "NIOHTTP1", package: "swift-nio"),
]
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let yaml: Target.Dependency = .product(name: "Yams", package: "Yams")
let hashTrees: Target.Dependency = .product(name: "HashTreeCollections", package: "swift-collections")
let collections: [Target.Dependency] = [
    .product(name: "DequeModule", package: "swift-collections"),
    .product(name: "HeapModule", package: "swift-collections"),
    .product(name: "OrderedCollections", package: "swift-collections"),
]

let package = Package(
    name: "myelin",
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // C, each behind one Swift module.
        .target(
            name: "CShims", path: "Modules/CShims",
            linkerSettings: [.linkedLibrary("isal"), .linkedLibrary("uring")]),
        .target(
            name: "CCompression", path: "Modules/CCompression",
            linkerSettings: [
                .linkedLibrary("z"), .linkedLibrary("zstd"), .linkedLibrary("lz4"), .linkedLibrary("snappy"),
            ]),

        // Base and formats.
        module("Primitives", ["CShims"]),
        module("RecordBatch", ["Primitives", "CCompression"]),
        module("KafkaProtocol", ["Primitives"], exclude: ["Tables"]),
        module("WireProtocol", ["Primitives"]),

        // Cores.
        module("StorageEngine", ["Primitives", "RecordBatch", "CShims"]),
        module("Coordinator", ["Primitives", hashTrees]),
        module("Replication", ["Primitives", "RecordBatch"]),
        module("Groups", ["Primitives"]),
        module("Transactions", ["Primitives"]),
        module("Governance", ["Primitives"]),

        // Mechanisms.
        module("Transport", ["Primitives", "WireProtocol"] + nio),
        module("Telemetry", ["Primitives", logging]),

        // Nodes.
        module(
            "ControllerNode",
            ["Primitives", "Coordinator", "RecordBatch", "StorageEngine", "WireProtocol", "Transport"]),
        module(
            "BrokerNode",
            [
                "Primitives", "RecordBatch", "KafkaProtocol", "WireProtocol", "StorageEngine", "Replication",
                "Coordinator",
                "Groups", "Transactions", "Governance", "Transport", "Telemetry", "ControllerNode",
            ] + collections),

        // Clients.
        module("AdminClient", ["Primitives", "WireProtocol", "Transport"]),
        module(
            "MyelinClient", ["Primitives", "RecordBatch", "KafkaProtocol", "WireProtocol", "Transport"] + collections,
            exclude: ["MyelinClient.docc"]),

        // Apps.
        .target(
            name: "Composition",
            dependencies: [
                "BrokerNode", "ControllerNode", "Coordinator", "Telemetry", "Transport", logging, arguments, yaml,
            ],
            path: "Apps/Composition", swiftSettings: strict),
        .executableTarget(
            name: "myelin-broker",
            dependencies: ["Composition", "BrokerNode", "Coordinator", "Transport", logging, arguments],
            path: "Apps/broker", swiftSettings: strict),
        .executableTarget(
            name: "myelin-controller",
            dependencies: [
                "Composition", "ControllerNode", "Coordinator", "Primitives", "Transport", logging, arguments,
            ],
            path: "Apps/controller", swiftSettings: strict),
        .executableTarget(
            name: "myelin-standalone",
            dependencies: ["Composition", "BrokerNode", "Coordinator", "Transport", logging, arguments],
            path: "Apps/standalone", swiftSettings: strict),

        .target(
            name: "CommandLineTool",
            dependencies: [
                "AdminClient", "MyelinClient", "WireProtocol", "Transport", "Primitives", "RecordBatch", "Coordinator",
                "StorageEngine", arguments, yaml,
            ], path: "Apps/CommandLineTool", swiftSettings: strict),
        .executableTarget(
            name: "myelin", dependencies: ["CommandLineTool"], path: "Apps/myelin", swiftSettings: strict),

        // Examples that run.
        .executableTarget(
            name: "orders-example", dependencies: ["MyelinClient", arguments],
            path: "docs/examples/orders", swiftSettings: strict),
        .executableTarget(
            name: "invoices-example", dependencies: ["MyelinClient", arguments],
            path: "docs/examples/invoices", swiftSettings: strict),

        // Tools.
        .executableTarget(name: "protocol-generator", path: "Tools/ProtocolGenerator", swiftSettings: strict),

        // Tests.
        // Linked into the executable of all unit tests; empty without ThreadSanitizer.
        .target(name: "CThreadSanitizer", path: "Tests/CThreadSanitizer", publicHeadersPath: "."),
        .testTarget(name: "ArchitectureTests", path: "Tests/ArchitectureTests", swiftSettings: strict),
        .target(
            name: "Simulation", dependencies: ["Primitives", "StorageEngine"], path: "Tests/Simulation",
            swiftSettings: strict),
        .target(
            name: "SimulatedCluster",
            dependencies: [
                "Primitives", "RecordBatch", "StorageEngine", "Coordinator", "Replication", "Groups", "Transactions",
                "ControllerNode", "BrokerNode", "WireProtocol", "KafkaProtocol", "Transport", "Simulation",
            ],
            path: "Tests/SimulatedCluster", swiftSettings: strict),
        .executableTarget(
            name: "simulator", dependencies: ["SimulatedCluster", arguments], path: "Tests/simulator",
            exclude: ["Mutants", "Seeds", "mutants"], swiftSettings: strict),
        .testTarget(
            name: "SimulationTests", dependencies: ["SimulatedCluster", "Primitives", "StorageEngine", "Simulation"],
            path: "Tests/SimulationTests", swiftSettings: strict),
        tests("Primitives", ["CThreadSanitizer"]),
        tests("RecordBatch", ["Primitives"]),
        tests("KafkaProtocol", ["Primitives"]),
        tests("WireProtocol", ["Primitives"]),
        tests("StorageEngine", ["Primitives", "RecordBatch", "Simulation", "CShims"]),
        tests("Coordinator", ["Primitives"], exclude: ["Raft/Scenarios"]),
        tests("Replication", ["Primitives", "RecordBatch"]),
        tests("Groups", ["Primitives"], exclude: ["Scenarios", "Vectors"]),
        tests("Transactions", ["Primitives"]),
        tests("Governance", ["Primitives"]),
        tests("Transport", ["Primitives", "WireProtocol", "CShims"] + nio),
        tests("Telemetry", ["Primitives", logging]),
        tests(
            "ControllerNode",
            ["Primitives", "Coordinator", "StorageEngine", "RecordBatch", "WireProtocol", "Transport", "Simulation"]),
        .target(
            name: "TestNode",
            dependencies: ["AdminClient", "BrokerNode", "ControllerNode", "Coordinator", "Primitives", "Transport"],
            path: "Tests/TestNode", swiftSettings: strict),
        tests(
            "BrokerNode",
            [
                "Primitives", "RecordBatch", "KafkaProtocol", "WireProtocol", "StorageEngine", "Coordinator", "Groups",
                "Transport", "Telemetry", "ControllerNode", "AdminClient", "TestNode",
            ]),
        tests("AdminClient", ["Primitives", "WireProtocol", "Transport"]),
        tests(
            "MyelinClient", ["Primitives", "RecordBatch", "KafkaProtocol", "WireProtocol", "AdminClient", "TestNode"]),
        .testTarget(
            name: "CLITests",
            dependencies: [
                "CommandLineTool", "myelin", "MyelinClient", "AdminClient", "WireProtocol", "Transport", "Primitives",
                "RecordBatch", "TestNode",
            ], path: "Tests/CLITests", swiftSettings: strict),
    ]
)
