// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import NIOPosix
internal import Primitives

#if canImport(Glibc)
    import Glibc
#endif

/// A port could not be listened on.
public enum ListenerFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// Another process, or another listener of this one, has the port.
    case portInUse(NetworkAddress)
    /// Ports below 1024 need a privilege.
    case notPermitted(NetworkAddress)
    /// The name or number is no address of this machine.
    case addressUnusable(NetworkAddress)
    case failed(NetworkAddress, errno: Int32)

    public var description: String {
        switch self {
        case .portInUse(let address): "\(address) is in use by another process"
        case .notPermitted(let address): "not permitted to listen on \(address)"
        case .addressUnusable(let address): "\(address) is no address of this machine"
        case .failed(let address, let errno): "cannot listen on \(address): error \(errno)"
        }
    }

    init(_ error: any Error, at address: NetworkAddress) {
        let number = (error as? IOError)?.errnoCode
        self =
            switch number {
            case EADDRINUSE: .portInUse(address)
            case EACCES, EPERM: .notPermitted(address)
            case EADDRNOTAVAIL, nil: .addressUnusable(address)
            case .some(let number): .failed(address, errno: number)
            }
    }
}

/// Accepts connections that carry length-prefixed frames and spreads them over the loops of a group, in turn.
///
/// One socket, accepted on one loop, connections dealt out round robin: Kafka clients hold few connections for
/// long, and the kernel's hashing (SO_REUSEPORT) leaves loops idle when there are few.
/// - SeeAlso: docs/decisions/0009-edge.md
public final class FrameListener: Sendable {
    /// Where it listens; the real port when 0 was asked for.
    public let address: NetworkAddress
    private let channel: any Channel
    private let loops: [ShardLoop]
    private let ledger: ConnectionLedger

    private init(address: NetworkAddress, channel: any Channel, loops: [ShardLoop], ledger: ConnectionLedger) {
        self.address = address
        self.channel = channel
        self.loops = loops
        self.ledger = ledger
    }

    /// Listens on `host` and `port` (0: any free one).
    ///
    /// - Parameter makeHandler: Makes the handler of a new connection, on the connection's loop.
    public static func bind(
        host: String, port: Int, group: ShardLoopGroup, limits: ConnectionLimits = ConnectionLimits(),
        makeHandler: @escaping @Sendable (FrameConnection) -> any FrameHandler
    ) async throws(ListenerFault) -> FrameListener {
        let asked = NetworkAddress(host: host, port: port)
        let ledger = ConnectionLedger(limits: limits)
        let acceptor = FrameAcceptor(loops: group.loops, ledger: ledger, makeHandler: makeHandler)
        do {
            let channel = try await ServerBootstrap(group: group.eventLoops)
                .serverChannelOption(.backlog, value: 1024)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .serverChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(AdmissionHandler(acceptor: acceptor))
                    }
                }
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .childChannelOption(.maxMessagesPerRead, value: 1)
                .childChannelOption(
                    .writeBufferWaterMark,
                    value: .init(low: limits.outputLowWatermark, high: limits.outputHighWatermark)
                )
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture { try acceptor.setUp(channel) }
                }
                .bind(host: host, port: port).get()
            let address = NetworkAddress(channel.localAddress) ?? asked
            return FrameListener(address: address, channel: channel, loops: group.loops, ledger: ledger)
        } catch {
            throw ListenerFault(error, at: asked)
        }
    }

    /// Connections open now. Callable from anywhere.
    public var connectionCount: Int { ledger.openCount }

    /// Accepts no more; open connections go on.
    public func stopAccepting() async {
        await withCheckedContinuation { done in
            channel.close(promise: nil)
            channel.closeFuture.whenComplete { _ in done.resume() }
        }
    }

    /// Accepts no more, tells the handlers to finish (`FrameHandler.draining`), and cuts what is left after
    /// `milliseconds`. Returns when no connection is open.
    public func drain(withinMilliseconds milliseconds: Int64) async {
        await stopAccepting()
        for loop in loops {
            loop.execute { for connection in loop.connections.all { connection.drain(of: self.ledger) } }
        }
        await waitUntilEmpty(withinMilliseconds: milliseconds)
        for loop in loops {
            loop.execute { for connection in loop.connections.all { connection.abort(of: self.ledger) } }
        }
        await waitUntilEmpty(withinMilliseconds: .max)
    }

    private func waitUntilEmpty(withinMilliseconds milliseconds: Int64) async {
        let deadline = loops[0].now.advanced(byMilliseconds: milliseconds)
        while ledger.openCount > 0, loops[0].now < deadline {
            await withCheckedContinuation { done in
                loops[0].execute { [loop = loops[0]] in loop.schedule(afterMilliseconds: 2) { done.resume() } }
            }
        }
    }
}
