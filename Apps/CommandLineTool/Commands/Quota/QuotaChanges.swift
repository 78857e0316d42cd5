// SPDX-License-Identifier: Apache-2.0

import AdminClient
import ArgumentParser
import WireProtocol

struct QuotaSet: ParsableCommand, NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Sets quotas of a user, a client id, both, or an address.",
        discussion: """
            All quotas of one call are set, or none; others of the same entity stay.

            EXAMPLES:
              myelin quota set --user ann --produce 10MiB --fetch 20MiB
              myelin quota set --default-client-id --request-percent 50
              myelin quota set --default-ip --connections 20 --dry-run
            """)

    @OptionGroup var entity: QuotaEntityOptions
    @Option(help: ArgumentHelp("Bytes a second of produce requests.", valueName: "size"))
    var produce: SizeArgument?
    @Option(help: ArgumentHelp("Bytes a second of fetch responses.", valueName: "size"))
    var fetch: SizeArgument?
    @Option(help: ArgumentHelp("Processor time in percent of one shard.", valueName: "percent"))
    var requestPercent: Double?
    @Option(help: ArgumentHelp("Partitions a second created and deleted.", valueName: "rate"))
    var mutations: Double?
    @Option(help: ArgumentHelp("Connections a second; of addresses only.", valueName: "rate"))
    var connections: Int?

    @Flag(help: "Check everything, change nothing.")
    var dryRun = false

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    private var changes: [(name: QuotaName, limit: Double?)] {
        [
            (.produce, produce.map { Double($0.byteCount) }), (.fetch, fetch.map { Double($0.byteCount) }),
            (.requestPercent, requestPercent), (.mutations, mutations), (.connections, connections.map(Double.init)),
        ].filter { $0.1 != nil }
    }

    func validate() throws {
        if entity.parts.isEmpty {
            throw ValidationError("Say for whom: --user, --client-id, --ip or one of --default-…")
        }
        if changes.isEmpty { throw ValidationError("Say what: --produce, --fetch, --request-percent, …") }
    }

    func run(_ node: NodeSession, in surroundings: Surroundings) async throws {
        try await node.alterQuotas(of: entity.parts, changes, dryRun, outputOptions.output, in: surroundings)
    }
}

struct QuotaRemove: ParsableCommand, NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Takes quotas away.",
        discussion: """
            Without naming any, all quotas of the entity go.

            EXAMPLES:
              myelin quota remove --user ann
              myelin quota remove --default-client-id --request-percent
            """)

    @OptionGroup var entity: QuotaEntityOptions
    @Flag(help: "Bytes a second of produce requests.")
    var produce = false
    @Flag(help: "Bytes a second of fetch responses.")
    var fetch = false
    @Flag(help: "Processor time.")
    var requestPercent = false
    @Flag(help: "Partitions a second created and deleted.")
    var mutations = false
    @Flag(help: "Connections a second.")
    var connections = false

    @Flag(help: "Check everything, change nothing.")
    var dryRun = false

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        if entity.parts.isEmpty { throw ValidationError("Say whose: --user, --client-id, --ip or one of --default-…") }
    }

    func run(_ node: NodeSession, in surroundings: Surroundings) async throws {
        let parts = entity.parts
        let named: [(QuotaName, Bool)] = [
            (.produce, produce), (.fetch, fetch), (.requestPercent, requestPercent), (.mutations, mutations),
            (.connections, connections),
        ]
        var names = named.filter(\.1).map(\.0)
        if names.isEmpty {
            let known = try await node.client.quotas().first { quota in
                quota.entity.map(\.type) == parts.map(\.type) && quota.entity.map(\.name) == parts.map(\.name)
            }
            guard let known else {
                throw Failure("\(parts.shown) has no quota", advice: ["What there is: myelin quota list"])
            }
            names = known.limits.compactMap { QuotaName(rawValue: $0.key) }
        }
        try await node.alterQuotas(of: parts, names.map { ($0, nil) }, dryRun, outputOptions.output, in: surroundings)
    }
}

extension NodeSession {
    fileprivate func alterQuotas(
        of entity: [Admin.QuotaEntityPart], _ changes: [(name: QuotaName, limit: Double?)], _ isRehearsal: Bool,
        _ format: OutputFormat, in surroundings: Surroundings
    ) async throws {
        let limits = changes.map { change in
            Admin.QuotaLimit.with { ($0.key, $0.limit) = (change.name.rawValue, change.limit) }
        }
        try await client.alterQuotas(of: entity, limits, validateOnly: isRehearsal)
        try surroundings.show(
            QuotaChangeReport(entity: entity, changes: changes, isRehearsal: isRehearsal), as: format)
    }
}

private struct QuotaChangeReport: Report {
    let entity: [Admin.QuotaEntityPart]
    let changes: [(name: QuotaName, limit: Double?)]
    let isRehearsal: Bool

    var document: Document {
        .fields(
            [.init("entity", entity.document), .init("changed", .bool(!isRehearsal))]
                + changes.map { .init($0.name.rawValue, $0.limit.map { .number($0) } ?? .null) })
    }

    func lines(on terminal: Terminal) -> [String] {
        changes.map { name, limit in
            let verb = limit == nil ? "remove" : "set"
            let done = isRehearsal ? "would \(verb)" : limit == nil ? "removed" : "set"
            return "\(done) \(name.rawValue) of \(entity.shown)" + (limit.map { " to \(name.shown($0))" } ?? "")
        }
    }
}
