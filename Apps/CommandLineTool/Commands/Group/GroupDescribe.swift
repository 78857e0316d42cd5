// SPDX-License-Identifier: Apache-2.0

import AdminClient
import ArgumentParser
import Primitives
import WireProtocol

struct GroupDescribe: ParsableCommand, NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "describe", abstract: "Shows the members of groups and what each one reads.",
        discussion: """
            EXAMPLES:
              myelin group describe billing
              myelin group describe billing --output json | jq '.groups[0].members'
            """)

    @Argument(help: "Groups.")
    var ids: [String]

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        if ids.isEmpty { throw ValidationError("Name at least one group") }
    }

    func run(_ node: NodeSession, in surroundings: Surroundings) async throws {
        let groups = try await node.client.describeGroups(ids)
        try await node.show(groups, GroupDescriptionReport(groups: groups), as: outputOptions.output, in: surroundings)
        {
            .group($0.groupID)
        }
    }
}

struct GroupDescriptionReport: Report {
    let groups: [Admin.GroupDescription]

    var document: Document { ["groups": .list(groups.map(\.document))] }

    func lines(on terminal: Terminal) -> [String] {
        groups.succeeded.enumerated().flatMap { index, group in
            (index == 0 ? [] : [""]) + facts(group).lines(on: terminal) + memberLines(group, terminal)
        }
    }

    private func facts(_ group: Admin.GroupDescription) -> Facts {
        var facts = Facts()
        facts.add("group", Cell(group.groupID, .bold))
        facts.add("state", Cell(group.state))
        facts.add("type", Cell(group.groupType))
        facts.add("assignor", Cell(group.protocolName.isEmpty ? "-" : group.protocolName))
        facts.add("generation", "\(group.generation)")
        facts.add("coordinator", "node \(group.coordinatorID)")
        facts.add("members", "\(group.members.count)")
        return facts
    }

    private func memberLines(_ group: Admin.GroupDescription, _ terminal: Terminal) -> [String] {
        guard !group.members.isEmpty else { return [] }
        var table = Table([
            .text("MEMBER"), .text("INSTANCE"), .text("CLIENT"), .text("HOST"), .number("PARTITIONS"),
            .text("ASSIGNMENT"),
        ])
        for member in group.members {
            let count = member.assignment.reduce(0) { $0 + $1.partitions.count }
            let topics = member.assignment.map { "\($0.topic):\($0.partitions.map { "\($0)" }.joined(separator: ","))" }
            table.add([
                Cell(member.memberID), Cell(member.groupInstanceID), Cell(member.clientID), Cell(member.clientHost),
                "\(count)", Cell(topics.joined(separator: " ")),
            ])
        }
        return [""] + table.lines(on: terminal)
    }
}

extension Admin.GroupDescription {
    fileprivate var document: Document {
        [
            "groupId": .text(groupID), "state": .text(state), "groupType": .text(groupType),
            "protocolType": .text(protocolType), "protocolName": .text(protocolName),
            "coordinatorId": .integer(coordinatorID.rawValue), "generation": .integer(generation),
            "members": .list(members.map(\.document)), "error": .error(error),
        ]
    }
}

extension Admin.GroupMember {
    fileprivate var document: Document {
        [
            "memberId": .text(memberID), "groupInstanceId": .text(groupInstanceID), "clientId": .text(clientID),
            "clientHost": .text(clientHost),
            "assignment": .list(
                assignment.map {
                    ["topic": .text($0.topic), "partitions": .list($0.partitions.map { .integer($0.rawValue) })]
                }),
        ]
    }
}
