// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
public import Primitives
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// The thread of one shard: a pinned event loop on which everything the shard owns is touched, and nothing else.
///
/// Work arrives in rounds: frames a socket delivered, items from the mailbox, a timer, a descriptor that became
/// readable. After the work that was ready is done the round ends once: the `onRoundEnd` hooks run (the disk
/// hands over what was submitted), then every connection that was written to is flushed, with one `writev` each.
public final class ShardLoop: @unchecked Sendable {
    // Proof of @unchecked: `mailbox` is a mutex, the `let`s are immutable; every other stored property is touched
    // on the loop only, which each method that is not documented as callable from anywhere checks.

    /// Position in its group, from 0.
    public let index: Int
    let eventLoop: any EventLoop
    private let mailbox = Mutex(Mailbox())
    /// Memory of the mailbox that the last drain emptied, so that bursts do not allocate.
    private var drained: [MailboxItem] = []
    private var roundEndHooks: [() -> Void] = []
    private var isRoundEndScheduled = false
    private var unflushed: [FrameConnection] = []
    /// Memory that takes turns with `unflushed`, so that a round does not allocate.
    private var flushing: [FrameConnection] = []
    var receiveBuffers = BufferPool(byteCount: FrameReceiver.readByteCountMax, countMax: 8)
    var outputBuffers = BufferPool(byteCount: 64 << 10, countMax: 32)
    var connections = ConnectionTable()
    /// `now` as of the last sweep: good enough for idleness and free of cost.
    var coarseNow: Instant
    /// What the connections of this loop have done so far. Read on the loop.
    public internal(set) var counters = TransportCounters()

    init(index: Int, eventLoop: any EventLoop) {
        self.index = index
        self.eventLoop = eventLoop
        coarseNow = Instant(nanoseconds: Int64(NIODeadline.now().uptimeNanoseconds))
    }

    /// Most items that may wait in a mailbox. Each sender bounds what it has in flight, so more means a bound is
    /// missing.
    public static let mailboxCountMax = 1 << 20

    // MARK: Time

    /// The monotonic clock, the same for all loops of the process. Callable from anywhere.
    public var now: Instant { Instant(nanoseconds: Int64(NIODeadline.now().uptimeNanoseconds)) }

    /// The system's wall clock, which may jump. Callable from anywhere.
    public var wallClock: Timestamp {
        var time = timespec()
        let status = unsafe clock_gettime(CLOCK_REALTIME, &time)
        precondition(status == 0, "clock_gettime(CLOCK_REALTIME) gave \(status)")
        return Timestamp(Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000)
    }

    /// Runs `work` on the loop at `deadline` or as soon after as it gets there. Call it on the loop.
    @discardableResult
    public func schedule(at deadline: Instant, _ work: @escaping () -> Void) -> ShardTimer {
        preconditionCurrent()
        let timer = ShardTimer(loop: self, work: work)
        timer.arm(at: deadline)
        return timer
    }

    /// Runs `work` once, `milliseconds` from now. Call it on the loop.
    @discardableResult
    public func schedule(afterMilliseconds milliseconds: Int64, _ work: @escaping () -> Void) -> ShardTimer {
        schedule(at: now.advanced(byMilliseconds: milliseconds), work)
    }

    // MARK: Mailbox

    /// Appends `work` to the mailbox: run on the loop, in order of the calls. Callable from anywhere, the loop
    /// included.
    ///
    /// A burst wakes the loop once, not per item.
    public func execute(_ work: @escaping @Sendable () -> Void) {
        let isFirst = mailbox.withLock { $0.append(work) }
        if isFirst { eventLoop.execute { self.drainMailbox() } }
    }

    /// Items waiting now and the most that ever waited. Callable from anywhere.
    public var mailboxBacklog: (count: Int, peak: Int) { mailbox.withLock { ($0.items.count, $0.countPeak) } }

    /// Runs what waits; what arrives meanwhile has asked for its own wake-up, so that sockets get their turn.
    private func drainMailbox() {
        var items = drained
        drained = []
        mailbox.withLock { swap(&$0.items, &items) }
        for item in items { item.run() }
        items.removeAll(keepingCapacity: items.capacity <= 4096)
        drained = items
        roundHasWork()
    }

    // MARK: Rounds

    /// Calls `hook` at the end of each round of work, after the work and before connections are flushed.
    ///
    /// Hooks run in the order they were added, for the life of the loop. Call it on the loop.
    public func onRoundEnd(_ hook: @escaping () -> Void) {
        preconditionCurrent()
        roundEndHooks.append(hook)
    }

    /// Makes sure that the current round ends with the hooks and a flush. Call it on the loop.
    ///
    /// NIO runs tasks after the sockets that were ready, so one end serves all of them.
    public func roundHasWork() {
        guard !isRoundEndScheduled else { return }
        isRoundEndScheduled = true
        eventLoop.execute { self.endRound() }
    }

    func flushAtRoundEnd(_ connection: FrameConnection) {
        unflushed.append(connection)
        roundHasWork()
    }

    private func endRound() {
        counters.roundCount += 1
        for hook in roundEndHooks { hook() }
        // What the hooks wrote leaves with this flush; it is no work for a round of its own.
        isRoundEndScheduled = false
        // Flushing can call handlers, which can write again: that belongs to the next round.
        swap(&unflushed, &flushing)
        for connection in flushing { connection.flush() }
        flushing.removeAll(keepingCapacity: true)
    }

    // MARK: Identity

    /// Whether the caller runs on this loop. Callable from anywhere.
    public var isCurrent: Bool { eventLoop.inEventLoop }

    /// Traps when the caller is not on this loop.
    public func preconditionCurrent() {
        precondition(eventLoop.inEventLoop, "shard loop \(index) called from another thread")
    }
}

/// A closure in a structure: in an array of closures each would get an allocation of its own besides.
private struct MailboxItem: Sendable {
    let run: @Sendable () -> Void
}

/// What waits to be run on a loop.
private struct Mailbox: Sendable {
    var items: [MailboxItem] = []
    var countPeak = 0

    /// Whether the mailbox was empty, so that the loop must be woken.
    mutating func append(_ work: @escaping @Sendable () -> Void) -> Bool {
        items.append(MailboxItem(run: work))
        countPeak = max(countPeak, items.count)
        precondition(items.count <= ShardLoop.mailboxCountMax, "\(items.count) items wait in one mailbox")
        return items.count == 1
    }
}
