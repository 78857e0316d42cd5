// SPDX-License-Identifier: Apache-2.0

import ControllerNode
import Coordinator
import Primitives
import WireProtocol

/// The way from a broker to the controllers over the network of the simulator.
final class SimulatedUplink: ControllerLink {
    private let process: SimulatedProcess
    private unowned let quorum: ControllerQuorum
    unowned var client: ControllerClient!
    /// Ends each of the broker's rounds; what is told to the client happens in one.
    private let round: (@escaping () -> Void) -> Void
    private let alarm: Alarm
    private var followed: Connection?
    private var asked: Set<UInt64> = []

    init(process: SimulatedProcess, quorum: ControllerQuorum, round: @escaping (@escaping () -> Void) -> Void) {
        (self.process, self.quorum, self.round) = (process, quorum, round)
        alarm = Alarm(of: process)
    }

    var now: Instant { process.now }
    func preconditionCurrent() {}

    func wake(at deadline: Instant) {
        alarm.set(at: deadline) { [weak self] in
            guard let self else { return }
            round { self.client.timePassed() }
        }
    }

    func close() { unfollow() }

    private func address(_ endpoint: Controller.ControllerEndpoint) -> NodeAddress {
        NodeAddress(.controller, Int64(endpoint.port))
    }

    // MARK: Following

    func follow(
        _ endpoint: Controller.ControllerEndpoint, from offset: Offset, in cluster: ClusterID?, stream: UInt64
    ) {
        unfollow()
        let target = NodeID(endpoint.port)
        let sink = MetadataSink { [weak self] payload in
            self?.round { self?.client.received(payload, from: endpoint, stream: stream) }
        }
        quorum.network.connect(
            from: process, to: address(endpoint),
            accepted: { [quorum] listener, connection in
                guard let controller = quorum[target], controller.process === listener else { return }
                controller.follow(from: offset, over: connection, to: sink)
            },
            opened: { [weak self] connection in
                guard let self else { return }
                guard let connection else { return round { self.client.followEnded(stream: stream) } }
                followed = connection
                connection.onLoss(at: process) { [weak self] in
                    self?.round { self?.client.followEnded(stream: stream) }
                }
            })
    }

    func unfollow() {
        followed?.close(from: process)
        followed = nil
    }

    // MARK: Calls

    func send(
        _ request: LeaderRequest, to endpoint: Controller.ControllerEndpoint, in cluster: ClusterID?, call: UInt64,
        deadline: Instant
    ) {
        asked.insert(call)
        let (quorum, me, target) = (quorum, process.address, NodeID(endpoint.port))
        let there = address(endpoint)
        quorum.network.send(from: me, to: there) { [weak self] in
            guard let controller = quorum[target], controller.process.isAlive else { return }
            controller.serve(request) { response in
                quorum.network.send(from: there, to: me) { self?.answered(.success(response), call) }
            }
        }
        process.after(process.clock.span(until: deadline, at: process.world.now)) { [weak self] in
            self?.answered(.failure(RPCError(.deadlineExceeded, "no answer")), call)
        }
    }

    private func answered(_ result: Result<LeaderResponse, RPCError>, _ call: UInt64) {
        // An answer to a life before this one reaches the same address.
        guard process.isAlive, asked.remove(call) != nil else { return }
        round { [self] in client.answered(result, call: call) }
    }

    func cancel(call: UInt64) { asked.remove(call) }
}
