// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]
let module: [SwiftSetting] = strict + [.strictMemorySafety()]

let package = Package(
    name: "myelin",
    targets: [
        .target(name: "CShims", path: "Modules/CShims", linkerSettings: [.linkedLibrary("isal")]),
        .target(name: "Primitives", dependencies: ["CShims"], path: "Modules/Primitives", swiftSettings: module),
        .testTarget(
            name: "PrimitivesTests", dependencies: ["Primitives"], path: "Tests/PrimitivesTests",
            swiftSettings: strict),
    ]
)
