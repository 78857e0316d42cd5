// SPDX-License-Identifier: Apache-2.0

internal import NIOCore

/// Chooses the memory that the next read of one connection goes to.
///
/// Without a begun frame that is a buffer of the loop's pool. A begun frame goes on where it started when there
/// is room; else it moves to memory that grows with what has arrived, so that a large frame ends up in one piece,
/// its bytes moved at most once on average, and a size prefix alone reserves nothing.
final class FrameReceiver: RecvByteBufferAllocator, @unchecked Sendable {
    // Proof of @unchecked: NIO asks for memory on the channel's loop, and the handler runs there too.

    /// Bytes one read may bring. FACTS of the edge: 256 KiB beats 64 KiB by 15 to 20 % of CPU per byte.
    static let readByteCountMax = 256 << 10
    /// The pool below keeps a connection's very first buffer for ever, so that one is small.
    static let firstReadByteCount = 512

    private let loop: ShardLoop
    private var isFirstRead = true
    private var partial: ByteBuffer?
    /// Bytes of the begun frame, prefix included; 4 while the prefix itself is incomplete.
    private var frameByteCount = 0
    /// Bytes of the begun frame that were in the buffer already when it was lent for a read.
    private var lentByteCount = 0
    /// A begun frame was lent for a read that has not come back.
    private var hasLentPartial = false
    /// The read it was lent for brought nothing, so the frame's beginning is gone: the stream is of no use any more.
    private(set) var hasLostBytes = false

    init(loop: ShardLoop) { self.loop = loop }

    func buffer(allocator: ByteBufferAllocator) -> ByteBuffer {
        if hasLentPartial { hasLostBytes = true }
        if isFirstRead {
            isFirstRead = false
            return allocator.buffer(capacity: Self.firstReadByteCount)
        }
        guard partial != nil else {
            lentByteCount = 0
            return loop.receiveBuffers.take()
        }
        hasLentPartial = true
        let buffer = partialWithRoom()
        lentByteCount = buffer.readableBytes
        return buffer
    }

    /// True lets NIO ask for memory at each read, instead of using the last one again.
    func record(actualReadBytes: Int) -> Bool { true }

    /// How many of a read's bytes are new, and not the beginning of a frame that came before.
    func newByteCount(of buffer: ByteBuffer) -> Int { buffer.readableBytes - lentByteCount }

    /// A read came back; its bytes are the handler's.
    func readCompleted() { hasLentPartial = false }

    /// Keeps the beginning of a frame of `frameByteCount` bytes until the next read.
    func keep(_ buffer: consuming ByteBuffer, frameByteCount: Int) {
        partial = consume buffer
        self.frameByteCount = frameByteCount
    }

    private func partialWithRoom() -> ByteBuffer {
        guard var buffer = partial.take() else { preconditionFailure("no begun frame") }
        let arrived = buffer.readableBytes
        let missing = frameByteCount - arrived
        precondition(missing > 0, "\(arrived) bytes of a frame of \(frameByteCount) are complete")
        let room = min(missing, max(4 * arrived, Self.readByteCountMax))
        let isReady = buffer.modifyIfUniquelyOwned { buffer in
            if buffer.writableBytes >= room { return true }
            guard buffer.capacity >= arrived + room else { return false }
            buffer.discardReadBytes()
            return true
        }
        if isReady == true { return buffer }
        let isSmall = arrived + room <= Self.readByteCountMax
        var moved = isSmall ? loop.receiveBuffers.take() : ByteBufferAllocator().buffer(capacity: arrived + room)
        moved.writeImmutableBuffer(buffer)
        return moved
    }
}
