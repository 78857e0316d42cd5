// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import Primitives
internal import Transport
internal import WireProtocol

/// Messages of the consensus to one other controller, over a stream that is opened again whenever it ends.
///
/// Messages may be lost, so what has no way out now is dropped. Confined to the loop of the controller.
final class PeerLink {
    /// What waits for credit; the consensus bounds what it has on its way, so more than this waits for nobody.
    private static let queueCountMax = 256
    private static let pauseMillisecondsMax: Int64 = 1_000

    let peer: NodeID
    private(set) var endpoint: Controller.ControllerEndpoint
    private let introduction: Controller.RaftRequest
    private let hello: Hello
    private let loop: ShardLoop
    private let log: EventLog
    private var client: RPCClient?
    private var stream: RPCRawStream?
    private var queue: [Payload] = []
    private var isSending = false
    private var openAt = Instant(nanoseconds: 0)
    private var pauseMilliseconds: Int64 = 50

    init(
        to peer: NodeID, at endpoint: Controller.ControllerEndpoint, introduction: Controller.RaftRequest,
        hello: Hello, loop: ShardLoop, log: EventLog
    ) {
        self.peer = peer
        self.endpoint = endpoint
        var introduction = introduction
        introduction.recipient = peer
        self.introduction = introduction
        self.hello = hello
        self.loop = loop
        self.log = log
    }

    func send(_ message: RaftMessage) {
        guard stream != nil || loop.now >= openAt else { return }
        guard queue.count < Self.queueCountMax else { return }
        queue.append(Payload(Controller.RaftItem(), attachments: [message.encoded()]))
        if stream == nil { open() }
        pump()
    }

    /// Another address of the same controller.
    func move(to endpoint: Controller.ControllerEndpoint) {
        guard !endpoint.isSamePlace(as: self.endpoint) else { return }
        close()
        self.endpoint = endpoint
        openAt = loop.now
    }

    func close() {
        stream?.cancel()
        (stream, client, queue, isSending) = (nil, nil, [], false)
    }

    private func open() {
        let client = RPCClient(
            address: NetworkAddress(host: endpoint.host, port: Int(endpoint.port)), hello: hello,
            limits: .betweenControllers, connectMilliseconds: 1_000, loop: loop)
        self.client = client
        var introduction = introduction
        introduction.wallClock = loop.wallClock
        stream = client.openRaw(Controller.raft, Payload(introduction)) { [weak self] event in
            if case .ended(let result) = event { self?.ended(result) }
        }
    }

    private func ended(_ result: Result<Payload, RPCError>) {
        close()
        openAt = loop.now.advanced(byMilliseconds: pauseMilliseconds)
        pauseMilliseconds = min(pauseMilliseconds * 2, Self.pauseMillisecondsMax)
        guard case .failure(let error) = result else { return }
        log.warning("controller \(endpoint.place): \(error)", limitedBy: "controller-\(peer)")
    }

    private func pump() {
        while !isSending, !queue.isEmpty, let stream {
            isSending = true
            stream.send(queue.removeFirst()) { [weak self] error in
                guard let self, error == nil else { return }
                isSending = false
                pauseMilliseconds = 50
                pump()
            }
        }
    }
}
