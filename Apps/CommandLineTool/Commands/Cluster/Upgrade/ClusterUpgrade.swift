// SPDX-License-Identifier: Apache-2.0

import AdminClient
import ArgumentParser
import Primitives
import WireProtocol

struct ClusterUpgrade: ParsableCommand, NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "upgrade", abstract: "Restarts every node, one after the other, without an interruption.",
        discussion: """
            Install the new version on every machine first. Controllers come first, the active one last of them, then brokers. Before \
            each node, waits until no partition is under-replicated and the quorum is complete; after it, until it is back and in \
            sync. Stops at the first node that does not come back; the same command goes on.

            --restart-command is run by /bin/sh with {role}, {id} and {host} replaced. Without it, brokers are asked to stop and \
            their supervisor must start them again; controllers cannot be asked, so it takes --only brokers.

            When all nodes run the new version, --finalize raises the features. Until then, going back is installing the old \
            version and running the command again; --rollback lowers features to the lowest level that every node still writes.

            EXAMPLES:
              myelin cluster upgrade --only brokers --dry-run
              myelin cluster upgrade --restart-command 'sudo systemctl -H {host} \\
                restart myelin-{role}@{id}' --yes
              myelin cluster upgrade --finalize
            """)

    @Option(help: ArgumentHelp("Restarts one node.", valueName: "command"))
    var restartCommand: String?

    @Option(help: "Restart these only.")
    var only: UpgradeScope?

    @Option(help: ArgumentHelp("How long one node may take.", valueName: "duration"))
    var timeout = DurationArgument(milliseconds: 300_000)

    @Flag(help: "Raise every feature to the highest level that all nodes can; restart nothing.")
    var finalize = false

    @Flag(help: "Lower every feature to the lowest level that all nodes can; restart nothing.")
    var rollback = false

    @OptionGroup var confirmation: ConfirmationOptions
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        if finalize, rollback { throw ValidationError("Give one of --finalize and --rollback") }
        if finalize || rollback, restartCommand != nil || only != nil {
            throw ValidationError("--finalize and --rollback restart nothing: leave --restart-command and --only away")
        }
    }

    func run(_ node: NodeSession, in surroundings: Surroundings) async throws {
        let info = try await node.client.clusterInfo()
        if finalize || rollback { return try await changeLevels(info, node, surroundings) }
        let nodes = UpgradePlan.nodes(of: info).filter { only?.includes($0.role) ?? true }
        if restartCommand == nil, let controller = nodes.first(where: { $0.role == .controller }) {
            throw Failure.usage(
                "\(controller) cannot be asked to restart",
                advice: [
                    "Say how with --restart-command, or restart the controllers by hand and add --only brokers."
                ])
        }
        if confirmation.dryRun {
            return try surroundings.show(UpgradeReport(nodes: nodes, steps: []), as: outputOptions.output)
        }
        try surroundings.confirm(
            [
                "This restarts \(nodes.map(\.description).joined(separator: ", ")) of \(node.address.text), one after "
                    + "the other."
            ], "Restart them?", unless: confirmation.yes)
        let roster = try Roster(node.client, info)
        let restart = RollingRestart(
            roster: roster, surroundings: surroundings, restartCommand: restartCommand,
            patience: .milliseconds(timeout.milliseconds))
        let result: Result<[RollingRestart.Step], any Error>
        do { result = .success(try await restart.run(nodes)) } catch { result = .failure(error) }
        await roster.close()
        try surroundings.show(UpgradeReport(nodes: nodes, steps: try result.get()), as: outputOptions.output)
    }

    private func changeLevels(
        _ info: Admin.ClusterInfoResponse, _ node: NodeSession, _ surroundings: Surroundings
    ) async throws {
        let updates = UpgradePlan.levels(of: info.features, rollingBack: rollback)
        guard !updates.isEmpty else {
            return try surroundings.show(FeatureListReport(features: info.features), as: outputOptions.output)
        }
        var features = try await node.client.updateFeatures(updates, allowsDowngrade: rollback, validateOnly: true)
        if !confirmation.dryRun {
            let list = updates.map { "\($0.name) to level \($0.level)" }.joined(separator: ", ")
            let consequence = rollback ? "" : " The version before this one cannot be gone back to without --rollback."
            try surroundings.confirm(
                ["This sets \(list) for the whole cluster.\(consequence)"], "Change the levels?",
                unless: confirmation.yes)
            features = try await node.client.updateFeatures(updates, allowsDowngrade: rollback)
        }
        try surroundings.show(FeatureListReport(features: features), as: outputOptions.output)
    }
}

/// Which nodes an upgrade restarts.
enum UpgradeScope: String, CaseIterable, ExpressibleByArgument, Sendable {
    case brokers, controllers

    func includes(_ role: UpgradeNode.Role) -> Bool { (self == .brokers) == (role == .broker) }
}

struct UpgradeReport: Report {
    let nodes: [UpgradeNode]
    /// Empty for a plan.
    let steps: [RollingRestart.Step]

    var document: Document {
        [
            "nodes": .list(
                nodes.map { node in
                    let step = steps.first { $0.node == node }
                    return [
                        "role": .text(node.role.rawValue), "nodeId": .integer(node.id.rawValue),
                        "host": .text(node.host), "restarted": .bool(step != nil),
                        "elapsedMilliseconds": .optional(step.map { $0.elapsed.nanoseconds / 1_000_000 }),
                    ]
                })
        ]
    }

    func lines(on terminal: Terminal) -> [String] {
        guard !steps.isEmpty else { return nodes.map { "would restart \($0) on \($0.host)".printable } }
        let longest = steps.map { $0.elapsed.nanoseconds }.max() ?? 0
        return [
            "restarted \(Units.count(Int64(steps.count), "node")); the slowest took "
                + Units.duration(milliseconds: longest / 1_000_000),
            "When all is well with the new version: myelin cluster upgrade --finalize",
        ]
    }
}
