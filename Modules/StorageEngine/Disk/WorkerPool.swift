// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A few threads that carry out blocking submissions in the order given. Started when first needed.
///
/// Dropping the pool drops what waits, lets what runs finish, and does not wait for it: a worker owns all it touches.
final class WorkerPool: SubmissionEngine {
    private let queue: WorkQueue

    init(threadCountMax: Int, signal: CompletionSignal) {
        precondition(threadCountMax >= 1, "a pool of \(threadCountMax) threads")
        queue = WorkQueue(threadCountMax: threadCountMax, signal: signal)
    }

    deinit { queue.stop() }

    var signal: CompletionSignal { queue.signal }
    var mechanism: String { "threads" }
    /// Work starts when it is submitted; there is nothing to hand over.
    func flush() {}
    func submit(_ submission: Submission) { queue.add(submission) }
    func takeFinished(into finished: inout [Finished]) { queue.takeFinished(into: &finished) }
}

/// What the owner of a pool and its threads share.
@safe private final class WorkQueue: @unchecked Sendable {
    // Proof of @unchecked: every mutable field is touched with `lock` held.
    let signal: CompletionSignal
    private let threadCountMax: Int
    private let lock: UnsafeMutablePointer<pthread_mutex_t>
    private let arrival: UnsafeMutablePointer<pthread_cond_t>
    private var waiting = Fifo<Submission>()
    private var finished: [Finished] = []
    private var threadCount = 0
    private var idleCount = 0
    private var isStopping = false

    init(threadCountMax: Int, signal: CompletionSignal) {
        self.threadCountMax = threadCountMax
        self.signal = signal
        unsafe lock = .allocate(capacity: 1)
        unsafe arrival = .allocate(capacity: 1)
        unsafe pthread_mutex_init(lock, nil)
        unsafe pthread_cond_init(arrival, nil)
    }

    deinit {
        // The last reference is gone: no thread waits here any more.
        unsafe pthread_cond_destroy(arrival)
        unsafe pthread_mutex_destroy(lock)
        unsafe arrival.deallocate()
        unsafe lock.deallocate()
    }

    func add(_ submission: Submission) {
        unsafe pthread_mutex_lock(lock)
        waiting.append(submission)
        let mustStart = idleCount < waiting.count && threadCount < threadCountMax
        if mustStart { threadCount += 1 }
        unsafe pthread_cond_signal(arrival)
        unsafe pthread_mutex_unlock(lock)
        if mustStart && !startThread() { carryOnWithoutThread() }
    }

    func takeFinished(into target: inout [Finished]) {
        unsafe pthread_mutex_lock(lock)
        target.append(contentsOf: finished)
        finished.removeAll(keepingCapacity: true)
        unsafe pthread_mutex_unlock(lock)
    }

    func stop() {
        unsafe pthread_mutex_lock(lock)
        isStopping = true
        waiting.removeAll()
        unsafe pthread_cond_broadcast(arrival)
        unsafe pthread_mutex_unlock(lock)
    }

    private func startThread() -> Bool {
        let attributes = UnsafeMutablePointer<pthread_attr_t>.allocate(capacity: 1)
        unsafe pthread_attr_init(attributes)
        unsafe pthread_attr_setdetachstate(attributes, Int32(PTHREAD_CREATE_DETACHED))
        defer {
            unsafe pthread_attr_destroy(attributes)
            unsafe attributes.deallocate()
        }
        var thread = pthread_t()
        let retained = unsafe Unmanaged.passRetained(self)
        let result = unsafe pthread_create(
            &thread, attributes,
            { argument in
                // Balances the passRetained above: from here on this thread owns one reference.
                let queue = unsafe Unmanaged<WorkQueue>.fromOpaque(argument!).takeRetainedValue()
                queue.work()
                return nil
            }, retained.toOpaque())
        if result != 0 { unsafe retained.release() }
        return result == 0
    }

    /// The system gives no thread: others finish what waits, or, where there is none, this one does.
    private func carryOnWithoutThread() {
        unsafe pthread_mutex_lock(lock)
        threadCount -= 1
        let isAlone = threadCount == 0
        let submission = isAlone ? waiting.popFirst() : nil
        unsafe pthread_mutex_unlock(lock)
        if let submission { finish(submission) }
    }

    private func work() {
        while let submission = next() { finish(submission) }
    }

    private func next() -> Submission? {
        unsafe pthread_mutex_lock(lock)
        defer { unsafe pthread_mutex_unlock(lock) }
        idleCount += 1
        defer { idleCount -= 1 }
        while waiting.isEmpty && !isStopping { unsafe pthread_cond_wait(arrival, lock) }
        return waiting.popFirst()
    }

    private func finish(_ submission: Submission) {
        let outcome = submission.perform()
        unsafe pthread_mutex_lock(lock)
        finished.append(Finished(submission: submission, outcome: outcome))
        unsafe pthread_mutex_unlock(lock)
        signal.set()
    }
}
