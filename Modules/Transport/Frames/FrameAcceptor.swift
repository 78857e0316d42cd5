// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
import Synchronization

/// Makes connections of accepted channels.
final class FrameAcceptor: Sendable {
    private static let lastID = Atomic<UInt64>(0)

    let loops: [ShardLoop]
    let ledger: ConnectionLedger
    private let makeHandler: @Sendable (FrameConnection) -> any FrameHandler

    init(
        loops: [ShardLoop], ledger: ConnectionLedger,
        makeHandler: @escaping @Sendable (FrameConnection) -> any FrameHandler
    ) {
        self.loops = loops
        self.ledger = ledger
        self.makeHandler = makeHandler
    }

    /// Called on the channel's own loop, before it is registered.
    func setUp(_ channel: any Channel) throws {
        let loop = shardLoop(of: channel.eventLoop)
        let connection = FrameConnection(
            id: ConnectionID(Self.lastID.add(1, ordering: .relaxed).newValue), loop: loop,
            peer: NetworkAddress(channel.remoteAddress) ?? .unknown,
            local: NetworkAddress(channel.localAddress) ?? .unknown, ledger: ledger)
        let receiver = FrameReceiver(loop: loop)
        try channel.syncOptions?.setOption(.recvAllocator, value: receiver)
        let handler = FrameChannelHandler(connection: connection, receiver: receiver, makeHandler: makeHandler)
        try channel.pipeline.syncOperations.addHandler(handler)
    }

    func shardLoop(of eventLoop: any EventLoop) -> ShardLoop {
        guard let loop = loops.first(where: { $0.eventLoop === eventLoop }) else {
            preconditionFailure("a channel runs on none of the \(loops.count) loops of its group")
        }
        return loop
    }
}

/// Lets accepted connections in, or closes them at once when there are enough.
final class AdmissionHandler: ChannelInboundHandler {
    typealias InboundIn = any Channel
    typealias InboundOut = any Channel

    private let acceptor: FrameAcceptor

    init(acceptor: FrameAcceptor) { self.acceptor = acceptor }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let channel = unwrapInboundIn(data)
        let ledger = acceptor.ledger
        let host = (NetworkAddress(channel.remoteAddress) ?? .unknown).host
        let loop = acceptor.shardLoop(of: context.eventLoop)
        let now = loop.now
        switch ledger.admit(host, at: now) {
        case .admitted:
            loop.counters.acceptedCount += 1
            channel.closeFuture.whenComplete { _ in ledger.leave(host) }
            let delay = ledger.delayNanoseconds(at: now)
            guard delay > 0 else { return context.fireChannelRead(data) }
            loop.counters.delayedCount += 1
            context.eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(delay)) {
                guard context.channel.isActive else { return channel.close(promise: nil) }
                context.fireChannelRead(data)
            }
        case .tooMany:
            loop.counters.rejectedByTotalCount += 1
            channel.close(promise: nil)
        case .tooManyOfAddress:
            loop.counters.rejectedByAddressCount += 1
            channel.close(promise: nil)
        case .tooOftenOfAddress:
            loop.counters.rejectedByRateCount += 1
            channel.close(promise: nil)
        }
    }

    /// Accepting failed, for want of descriptors say; NIO goes on with the next connection.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        acceptor.shardLoop(of: context.eventLoop).counters.acceptFailureCount += 1
    }
}

extension NetworkAddress {
    /// A peer that was gone before it could be asked.
    static let unknown = NetworkAddress(host: "unknown", port: 0)

    init?(_ address: SocketAddress?) {
        guard let address, let host = address.ipAddress, let port = address.port else { return nil }
        self.init(host: host, port: port)
    }
}
