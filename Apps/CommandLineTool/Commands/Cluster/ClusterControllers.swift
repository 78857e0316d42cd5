// SPDX-License-Identifier: Apache-2.0

import AdminClient
import ArgumentParser
import Primitives
import Transport
import WireProtocol

struct ClusterControllers: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "controllers",
        abstract: "Lists the controllers; adds one to the quorum, removes one, or says where one is.",
        discussion: """
            EXAMPLES:
              myelin cluster controllers
              myelin cluster controllers add 4 10.0.0.4:9191 --dry-run
              myelin cluster controllers remove 2 --dry-run
              myelin cluster controllers move 1 c1.example.org:9191 --dry-run
            """,
        subcommands: [ControllerList.self, ControllerAdd.self, ControllerRemove.self, ControllerMove.self],
        defaultSubcommand: ControllerList.self)
}

struct ControllerList: ParsableCommand, NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Shows the metadata quorum: who is active, who votes, who is behind.",
        discussion: """
            EXAMPLES:
              myelin cluster controllers list
            """)

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    func run(_ node: NodeSession, in surroundings: Surroundings) async throws {
        let info = try await node.client.clusterInfo()
        try surroundings.show(
            ControllerListReport(activeID: info.controllerID, controllers: info.controllers),
            as: outputOptions.output)
        if info.controllerID.rawValue < 0 { throw NotWell() }
    }
}

struct ControllerAdd: ParsableCommand, NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Gives a controller that follows the quorum a vote.",
        discussion: """
            Start the new controller first, and wait until 'myelin cluster controllers' shows it without a lag.

            EXAMPLES:
              myelin cluster controllers add 4 10.0.0.4:9191 --yes
            """)

    @Argument(help: "Controller.")
    var id: NodeArgument

    @Argument(help: ArgumentHelp("Where it answers RPC; the port is 9191 where none is given.", valueName: "address"))
    var address: String

    @OptionGroup var change: VoterChangeOptions
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    func run(_ node: NodeSession, in surroundings: Surroundings) async throws {
        let found = try VoterChangeOptions.address(address)
        let request = Admin.VoterChangeRequest.with {
            ($0.action, $0.nodeID, $0.directoryID) = (.add, id.node, change.directory ?? "")
            ($0.host, $0.port) = (found.host, Int32(found.port))
        }
        try await change.perform(
            request, deed: "This gives controller \(id.node) at \(found) a vote.", outputOptions, node, surroundings)
    }
}

struct ControllerRemove: ParsableCommand, NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Takes a controller's vote.",
        discussion: """
            The quorum needs more than half of its voters: remove one only when the others are well. The active controller hands \
            over first.

            EXAMPLES:
              myelin cluster controllers remove 2 --yes
            """)

    @Argument(help: "Controller.")
    var id: NodeArgument

    @OptionGroup var change: VoterChangeOptions
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    func run(_ node: NodeSession, in surroundings: Surroundings) async throws {
        let request = Admin.VoterChangeRequest.with {
            ($0.action, $0.nodeID, $0.directoryID) = (.remove, id.node, change.directory ?? "")
        }
        try await change.perform(
            request, deed: "This takes the vote of controller \(id.node).", outputOptions, node, surroundings)
    }
}

struct ControllerMove: ParsableCommand, NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "move", abstract: "Tells the quorum where a voter answers from now on.",
        discussion: """
            The others call it there at once, and keep trying: it may be started at the new address before or afterwards. \
            Change its own myelin.rpc.advertised.host, too.

            EXAMPLES:
              myelin cluster controllers move 1 c1.example.org:9191 --yes
            """)

    @Argument(help: "Controller.")
    var id: NodeArgument

    @Argument(help: ArgumentHelp("Where it answers RPC; the port is 9191 where none is given.", valueName: "address"))
    var address: String

    @OptionGroup var change: VoterChangeOptions
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    func run(_ node: NodeSession, in surroundings: Surroundings) async throws {
        let found = try VoterChangeOptions.address(address)
        let request = Admin.VoterChangeRequest.with {
            ($0.action, $0.nodeID, $0.directoryID) = (.move, id.node, change.directory ?? "")
            ($0.host, $0.port) = (found.host, Int32(found.port))
        }
        try await change.perform(
            request, deed: "This looks for controller \(id.node) at \(found).", outputOptions, node, surroundings)
    }
}

struct VoterChangeOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Id of its data folder, where two controllers were started under one id.", valueName: "directory"))
    var directory: String?

    @OptionGroup var confirmation: ConfirmationOptions

    static func address(_ text: String) throws -> NetworkAddress {
        guard let found = NetworkAddress(parsing: text, portDefault: 9191) else {
            throw Failure.usage("'\(text)' is no address", advice: ["Write host:port, for example 10.0.0.4:9191."])
        }
        return found
    }

    func perform(
        _ request: Admin.VoterChangeRequest, deed: String, _ output: OutputOptions, _ node: NodeSession,
        _ surroundings: Surroundings
    ) async throws {
        var rehearsal = request
        rehearsal.validateOnly = true
        var controllers = try await node.client.changeVoters(rehearsal)
        if !confirmation.dryRun {
            try surroundings.confirm([deed], "Change the quorum?", unless: confirmation.yes)
            controllers = try await node.client.changeVoters(request)
        }
        let active = controllers.first(where: \.isActive)?.nodeID ?? NodeID(-1)
        try surroundings.show(ControllerListReport(activeID: active, controllers: controllers), as: output.output)
    }
}

struct ControllerListReport: Report {
    let activeID: NodeID
    let controllers: [Admin.ControllerInfo]

    var document: Document {
        ["controllerId": .integer(activeID.rawValue), "controllers": .list(controllers.map(\.document))]
    }

    func lines(on terminal: Terminal) -> [String] {
        var table = Table([
            .number("CONTROLLER"), .text("ENDPOINTS"), .text("ROLE"), .number("TERM"), .number("END"), .number("LAG"),
            .number("HEARD OF"), .text("DIRECTORY"),
        ])
        for controller in controllers {
            table.add([
                "\(controller.nodeID)", Cell(controller.endpoints.map(\.shown).joined(separator: ",")),
                Cell(controller.role, controller.isActive ? .good : .plain), "\(controller.term)",
                "\(controller.logEndOffset)",
                Cell(controller.lagRecordCount < 0 ? "-" : Units.count(controller.lagRecordCount)),
                Cell(
                    controller.lastContactMilliseconds < 0
                        ? "-" : Units.duration(milliseconds: controller.lastContactMilliseconds)),
                Cell(controller.directoryID),
            ])
        }
        let verdict = TextStyle.bad.applied(to: "no controller is active: nothing can be changed", on: terminal)
        return (activeID.rawValue < 0 ? [verdict, ""] : []) + table.lines(on: terminal)
    }
}

extension Admin.ControllerInfo {
    var role: String { isActive ? "active" : isVoter ? "voter" : "observer" }

    var document: Document {
        [
            "nodeId": .integer(nodeID.rawValue), "endpoints": .list(endpoints.map(\.document)),
            "isActive": .bool(isActive), "term": .integer(term.rawValue),
            "logEndOffset": .integer(logEndOffset.rawValue), "isVoter": .bool(isVoter),
            "directoryId": .text(directoryID),
            "lagRecordCount": lagRecordCount < 0 ? .null : .integer(lagRecordCount),
            "lastContactMilliseconds": lastContactMilliseconds < 0 ? .null : .integer(lastContactMilliseconds),
        ]
    }
}
