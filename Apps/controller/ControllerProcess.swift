// SPDX-License-Identifier: Apache-2.0

import Composition
import ControllerNode
import Coordinator
import Logging
import Transport

/// A controller with its listeners: what `myelin-controller` runs.
struct ControllerProcess: Server {
    private let controller: ControllerServer
    private let endpoint: ControllerEndpoint

    /// Returns when every listener answers. Whether there is a majority of the voters, `/readyz` tells.
    static func start(
        settings: BrokerSettings, dataDirectory: String, on group: ShardLoopGroup, log: ProcessLog
    ) async throws -> ControllerProcess {
        let controller = try await ControllerServer.start(
            settings: settings, dataDirectory: dataDirectory, on: group, log: log.events)
        do {
            let endpoint = try await ControllerEndpoint.start(for: controller, port: settings[.adminPort])
            log.logger.info(
                "controller \(settings[.nodeID]) serves",
                metadata: [
                    "rpc": "\(controller.address)", "admin": "\(endpoint.address)", "data": "\(dataDirectory)",
                ])
            return ControllerProcess(controller: controller, endpoint: endpoint)
        } catch {
            await controller.stop()
            throw error
        }
    }

    func stop() async {
        await endpoint.shutDown()
        await controller.stop()
    }
}
