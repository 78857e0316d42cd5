// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Turns the tables of the Kafka protocol into Swift. Run at the root of the repository.
///
/// `protocol-generator` rewrites what changed; `protocol-generator --check` changes nothing and exits with 1 when
/// something would change.
@main
struct ProtocolGenerator {
    private static let tables = "Modules/KafkaProtocol/Tables"
    private static let messages = "Modules/KafkaProtocol/Generated"
    private static let tests = "Tests/KafkaProtocolTests/Generated"

    static func main() {
        let arguments = CommandLine.arguments.dropFirst()
        guard arguments.allSatisfy({ $0 == "--check" }) else { stop("usage: protocol-generator [--check]", status: 2) }
        do {
            let stale = try run(rewriting: arguments.isEmpty)
            for path in stale { print(arguments.isEmpty ? "wrote \(path)" : "stale: \(path)") }
            if !arguments.isEmpty, !stale.isEmpty { exit(1) }
        } catch {
            stop("\(error)", status: 2)
        }
    }

    private static func stop(_ problem: String, status: Int32) -> Never {
        FileHandle.standardError.write(Data((problem + "\n").utf8))
        exit(status)
    }

    /// Compares the files with the tables, and makes them equal when `rewriting`.
    ///
    /// - Returns: Paths of the files that differ, are missing or should not be there, sorted.
    private static func run(rewriting: Bool) throws -> [String] {
        let wanted = try generated()
        var stale = wanted.filter { path, text in (try? String(contentsOfFile: path, encoding: .utf8)) != text }.map(
            \.key)
        if rewriting { try stale.forEach { try write(wanted[$0] ?? "", to: $0) } }
        for folder in [messages, tests] {
            let present = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            for path in present.map({ "\(folder)/\($0)" }) where wanted[path] == nil {
                stale.append(path)
                if rewriting { try FileManager.default.removeItem(atPath: path) }
            }
        }
        return stale.sorted()
    }

    private static func write(_ text: String, to path: String) throws {
        let folder = (path as NSString).deletingLastPathComponent
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try text.write(toFile: path, atomically: true, encoding: .utf8)
    }

    /// Every generated file by its path.
    private static func generated() throws -> [String: String] {
        let names = try FileManager.default.contentsOfDirectory(atPath: tables).sorted()
        var declarations: [Declaration] = []
        for name in names where name.hasSuffix(".kafka") {
            let text = try String(contentsOfFile: "\(tables)/\(name)", encoding: .utf8)
            declarations.append(try TableParser.parse(text, file: name))
        }
        var files = [
            "\(messages)/APIKey.swift": APIKeyEmitter.source(of: declarations),
            "\(tests)/EveryMessage.swift": RandomEmitter.catalogue(of: declarations),
        ]
        for declaration in declarations {
            let stem = declaration.fileName.replacing(".kafka", with: "")
            files["\(messages)/\(stem).swift"] = try MessageEmitter.source(of: declaration)
            files["\(tests)/\(stem)+Random.swift"] = RandomEmitter.source(of: declaration)
        }
        return files
    }
}
