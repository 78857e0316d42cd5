// SPDX-License-Identifier: Apache-2.0

import BrokerNode
package import Coordinator
import Foundation
import Logging
package import Transport

/// A broker with its listeners: what `myelin-broker` and `myelin-standalone` run.
package struct BrokerServer: Server {
    private let node: BrokerNode
    private let rpc: RPCServer
    private let endpoint: AdminEndpoint

    /// Returns when every listener answers and the cluster has taken the broker in.
    package static func start(
        settings: BrokerSettings, dataDirectory: String, on group: ShardLoopGroup, log: ProcessLog
    ) async throws -> BrokerServer {
        let node = try await BrokerNode.start(
            settings: settings, dataDirectory: dataDirectory, on: group, log: log.events)
        do {
            let host = node.kafkaAddress.host
            let rpc = try await node.startAdminServer(
                host: host, port: settings[.rpcPort], on: group, process: log.facts,
                onStopRequest: { kill(getpid(), SIGTERM) })
            let endpoint = try await AdminEndpoint.start(
                for: node, host: host, port: settings[.adminPort], process: log.facts)
            try await node.join(rpc: rpc.address)
            log.logger.info(
                "node \(node.nodeID) of cluster \(node.clusterID) is ready",
                metadata: [
                    "kafka": "\(node.kafkaAddress)", "rpc": "\(rpc.address)", "admin": "\(endpoint.address)",
                    "data": "\(dataDirectory)", "disk": "\(node.diskMechanism)",
                ])
            return BrokerServer(node: node, rpc: rpc, endpoint: endpoint)
        } catch {
            await node.stop()
            throw error
        }
    }

    /// First nobody needs this broker any more, then it takes no more work, then its logs are closed.
    package func stop() async {
        await node.leave()
        await endpoint.shutDown()
        await rpc.drain(withinMilliseconds: 2_000)
        await node.stop()
    }

    /// One thread for each shard.
    package static func threadCount(_ settings: BrokerSettings) -> Int {
        settings[.numNetworkThreads] ?? ProcessInfo.processInfo.activeProcessorCount
    }
}
