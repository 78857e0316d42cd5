// SPDX-License-Identifier: Apache-2.0

import AdminClient
import ArgumentParser
import WireProtocol

struct TopicAlter: ParsableCommand, NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "alter", abstract: "Changes settings of a topic or adds partitions.",
        discussion: """
            All changes of one call are made, or none. Partitions can only be added; records with a key that was hashed over \
            the old number stay where they are, new ones of the same key may go elsewhere.

            EXAMPLES:
              myelin topic alter orders --set retention.ms=86400000
              myelin topic alter orders --unset retention.ms
              myelin topic alter orders --append cleanup.policy=compact --dry-run
              myelin topic alter orders --partitions 12 --dry-run
            """)

    @Argument(help: "Topic.")
    var name: String

    @Option(name: .shortAndLong, help: ArgumentHelp("New number of partitions, more than now.", valueName: "count"))
    var partitions: Int32?

    @OptionGroup var changes: ConfigChangeOptions

    @Flag(help: "Check everything, change nothing.")
    var dryRun = false

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        guard changes.alterations.isEmpty, partitions == nil else { return }
        throw ValidationError("Nothing to change: give --set, --unset, --append, --subtract or --partitions")
    }

    private var summary: String {
        (changes.summaries + [partitions.map { "\($0) partitions" }].compactMap(\.self)).joined(separator: ", ")
    }

    func run(_ node: NodeSession, in surroundings: Surroundings) async throws {
        let alteration = Admin.TopicAlteration.with {
            $0.name = name
            $0.configs = changes.alterations
            $0.partitionCount = partitions
        }
        let outcomes = try await node.client.alterTopics([alteration], validateOnly: dryRun)
        let report = OutcomeReport(
            outcomes: outcomes, listName: "topics",
            line: { "\(dryRun ? "would change" : "changed") topic \($0.name): \(summary)" },
            fields: { $0.fields + [.init("changed", .bool($0.error == nil && !dryRun))] })
        try await node.show(outcomes, report, as: outputOptions.output, in: surroundings) { .topic($0.name) }
    }
}

/// Changes of settings; shared by topics and brokers.
struct ConfigChangeOptions: ParsableArguments {
    @Option(name: [.customShort("s"), .long], help: ArgumentHelp("Gives a setting a value.", valueName: "key=value"))
    var set: [Assignment] = []

    @Option(help: ArgumentHelp("Takes a setting back to what it inherits.", valueName: "key"))
    var unset: [String] = []

    @Option(help: ArgumentHelp("Adds to a setting that is a list.", valueName: "key=value"))
    var append: [Assignment] = []

    @Option(help: ArgumentHelp("Takes from a setting that is a list.", valueName: "key=value"))
    var subtract: [Assignment] = []

    var alterations: [Admin.ConfigAlteration] {
        return set.map { alteration($0.key, .set, $0.value) } + unset.map { alteration($0, .delete, "") }
            + append.map { alteration($0.key, .append, $0.value) }
            + subtract.map { alteration($0.key, .subtract, $0.value) }
    }

    /// One for each change, as it is told to people.
    var summaries: [String] {
        return set.map { "\($0.key)=\($0.value)" } + unset.map { "\($0) unset" }
            + append.map { "\($0.key) has \($0.value) too" } + subtract.map { "\($0.key) without \($0.value)" }
    }

    private func alteration(_ name: String, _ operation: Admin.ConfigOperation, _ value: String)
        -> Admin.ConfigAlteration
    { .with { ($0.name, $0.operation, $0.value) = (name, operation, value) } }
}
