// SPDX-License-Identifier: Apache-2.0

import AdminClient
import ArgumentParser
import WireProtocol

struct ClusterFeatures: ParsableCommand, NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "features", abstract: "Shows the levels of features; raises or lowers them.",
        discussion: """
            A level is finalized for the whole cluster when every node can do it; 'myelin cluster upgrade --finalize' raises all \
            of them. Lowering one is refused where it would lose what is stored.

            EXAMPLES:
              myelin cluster features
              myelin cluster features --set myelin.metadata=1 --dry-run
            """)

    @Option(
        name: [.customShort("s"), .long], help: ArgumentHelp("The new level of a feature.", valueName: "name=level"))
    var set: [Assignment] = []

    @Flag(help: "Levels may be lowered.")
    var allowDowngrade = false

    @OptionGroup var confirmation: ConfirmationOptions
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        for assignment in set where Int32(assignment.value) == nil {
            throw ValidationError("'\(assignment.value)' is no level of \(assignment.key)")
        }
    }

    func run(_ node: NodeSession, in surroundings: Surroundings) async throws {
        let updates = set.map { assignment in
            Admin.FeatureUpdate.with { ($0.name, $0.level) = (assignment.key, Int32(assignment.value) ?? 0) }
        }
        guard !updates.isEmpty else {
            let features = try await node.client.clusterInfo().features
            return try surroundings.show(FeatureListReport(features: features), as: outputOptions.output)
        }
        var features = try await node.client.updateFeatures(
            updates, allowsDowngrade: allowDowngrade, validateOnly: true)
        if !confirmation.dryRun {
            let list = set.map { "\($0.key) to level \($0.value)" }.joined(separator: ", ")
            try surroundings.confirm(
                ["This sets \(list), for every node of the cluster."], "Change the levels?", unless: confirmation.yes)
            features = try await node.client.updateFeatures(updates, allowsDowngrade: allowDowngrade)
        }
        try surroundings.show(FeatureListReport(features: features), as: outputOptions.output)
    }
}

struct FeatureListReport: Report {
    let features: [Admin.FeatureInfo]

    var document: Document { ["features": .list(features.map(\.document))] }

    func lines(on terminal: Terminal) -> [String] {
        var table = Table([.text("FEATURE"), .number("LEVEL"), .number("MIN"), .number("MAX")])
        for feature in features {
            table.add([
                Cell(feature.name), "\(feature.finalizedLevel)", "\(feature.supportedLevelMin)",
                "\(feature.supportedLevelMax)",
            ])
        }
        return table.lines(on: terminal)
    }
}
