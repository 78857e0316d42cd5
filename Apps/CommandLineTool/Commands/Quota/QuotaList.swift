// SPDX-License-Identifier: Apache-2.0

import AdminClient
import ArgumentParser
import WireProtocol

struct QuotaList: ParsableCommand, NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Shows the quotas that are set.",
        discussion: """
            EXAMPLES:
              myelin quota list
              myelin quota list --user ann --output json
            """)

    @OptionGroup var entity: QuotaEntityOptions
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    func run(_ node: NodeSession, in surroundings: Surroundings) async throws {
        let wanted = entity.parts
        let quotas = try await node.client.quotas().filter { quota in
            wanted.allSatisfy { part in quota.entity.contains { $0.type == part.type && $0.name == part.name } }
        }
        try surroundings.show(QuotaListReport(quotas: quotas), as: outputOptions.output)
    }
}

struct QuotaListReport: Report {
    let quotas: [Admin.QuotaInfo]

    var document: Document {
        [
            "quotas": .list(
                quotas.map { quota in
                    .fields(
                        [.init("entity", quota.entity.document)]
                            + quota.limits.map { .init($0.key, $0.limit.map { .number($0) } ?? .null) })
                })
        ]
    }

    func lines(on terminal: Terminal) -> [String] {
        guard !quotas.isEmpty else { return ["no quota is set"] }
        let names = QuotaName.allCases.filter { name in
            quotas.contains { $0.limits.contains { $0.key == name.rawValue } }
        }
        var table = Table([.text("FOR")] + names.map { .number($0.header) })
        for quota in quotas {
            let cells = names.map { name -> Cell in
                let limit = quota.limits.first { $0.key == name.rawValue }?.limit
                return Cell(limit.map(name.shown) ?? "-")
            }
            table.add([Cell(quota.entity.shown)] + cells)
        }
        return table.lines(on: terminal)
    }
}
