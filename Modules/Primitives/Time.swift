// SPDX-License-Identifier: Apache-2.0

/// A point of the monotonic clock, in nanoseconds from an arbitrary start. Deadlines and ages are made of these.
public struct Instant: Hashable, Comparable, Sendable {
    public let nanoseconds: Int64
    @inlinable public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }
    /// Later than everything: a deadline that never comes.
    public static let distantFuture = Instant(nanoseconds: .max)

    @inlinable public static func < (left: Instant, right: Instant) -> Bool { left.nanoseconds < right.nanoseconds }

    /// The instant `milliseconds` later, at most `distantFuture`.
    @inlinable public func advanced(byMilliseconds milliseconds: Int64) -> Instant {
        let (product, tooLong) = milliseconds.multipliedReportingOverflow(by: 1_000_000)
        guard !tooLong else { return milliseconds < 0 ? Instant(nanoseconds: .min) : .distantFuture }
        let (sum, overflow) = nanoseconds.addingReportingOverflow(product)
        return overflow ? (product < 0 ? Instant(nanoseconds: .min) : .distantFuture) : Instant(nanoseconds: sum)
    }

    /// Whole milliseconds from `earlier` to `self`, rounded down.
    @inlinable public func milliseconds(since earlier: Instant) -> Int64 {
        (nanoseconds - earlier.nanoseconds) / 1_000_000
    }
}

/// Wall-clock time as Kafka writes it: milliseconds since 1970-01-01T00:00:00Z, −1 where there is none.
public struct Timestamp: Number {
    public let rawValue: Int64
    @inlinable public init(rawValue: Int64) { self.rawValue = rawValue }
    public static let none = Timestamp(-1)
    @inlinable public func advanced(byMilliseconds milliseconds: Int64) -> Timestamp {
        let (sum, overflow) = rawValue.addingReportingOverflow(milliseconds)
        return Timestamp(overflow ? (milliseconds < 0 ? .min : .max) : sum)
    }
}
