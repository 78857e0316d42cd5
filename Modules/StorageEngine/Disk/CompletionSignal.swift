// SPDX-License-Identifier: Apache-2.0

import CShims
import Glibc

/// An eventfd that says "completions wait"; set from any thread.
final class CompletionSignal: Sendable {
    let descriptor: Int32

    init() throws(DiskFault) {
        descriptor = myelin_eventfd()
        guard descriptor >= 0 else { throw DiskFault(.open, target: "eventfd", errno: -descriptor) }
    }

    deinit { _ = close(descriptor) }

    /// Never waits: the counter would have to be within one of 2^64 first.
    func set() {
        var one: UInt64 = 1
        _ = unsafe Glibc.write(descriptor, &one, 8)
    }

    func clear() {
        var count: UInt64 = 0
        _ = unsafe Glibc.read(descriptor, &count, 8)
    }
}
