// SPDX-License-Identifier: Apache-2.0

import AdminClient
import ArgumentParser
import WireProtocol

struct GroupDelete: ParsableCommand, NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Deletes groups that have no members, with their committed offsets.",
        discussion: """
            A consumer that comes back under the id begins where its auto.offset.reset says. Asks; without a terminal it \
            needs --yes.

            EXAMPLES:
              myelin group delete billing --dry-run
              myelin group delete billing --yes
            """)

    @Argument(help: "Groups. No patterns: every one has to be named.")
    var ids: [String]

    @OptionGroup var confirmation: ConfirmationOptions
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        if ids.isEmpty { throw ValidationError("Name at least one group") }
    }

    func run(_ node: NodeSession, in surroundings: Surroundings) async throws {
        let plan = try await node.client.deleteGroups(ids, validateOnly: true)
        if confirmation.dryRun { return try await show(plan, "would delete", node, surroundings) }
        for group in plan { try await node.check(group, about: .group(group.groupID)) }
        let names = ids.joined(separator: ", ")
        try surroundings.confirm(
            [
                "This deletes \(ids.count == 1 ? "group" : "the groups") \(names) with the committed offsets from "
                    + "\(node.address.text). It cannot be undone."
            ], ids.count == 1 ? "Delete the group?" : "Delete the groups?", unless: confirmation.yes)
        try await show(try await node.client.deleteGroups(ids), "deleted", node, surroundings)
    }

    private func show(
        _ outcomes: [Admin.GroupOutcome], _ verb: String, _ node: NodeSession, _ surroundings: Surroundings
    ) async throws {
        let report = OutcomeReport(
            outcomes: outcomes, listName: "groups", line: { "\(verb) group \($0.groupID)" },
            fields: {
                [
                    .init("groupId", .text($0.groupID)),
                    .init("deleted", .bool($0.error == nil && !confirmation.dryRun)),
                ]
            })
        try await node.show(outcomes, report, as: outputOptions.output, in: surroundings) { .group($0.groupID) }
    }
}
