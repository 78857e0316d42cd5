// SPDX-License-Identifier: Apache-2.0

import Dispatch

/// Runs what waits on a thread of its own, so that the threads of the tasks stay free for the node under test.
final class BlockingExecutor: SerialExecutor {
    private let queue = DispatchQueue(label: "blocking client")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}
