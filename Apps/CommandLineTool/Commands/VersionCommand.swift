// SPDX-License-Identifier: Apache-2.0

import AdminClient
import ArgumentParser
import Primitives
import WireProtocol

struct VersionCommand: ParsableCommand, ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Shows the versions of the tool and of the brokers, where one answers.",
        discussion: """
            EXAMPLES:
              myelin version
              myelin version --output json
            """)

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var outputOptions: OutputOptions

    func run(in surroundings: Surroundings) async throws {
        let address = try connection.address(in: surroundings)
        let client = try AdminClient(address: address.text, hello: .tool, deadlineMilliseconds: 3000)
        let result: Result<Admin.ClusterInfoResponse, RPCError>
        do throws(RPCError) { result = .success(try await client.clusterInfo()) } catch { result = .failure(error) }
        await client.close()
        try surroundings.show(VersionReport(address: address.text, info: result), as: outputOptions.output)
    }
}

private struct VersionReport: Report {
    let address: String
    let info: Result<Admin.ClusterInfoResponse, RPCError>

    private var brokers: [Admin.BrokerInfo] { (try? info.get().brokers) ?? [] }

    var document: Document {
        let failure: RPCError? = if case .failure(let error) = info { error } else { nil }
        return [
            "tool": .text(toolVersion), "cluster": .text(address),
            "brokers": .list(
                brokers.map { ["nodeId": .integer($0.nodeID.rawValue), "version": .text($0.version)] }),
            "error": .error(failure),
        ]
    }

    func lines(on terminal: Terminal) -> [String] {
        let first = "myelin \(toolVersion)"
        switch info {
        case .success: return [first] + brokers.map { "broker \($0.nodeID): \($0.version)".printable }
        case .failure(let error): return [first, "no broker asked: \(error.message)".printable]
        }
    }
}
