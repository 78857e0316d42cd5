// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import NIOPosix

/// The shard loops of a process, one thread each.
public final class ShardLoopGroup: Sendable {
    /// In the order of their indexes.
    public let loops: [ShardLoop]
    let eventLoops: MultiThreadedEventLoopGroup

    /// Starts `count` threads.
    ///
    /// - Parameter pinned: Binds thread n to the n-th processor the process may use, counted round. Good on a
    ///   machine of one's own; on a shared one it keeps the scheduler from moving a shard off a busy processor.
    public init(count: Int, pinned: Bool = false) {
        precondition(count > 0, "\(count) shard loops")
        eventLoops = MultiThreadedEventLoopGroup(numberOfThreads: count)
        var iterator = eventLoops.makeIterator()
        loops = (0..<count).map { index in
            guard let eventLoop = iterator.next() else { preconditionFailure("\(index) event loops of \(count)") }
            return ShardLoop(index: index, eventLoop: eventLoop)
        }
        let processors = pinned ? Processors.allowed() : []
        for loop in loops {
            loop.execute {
                if !processors.isEmpty { Processors.bindThread(to: processors[loop.index % processors.count]) }
                loop.sweepConnectionsForever()
            }
        }
    }

    /// Ends the threads. Close the listeners first: work that still waits in mailboxes and timers is dropped.
    public func shutDown() async {
        for loop in loops {
            await withCheckedContinuation { done in loop.execute { loop.abortConnections { done.resume() } } }
        }
        await withCheckedContinuation { done in
            eventLoops.shutdownGracefully { _ in done.resume() }
        }
    }
}
