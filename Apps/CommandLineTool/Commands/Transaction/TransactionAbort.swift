// SPDX-License-Identifier: Apache-2.0

import AdminClient
import ArgumentParser
import WireProtocol

struct TransactionAbort: ParsableCommand, NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "abort", abstract: "Aborts ongoing transactions and fences their producers.",
        discussion: """
            Those who read committed records go on behind it; the producer gets an error and begins anew. Asks; without a \
            terminal it needs --yes.

            EXAMPLES:
              myelin txn abort billing-1 --dry-run
              myelin txn abort billing-1 --yes
            """)

    @Argument(help: "Transactional ids. No patterns: every one has to be named.")
    var ids: [String]

    @OptionGroup var confirmation: ConfirmationOptions
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        if ids.isEmpty { throw ValidationError("Name at least one transactional id") }
    }

    func run(_ node: NodeSession, in surroundings: Surroundings) async throws {
        let plan = try await node.client.abortTransactions(ids, validateOnly: true)
        if confirmation.dryRun { return try await show(plan, "would abort", node, surroundings) }
        for outcome in plan { try await node.check(outcome, about: .transaction(outcome.transactionalID)) }
        try surroundings.confirm(
            [
                "This aborts the open transaction of \(ids.joined(separator: ", ")) on \(node.address.text): what was "
                    + "written in it is never shown to those who read committed records."
            ], ids.count == 1 ? "Abort the transaction?" : "Abort the transactions?", unless: confirmation.yes)
        try await show(try await node.client.abortTransactions(ids), "aborted", node, surroundings)
    }

    private func show(
        _ outcomes: [Admin.TransactionOutcome], _ verb: String, _ node: NodeSession, _ surroundings: Surroundings
    ) async throws {
        let report = OutcomeReport(
            outcomes: outcomes, listName: "transactions", line: { "\(verb) the transaction of \($0.transactionalID)" },
            fields: {
                [
                    .init("transactionalId", .text($0.transactionalID)),
                    .init("aborted", .bool($0.error == nil && !confirmation.dryRun)),
                ]
            })
        try await node.show(outcomes, report, as: outputOptions.output, in: surroundings) {
            .transaction($0.transactionalID)
        }
    }
}
