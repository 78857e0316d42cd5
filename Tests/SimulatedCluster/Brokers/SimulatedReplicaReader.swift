// SPDX-License-Identifier: Apache-2.0

import BrokerNode
import Primitives
import WireProtocol

/// Asks other brokers for parts of their logs, over the network of the simulator: a question that gets lost is late.
final class SimulatedReplicaReader: ReplicaReader {
    private unowned let broker: SimulatedBroker
    private let shard: Int

    init(of broker: SimulatedBroker, shard: Int) { (self.broker, self.shard) = (broker, shard) }

    func fetchLog(
        of id: NodeID, host: String, port: Int, _ request: Replicas.FetchLogRequest,
        withinMilliseconds milliseconds: Int64, done: @escaping (Result<ReplicaAnswerBytes, RPCError>) -> Void
    ) {
        let (scene, me) = (broker.scene, broker.process.address)
        let target = scene.address(NodeID(Int32(port)))
        var isAnswered = false
        let answer: (Result<ReplicaAnswerBytes, RPCError>) -> Void = { [weak broker, shard] result in
            guard !isAnswered else { return }
            isAnswered = true
            broker?.round(on: shard) { _ in done(result) }
        }
        scene.network.send(from: me, to: target) {
            guard let other = scene.broker(at: target) else { return }
            other.round(on: other.anyShard()) { shard in
                shard.fetchLog(request) { found in
                    scene.network.send(from: target, to: me) { answer(.success(found)) }
                }
            }
        }
        broker.process.after(.milliseconds(milliseconds)) {
            answer(.failure(RPCError(.deadlineExceeded, "no answer")))
        }
    }
}
