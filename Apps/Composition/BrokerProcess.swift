// SPDX-License-Identifier: Apache-2.0

import BrokerNode
package import Coordinator
import Foundation
import Logging
package import Transport

/// A broker with its listeners, from start to orderly stop: the whole of `myelin-broker` and `myelin-standalone`.
package struct BrokerProcess {
    private let settings: BrokerSettings
    private let dataDirectory: String
    private let log: ProcessLog

    package init(settings: BrokerSettings, dataDirectory: String, log: ProcessLog) {
        self.settings = settings
        self.dataDirectory = dataDirectory
        self.log = log
    }

    /// Serves until a signal asks to stop.
    package func run() async throws {
        let stop = StopSignals()
        let group = ShardLoopGroup(settings)
        do {
            try await serve(on: group, until: stop)
        } catch {
            await group.shutDown()
            throw error
        }
        await group.shutDown()
        log.logger.info("stopped")
    }

    /// The listeners close in the order that lets their work finish.
    private func serve(on group: ShardLoopGroup, until stop: StopSignals) async throws {
        let node = try await BrokerNode.start(
            settings: settings, dataDirectory: dataDirectory, on: group, log: log.events)
        do {
            let host = node.kafkaAddress.host
            let rpc = try await node.startAdminServer(
                host: host, port: settings[.rpcPort], on: group, process: log.facts)
            let endpoint = try await AdminEndpoint.start(
                for: node, host: host, port: settings[.adminPort], process: log.facts)
            log.logger.info(
                "node \(node.nodeID) of cluster \(node.clusterID) is ready",
                metadata: [
                    "kafka": "\(node.kafkaAddress)", "rpc": "\(rpc.address)", "admin": "\(endpoint.address)",
                    "data": "\(dataDirectory)", "disk": "\(node.diskMechanism)",
                ])
            ServiceManager.tellReady()
            let signal = await stop.first()
            log.logger.info("\(signal): stopping")
            ServiceManager.tellStopping()
            await endpoint.shutDown()
            await rpc.drain(withinMilliseconds: 2_000)
        } catch {
            await node.stop()
            throw error
        }
        await node.stop()
    }
}

extension ShardLoopGroup {
    /// One loop for each shard that the settings ask for.
    package convenience init(_ settings: BrokerSettings) {
        self.init(count: settings[.numNetworkThreads] ?? ProcessInfo.processInfo.activeProcessorCount)
    }
}
