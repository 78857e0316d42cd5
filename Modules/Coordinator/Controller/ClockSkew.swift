// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// How far the clock of one node is from that of another: `3600 s ahead of`, `3600 s behind`.
public struct ClockSkew: CustomStringConvertible, Sendable {
    /// Positive: ahead. The largest number when the difference is no number.
    public let milliseconds: Int64

    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// nil for clocks that are no further apart than `limit` milliseconds.
    public init?(of time: Timestamp, from reference: Timestamp, beyond limit: Int64) {
        let (skew, overflow) = time.rawValue.subtractingReportingOverflow(reference.rawValue)
        guard overflow || skew.magnitude > limit.magnitude else { return nil }
        milliseconds = overflow ? .max : skew
    }

    public var description: String { "\(milliseconds.magnitude / 1000) s \(milliseconds > 0 ? "ahead of" : "behind")" }
}
