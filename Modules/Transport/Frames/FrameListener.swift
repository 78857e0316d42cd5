// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import NIOPosix
internal import Primitives
internal import Synchronization

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
    /// What becomes of who connects.
    private enum Door {
        /// The port is ours, and the kernel refuses everybody.
        case reserved(ReservedPort)
        case opening
        case open(any Channel)
        case closed
    }

    private static let backlog: Int32 = 1024

    /// Where it listens; the real port when 0 was asked for.
    public let address: NetworkAddress
    private let door: Mutex<Door>
    private let group: ShardLoopGroup
    private let limits: ConnectionLimits
    private let acceptor: FrameAcceptor
    private let ledger: ConnectionLedger

    private init(
        _ port: ReservedPort, group: ShardLoopGroup, limits: ConnectionLimits, acceptor: FrameAcceptor,
        ledger: ConnectionLedger
    ) {
        address = port.address
        door = Mutex(.reserved(port))
        self.group = group
        self.limits = limits
        self.acceptor = acceptor
        self.ledger = ledger
    }

    /// Listens on `host` and `port` (0: any free one).
    ///
    /// - Parameter makeHandler: Makes the handler of a new connection, on the connection's loop.
    public static func bind(
        host: String, port: Int, group: ShardLoopGroup, limits: ConnectionLimits = ConnectionLimits(),
        makeHandler: @escaping @Sendable (FrameConnection) -> any FrameHandler
    ) async throws(ListenerFault) -> FrameListener {
        let listener = try await reserve(
            host: host, port: port, group: group, limits: limits, makeHandler: makeHandler)
        try await listener.open()
        return listener
    }

    /// Takes `host` and `port` (0: any free one) and refuses everybody until `open`.
    ///
    /// - Parameter makeHandler: Makes the handler of a new connection, on the connection's loop.
    public static func reserve(
        host: String, port: Int, group: ShardLoopGroup, limits: ConnectionLimits = ConnectionLimits(),
        makeHandler: @escaping @Sendable (FrameConnection) -> any FrameHandler
    ) async throws(ListenerFault) -> FrameListener {
        let ledger = ConnectionLedger(limits: limits)
        let acceptor = FrameAcceptor(loops: group.loops, ledger: ledger, makeHandler: makeHandler)
        let reserved = try ReservedPort(NetworkAddress(host: host, port: port))
        return FrameListener(reserved, group: group, limits: limits, acceptor: acceptor, ledger: ledger)
    }

    /// Accepts connections from now on. Does nothing where it does already, or does no more.
    public func open() async throws(ListenerFault) {
        let reserved = door.withLock { door -> ReservedPort? in
            guard case .reserved(let port) = door else { return nil }
            door = .opening
            return port
        }
        guard let reserved else { return }
        let channel: any Channel
        do {
            channel = try await bootstrap.withBoundSocket(try reserved.listen(backlog: Self.backlog)).get()
        } catch {
            door.withLock { $0 = .closed }
            throw ListenerFault(error, at: address)
        }
        let isWanted = door.withLock { door -> Bool in
            guard case .opening = door else { return false }
            door = .open(channel)
            return true
        }
        if !isWanted { channel.close(promise: nil) }
    }

    private var bootstrap: ServerBootstrap {
        ServerBootstrap(group: group.eventLoops)
            .serverChannelInitializer { [acceptor] channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AdmissionHandler(acceptor: acceptor))
                }
            }
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(
                .writeBufferWaterMark, value: .init(low: limits.outputLowWatermark, high: limits.outputHighWatermark)
            )
            .childChannelInitializer { [acceptor] channel in
                channel.eventLoop.makeCompletedFuture { try acceptor.setUp(channel) }
            }
    }

    /// Connections open now. Callable from anywhere.
    public var connectionCount: Int { ledger.openCount }

    /// Limits how often addresses may connect, from now on. Callable from anywhere.
    public func limit(_ rates: AddressRates) { ledger.limit(rates) }

    /// Accepts no more; open connections go on.
    public func stopAccepting() async {
        let channel = door.withLock { door -> (any Channel)? in
            if case .open(let channel) = door { return channel }
            door = .closed
            return nil
        }
        guard let channel else { return }
        await withCheckedContinuation { done in
            channel.close(promise: nil)
            channel.closeFuture.whenComplete { _ in done.resume() }
        }
    }

    /// Accepts no more, tells the handlers to finish (`FrameHandler.draining`), and cuts what is left after
    /// `milliseconds`. Returns when no connection is open.
    public func drain(withinMilliseconds milliseconds: Int64) async {
        await stopAccepting()
        for loop in group.loops {
            loop.execute { for connection in loop.connections.all { connection.drain(of: self.ledger) } }
        }
        await waitUntilEmpty(withinMilliseconds: milliseconds)
        for loop in group.loops {
            loop.execute { for connection in loop.connections.all { connection.abort(of: self.ledger) } }
        }
        await waitUntilEmpty(withinMilliseconds: .max)
    }

    private func waitUntilEmpty(withinMilliseconds milliseconds: Int64) async {
        let loop = group.loops[0]
        let deadline = loop.now.advanced(byMilliseconds: milliseconds)
        while ledger.openCount > 0, loop.now < deadline {
            await withCheckedContinuation { done in
                loop.execute { loop.schedule(afterMilliseconds: 2) { done.resume() } }
            }
        }
    }
}
