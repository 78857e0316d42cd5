// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Coordinator

struct ConfigList: ParsableCommand, ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists settings with their defaults.",
        discussion: """
            Needs no node. Settings that are accepted but have no effect are marked.

            EXAMPLES:
              myelin config list
              myelin config list 'retention*' --kind topic
              myelin config list --output json | jq -r '.settings[].name'
            """)

    @Argument(help: "Names, or patterns with * and ?.")
    var patterns: [String] = []

    @Option(help: "broker, topic or client-metrics; without it all.")
    var kind: SettingOwner?

    @OptionGroup var outputOptions: OutputOptions

    func run(in surroundings: Surroundings) async throws {
        let wanted = patterns.map { NamePattern($0) }
        let owners = kind.map { [$0] } ?? [.topic, .broker, .clientMetrics]
        let meanings = owners.flatMap { owner in
            owner.table.definitions.map { SettingMeaning(definition: $0, owner: owner) }
        }.filter { meaning in wanted.isEmpty || wanted.contains { $0.matches(meaning.definition.name) } }
        try surroundings.show(SettingListReport(meanings: meanings), as: outputOptions.output)
    }
}

extension SettingOwner: ExpressibleByArgument {}

struct SettingListReport: Report {
    let meanings: [SettingMeaning]

    var document: Document {
        ["settings": .list(meanings.map { SettingReport(meaning: $0, entry: nil).document })]
    }

    func lines(on terminal: Terminal) -> [String] {
        guard !meanings.isEmpty else { return ["no settings"] }
        var table = Table([.text("SETTING"), .text("OF"), .text("TYPE"), .text("DEFAULT"), .text("MEANING")])
        for meaning in meanings {
            let definition = meaning.definition
            table.add([
                Cell(definition.name, definition.effect == .none ? .dim : .plain),
                Cell(meaning.owner.rawValue), Cell(definition.kind.rawValue),
                Cell(definition.isSensitive ? "(hidden)" : meaning.builtIn ?? "-"), Cell(definition.documentation),
            ])
        }
        return table.lines(on: terminal)
    }
}
