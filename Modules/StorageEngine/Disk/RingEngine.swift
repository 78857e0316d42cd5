// SPDX-License-Identifier: Apache-2.0

import CShims
import Glibc
import Primitives

/// Submissions through io_uring.
///
/// At most `capacity` operations are in the kernel's hands, so the completion queue cannot overflow; more wait in `backlog`.
/// An operation keeps its file and its buffer alive in `slots` until the kernel has answered.
@safe final class RingEngine: SubmissionEngine {
    /// Submission queue entries. One round of a shard seldom syncs more files; a full queue is handed over early.
    static let entryCount: UInt32 = 256
    /// How long a dropped disk waits for what the kernel still holds.
    static let drainMilliseconds: Int64 = 5000
    static let drainStepMilliseconds: Int64 = 100

    let signal: CompletionSignal
    /// Valid from init to deinit; touched by the disk's one thread only.
    private let ring: OpaquePointer
    private let capacity: Int
    private var slots: [Slot?] = []
    private var freeSlots: [Int] = []
    private var inFlightCount = 0
    private var backlog = Fifo<Slot>()

    /// A submission and how many bytes of its read are there.
    private struct Slot {
        let submission: Submission
        var done = 0
    }

    /// Completion of the cancel request, which names no slot.
    private static let cancelToken = UInt64.max

    /// - Throws: EPERM, ENOSYS, ENOMEM and others where the system refuses io_uring or its version lacks what is needed.
    init(signal: CompletionSignal) throws(DiskFault) {
        var ring: OpaquePointer?
        let result = unsafe myelin_ring_create(Self.entryCount, signal.descriptor, &ring)
        guard result == 0, let ring = unsafe ring else {
            throw DiskFault(.open, target: "io_uring", errno: -result)
        }
        self.signal = signal
        unsafe self.ring = unsafe ring
        capacity = unsafe Int(myelin_ring_capacity(ring))
    }

    deinit {
        backlog.removeAll()
        drain()
        unsafe myelin_ring_destroy(ring)
    }

    var mechanism: String { "io_uring" }

    func submit(_ submission: Submission) {
        let slot = Slot(submission: submission)
        // What waits already goes first.
        guard backlog.isEmpty, queue(slot) else { return backlog.append(slot) }
    }

    func flush() {
        guard unsafe myelin_ring_unsubmitted(ring) > 0 else { return }
        let result = handOver()
        // The kernel is short of memory or wants completions taken first: have the owner come back for both.
        if result < 0 { signal.set() }
    }

    func takeFinished(into finished: inout [Finished]) {
        forEachCompletion { completion in
            guard let index = Int(exactly: completion.token), let slot = release(index) else { return }
            settle(slot, result: completion.result, into: &finished)
        }
        queueBacklog()
        flush()
    }

    // MARK: Towards the kernel

    private func queueBacklog() {
        for _ in 0..<backlog.count {
            guard inFlightCount < capacity, let slot = backlog.popFirst() else { return }
            guard queue(slot) else { return backlog.append(slot) }
        }
    }

    /// - Returns: Whether the kernel has it or gets it with the next hand-over; false when it must wait.
    private func queue(_ slot: Slot) -> Bool {
        guard inFlightCount < capacity else { return false }
        let index = freeSlots.last ?? slots.count
        guard push(slot, token: UInt64(index)) || (handOver() >= 0 && push(slot, token: UInt64(index))) else {
            // The kernel is short of memory: have the owner come back.
            signal.set()
            return false
        }
        if index == slots.count {
            slots.append(slot)
        } else {
            freeSlots.removeLast()
            slots[index] = slot
        }
        inFlightCount += 1
        return true
    }

    /// Queues what the kernel gave back half done.
    private func requeue(_ slot: Slot) {
        if !queue(slot) { backlog.append(slot) }
    }

    private func push(_ slot: Slot, token: UInt64) -> Bool {
        switch slot.submission.work {
        case .synchronize(let file):
            return unsafe myelin_ring_push_fdatasync(ring, file.descriptor, token)
        case .read(let file, let position, let buffer):
            // The kernel writes into `buffer`, which `slots` holds until the completion; an operation's length is 32 bits.
            let count = UInt32(min(buffer.count - slot.done, 1 << 30))
            return unsafe myelin_ring_push_read(
                ring, file.descriptor, buffer.base + slot.done, count, position + Int64(slot.done), token)
        case .remove:
            preconditionFailure("a removal given to the ring, which would need one operation per name")
        }
    }

    /// - Returns: How many were handed over, or the negative errno of a passing shortage.
    private func handOver() -> Int32 {
        while true {
            let result = unsafe myelin_ring_submit(ring)
            switch -result {
            case EINTR: continue
            case EAGAIN, EBUSY, ENOMEM: return result
            default:
                precondition(result >= 0, "io_uring_enter: errno \(-result)")
                return result
            }
        }
    }

    // MARK: From the kernel

    private func forEachCompletion(_ body: (myelin_ring_completion) -> Void) {
        unsafe withUnsafeTemporaryAllocation(of: myelin_ring_completion.self, capacity: 64) { completions in
            var taken: UInt32
            repeat {
                taken = unsafe myelin_ring_take(ring, completions.baseAddress, 64)
                for index in 0..<Int(taken) { unsafe body(completions[index]) }
            } while taken == 64
        }
    }

    private func release(_ index: Int) -> Slot? {
        guard let slot = slots[index] else { preconditionFailure("a completion for empty slot \(index)") }
        slots[index] = nil
        freeSlots.append(index)
        inFlightCount -= 1
        return slot
    }

    private func settle(_ slot: Slot, result: Int32, into finished: inout [Finished]) {
        var slot = slot
        let outcome: DiskCompletion.Outcome
        switch slot.submission.work {
        case .synchronize(let file):
            outcome = result < 0 ? .failed(DiskFault(.synchronize, target: file.path, errno: -result)) : .synchronized
        case .read(_, _, let buffer) where result >= 0:
            slot.done += Int(result)
            // A short count may be a signal's doing: only nothing at all means the end of the file.
            guard result == 0 || slot.done == buffer.count else { return requeue(slot) }
            outcome = .read(buffer.shared(count: slot.done))
        case .read where result == -EINTR || result == -EAGAIN:
            return requeue(slot)
        case .read(let file, _, _):
            outcome = .failed(DiskFault(.read, target: file.path, errno: -result))
        case .remove:
            preconditionFailure("a removal came back from the ring")
        }
        finished.append(Finished(submission: slot.submission, outcome: outcome))
    }

    // MARK: Closing

    /// Cancels what can be and waits for the rest. Buffers of what is then still in flight are leaked on purpose: the
    /// kernel may yet write to them.
    private func drain() {
        guard inFlightCount > 0 else { return }
        _ = handOver()
        if unsafe myelin_ring_push_cancel_all(ring, Self.cancelToken) { _ = handOver() }
        var patience = Self.drainMilliseconds / Self.drainStepMilliseconds
        while inFlightCount > 0 && patience > 0 {
            if unsafe myelin_ring_wait(ring, Self.drainStepMilliseconds) < 0 { patience -= 1 }
            forEachCompletion { completion in
                if let index = Int(exactly: completion.token) { _ = release(index) }
            }
        }
        for case .read(_, _, let buffer)? in slots.map({ $0?.submission.work }) {
            _ = unsafe Unmanaged.passRetained(buffer)
        }
    }
}
