// SPDX-License-Identifier: Apache-2.0

import AdminClient
import ArgumentParser
import WireProtocol

struct ConfigAlter: ParsableCommand, NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "alter", abstract: "Changes settings of a topic, a broker or a subscription while it runs.",
        discussion: """
            All changes of one call are made, or none. What cannot change while a broker runs is refused.

            EXAMPLES:
              myelin config alter --topic orders --set retention.ms=86400000
              myelin config alter --broker all --set log.retention.ms=604800000 --dry-run
              myelin config alter --topic orders --unset retention.ms
              myelin config alter --client-metrics all --set 'metrics=*'
            """)

    @OptionGroup var resourceOptions: ConfigResourceOptions
    @OptionGroup var changes: ConfigChangeOptions

    @Flag(help: "Check everything, change nothing.")
    var dryRun = false

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        if resourceOptions.resource == nil {
            throw ValidationError("Say whose settings: --topic, --broker or --client-metrics")
        }
        if changes.alterations.isEmpty {
            throw ValidationError("Nothing to change: give --set, --unset, --append or --subtract")
        }
    }

    func run(_ node: NodeSession, in surroundings: Surroundings) async throws {
        guard let resource = resourceOptions.resource else { return }
        let alteration = Admin.ConfigResourceAlteration.with {
            ($0.resource, $0.alterations) = (resource, changes.alterations)
        }
        let outcomes = try await node.client.alterConfigs([alteration], validateOnly: dryRun)
        let report = OutcomeReport(
            outcomes: outcomes, listName: "resources",
            line: {
                "\(dryRun ? "would change" : "changed") \($0.resource.shown): "
                    + changes.summaries.joined(separator: ", ")
            },
            fields: {
                [
                    .init("resource", $0.resource.document),
                    .init("changed", .bool($0.error == nil && !dryRun)),
                ]
            })
        try await node.show(outcomes, report, as: outputOptions.output, in: surroundings) { $0.resource.subject }
    }
}
