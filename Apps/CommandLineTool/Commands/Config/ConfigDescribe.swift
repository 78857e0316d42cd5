// SPDX-License-Identifier: Apache-2.0

import AdminClient
import ArgumentParser
import WireProtocol

struct ConfigDescribe: ParsableCommand, NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "describe", abstract: "Shows the settings of a topic, a broker or a subscription as they are now.",
        discussion: """
            Shows what somebody set; --all shows every setting.

            EXAMPLES:
              myelin config describe --topic orders --all
              myelin config describe --broker 1
              myelin config describe --broker all
              myelin config describe --client-metrics all --all
              myelin config describe --broker 1 num.partitions log.retention.ms
            """)

    @Argument(help: "Only these settings.")
    var keys: [String] = []

    @OptionGroup var resourceOptions: ConfigResourceOptions

    @Flag(help: "Every setting, not only those that were set.")
    var all = false

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        if resourceOptions.resource == nil {
            throw ValidationError("Say whose settings: --topic, --broker or --client-metrics")
        }
    }

    func run(_ node: NodeSession, in surroundings: Surroundings) async throws {
        guard let resource = resourceOptions.resource else { return }
        let descriptions = try await node.client.describeConfigs([resource], names: keys, includingSynonyms: true)
        let report = ConfigDescriptionReport(descriptions: descriptions, showsAll: all || !keys.isEmpty)
        try await node.show(descriptions, report, as: outputOptions.output, in: surroundings) { $0.resource.subject }
    }
}

struct ConfigDescriptionReport: Report {
    let descriptions: [Admin.ConfigDescription]
    let showsAll: Bool

    var document: Document {
        [
            "resources": .list(
                descriptions.map {
                    [
                        "resource": $0.resource.document, "configs": .list($0.entries.map(\.document)),
                        "error": .error($0.error),
                    ]
                })
        ]
    }

    func lines(on terminal: Terminal) -> [String] {
        descriptions.succeeded.flatMap { description -> [String] in
            let entries = description.entries.filter { showsAll || $0.origin != .defaultValue }
            guard !entries.isEmpty else { return ["nothing is set on \(description.resource.shown.printable)"] }
            return ConfigTable(entries: entries).lines(on: terminal)
        }
    }
}
