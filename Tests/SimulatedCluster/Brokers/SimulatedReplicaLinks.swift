// SPDX-License-Identifier: Apache-2.0

import BrokerNode
import Primitives
import WireProtocol

/// The streams by which a shard of a leader pushes frames, over the network of the simulator.
final class SimulatedReplicaLinks: ReplicaLinks {
    private final class Link {
        var connection: Connection?
        /// Sent before the connection stood.
        var early: [Payload] = []
        /// Of frames whose credit has not come back.
        var inFlightByteCount = 0
        var isFull = false
        var received: ((Payload, Int) -> Void)?
    }

    private unowned let broker: SimulatedBroker
    private let shard: Int
    private var links: [NodeID: Link] = [:]

    init(of broker: SimulatedBroker, shard: Int) { (self.broker, self.shard) = (broker, shard) }

    func open(to id: NodeID, host: String, port: Int) {
        precondition(links[id] == nil, "a second link to broker \(id)")
        let link = Link()
        links[id] = link
        let (scene, process) = (broker.scene, broker.process)
        let opening = Payload(Replicas.PushRequest.with { $0.recipient = id })
        scene.network.connect(
            from: process, to: scene.address(NodeID(Int32(port))),
            accepted: { [weak self] listener, connection in
                guard let follower = scene.broker(at: listener) else { return }
                let end = FollowerEnd(of: follower, connection) { reply, cost in
                    self?.answered(reply, cost, by: id, on: link)
                }
                link.received = { [weak end] in end?.received($0, cost: $1) }
                end.begin(opening)
            },
            opened: { [weak self] connection in self?.opened(connection, link, to: id) })
    }

    private func opened(_ connection: Connection?, _ link: Link, to id: NodeID) {
        guard links[id] === link else {
            connection?.close(from: broker.process)
            return
        }
        guard let connection else { return lost(link, id) }
        link.connection = connection
        connection.onLoss(at: broker.process) { [weak self] in self?.lost(link, id) }
        let early = link.early
        link.early = []
        for frame in early { transmit(frame, on: link) }
    }

    func send(_ frame: Payload, to id: NodeID) -> Bool {
        guard let link = links[id] else { return false }
        link.inFlightByteCount += frame.byteCount
        if link.connection == nil { link.early.append(frame) } else { transmit(frame, on: link) }
        link.isFull = link.inFlightByteCount > broker.scene.inFlightByteCountMax
        return !link.isFull
    }

    private func transmit(_ frame: Payload, on link: Link) {
        let received = frame.asReceived
        link.connection?.send(from: broker.process) { link.received?(received, frame.byteCount) }
    }

    func close(_ id: NodeID) {
        guard let link = links.removeValue(forKey: id) else { return }
        link.connection?.close(from: broker.process)
    }

    // MARK: Events

    private func lost(_ link: Link, _ id: NodeID) {
        guard links[id] === link else { return }
        links[id] = nil
        tell(.lost(id))
    }

    private func answered(_ reply: Payload?, _ cost: Int, by id: NodeID, on link: Link) {
        guard links[id] === link else { return }
        if let reply { tell(.answered(id, reply)) }
        link.inFlightByteCount -= cost
        guard link.isFull, link.inFlightByteCount <= broker.scene.inFlightByteCountMax else { return }
        link.isFull = false
        tell(.writable(id))
    }

    private func tell(_ event: ReplicaLinkEvent) {
        broker.round(on: shard) { $0.replicator.happened(event) }
    }
}

/// The follower's end of a link.
private final class FollowerEnd: PushStream {
    private let broker: SimulatedBroker
    private let shard: Int
    private let connection: Connection
    /// Runs at the leader: an answer, or the credit of a frame.
    private let answered: (Payload?, Int) -> Void
    private var receiver: PushReceiver!

    init(
        of broker: SimulatedBroker, _ connection: Connection, answered: @escaping (Payload?, Int) -> Void
    ) {
        self.broker = broker
        self.connection = connection
        self.answered = answered
        shard = broker.anyShard()
    }

    func begin(_ request: Payload) {
        broker.round(on: shard) { [self] shard in
            receiver = PushReceiver(self, on: shard)
            receiver.begin(request)
        }
        connection.onLoss(at: broker.process) { [self] in
            broker.round(on: shard) { [self] _ in receiver.abandoned() }
        }
    }

    func received(_ frame: Payload, cost: Int) {
        broker.round(on: shard) { [self] _ in receiver.received(frame, cost: cost) }
    }

    func send(_ reply: Payload, done: @escaping (RPCError?) -> Void) {
        guard connection.isOpen(at: broker.process) else { return done(RPCError(.connectionLost, "it broke")) }
        let answered = answered
        connection.send(from: broker.process) { answered(reply, 0) }
        done(nil)
    }

    func taken(_ cost: Int) {
        let answered = answered
        connection.send(from: broker.process) { answered(nil, cost) }
    }

    func fail(_ error: RPCError) {
        broker.world.fail("leaders and followers understand each other", "\(broker.process.address): \(error)")
    }
}
