// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// What each module may import of ours and of others; the table of docs/ARCHITECTURE.md, top to bottom.
///
/// The compiler alone lets a module import what a dependency of its dependencies offers.
private let allowed: [String: Set<String>] = [
    "Primitives": ["CShims"],
    "RecordBatch": ["Primitives", "CCompression"],
    "KafkaProtocol": ["Primitives"],
    "WireProtocol": ["Primitives"],
    "StorageEngine": ["Primitives", "RecordBatch", "CShims", "Glibc"],
    "Coordinator": ["Primitives"],
    "Replication": ["Primitives", "RecordBatch"],
    "Groups": ["Primitives"],
    "Transactions": ["Primitives"],
    "Governance": ["Primitives"],
    "Transport": [
        "Primitives", "WireProtocol", "NIOCore", "NIOPosix", "NIOHTTP1", "NIOConcurrencyHelpers", "Glibc",
    ],
    "Telemetry": ["Primitives", "Logging", "Glibc"],
    "ControllerNode": [
        "Primitives", "Coordinator", "StorageEngine", "RecordBatch", "WireProtocol", "Transport", "Foundation",
        "FoundationEssentials", "Dispatch", "Glibc",
    ],
    "BrokerNode": [
        "Primitives", "RecordBatch", "KafkaProtocol", "WireProtocol", "StorageEngine", "Replication", "Coordinator",
        "Groups", "Transactions", "Governance", "Transport", "Telemetry", "ControllerNode", "Logging",
        "FoundationEssentials", "Dispatch", "Glibc",
    ],
    "AdminClient": ["Primitives", "WireProtocol", "Transport"],
    "MyelinClient": ["Primitives", "RecordBatch", "KafkaProtocol", "WireProtocol", "Transport"],
]

/// Good in every module: collections and atomics of swift-collections, swift-atomics, the standard library's own.
private let anywhere: Set<String> = [
    "DequeModule", "OrderedCollections", "HashTreeCollections", "HeapModule", "Synchronization", "Atomics", "Crypto",
]

/// Modules that must run unchanged inside a simulator: no world in them.
private let cores = [
    "RecordBatch", "KafkaProtocol", "WireProtocol", "Coordinator", "Replication", "Groups", "Transactions",
    "Governance",
]

/// Words by which a core would reach for the world.
private let worldly = [
    "Date(", "Task.sleep", "Task {", "Task.detached", "DispatchQueue", "Thread(", "ContinuousClock", "SuspendingClock",
    "SystemRandomNumberGenerator", ".random(in:", "shuffled()", " UUID()", "ProcessInfo", "FileManager", "getenv",
    "clock_gettime", "print(",
]

private let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

private func sources(of module: String) throws -> [(path: String, text: String)] {
    let folder = root.appending(path: "Modules/\(module)")
    let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)?.allObjects ?? []
    return try files.compactMap { $0 as? URL }.filter { $0.pathExtension == "swift" }.map {
        (String($0.path.dropFirst(root.path.count)), try String(contentsOf: $0, encoding: .utf8))
    }
}

private func swiftModules() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: root.appending(path: "Modules").path).sorted().filter {
        try !sources(of: $0).isEmpty
    }
}

@Suite("the architecture")
struct ArchitectureTests {
    @Test("every module imports only what the table allows")
    func imports() throws {
        let statement = /^(?:(?:public|package|internal|fileprivate|private) )?import (?:\w+ )?(\w+)$/
        for module in try swiftModules() {
            let permitted = try #require(allowed[module], "\(module) has no row in the table").union(anywhere)
            for (path, text) in try sources(of: module) {
                for line in text.split(separator: "\n") {
                    let code = line.drop(while: \.isWhitespace)
                    guard code.contains("import "), let match = code.wholeMatch(of: statement) else { continue }
                    #expect(permitted.contains(String(match.1)), "\(path) imports \(match.1)")
                }
            }
        }
    }

    @Test("the table has no row without a module")
    func rows() throws {
        #expect(try Set(allowed.keys) == Set(swiftModules()))
    }

    @Test("cores know no world", arguments: cores)
    func coresKnowNoWorld(core: String) throws {
        for (path, text) in try sources(of: core) {
            for line in text.split(separator: "\n") where !line.drop(while: \.isWhitespace).hasPrefix("//") {
                for word in worldly where line.contains(word) { Issue.record("\(path) uses \(word)") }
                let isAsynchronous = line.contains(/(^|[ (])(await|async) [^,]/) && !line.contains("\"")
                #expect(!isAsynchronous, "\(path) is asynchronous: \(line)")
            }
        }
    }

    @Test("every Swift file begins with its licence")
    func licences() throws {
        for module in try swiftModules() {
            for (path, text) in try sources(of: module) {
                #expect(text.hasPrefix("// SPDX-License-Identifier: Apache-2.0\n"), "\(path)")
            }
        }
    }
}
