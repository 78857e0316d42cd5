// SPDX-License-Identifier: Apache-2.0

/// How many have waited, and how long in all.
public struct Waits: Hashable, Sendable {
    public private(set) var count: Int64
    public private(set) var nanoseconds: Int64

    public init(count: Int64 = 0, nanoseconds: Int64 = 0) {
        (self.count, self.nanoseconds) = (count, nanoseconds)
    }

    public mutating func add(nanoseconds duration: Int64) {
        count += 1
        nanoseconds &+= max(0, duration)
    }

    /// Of one; nil of none.
    var mean: Int64? { count > 0 ? nanoseconds / count : nil }

    public static func + (left: Waits, right: Waits) -> Waits {
        Waits(count: left.count + right.count, nanoseconds: left.nanoseconds &+ right.nanoseconds)
    }

    /// What has come since: of counters that only rise.
    public static func - (later: Waits, earlier: Waits) -> Waits {
        Waits(count: later.count - earlier.count, nanoseconds: later.nanoseconds &- earlier.nanoseconds)
    }
}
