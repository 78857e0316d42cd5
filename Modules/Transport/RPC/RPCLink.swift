// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import Primitives
internal import WireProtocol

/// What an `RPCLink` reports, on its loop.
protocol RPCLinkOwner: AnyObject {
    func link(_ link: RPCLink, didReport event: RPCConnection.Event)
}

/// Drives one `RPCConnection` with a socket and a clock.
///
/// Everything happens on the loop. Events are handed out one by one; what handlers do meanwhile is carried out at once but
/// written to the socket in one piece at the end.
final class RPCLink: ChannelInboundHandler, @unchecked Sendable {
    // Proof of @unchecked: every stored property that changes is touched on `loop` only, which each entry checks.
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let loop: ShardLoop
    private(set) var connection: RPCConnection
    /// The owner keeps the link and the channel keeps it too; it lets go of the owner when it closes.
    private var owner: (any RPCLinkOwner)?
    private var context: ChannelHandlerContext?
    private var isDispatching = false
    private var isFlushScheduled = false
    private var timer: ShardTimer?
    private var timerDeadline = Instant.distantFuture

    init(loop: ShardLoop, connection: RPCConnection, owner: any RPCLinkOwner) {
        self.loop = loop
        self.connection = connection
        self.owner = owner
    }

    /// Whether new calls can be opened.
    var isUsable: Bool { connection.isOpen && !connection.isLeaving && !connection.peerIsLeaving }

    /// Address and port of this end, while the socket is open.
    var localAddress: NetworkAddress? { context?.channel.localAddress.flatMap { NetworkAddress($0) } }

    /// Address and port of the other end, while the socket is open.
    var peerAddress: NetworkAddress? { context?.channel.remoteAddress.flatMap { NetworkAddress($0) } }

    /// Runs `body` on the connection, then hands out events and schedules the write.
    func perform<Result>(_ body: (inout RPCConnection) throws(RPCError) -> Result) throws(RPCError) -> Result {
        loop.preconditionCurrent()
        defer { settle() }
        return try body(&connection)
    }

    /// Closes the socket without waiting for anything.
    func cut() {
        loop.preconditionCurrent()
        context?.close(promise: nil)
    }

    /// Says goodbye, closes the socket, and calls `done` when it is closed.
    func close(_ done: @escaping () -> Void) {
        command { $0.leave(reason: "the client is closing") }
        guard let context else { return done() }
        context.channel.closeFuture.assumeIsolated().whenComplete { _ in done() }
        flush()
        cut()
    }

    // MARK: Channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { settle() }
    }

    func channelActive(context: ChannelHandlerContext) {
        settle()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        connection.receive(buffer.sharedBytes, at: loop.now)
        dispatchEvents()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        flush()
        armTimer()
        loop.roundHasWork()
    }

    func channelInactive(context: ChannelHandlerContext) {
        connection.receiveEnd()
        dispatchEvents()
        release()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The socket failed: whatever it was, the connection is lost and `channelInactive` says so to everyone.
        context.close(promise: nil)
    }

    // MARK: Events and bytes

    private func settle() {
        guard !isDispatching else { return }
        dispatchEvents()
        scheduleFlush()
        armTimer()
    }

    private func dispatchEvents() {
        guard !isDispatching else { return }
        isDispatching = true
        defer { isDispatching = false }
        while true {
            let events = connection.takeEvents()
            guard !events.isEmpty else { return }
            for event in events { owner?.link(self, didReport: event) }
        }
    }

    /// One write for everything that is said before the loop gets to it.
    private func scheduleFlush() {
        guard !isFlushScheduled, connection.unflushedByteCount > 0 || connection.isClosed else { return }
        isFlushScheduled = true
        loop.eventLoop.execute { [self] in
            isFlushScheduled = false
            flush()
        }
    }

    private func flush() {
        guard let context, context.channel.isActive else { return }
        let output = connection.takeOutput()
        let byteCount = output.reduce(0) { $0 + $1.count }
        if byteCount > 0 {
            let written = context.eventLoop.makePromise(of: Void.self)
            written.futureResult.assumeIsolated().whenSuccess { [self] in flushed(byteCount) }
            context.writeAndFlush(
                wrapOutboundOut(context.channel.allocator.buffer(output, byteCount)), promise: written)
        }
        if connection.isClosed { context.close(promise: nil) }
    }

    private func flushed(_ byteCount: Int) {
        connection.flushed(byteCount)
        settle()
    }

    // MARK: Time

    /// One timer at a time, re-armed when it rings: deadlines mostly move away, and a timer that rings early is cheap.
    private func armTimer() {
        let deadline = connection.nextWakeup
        guard deadline != .distantFuture, deadline < timerDeadline || timer?.isPending != true else { return }
        timer?.cancel()
        timerDeadline = deadline
        timer = loop.schedule(at: deadline) { [weak self] in self?.ring() }
    }

    private func ring() {
        timerDeadline = .distantFuture
        connection.advance(to: loop.now)
        settle()
    }

    private func release() {
        timer?.cancel()
        timer = nil
        context = nil
        owner = nil
    }
}

extension ByteBuffer {
    /// The readable bytes, shared where the memory is mostly theirs, copied where a small read sits in a large buffer.
    var sharedBytes: SharedBytes {
        guard readableBytes * 4 >= storageCapacity else {
            return unsafe withUnsafeReadableBytes { source in
                unsafe SharedBytes(count: source.count) { target in unsafe target.copyMemory(from: source) }
            }
        }
        return unsafe withUnsafeReadableBytesWithStorageManagement { bytes, storage in
            // Proof: the storage object owns the memory and is retained; NIO writes to a storage only while nobody else
            // holds it and takes a new one otherwise.
            unsafe SharedBytes(base: bytes.baseAddress, count: bytes.count, owner: storage.takeUnretainedValue())
        }
    }
}

extension ByteBufferAllocator {
    /// One buffer of all `pieces`, so that one system call sends them.
    fileprivate func buffer(_ pieces: [SharedBytes], _ byteCount: Int) -> ByteBuffer {
        var buffer = buffer(capacity: byteCount)
        for piece in pieces { unsafe piece.withUnsafeBytes { source in _ = unsafe buffer.writeBytes(source) } }
        return buffer
    }
}
