// SPDX-License-Identifier: Apache-2.0

/// How fast work gets less, over the last seconds, and when it will be done.
package struct MoveEstimate: Sendable {
    /// Long enough to smooth the steps of a broker's answers, short enough to notice a throttle.
    private static let windowNanoseconds: Int64 = 10_000_000_000

    private var seen: [(at: Int64, left: Int64)] = []

    package init() {}

    /// - Parameter nanoseconds: Of any clock that only goes on.
    package mutating func observe(left: Int64, at nanoseconds: Int64) {
        seen.append((nanoseconds, left))
        // One before the window stays, so that a rate spans the whole of it.
        while seen.count > 2, seen[1].at <= nanoseconds - Self.windowNanoseconds { seen.removeFirst() }
    }

    /// Bytes a second; nil before there are two observations, or when nothing gets less.
    package var bytesPerSecond: Double? {
        guard let first = seen.first, let last = seen.last, last.at > first.at, last.left < first.left else {
            return nil
        }
        return Units.perSecond(first.left - last.left, last.at - first.at)
    }

    /// Nil where the rate is not known.
    package var millisecondsLeft: Int64? {
        guard let rate = bytesPerSecond, let left = seen.last?.left else { return nil }
        return Int64(clamping: Int((Double(left) / rate * 1000).rounded(.up)))
    }
}
