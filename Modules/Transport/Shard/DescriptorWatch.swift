// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import NIOPosix

#if canImport(Glibc)
    import Glibc
#endif

extension ShardLoop {
    /// Calls `onReadable` on the loop whenever `descriptor` (an eventfd or the reading end of a pipe) has something.
    ///
    /// What it has is read and thrown away before the call, so the owner need not; a counter that rises meanwhile
    /// causes another call. The descriptor is duplicated: closing it does not end the watch, and the loop's end
    /// does. It becomes non-blocking. Callable from anywhere.
    /// - Throws: `DescriptorFault` when the descriptor cannot be duplicated or watched (a regular file, say).
    public func watch(
        descriptor: Int32, onReadable: @escaping @Sendable () -> Void
    ) async throws(DescriptorFault) {
        let duplicate = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard duplicate >= 0 else { throw DescriptorFault(errno: errno) }
        do {
            _ = try await NIOPipeBootstrap(group: eventLoop)
                .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 4096))
                .channelOption(.maxMessagesPerRead, value: 1)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(
                            ReadinessHandler(loop: self, onReadable: onReadable))
                    }
                }
                .takingOwnershipOfDescriptor(input: duplicate).get()
        } catch {
            // NIO leaves the descriptor to us when it does not take it.
            _ = Glibc.close(duplicate)
            throw DescriptorFault(errno: (error as? IOError)?.errnoCode ?? EINVAL)
        }
    }
}

/// Turns what a watched descriptor delivers into a call.
private final class ReadinessHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let loop: ShardLoop
    private let onReadable: () -> Void

    init(loop: ShardLoop, onReadable: @escaping () -> Void) {
        self.loop = loop
        self.onReadable = onReadable
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        onReadable()
        loop.roundHasWork()
    }
}
