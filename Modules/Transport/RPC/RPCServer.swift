// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import NIOPosix
internal import Primitives
public import WireProtocol

/// Answers the framed RPC on one port, over the loops of a group.
///
/// A connection stays on the loop that it was given. Its handlers are called there.
public final class RPCServer: Sendable {
    /// Where it listens; the real port when 0 was asked for.
    public let address: NetworkAddress
    private let channel: any Channel
    private let loops: [ShardLoop]
    private let ledger: ConnectionLedger
    private let connections: RPCServerConnections

    private init(
        address: NetworkAddress, channel: any Channel, loops: [ShardLoop], ledger: ConnectionLedger,
        connections: RPCServerConnections
    ) {
        self.address = address
        self.channel = channel
        self.loops = loops
        self.ledger = ledger
        self.connections = connections
    }

    /// Listens on `host` and `port` (0: any free one).
    ///
    /// - Parameters:
    ///   - hello: Who this node is: `Hello.node(…)`.
    ///   - roles: Which roles it answers to; empty means the one in `hello`.
    ///   - catalogue: Every method of the cluster. One without a handler is answered `.notSupported`; one outside the
    ///     catalogue ends the connection. The methods of `service` always belong to it.
    public static func bind(
        host: String, port: Int, group: ShardLoopGroup, hello: Hello, roles: [NodeRole] = [], service: RPCService,
        catalogue: [MethodDescriptor] = Admin.methods, limits: RPCLimits = RPCLimits(),
        connectionLimits: ConnectionLimits = ConnectionLimits()
    ) async throws(ListenerFault) -> RPCServer {
        let asked = NetworkAddress(host: host, port: port)
        let ledger = ConnectionLedger(limits: connectionLimits)
        let known = Set(catalogue.map(\.id))
        let methods = catalogue + service.methods.filter { !known.contains($0.id) }
        let connections = RPCServerConnections(loops: group.loops, service: service) { now in
            RPCConnection(.server, hello: hello, roles: roles, methods: methods, limits: limits, at: now)
        }
        do {
            let channel = try await ServerBootstrap(group: group.eventLoops)
                .serverChannelOption(.backlog, value: 1024)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .rpcChildOptions()
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture { try connections.accept(channel, ledger) }
                }
                .bind(host: host, port: port).get()
            let address = NetworkAddress(channel.localAddress) ?? asked
            return RPCServer(
                address: address, channel: channel, loops: group.loops, ledger: ledger, connections: connections)
        } catch {
            throw ListenerFault(error, at: asked)
        }
    }

    /// Connections open now. Callable from anywhere.
    public var connectionCount: Int { ledger.openCount }

    /// Accepts no more, tells callers to go elsewhere, waits for open calls, and cuts what is left after `milliseconds`.
    /// Returns when no connection is open.
    public func drain(withinMilliseconds milliseconds: Int64, reason: String = "the node is stopping") async {
        await withCheckedContinuation { done in
            channel.close(promise: nil)
            channel.closeFuture.whenComplete { _ in done.resume() }
        }
        connections.forEachLink { link in link.command { $0.leave(reason: reason) } }
        await waitUntilEmpty(withinMilliseconds: milliseconds)
        connections.forEachLink { link in link.cut() }
        await waitUntilEmpty(withinMilliseconds: .max)
    }

    private func waitUntilEmpty(withinMilliseconds milliseconds: Int64) async {
        let loop = loops[0]
        let deadline = loop.now.advanced(byMilliseconds: milliseconds)
        while ledger.openCount > 0, loop.now < deadline {
            await withCheckedContinuation { done in
                loop.execute { loop.schedule(afterMilliseconds: 2) { done.resume() } }
            }
        }
    }
}

extension ServerBootstrap {
    fileprivate func rpcChildOptions() -> ServerBootstrap {
        childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(.recvAllocator, value: .rpc)
    }
}

extension RecvByteBufferAllocator where Self == AdaptiveRecvByteBufferAllocator {
    /// Grows to 256 KiB while a peer streams, shrinks while it only talks.
    static var rpc: AdaptiveRecvByteBufferAllocator {
        AdaptiveRecvByteBufferAllocator(minimum: 2 << 10, initial: 8 << 10, maximum: 256 << 10)
    }
}

/// The connections of a server, by loop.
final class RPCServerConnections: Sendable {
    private let loops: [ShardLoop]
    private let service: RPCService
    private let makeConnection: @Sendable (Instant) -> RPCConnection
    private let links: [LoopLinks]

    private final class LoopLinks: @unchecked Sendable {
        // Proof of @unchecked: each belongs to one loop and is touched there only.
        var all: [ObjectIdentifier: RPCServerLink] = [:]
    }

    init(
        loops: [ShardLoop], service: RPCService, makeConnection: @escaping @Sendable (Instant) -> RPCConnection
    ) {
        self.loops = loops
        self.service = service
        self.makeConnection = makeConnection
        links = loops.map { _ in LoopLinks() }
    }

    /// Sets up an accepted channel, on its loop.
    func accept(_ channel: any Channel, _ ledger: ConnectionLedger) throws {
        guard let index = loops.firstIndex(where: { $0.eventLoop === channel.eventLoop }) else {
            preconditionFailure("a channel runs on none of the \(loops.count) loops of its group")
        }
        let host = (NetworkAddress(channel.remoteAddress) ?? .unknown).host
        guard case .admitted = ledger.admit(host) else { throw ChannelError.operationUnsupported }
        let loop = loops[index]
        let server = RPCServerLink(service: service)
        let link = RPCLink(loop: loop, connection: makeConnection(loop.now), owner: server)
        server.link = link
        let key = ObjectIdentifier(server)
        links[index].all[key] = server
        channel.closeFuture.assumeIsolated().whenComplete { [self] _ in
            ledger.leave(host)
            links[index].all[key] = nil
        }
        try channel.pipeline.syncOperations.addHandler(link)
    }

    /// Runs `body` for every connection, each on its loop.
    func forEachLink(_ body: @escaping @Sendable (RPCLink) -> Void) {
        for (loop, links) in zip(loops, links) {
            loop.execute { for server in links.all.values { if let link = server.link { body(link) } } }
        }
    }
}

/// The calls of one connection at the server.
final class RPCServerLink: RPCLinkOwner {
    private let service: RPCService
    weak var link: RPCLink?
    private var calls: [StreamID: RPCCall] = [:]

    init(service: RPCService) { self.service = service }

    func link(_ link: RPCLink, didReport event: RPCConnection.Event) {
        switch event {
        case .requestReceived(let id, let method, let request, let deadline):
            begin(id, method, request, deadline: deadline, on: link)
        case .itemReceived(let id, _, _), .endReceived(let id), .writable(let id): calls[id]?.report(event)
        case .streamFailed(let id, _): calls.removeValue(forKey: id)?.report(event)
        case .handshakeCompleted, .peerIsLeaving, .closed: break
        case .responseReceived: preconditionFailure("a response at the server")
        }
    }

    private func begin(
        _ id: StreamID, _ method: MethodID, _ request: Payload, deadline: Instant, on link: RPCLink
    ) {
        guard let handler = service.handlers[method] else {
            let error = RPCError(
                .notSupported, "this node does not serve method \(method)", remedy: "Ask another node.")
            return link.command { $0.fail(error, on: id) }
        }
        guard let peer = link.connection.peer else { preconditionFailure("call \(id) before the handshake") }
        let call = RPCCall(id, method, request, deadline: deadline, link: link, peer: peer) { [weak self] call in
            self?.calls[call.streamID] = nil
        }
        calls[id] = call
        handler(call)
    }
}
