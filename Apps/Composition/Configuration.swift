// SPDX-License-Identifier: Apache-2.0

package import Coordinator
import Foundation
import Yams

/// Gathers settings from where people put them.
package struct Configuration {
    private var layers: SettingLayers

    /// The ops tool's own variable, which a shell may have set for it.
    private static let toolVariable = "MYELIN_CLUSTER"

    /// - Parameters:
    ///   - flags: Settings by name, as given on the command line.
    ///   - file: Path of a YAML file, if any.
    package init(flags: [String: String], file: String?) throws {
        layers = SettingLayers()
        layers.flags = flags
        layers.environment = ProcessInfo.processInfo.environment.filter { $0.key != Self.toolVariable }
        layers.file = try file.map(Self.read) ?? [:]
    }

    /// Gives a setting a value where nobody gave it one.
    package mutating func setDefault(_ name: String, _ value: String) {
        let isGiven = [layers.flags, layers.file].contains { $0[name] != nil }
        guard !isGiven, layers.environment[BrokerSettings.variable(of: name)] == nil else { return }
        layers.flags[name] = value
    }

    /// - Throws: `SettingError` for the first value that cannot be.
    package func settings() throws -> BrokerSettings { try BrokerSettings(layers) }

    // MARK: File

    /// Reads a YAML file; nested keys are joined with dots, so `log: {retention: {ms: 1}}` is `log.retention.ms: 1`.
    private static func read(_ path: String) throws -> [String: String] {
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

extension BrokerSettings {
    /// The folder of all data, for processes that do not work without one.
    package func requiredDataDirectory() throws -> String {
        guard let named = dataDirectory else {
            throw UsageError("log.dirs must be set: it names the folder for all data")
        }
        return URL(fileURLWithPath: named).standardizedFileURL.path
    }
}
