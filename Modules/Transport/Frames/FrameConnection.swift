// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
public import Primitives

#if canImport(Glibc)
    import Glibc
#endif

/// Names a connection; never used twice in a process.
public struct ConnectionID: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let rawValue: UInt64
    package init(_ rawValue: UInt64) { self.rawValue = rawValue }
    public static func < (left: ConnectionID, right: ConnectionID) -> Bool { left.rawValue < right.rawValue }
    public var description: String { String(rawValue) }
}

/// One end of a connection, as far as it is known.
public struct NetworkAddress: Hashable, Sendable, CustomStringConvertible {
    /// Numeric, without brackets.
    public let host: String
    public let port: Int

    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// A connection that carries frames, and its output.
///
/// What is written appears in that order, pieces and files alike. Output collects until `flush` or the end of the
/// loop's round, then leaves with one `writev` (and one `sendfile` per file). Except for what says otherwise,
/// call on `loop`.
public final class FrameConnection: @unchecked Sendable {
    // Proof of @unchecked: the `let`s are immutable; the rest is touched on the loop only, which writes and closes
    // check.
    public let id: ConnectionID
    public let loop: ShardLoop
    public let peer: NetworkAddress
    public let local: NetworkAddress
    /// Largest payload the next size prefix may announce; smaller before authentication.
    public var frameByteCountMax: Int
    /// See `ConnectionLimits.idleMilliseconds`; shorter before authentication.
    public var idleMilliseconds: Int64

    let limits: ConnectionLimits
    private let ledger: ConnectionLedger
    /// Nil before `opened` and after `closed`.
    var context: ChannelHandlerContext?
    var position = ConnectionTable.noPosition
    var activeAt: Instant
    private(set) var isReadingPaused = false
    /// Held up until other frames have left the memory of the loop; the peer's time goes on.
    private(set) var isWaitingForMemory = false
    private var received: FrameProgress
    private(set) var closeReason: CloseReason?
    private var handler: (any FrameHandler)?
    private var output = ByteBuffer()
    private var isWaitingForFlush = false
    private var hasUnflushedFiles = false
    /// Bytes given to the socket's queue, ever.
    private var queuedByteCount = 0
    private var progress = OutputProgress()

    init(
        id: ConnectionID, loop: ShardLoop, peer: NetworkAddress, local: NetworkAddress, ledger: ConnectionLedger
    ) {
        let limits = ledger.limits
        self.ledger = ledger
        self.id = id
        self.loop = loop
        self.peer = peer
        self.local = local
        self.limits = limits
        frameByteCountMax = limits.frameByteCountMax
        idleMilliseconds = limits.idleMilliseconds
        activeAt = loop.now
        received = FrameProgress(openedAt: activeAt)
    }

    /// Whether frames still come and writes still go somewhere.
    public var isOpen: Bool { context != nil && closeReason == nil }

    // MARK: Writing

    /// Appends `bytes` as they are: the size prefix is the caller's, because a file may follow. Nothing once closed.
    public func write(_ bytes: [UInt8]) {
        guard prepareOutput() else { return }
        output.writeBytes(bytes)
        outputGrew()
    }

    /// Appends a copy of `bytes`.
    public func write(_ bytes: SharedBytes) {
        guard prepareOutput() else { return }
        unsafe bytes.withUnsafeBytes { bytes in _ = unsafe output.writeBytes(bytes) }
        outputGrew()
    }

    /// Appends `count` bytes of a file from `position` on, sent by the kernel from its page cache.
    ///
    /// The lease is held until they are sent. The file must not be truncated below the range; a peer then waits for bytes
    /// that never come and is cut as stalled.
    public func writeFile(_ lease: DescriptorLease, position: Int64, count: Int) {
        precondition(position >= 0 && count >= 0, "\(count) bytes of a file from \(position) on")
        loop.preconditionCurrent()
        guard isOpen, count > 0, let context else { return }
        queueOutput()
        let handle = NIOFileHandle(_deprecatedTakingOwnershipOfDescriptor: lease.descriptor)
        let region = FileRegion(fileHandle: handle, readerIndex: Int(position), endIndex: Int(position) + count)
        let sent = context.eventLoop.makePromise(of: Void.self)
        sent.futureResult.assumeIsolatedUnsafeUnchecked().whenComplete { _ in
            // The descriptor is the lease's to close, not the handle's.
            _ = try? handle.takeDescriptorOwnership()
            withExtendedLifetime(lease) {}
        }
        context.write(NIOAny(IOData.fileRegion(region)), promise: sent)
        queuedByteCount += count
        loop.counters.sentByteCount &+= UInt64(count)
        hasUnflushedFiles = true
        outputGrew()
    }

