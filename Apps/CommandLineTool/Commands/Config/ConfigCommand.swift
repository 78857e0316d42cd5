// SPDX-License-Identifier: Apache-2.0

import AdminClient
import ArgumentParser
import WireProtocol

struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Explains and changes settings; keeps the tool's own profiles.",
        subcommands: [
            ConfigExplain.self, ConfigList.self, ConfigDescribe.self, ConfigAlter.self, ProfileCommand.self,
        ])
}

/// Whose settings: one topic, one broker or one subscription to metrics of clients.
struct ConfigResourceOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The settings of this topic.", valueName: "name"))
    var topic: String?

    @Option(help: ArgumentHelp("The settings of this broker, or of all brokers: all.", valueName: "id|all"))
    var broker: BrokerChoice?

    @Option(help: ArgumentHelp("The settings of this subscription to metrics of clients.", valueName: "name"))
    var clientMetrics: String?

    /// nil when none was named.
    var resource: Admin.ConfigResource? {
        topic.map { .topic($0) } ?? broker.map { .broker($0.id) } ?? clientMetrics.map { .clientMetrics($0) }
    }

    var owner: SettingOwner? {
        resource.flatMap { resource in
            switch resource.type {
            case .topic: .topic
            case .broker: .broker
            case .clientMetrics: .clientMetrics
            case .group, .unspecified: nil
            }
        }
    }

    func validate() throws {
        guard [topic != nil, broker != nil, clientMetrics != nil].count(where: \.self) < 2 else {
            throw ValidationError("Give one of --topic, --broker and --client-metrics")
        }
    }
}

struct BrokerChoice: ExpressibleByArgument {
    /// nil is the default of all brokers.
    let id: Int32?

    init?(argument: String) {
        guard argument != "all" else {
            id = nil
            return
        }
        guard let number = Int32(argument), number >= 0 else { return nil }
        id = number
    }
}

extension Admin.ConfigResource {
    var shown: String {
        switch type {
        case .broker: name.isEmpty ? "all brokers" : "broker \(name)"
        case .clientMetrics: "client metrics \(name)"
        case .topic, .group, .unspecified: "\(type) \(name)"
        }
    }

    var subject: Subject { type == .topic ? .topic(name) : .other(shown) }

    var document: Document { ["type": .text("\(type)"), "name": .text(name)] }
}
