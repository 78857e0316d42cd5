// SPDX-License-Identifier: Apache-2.0

import AdminClient
import ArgumentParser
import Transport
import WireProtocol

struct DoctorCommand: ParsableCommand, ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Tells what is wrong and what to do.",
        discussion: """
            Asks the node to examine itself and the cluster. Where no node answers, looks at the address from here: is the name \
            known, the port open, and who speaks there? Ends with status 1 when something is wrong; infos alone are not.

            EXAMPLES:
              myelin doctor
              myelin doctor --cluster 127.0.0.1:9092
              myelin doctor --output json | jq -r '.findings[].summary'
            """)

    @Argument(help: "Names of checks to run; without any: all.")
    var checks: [String] = []

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    func run(in surroundings: Surroundings) async throws {
        let address = try connection.address(in: surroundings)
        let client = try AdminClient(address: address.text, hello: .tool, deadlineMilliseconds: 10_000)
        let report = await examine(client, address)
        await client.close()
        try Task.checkCancellation()
        try surroundings.show(report, as: outputOptions.output)
        if report.isWrong { throw NotWell() }
    }

    private func examine(_ client: AdminClient, _ address: NodeAddress) async -> DoctorReport {
        do throws(RPCError) {
            let answer = try await client.doctor(checks: checks)
            return DoctorReport(
                address: address.text, findings: answer.findings, checksRun: [Diagnosis.checkName] + answer.checksRun)
        } catch {
            return DoctorReport(
                address: address.text, findings: findings(error, address), checksRun: [Diagnosis.checkName])
        }
    }

    private func findings(_ error: RPCError, _ address: NodeAddress) -> [Admin.Finding] {
        // Below 100 it is the node that answered, and refused.
        guard error.code.endsConnection || error.code == .deadlineExceeded,
            let parsed = NetworkAddress(parsing: address.text)
        else {
            return [
                .with {
                    $0.check = Diagnosis.checkName
                    $0.severity = .error
                    $0.subject = "node \(address.text)"
                    ($0.summary, $0.remedy) = (error.message, error.remedy)
                }
            ]
        }
        return Diagnosis(parsed, error).findings
    }
}

struct DoctorReport: Report {
    let address: String
    let findings: [Admin.Finding]
    let checksRun: [String]

    /// Worth a status of 1: more than an info.
    var isWrong: Bool { findings.contains { $0.severity.rawValue > Admin.Severity.info.rawValue } }

    var document: Document {
        [
            "cluster": .text(address), "isWell": .bool(!isWrong),
            "findings": .list(
                findings.map {
                    [
                        "check": .text($0.check), "severity": .text("\($0.severity)"), "subject": .text($0.subject),
                        "summary": .text($0.summary), "remedy": .text($0.remedy), "command": .text($0.command),
                    ]
                }), "checksRun": .texts(checksRun),
        ]
    }

    func lines(on terminal: Terminal) -> [String] {
        let severities = Admin.Severity.allCases.sorted { $0.rawValue > $1.rawValue }
        let groups = severities.flatMap { severity in
            let found = findings.filter { $0.severity == severity }
            return found.isEmpty ? [] : lines(found, severity, terminal)
        }
        let count = Units.count(Int64(checksRun.count), "check")
        let verdict = isWrong ? "" : TextStyle.good.applied(to: "all is well", on: terminal) + " with \(address): "
        return groups + ["\(verdict)\(count) ran: \(checksRun.joined(separator: ", "))"]
    }

    private func lines(_ findings: [Admin.Finding], _ severity: Admin.Severity, _ terminal: Terminal) -> [String] {
        [severity.style.applied(to: "\(severity)", on: terminal)]
            + findings.flatMap { finding in
                ["  \(finding.subject): \(finding.summary)", "    \(finding.remedy)", "    $ \(finding.command)"]
                    .filter { $0.contains { $0 != " " && $0 != "$" } }.map(\.printable)
            } + [""]
    }
}

extension Admin.Severity {
    var style: TextStyle {
        switch self {
        case .unspecified, .info: .bold
        case .warning: .warning
        case .error, .critical: .bad
        }
    }
}
