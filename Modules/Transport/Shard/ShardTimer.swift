// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import Primitives

/// A piece of work that waits for its time on a `ShardLoop`. Dropping it does not cancel the work.
public final class ShardTimer: @unchecked Sendable {
    // Proof of @unchecked: touched on its loop only, checked in `cancel` and by the loop that makes it.
    private let loop: ShardLoop
    private var work: (() -> Void)?
    private var callback: NIOScheduledCallback?

    init(loop: ShardLoop, work: @escaping () -> Void) {
        self.loop = loop
        self.work = work
    }

    /// Whether the work has neither run nor been cancelled.
    public var isPending: Bool { work != nil }

    /// Forgets the work; does nothing when it has run already. Call it on the loop.
    public func cancel() {
        loop.preconditionCurrent()
        work = nil
        callback?.cancel()
        callback = nil
    }

    func arm(at deadline: Instant) {
        let time = NIODeadline.uptimeNanoseconds(UInt64(max(0, deadline.nanoseconds)))
        do {
            callback = try loop.eventLoop.scheduleCallback(at: time, handler: Alarm(timer: self))
        } catch {
            // The loop is shutting down: nothing runs on it any more.
            work = nil
        }
    }

    /// Lets NIO call the timer without showing through in the public type.
    private struct Alarm: NIOScheduledCallbackHandler, Sendable {
        let timer: ShardTimer

        func handleScheduledCallback(eventLoop: some EventLoop) { timer.ring() }
        func didCancelScheduledCallback(eventLoop: some EventLoop) { timer.work = nil }
    }

    private func ring() {
        callback = nil
        guard let due = work else { return }
        work = nil
        due()
        loop.roundHasWork()
    }
}
