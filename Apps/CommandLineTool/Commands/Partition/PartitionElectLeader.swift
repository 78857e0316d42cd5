// SPDX-License-Identifier: Apache-2.0

import AdminClient
import ArgumentParser
import Primitives
import WireProtocol

struct PartitionElectLeader: ParsableCommand, NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "elect-leader", abstract: "Gives partitions back to their preferred leaders.",
        discussion: """
            The preferred leader is the first of the replicas. --unclean makes any live replica the leader of a partition that has \
            none: records that it does not have are lost, and the loss is written down ('myelin doctor' shows it). It asks; without \
            a terminal it needs --yes.

            EXAMPLES:
              myelin partition elect-leader --all --dry-run
              myelin partition elect-leader orders
              myelin partition elect-leader orders:3 --unclean --dry-run
            """)

    @Argument(help: ArgumentHelp("Which: orders or orders:0,2-5.", valueName: "topic[:set]"))
    var partitions: [TopicSelection] = []

    @Flag(help: "Every partition of the cluster.")
    var all = false

    @Flag(help: "Take a live replica that may lack records, where there is no leader.")
    var unclean = false

    @OptionGroup var confirmation: ConfirmationOptions
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        if partitions.isEmpty != all { throw ValidationError("Give either partitions or --all") }
    }

    func run(_ node: NodeSession, in surroundings: Surroundings) async throws {
        let type: Admin.LeaderElectionType = unclean ? .unclean : .preferred
        let chosen = partitions.map(\.message)
        var outcomes = try await node.client.electLeaders(of: chosen, type, validateOnly: true)
        if !confirmation.dryRun {
            let places = outcomes.succeeded.map(\.place)
            if unclean, !places.isEmpty {
                let list = places.prefix(10).joined(separator: ", ")
                try surroundings.confirm(
                    [
                        "This loses every record of \(list)\(places.count > 10 ? " …" : "") that the new leader does not "
                            + "have. It cannot be undone."
                    ], "Elect leaders that may lack records?", unless: confirmation.yes)
            }
            outcomes = try await node.client.electLeaders(of: chosen, type)
        }
        let verb = confirmation.dryRun ? "would lead" : "leads"
        let report = OutcomeReport(
            outcomes: outcomes, listName: "partitions",
            line: {
                let before = $0.previousLeaderID.rawValue < 0 ? "nobody" : "\($0.previousLeaderID)"
                return "\($0.leaderID) \(verb) \($0.place), \(before) did"
            },
            fields: {
                [
                    .init("topic", .text($0.topic)), .init("partition", .integer($0.partition.rawValue)),
                    .init("previousLeaderId", .integer($0.previousLeaderID.rawValue)),
                    .init("leaderId", .integer($0.leaderID.rawValue)),
                    .init("elected", .bool($0.error == nil && !confirmation.dryRun)),
                ]
            })
        try await node.show(outcomes, report, as: outputOptions.output, in: surroundings) { .other($0.place) }
    }
}

extension Admin.LeaderElectOutcome {
    fileprivate var place: String { "\(topic)-\(partition)" }
}
