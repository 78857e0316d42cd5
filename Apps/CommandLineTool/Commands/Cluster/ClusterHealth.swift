// SPDX-License-Identifier: Apache-2.0

import AdminClient
import ArgumentParser
import WireProtocol

struct ClusterHealth: ParsableCommand, NodeCommand {
    static let configuration = CommandConfiguration(
        commandName: "health", abstract: "Gives one verdict and the checks behind it.",
        discussion: """
            Ends with status 1 when the cluster is unhealthy, so that scripts can wait for it. degraded means: serves, but \
            something needs attention.

            EXAMPLES:
              myelin cluster health
              until myelin cluster health; do sleep 1; done
              myelin cluster health --output json | jq -r .status
            """)

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    func run(_ node: NodeSession, in surroundings: Surroundings) async throws {
        let health = try await node.client.health()
        try surroundings.show(HealthReport(health: health), as: outputOptions.output)
        if health.status == .unhealthy { throw NotWell() }
    }
}

struct HealthReport: Report {
    let health: Admin.HealthResponse

    var document: Document {
        [
            "status": .text("\(health.status)"),
            "checks": .list(
                health.checks.map { check in
                    [
                        "name": .text(check.name), "status": .text("\(check.status)"), "summary": .text(check.summary),
                        "remedy": .text(check.remedy),
                    ]
                }),
        ]
    }

    func lines(on terminal: Terminal) -> [String] {
        var table = Table([.text("CHECK"), .text("STATUS"), .text("SUMMARY")])
        for check in health.checks {
            table.add([Cell(check.name), Cell("\(check.status)", check.status.style), Cell(check.summary)])
        }
        let remedies = health.checks.filter { !$0.remedy.isEmpty }.map { "\($0.name): \($0.remedy)".printable }
        return [health.status.style.applied(to: "\(health.status)", on: terminal), ""] + table.lines(on: terminal)
            + (remedies.isEmpty ? [] : [""] + remedies)
    }
}

extension Admin.HealthStatus {
    var style: TextStyle {
        switch self {
        case .unspecified: .plain
        case .healthy: .good
        case .degraded: .warning
        case .unhealthy: .bad
        }
    }
}
