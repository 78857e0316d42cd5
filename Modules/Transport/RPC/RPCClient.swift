// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import NIOPosix
internal import Primitives
public import WireProtocol

/// Calls the methods of one node over one connection, made at the first call and again whenever it was lost.
///
/// Calls of all tasks share the connection. An error says whether the same call may succeed later (`isRetryable`); the
/// client itself never sends a call twice, since only the caller knows what happens when it is done twice.
public final class RPCClient: @unchecked Sendable {
    // Proof of @unchecked: `state` is touched on `loop` only, where every public method hops first.

    /// What `deadlineMilliseconds` is when a call does not say.
    public static let callMillisecondsDefault: Int64 = 30_000

    public let address: NetworkAddress
    let loop: ShardLoop
    private let hello: Hello
    private let limits: RPCLimits
    private let connectMilliseconds: Int64
    private var state = State.idle

    private enum State {
        case idle
        /// Calls wait here, each until its own deadline.
        case connecting(RPCClientLink, [RPCClientCall])
        case connected(RPCClientLink)
        case closed
    }

    /// Connects to nothing yet.
    ///
    /// - Parameters:
    ///   - hello: Who asks and whom it wants to reach.
    ///   - connectMilliseconds: How long TCP may take, so that a call fails early and says why.
    public init(
        address: NetworkAddress, hello: Hello = .client(), limits: RPCLimits = RPCLimits(),
        connectMilliseconds: Int64 = 5_000, loop: ShardLoop
    ) {
        self.address = address
        self.hello = hello
        self.limits = limits
        self.connectMilliseconds = connectMilliseconds
        self.loop = loop
    }

    /// A client that nobody holds closes its connection; open calls hold it.
    deinit {
        switch state {
        case .connecting(let link, _), .connected(let link): loop.execute { link.close {} }
        case .idle, .closed: break
        }
    }

    /// One request, one response.
    ///
    /// Cancelling the task gives the call up and throws `.cancelled`.
    /// - Throws: what the node answered, `.deadlineExceeded`, `.connectionRefused`, `.unreachable`, `.connectionLost`, or
    ///   why the handshake was refused.
    public func call<Request, Response>(
        _ method: UnaryMethod<Request, Response>, _ request: Request,
        deadlineMilliseconds: Int64 = callMillisecondsDefault
    ) async throws(RPCError) -> Response {
        try await open(method, request, deadlineMilliseconds: deadlineMilliseconds).response()
    }

    /// Opens a call with items. Returns at once: what goes wrong is thrown by reading, sending or `response`.
    ///
    /// - Parameter deadlineMilliseconds: For the whole call; nil has no deadline.
    public func open<Request, Response, ClientItem, ServerItem>(
        _ method: Method<Request, Response, ClientItem, ServerItem>, _ request: Request,
        deadlineMilliseconds: Int64? = nil
    ) -> RPCClientStream<Response, ClientItem, ServerItem> {
        let deadline = deadlineMilliseconds.map { loop.now.advanced(byMilliseconds: $0) } ?? .distantFuture
        let call = RPCClientCall(loop: loop, method: method.descriptor, request: Payload(request), deadline: deadline)
        onLoop { $0.start(call) }
        return RPCClientStream(call)
    }

    /// Fails open calls and closes the connection; later calls throw `.unavailable`.
    public func close() async {
        await withCheckedContinuation { done in onLoop { $0.close { done.resume() } } }
    }

    // MARK: On the loop

    func start(_ call: RPCClientCall) {
        guard !call.isOver else { return }
        call.client = self
        switch state {
        case .closed: call.fail(RPCError(.unavailable, "the client is closed"))
        case .connected(let link) where link.isUsable: link.begin(call)
        case .connected, .idle:
            call.failAtDeadline()
            connect(waiting: call)
        case .connecting(let link, let waiting):
            call.failAtDeadline()
            state = .connecting(link, waiting + [call])
        }
    }

    private func connect(waiting call: RPCClientCall) {
        let connection = RPCConnection(.client, hello: hello, methods: [], limits: limits, at: loop.now)
        let link = RPCClientLink(client: self, loop: loop, connection: connection)
        state = .connecting(link, [call])
        ClientBootstrap(group: loop.eventLoop)
            .connectTimeout(.milliseconds(connectMilliseconds))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelOption(.recvAllocator, value: AdaptiveRecvByteBufferAllocator.rpc)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(link.link) }
            }
            .connect(host: address.host, port: address.port)
            .assumeIsolated()
            .whenFailure { [address] error in link.fail(RPCError(connecting: error, to: address)) }
    }

    func linkDidOpen(_ link: RPCClientLink) {
        guard case .connecting(link, let waiting) = state else { return }
        state = .connected(link)
        for call in waiting where !call.isOver { link.begin(call) }
    }

    func linkDidClose(_ link: RPCClientLink, _ error: RPCError?) {
        switch state {
        case .connecting(link, let waiting):
            state = .idle
            let reason = error ?? RPCError(.connectionLost, "\(address) closed the connection during the handshake")
            for call in waiting { call.fail(reason) }
        case .connected(link): state = .idle
        case .connecting, .connected, .idle, .closed: break
        }
    }

    private func close(_ done: @escaping () -> Void) {
        let last = state
        state = .closed
        switch last {
        case .idle, .closed: done()
        case .connected(let link): link.close(done)
        case .connecting(let link, let waiting):
            for call in waiting { call.fail(RPCError(.unavailable, "the client was closed")) }
            link.close(done)
        }
    }

    private func onLoop(_ work: @escaping @Sendable (RPCClient) -> Void) {
        if loop.isCurrent { work(self) } else { loop.execute { work(self) } }
    }
}

/// One connection of a client and its calls.
final class RPCClientLink: RPCLinkOwner, Equatable, @unchecked Sendable {
    // Proof of @unchecked: touched on the loop of its client only.
    private weak var client: RPCClient?
    private(set) var link: RPCLink! = nil
    private var calls: [StreamID: RPCClientCall] = [:]

    init(client: RPCClient, loop: ShardLoop, connection: RPCConnection) {
        self.client = client
        link = RPCLink(loop: loop, connection: connection, owner: self)
    }

    static func == (left: RPCClientLink, right: RPCClientLink) -> Bool { left === right }

    var isUsable: Bool { link.isUsable }

    func begin(_ call: RPCClientCall) {
        do throws(RPCError) {
            let now = link.loop.now
            let id = try link.perform { connection throws(RPCError) in
                try connection.open(call.method, call.request, deadline: call.deadline, at: now)
            }
            calls[id] = call
            call.begin(id, on: self)
        } catch {
            call.fail(error)
        }
    }

    /// Gives a call up.
    func cancel(_ id: StreamID) {
        guard calls.removeValue(forKey: id) != nil else { return }
        link.command { $0.cancel(id) }
    }

    func fail(_ error: RPCError) { client?.linkDidClose(self, error) }

    func close(_ done: @escaping () -> Void) {
        link.close(done)
    }

    func link(_ link: RPCLink, didReport event: RPCConnection.Event) {
        switch event {
        case .handshakeCompleted: client?.linkDidOpen(self)
        case .closed(let error): client?.linkDidClose(self, error)
        case .itemReceived(let id, _, _), .writable(let id): calls[id]?.report(event)
        case .responseReceived(let id, _), .streamFailed(let id, _): calls.removeValue(forKey: id)?.report(event)
        case .peerIsLeaving: break
        case .requestReceived, .endReceived: preconditionFailure("\(event) at the client")
        }
    }
}
