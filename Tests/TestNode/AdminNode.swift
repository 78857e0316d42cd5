// SPDX-License-Identifier: Apache-2.0

package import AdminClient
package import BrokerNode
import ControllerNode
import Coordinator
import Foundation
package import Primitives
package import Transport

/// A real node on two shards and a temporary folder, its RPC server, and a client of it.
package struct AdminNode: Sendable {
    package let node: BrokerNode
    package let server: RPCServer
    package let client: AdminClient
    package let group: ShardLoopGroup
    package let folder: String

    /// Runs `body` with a node that was just started, and removes everything afterwards.
    ///
    /// - Parameters:
    ///   - settings: Added to those of the test.
    ///   - environment: As the process would have it.
    package static func with(
        _ settings: [String: String] = [:], environment: [String: String] = [:],
        _ body: (AdminNode) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "myelin-admin-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let group = ShardLoopGroup(count: 2)
        let result: Result<Void, any Error>
        do {
            try await run(folder, group, settings, environment, body)
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await group.shutDown()
        try result.get()
    }

    private static func run(
        _ folder: String, _ group: ShardLoopGroup, _ settings: [String: String], _ environment: [String: String],
        _ body: (AdminNode) async throws -> Void
    ) async throws {
        var flags = [
            "listeners": "PLAINTEXT://127.0.0.1:0", "offsets.topic.num.partitions": "4",
            "group.initial.rebalance.delay.ms": "0",
        ]
        flags.merge(settings) { $1 }
        let node = try await BrokerNode.start(
            settings: try BrokerSettings(SettingLayers(flags: flags, environment: environment)),
            dataDirectory: folder, on: group, log: .silent)
        let server = try await node.startAdminServer(
            host: "127.0.0.1", port: 0, on: group, process: ProcessFacts(version: "1.2.3"))
        try await node.join(rpc: server.address)
        let client = AdminClient(address: server.address, loop: group.loops[1])
        let result: Result<Void, any Error>
        do {
            try await body(AdminNode(node: node, server: server, client: client, group: group, folder: folder))
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await client.close()
        await server.drain(withinMilliseconds: 1_000)
        await node.stop()
        try result.get()
    }

    /// Of its RPC server.
    package var address: String { "\(server.address)" }
    package var now: Timestamp { group.loops[0].wallClock }
}
