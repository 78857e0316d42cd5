// SPDX-License-Identifier: Apache-2.0

import AdminClient
import ArgumentParser
import Coordinator
import Primitives
import WireProtocol

struct ConfigExplain: ParsableCommand, ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Tells value, origin, default and meaning of a setting.",
        discussion: """
            Asks the broker for the value it uses and for everything the value was chosen from, strongest first. --offline \
            explains the setting itself, without a node.

            EXAMPLES:
              myelin config explain log.retention.hours
              myelin config explain retention.ms --topic orders
              myelin config explain min.insync.replicas --offline
            """)

    @Argument(help: "Setting.")
    var key: String

    @OptionGroup var resourceOptions: ConfigResourceOptions

    @Flag(help: "Ask no node.")
    var offline = false

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    func run(in surroundings: Surroundings) async throws {
        let meaning = try SettingMeaning(of: key, owner: resourceOptions.owner)
        // Only a broker's setting has a value when none is named; of others the meaning can be told.
        let resource = resourceOptions.resource ?? (meaning.owner == .broker ? Admin.ConfigResource() : nil)
        guard !offline, let resource else {
            return try surroundings.show(SettingReport(meaning: meaning, entry: nil), as: outputOptions.output)
        }
        try await asking(connection, in: surroundings) { node in
            let entry = try await explain(resource, on: node)
            try surroundings.show(SettingReport(meaning: meaning, entry: entry), as: outputOptions.output)
        }
    }

    private func explain(_ resource: Admin.ConfigResource, on node: NodeSession) async throws -> Admin.ConfigEntry {
        var resource = resource
        if resource.type == .unspecified {
            resource = .broker(try await node.client.clusterInfo().answeringNodeID.rawValue)
        }
        do {
            return try await node.client.explainConfig(key, of: resource)
        } catch {
            throw await error.code == .notFound ? node.failure(error, about: resource.subject) : node.explained(error)
        }
    }
}

struct SettingReport: Report {
    let meaning: SettingMeaning
    /// nil when no node was asked.
    let entry: Admin.ConfigEntry?

    func lines(on terminal: Terminal) -> [String] {
        let definition = meaning.definition
        var facts = Facts()
        facts.add("setting", Cell(definition.name, .bold))
        if let entry {
            facts.add("value", Cell(entry.shownValue))
            facts.add("origin", Cell(entry.origin.shown))
        }
        facts.add("default", Cell(definition.isSensitive ? "(hidden)" : meaning.builtIn ?? "none"))
        facts.add("type", Cell(typeText))
        facts.add("allowed", Cell("\(definition.allowed)"))
        facts.add("kind", Cell(kindText))
        if !meaning.relatives.isEmpty {
            let name = meaning.owner == .topic ? "defaults from" : "default of"
            facts.add(name, Cell(meaning.relatives.joined(separator: ", ")))
        }
        facts.add("change", Cell(meaning.change))
        return facts.lines(on: terminal) + ["", definition.documentation] + synonymLines(terminal)
    }

    private var kindText: String {
        let owner = meaning.owner.rawValue
        return meaning.owner == .broker ? "\(owner), \(meaning.definition.scope.rawValue)" : owner
    }

    private var typeText: String {
        let unit = meaning.definition.unit.rawValue
        return unit.isEmpty || unit == "count"
            ? meaning.definition.kind.rawValue : "\(meaning.definition.kind.rawValue), \(unit)"
    }

    private func synonymLines(_ terminal: Terminal) -> [String] {
        guard let entry, entry.synonyms.count > 1 else { return [] }
        var table = Table([.text("CHOSEN FROM"), .text("VALUE"), .text("ORIGIN")])
        for synonym in entry.synonyms {
            table.add([Cell(synonym.name), Cell(synonym.value ?? "(hidden)"), Cell(synonym.origin.shown)])
        }
        return [""] + table.lines(on: terminal)
    }

    var document: Document {
        let definition = meaning.definition
        return [
            "name": .text(definition.name), "value": .optional(entry?.value),
            "origin": .optional(entry.map { "\($0.origin)" }),
            "defaultValue": definition.isSensitive ? .null : .optional(meaning.builtIn),
            "type": .text(definition.kind.rawValue), "unit": .text(definition.unit.rawValue),
            "allowed": .text("\(definition.allowed)"), "appliesTo": .text(meaning.owner.rawValue),
            "scope": .text(definition.scope.rawValue), "isSensitive": .bool(definition.isSensitive),
            "hasEffect": .bool(definition.effect == .active), "related": .texts(meaning.relatives),
            "documentation": .text(definition.documentation),
            "synonyms": entry?.document["synonyms"] ?? .list([]),
        ]
    }
}
