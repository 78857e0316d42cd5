// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import Primitives

/// Cuts what a socket delivers into frames. The only code between NIO and a `FrameHandler`.
final class FrameChannelHandler: ChannelInboundHandler, ChannelOutboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    /// Reads up to this size are copied, so that a small frame kept for long does not keep a whole receive buffer.
    static let copiedByteCountMax = 4096
    static let prefixByteCount = 4

    private let connection: FrameConnection
    private let receiver: FrameReceiver
    private let makeHandler: (FrameConnection) -> any FrameHandler
    private var finishedBuffer: ByteBuffer?
    private var errorNumber: Int32?

    init(
        connection: FrameConnection, receiver: FrameReceiver,
        makeHandler: @escaping (FrameConnection) -> any FrameHandler
    ) {
        self.connection = connection
        self.receiver = receiver
        self.makeHandler = makeHandler
    }

    func channelActive(context: ChannelHandlerContext) {
        connection.open(context, handler: makeHandler(connection))
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        receiver.readCompleted()
        guard !receiver.hasLostBytes else { return connection.cut(.failed(errno: 0)) }
        guard connection.isOpen else { return }
        connection.activeAt = connection.loop.coarseNow
        var buffer = unwrapInboundIn(data)
        let scan = deliverFrames(of: buffer)
        if let size = scan.invalidSize { return connection.cut(.frameSizeInvalid(size)) }
        guard connection.isOpen else { return }
        buffer.moveReaderIndex(forwardBy: scan.consumedByteCount)
        connection.noteRead(begunByteCount: buffer.readableBytes, completedSome: scan.consumedByteCount > 0)
        if buffer.readableBytes > 0 {
            receiver.keep(buffer, frameByteCount: scan.nextFrameByteCount)
        } else {
            finishedBuffer = buffer
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // NIO has let go of the buffer by now.
        if let buffer = finishedBuffer.take() { connection.loop.receiveBuffers.give(buffer) }
        connection.deliveredAll()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) { connection.writabilityChanged() }

    /// NIO asks to go on reading after each read; not answering is how reading pauses.
    func read(context: ChannelHandlerContext) {
        if connection.mayRead { context.read() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        errorNumber = (error as? IOError)?.errnoCode ?? 0
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        connection.finish(errorNumber.map { .failed(errno: $0) } ?? .peerClosed)
    }

    /// What one look over the received bytes found.
    private struct Scan {
        var consumedByteCount = 0
        /// Of the frame that begins after the consumed bytes, prefix included; at least the prefix.
        var nextFrameByteCount = prefixByteCount
        var invalidSize: Int32?
    }

    private func deliverFrames(of buffer: ByteBuffer) -> Scan {
        connection.loop.counters.receivedByteCount &+= UInt64(receiver.newByteCount(of: buffer))
        return unsafe buffer.withUnsafeReadableBytesWithStorageManagement { bytes, storage in
            guard bytes.count > Self.copiedByteCountMax else {
                let copy = unsafe SharedBytes(count: bytes.count) { unsafe $0.copyMemory(from: bytes) }
                return deliverFrames(of: copy)
            }
            // The storage owns the bytes, and nobody writes to them while it has more than one owner: NIO copies then.
            let shared = unsafe SharedBytes(
                base: bytes.baseAddress, count: bytes.count, owner: storage.takeUnretainedValue())
            return deliverFrames(of: shared)
        }
    }

    private func deliverFrames(of bytes: SharedBytes) -> Scan {
        var scan = Scan()
        while bytes.count - scan.consumedByteCount >= Self.prefixByteCount {
            let size = bytes.loadBigEndian(at: scan.consumedByteCount, as: Int32.self)
            guard size >= connection.limits.frameByteCountMin, size <= connection.frameByteCountMax else {
                scan.invalidSize = size
                break
            }
            scan.nextFrameByteCount = Self.prefixByteCount + Int(size)
            guard bytes.count - scan.consumedByteCount >= scan.nextFrameByteCount else { break }
            let frame = bytes.slice(from: scan.consumedByteCount + Self.prefixByteCount, count: Int(size))
            scan.consumedByteCount += scan.nextFrameByteCount
            scan.nextFrameByteCount = Self.prefixByteCount
            guard connection.deliver(frame) else { break }
        }
        return scan
    }
}
