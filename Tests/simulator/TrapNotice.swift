// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// Says which seeds were running when a precondition stops the process: a trap is a finding like any other.
enum TrapNotice {
    private static let even = Atomic<UInt64>(0)
    private static let odd = Atomic<UInt64>(0)
    private static let turn = Atomic<Int>(0)
    private static let isInstalled: Bool = {
        for number in [SIGILL, SIGTRAP, SIGABRT, SIGSEGV, SIGBUS] { signal(number) { TrapNotice.tell($0) } }
        return true
    }()

    static func running(_ seed: UInt64) {
        _ = isInstalled
        // The two that began last: more at once are not told apart.
        if turn.wrappingAdd(1, ordering: .relaxed).oldValue % 2 == 0 {
            even.store(seed, ordering: .relaxed)
        } else {
            odd.store(seed, ordering: .relaxed)
        }
    }

    private static func tell(_ number: Int32) {
        signal(number, SIG_DFL)
        let last = (even.load(ordering: .relaxed), odd.load(ordering: .relaxed))
        FileHandle.standardError.write(
            Data("\nA run stopped the process. Seeds begun last: \(last.0), \(last.1)\n".utf8))
        raise(number)
    }
}