    /// Sends what was written so far now, instead of at the end of the round.
    public func flush() {
        isWaitingForFlush = false
        guard let context, output.readableBytes > 0 || hasUnflushedFiles else { return }
        queueOutput()
        hasUnflushedFiles = false
        context.flush()
        if !context.channel.isWritable, pendingOutputByteCount > limits.outputByteCountMax { cut(.outputOverflow) }
    }

    /// Bytes written that the kernel has not taken yet, files included.
    public var pendingOutputByteCount: Int { output.readableBytes + queuedRestByteCount }

    /// Whether less is pending than the high watermark of the limits.
    public var isWritable: Bool { context?.channel.isWritable ?? false }

    /// Bytes in the socket's queue that the kernel has not taken.
    private var queuedRestByteCount: Int {
        guard let options = context?.channel.syncOptions else { return 0 }
        do {
            return try options.getOption(.bufferedWritableBytes)
        } catch {
            // Asked of a closed channel: what waited is gone.
            return 0
        }
    }

    private func prepareOutput() -> Bool {
        loop.preconditionCurrent()
        guard isOpen else { return false }
        if output.capacity == 0 { output = loop.outputBuffers.take() }
        return true
    }

    private func outputGrew() {
        if output.readableBytes > limits.outputByteCountMax { return cut(.outputOverflow) }
        guard !isWaitingForFlush else { return }
        isWaitingForFlush = true
        loop.flushAtRoundEnd(self)
    }

    /// Moves what is collected to the socket's queue and lends the memory back to the loop.
    private func queueOutput() {
        guard let context, output.readableBytes > 0 else { return }
        queuedByteCount += output.readableBytes
        loop.counters.sentByteCount &+= UInt64(output.readableBytes)
        context.write(NIOAny(IOData.byteBuffer(output)), promise: nil)
        loop.outputBuffers.give(output)
        output = ByteBuffer()
    }

    // MARK: Reading

    /// Stops taking bytes from the socket, so that the peer is slowed down. Frames of the current read still come.
    public func pauseReading() {
        loop.preconditionCurrent()
        isReadingPaused = true
    }

    /// Takes bytes again.
    public func resumeReading() {
        loop.preconditionCurrent()
        guard isReadingPaused else { return }
        isReadingPaused = false
        activeAt = loop.coarseNow
        received.restart(at: activeAt)
        if !isWaitingForMemory { context?.read() }
    }

    /// Whether the next read may be asked for.
    var mayRead: Bool { !isReadingPaused && !isWaitingForMemory }

    /// A read ended: takes account of the beginning of a frame that stays in memory.
    func noteRead(begunByteCount: Int, completedSome: Bool) {
        hold(begunByteCount - received.heldByteCount)
        received.noteRead(begunByteCount: begunByteCount, completedSome: completedSome, at: loop.coarseNow)
        isWaitingForMemory =
            begunByteCount > limits.smallFrameByteCount && loop.counters.heldByteCount > limits.heldByteCountMax
    }

    /// Adds to the memory that the loop holds for its connections, or takes from it.
    ///
    /// For frames that are kept while they are worked on.
    public func hold(_ byteCount: Int) { loop.counters.heldByteCount += byteCount }

    /// Reads on when memory is free again.
    func retryMemory() {
        guard isWaitingForMemory, loop.counters.heldByteCount <= limits.heldByteCountMax else { return }
        isWaitingForMemory = false
        if !isReadingPaused { context?.read() }
    }

    // MARK: Closing

