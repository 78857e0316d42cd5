// SPDX-License-Identifier: Apache-2.0

internal import Primitives
internal import Transport
internal import WireProtocol

/// Links over the framed RPC: a connection and one call of `Replicas.push` for each follower.
final class RPCReplicaLinks: ReplicaLinks {
    private struct Link {
        let client: RPCClient
        let stream: RPCRawStream
        /// Tells the events of this link from those of one before it.
        let number: UInt64
    }

    private let loop: ShardLoop
    private let hello: Hello
    private let onEvent: (ReplicaLinkEvent) -> Void
    private var links: [NodeID: Link] = [:]
    private var lastNumber: UInt64 = 0

    /// - Parameter onEvent: Called on `loop`.
    init(loop: ShardLoop, hello: Hello, onEvent: @escaping (ReplicaLinkEvent) -> Void) {
        self.loop = loop
        self.hello = hello
        self.onEvent = onEvent
    }

    func open(to broker: NodeID, host: String, port: Int) {
        precondition(links[broker] == nil, "a second link to broker \(broker)")
        lastNumber += 1
        let number = lastNumber
        let client = RPCClient(address: NetworkAddress(host: host, port: port), hello: hello, loop: loop)
        let stream = client.openRaw(Replicas.push, Payload(Replicas.PushRequest.with { $0.recipient = broker })) {
            [weak self] event in
            self?.happened(event, on: number, to: broker)
        }
        links[broker] = Link(client: client, stream: stream, number: number)
    }

    func send(_ frame: Payload, to broker: NodeID) -> Bool {
        guard let link = links[broker] else { return false }
        var isAccepted = false
        var isLater = false
        link.stream.send(frame) { [weak self] error in
            // A failed link ends, which is told by its own event.
            guard error == nil else { return }
            if isLater { self?.becameWritable(link.number, broker) } else { isAccepted = true }
        }
        isLater = true
        return isAccepted
    }

    func close(_ broker: NodeID) {
        guard let link = links.removeValue(forKey: broker) else { return }
        link.stream.cancel()
    }

    // MARK: Events

    private func happened(_ event: RPCRawStream.Event, on number: UInt64, to broker: NodeID) {
        guard let link = links[broker], link.number == number else { return }
        switch event {
        case .item(let reply, let cost):
            link.stream.taken(cost)
            onEvent(.answered(broker, reply))
        case .ended:
            links[broker] = nil
            onEvent(.lost(broker))
        }
        loop.roundHasWork()
    }

    private func becameWritable(_ number: UInt64, _ broker: NodeID) {
        guard links[broker]?.number == number else { return }
        onEvent(.writable(broker))
        loop.roundHasWork()
    }
}
