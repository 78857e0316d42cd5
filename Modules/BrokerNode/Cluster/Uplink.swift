// SPDX-License-Identifier: Apache-2.0

internal import ControllerNode
internal import Coordinator
internal import Primitives
internal import Transport
internal import WireProtocol

/// The way from this broker to the controllers of its cluster, made before there are shards.
final class Uplink: @unchecked Sendable {
    // Proof of @unchecked: `stored` is touched on `loop` only, which `client` and `start` check.
    private let loop: ShardLoop
    private var stored: ControllerClient?

    /// - Parameter cluster: nil for a folder that is new.
    init(to servers: [RPCEndpoint], from node: NodeID, of cluster: ClusterID?, on loop: ShardLoop, log: EventLog) {
        self.loop = loop
        loop.execute { [self] in
            var generator = SystemRandomNumberGenerator()
            stored = ControllerClient(
                bootstrap: servers.map { NetworkAddress(host: $0.host, port: Int($0.port)) }, node: node,
                role: .broker, clusterID: cluster, loop: loop, entropy: Entropy(seed: generator.next())
            ) { log.warning($0, limitedBy: "controllers") }
        }
    }

    /// - Precondition: on the loop.
    var client: ControllerClient {
        loop.preconditionCurrent()
        guard let stored else { preconditionFailure("the way to the controllers is used before it is made") }
        return stored
    }

    /// Waits for a controller and its metadata, however long that takes, and says which cluster it is.
    func clusterID() async throws -> ClusterID {
        try await withCheckedThrowingContinuation { (done: CheckedContinuation<ClusterID, any Error>) in
            loop.execute { [self] in
                client.start { [self] in
                    guard let cluster = client.clusterID else {
                        preconditionFailure("metadata came from a controller that names no cluster")
                    }
                    done.resume(returning: cluster)
                }
            }
        }
    }
}
