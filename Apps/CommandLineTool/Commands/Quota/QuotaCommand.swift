// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import WireProtocol

struct QuotaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quota", abstract: "Limits what users, client ids and addresses may use.",
        discussion: """
            The most specific quota that fits a client counts: user and client id, user, client id, with a name before the \
            default on each level. A quota holds on every broker for itself; a client that exceeds it is slowed down, not refused.
            """,
        subcommands: [QuotaList.self, QuotaSet.self, QuotaRemove.self])
}

/// Whom a quota is for.
struct QuotaEntityOptions: ParsableArguments {
    @Option(help: ArgumentHelp("A user.", valueName: "name"))
    var user: String?
    @Flag(help: "Every user without a quota by name.")
    var defaultUser = false
    @Option(help: ArgumentHelp("A client id; with a user, that user's client.", valueName: "id"))
    var clientID: String?
    @Flag(help: "Every client id without a quota by name.")
    var defaultClientID = false
    @Option(help: ArgumentHelp("A numeric address.", valueName: "address"))
    var ip: String?
    @Flag(help: "Every address without a quota by name.")
    var defaultIP = false

    /// The parts that were given, in the order user, client id, address.
    var parts: [Admin.QuotaEntityPart] {
        [("user", user, defaultUser), ("client-id", clientID, defaultClientID), ("ip", ip, defaultIP)]
            .filter { $0.1 != nil || $0.2 }
            .map { type, name, _ in .with { ($0.type, $0.name) = (type, name) } }
    }

    func validate() throws {
        for (option, name, isDefault) in [
            ("user", user, defaultUser), ("client-id", clientID, defaultClientID), ("ip", ip, defaultIP),
        ] where name != nil && isDefault {
            throw ValidationError("Give --\(option) or --default-\(option), not both")
        }
    }
}

extension [Admin.QuotaEntityPart] {
    /// `user ann, client-id etl`, and `any user` for the default.
    var shown: String {
        map { part in part.name.map { "\(part.type) \($0)" } ?? "any \(part.type)" }.joined(separator: ", ")
    }

    var document: Document {
        .list(map { ["type": .text($0.type), "name": .optional($0.name)] })
    }
}

/// Names of quotas as options and in tables, with their units.
enum QuotaName: String, CaseIterable {
    case produce = "producer_byte_rate"
    case fetch = "consumer_byte_rate"
    case requestPercent = "request_percentage"
    case mutations = "controller_mutation_rate"
    case connections = "connection_creation_rate"

    var header: String {
        switch self {
        case .produce: "PRODUCE/S"
        case .fetch: "FETCH/S"
        case .requestPercent: "REQUEST"
        case .mutations: "MUTATIONS/S"
        case .connections: "CONNECTIONS/S"
        }
    }

    func shown(_ limit: Double) -> String {
        switch self {
        case .produce, .fetch: Units.bytes(Int64(limit))
        case .requestPercent: "\(Self.plain(limit)) %"
        case .mutations, .connections: Self.plain(limit)
        }
    }

    private static func plain(_ limit: Double) -> String {
        Int64(exactly: limit).map { Units.count($0) } ?? "\(limit)"
    }
}