    /// Sends what was written, then closes. No more frames come.
    public func close() {
        loop.preconditionCurrent()
        guard isOpen, let context else { return }
        flush()
        guard closeReason == nil else { return }
        closeReason = .closedHere
        let sent = context.eventLoop.makePromise(of: Void.self)
        sent.futureResult.assumeIsolatedUnsafeUnchecked().whenComplete { _ in self.context?.close(promise: nil) }
        context.writeAndFlush(NIOAny(IOData.byteBuffer(ByteBuffer())), promise: sent)
    }

    /// Closes at once; what waits to be sent is lost.
    public func abort() {
        loop.preconditionCurrent()
        cut(.closedHere)
    }

    /// Closes for `reason`, after the caller has returned, so that no handler is called from within its own call.
    func cut(_ reason: CloseReason) {
        guard context != nil else { return }
        if closeReason == nil { closeReason = reason }
        loop.eventLoop.execute { self.context?.close(promise: nil) }
    }

    /// Closes when the peer has been silent, or has stopped reading, for too long. Called about once a second.
    func checkDeadlines(at now: Instant) {
        retryMemory()
        if closeReason == nil, !isReadingPaused, received.isTooSlow(at: now, limits) { return cut(.tooSlow) }
        let pending = pendingOutputByteCount
        if pending == 0 {
            progress = OutputProgress()
            if closeReason == nil, !isReadingPaused, now.milliseconds(since: activeAt) >= idleMilliseconds {
                cut(.idle)
            }
            return
        }
        activeAt = now
        let takenByteCount = queuedByteCount - queuedRestByteCount
        if progress.isStalled(takenByteCount: takenByteCount, at: now, afterMilliseconds: limits.stallMilliseconds) {
            cut(.outputStalled)
        }
    }
}

/// Life of a connection, driven by its channel handler.
extension FrameConnection {
    func open(_ context: ChannelHandlerContext, handler: any FrameHandler) {
        self.context = context
        self.handler = handler
        loop.connections.add(self)
        loop.counters.openCount += 1
        handler.opened(self)
        loop.roundHasWork()
    }

    /// Gives `frame` to the handler; false when the connection is closing and no more may come.
    func deliver(_ frame: SharedBytes) -> Bool {
        guard closeReason == nil, let handler else { return false }
        loop.counters.frameCount &+= 1
        handler.received(frame)
        return closeReason == nil
    }

    func deliveredAll() {
        if closeReason == nil { handler?.receivedAll() }
        loop.roundHasWork()
    }

    func writabilityChanged() {
        guard closeReason == nil else { return }
        handler?.writabilityChanged(isWritable)
        loop.roundHasWork()
    }

    /// Tells the handler that the listener with `ledger` is closing.
    func drain(of ledger: ConnectionLedger) {
        guard ledger === self.ledger, closeReason == nil else { return }
        handler?.draining()
        loop.roundHasWork()
    }

    func abort(of ledger: ConnectionLedger) { if ledger === self.ledger { abort() } }

    /// The channel is gone.
    func finish(_ reason: CloseReason) {
        guard context != nil else { return }
        let reason = closeReason ?? reason
        closeReason = reason
        context = nil
        output = ByteBuffer()
        loop.connections.remove(self)
        loop.counters.openCount -= 1
        hold(-received.heldByteCount)
        loop.counters.count(reason)
        handler?.closed(reason)
        handler = nil
        loop.roundHasWork()
    }
}

/// A descriptor could not be used; the system's number says why.
public struct DescriptorFault: Error, Hashable, Sendable {
    public let errno: Int32
    public init(errno: Int32) { self.errno = errno }
}

/// Whether a peer takes what waits for it.
struct OutputProgress {
    private var takenByteCount = -1
    private var since = Instant.distantFuture

    /// True when nothing more has been taken than `milliseconds` ago.
    mutating func isStalled(takenByteCount: Int, at now: Instant, afterMilliseconds milliseconds: Int64) -> Bool {
        guard takenByteCount == self.takenByteCount else {
            self.takenByteCount = takenByteCount
            since = now
            return false
        }
        return now.milliseconds(since: since) >= milliseconds
    }
}
