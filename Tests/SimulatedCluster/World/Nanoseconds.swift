// SPDX-License-Identifier: Apache-2.0

package import Primitives

/// A span of virtual time.
package typealias Nanoseconds = Int64

extension Nanoseconds {
    package static func microseconds(_ count: Int64) -> Nanoseconds { count * 1000 }
    package static func milliseconds(_ count: Int64) -> Nanoseconds { count * 1_000_000 }
    package static func seconds(_ count: Int64) -> Nanoseconds { count * 1_000_000_000 }
    package static func minutes(_ count: Int64) -> Nanoseconds { count * 60_000_000_000 }
}

extension Instant {
    package func advanced(by span: Nanoseconds) -> Instant { Instant(nanoseconds: nanoseconds + span) }
}

extension Entropy {
    /// A span between the bounds, the lower included.
    package mutating func span(_ lower: Nanoseconds, _ upper: Nanoseconds) -> Nanoseconds {
        lower + Nanoseconds(index(below: Int(max(1, upper - lower))))
    }

    /// A span that is mostly around `middle`, sometimes much shorter and now and then up to twenty times as long.
    package mutating func tailed(_ middle: Nanoseconds) -> Nanoseconds {
        switch index(below: 100) {
        case 0..<90: span(middle / 2, middle + middle / 2)
        case 90..<98: span(middle, middle * 5)
        default: span(middle * 5, middle * 20)
        }
    }

    /// A number in `range`, each as likely.
    package mutating func number(in range: ClosedRange<Int>) -> Int {
        range.lowerBound + index(below: range.count)
    }

    /// One of `choices`, each as likely.
    package mutating func pick<Choice>(_ choices: [Choice]) -> Choice {
        choices[index(below: choices.count)]
    }
}
