// SPDX-License-Identifier: Apache-2.0

import AdminClient
import ArgumentParser
import Primitives
import WireProtocol

struct GroupList: ParsableCommand, NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists groups with state and members.",
        discussion: """
            EXAMPLES:
              myelin group list
              myelin group list 'billing*'
              myelin group list --state Empty
              myelin group list --output json | jq -r '.groups[].groupId'
            """)

    @Argument(help: "Ids, or patterns with * and ?.")
    var patterns: [String] = []

    @Option(help: ArgumentHelp("Only in this state: Stable, Empty, PreparingRebalance …", valueName: "state"))
    var state: [String] = []

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    func run(_ node: NodeSession, in surroundings: Surroundings) async throws {
        let wanted = patterns.map { NamePattern($0) }
        let groups = try await node.client.groups(states: state).filter { group in
            wanted.isEmpty || wanted.contains { $0.matches(group.groupID) }
        }
        try surroundings.show(GroupListReport(groups: groups), as: outputOptions.output)
    }
}

struct GroupListReport: Report {
    let groups: [Admin.GroupSummary]

    var document: Document {
        [
            "groups": .list(
                groups.map {
                    [
                        "groupId": .text($0.groupID), "state": .text($0.state), "groupType": .text($0.groupType),
                        "protocolType": .text($0.protocolType), "memberCount": .integer($0.memberCount),
                        "coordinatorId": .integer($0.coordinatorID.rawValue),
                    ]
                })
        ]
    }

    func lines(on terminal: Terminal) -> [String] {
        guard !groups.isEmpty else { return ["no groups"] }
        var table = Table([
            .text("GROUP"), .text("STATE"), .text("TYPE"), .number("MEMBERS"), .number("COORDINATOR"),
        ])
        for group in groups {
            table.add([
                Cell(group.groupID), Cell(group.state), Cell(group.groupType), "\(group.memberCount)",
                "\(group.coordinatorID)",
            ])
        }
        return table.lines(on: terminal)
    }
}
