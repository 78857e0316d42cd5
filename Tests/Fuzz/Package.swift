// swift-tools-version: 6.2
import PackageDescription

// The fuzzers, in a package of their own: everything here, modules included, is compiled with libFuzzer's counters in
// it. Build it in release. `Modules` and `Simulation` are links into the repository, since no target may lie outside
// its package.

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]
let instrumented: [SwiftSetting] = [.unsafeFlags(["-sanitize=fuzzer"])]

func module(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .target(
        name: name, dependencies: dependencies, path: "Modules/\(name)", exclude: exclude,
        swiftSettings: strict + instrumented + [.strictMemorySafety()])
}

func fuzzer(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(
        name: name, dependencies: ["Harness", "Primitives"] + dependencies, path: name,
        swiftSettings: strict + instrumented,
        // The linker of Debian cannot read what the compiler makes of the counters.
        linkerSettings: [.unsafeFlags(["-sanitize=fuzzer", "-use-ld=lld"])])
}

let package = Package(
    name: "fuzzers",
    targets: [
        .target(
            name: "CShims", path: "Modules/CShims",
            linkerSettings: [.linkedLibrary("isal"), .linkedLibrary("uring")]),
        .target(
            name: "CCompression", path: "Modules/CCompression",
            linkerSettings: [
                .linkedLibrary("z"), .linkedLibrary("zstd"), .linkedLibrary("lz4"), .linkedLibrary("snappy"),
            ]),
        module("Primitives", ["CShims"]),
        module("RecordBatch", ["Primitives", "CCompression"]),
        module("KafkaProtocol", ["Primitives"], exclude: ["Tables"]),
        module("WireProtocol", ["Primitives"]),
        module("StorageEngine", ["Primitives", "RecordBatch", "CShims"]),
        // What reads metrics of clients, without what its modules need besides.
        .target(
            name: "Telemetry", dependencies: ["Primitives"], path: "Modules/Telemetry/ClientMetrics",
            swiftSettings: strict + instrumented + [.strictMemorySafety()]),
        .target(
            name: "Coordinator", path: "Modules/Coordinator/Settings", sources: ["TraitPattern.swift"],
            swiftSettings: strict + instrumented + [.strictMemorySafety()]),
        .target(
            name: "Simulation", dependencies: ["Primitives", "StorageEngine"], path: "Simulation",
            swiftSettings: strict),

        .target(name: "CAllocationCount", path: "CAllocationCount"),
        .target(
            name: "Harness", dependencies: ["Primitives", "CAllocationCount"], path: "Harness", swiftSettings: strict),
        fuzzer("RecordBatchFuzz", ["RecordBatch"]),
        fuzzer("RequestFuzz", ["KafkaProtocol"]),
        fuzzer("RPCFuzz", ["WireProtocol"]),
        fuzzer("ClientMetricsFuzz", ["Coordinator", "Telemetry"]),
        fuzzer("LogFuzz", ["RecordBatch", "StorageEngine", "Simulation"]),
    ]
)
