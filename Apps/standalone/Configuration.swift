// SPDX-License-Identifier: Apache-2.0

import Coordinator
import Foundation
import Yams

/// Gathers settings from where people put them.
struct Configuration {
    let flags: [String: String]
    /// Path of a YAML file, if any.
    let file: String?

    /// The ops tool's own variable, which a shell may have set for it.
    private static let toolVariable = "MYELIN_CLUSTER"

    func settings() throws -> BrokerSettings {
        var layers = SettingLayers()
        layers.flags = flags
        layers.environment = ProcessInfo.processInfo.environment.filter { $0.key != Self.toolVariable }
        layers.file = try file.map(Self.read) ?? [:]
        // A laptop's node is for the laptop: other machines are let in by saying so.
        let isListenerSet = [layers.flags, layers.file].contains { $0["listeners"] != nil }
        guard !isListenerSet, layers.environment[BrokerSettings.variable(of: "listeners")] == nil else {
            return try BrokerSettings(layers)
        }
        layers.flags["listeners"] = "PLAINTEXT://127.0.0.1:9092"
        return try BrokerSettings(layers)
    }

    /// Reads a YAML file; nested keys are joined with dots, so `log: {retention: {ms: 1}}` is `log.retention.ms: 1`.
    static func read(_ path: String) throws -> [String: String] {
        let text: String
        do {
            text = try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw UsageError("--config \(path): the file cannot be read")
        }
        let root: Yams.Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch {
            // The parser draws the place on lines of its own; ours is one line.
            let lines = "\(error)".split(whereSeparator: \.isNewline).filter { !$0.hasSuffix("^") }
            throw UsageError("--config \(path): \(lines.joined(separator: " "))")
        }
        guard let root else { return [:] }
        guard case .mapping(let mapping) = root else { throw UsageError("--config \(path): a mapping is expected") }
        var entries: [String: String] = [:]
        try flatten(mapping, prefix: "", into: &entries, path: path)
        return entries
    }

    private static func flatten(
        _ mapping: Yams.Node.Mapping, prefix: String, into entries: inout [String: String], path: String
    ) throws {
        for (key, value) in mapping {
            guard let name = key.scalar?.string else { throw UsageError("--config \(path): a key is no text") }
            switch value {
            case .mapping(let inner): try flatten(inner, prefix: prefix + name + ".", into: &entries, path: path)
            case .sequence(let items):
                entries[prefix + name] = items.compactMap { $0.scalar?.string }.joined(separator: ",")
            case .scalar(let scalar): entries[prefix + name] = scalar.string
            case .alias: throw UsageError("--config \(path): \(prefix + name) is an alias, write its value")
            }
        }
    }
}
