// SPDX-License-Identifier: Apache-2.0

/// Counts durations in buckets that grow with them: each is at most 1/32 wider than its lower end, so a percentile is at
/// most 3.2 % too high, whatever its size.
package struct LatencyHistogram: Sendable, Equatable {
    /// Buckets of one power of two.
    private static let stepBits = 5
    private static let stepCount = 1 << stepBits

    private var counts: [Int64] = []
    package private(set) var count: Int64 = 0
    package private(set) var minimum: Int64 = .max
    package private(set) var maximum: Int64 = 0
    private var sum: Double = 0

    package init() {}

    package var mean: Int64 { count == 0 ? 0 : Int64(sum / Double(count)) }

    /// - Parameter nanoseconds: What is negative counts as 0: clocks of two processes may disagree by a little.
    package mutating func add(_ nanoseconds: Int64) {
        let value = max(nanoseconds, 0)
        let index = Self.index(of: value)
        if index >= counts.count { counts += Array(repeating: 0, count: index + 1 - counts.count) }
        counts[index] += 1
        count += 1
        sum += Double(value)
        minimum = min(minimum, value)
        maximum = max(maximum, value)
    }

    package mutating func add(_ other: LatencyHistogram) {
        let missing = other.counts.count - counts.count
        if missing > 0 { counts += Array(repeating: 0, count: missing) }
        for (index, count) in other.counts.enumerated() { counts[index] += count }
        count += other.count
        sum += other.sum
        minimum = min(minimum, other.minimum)
        maximum = max(maximum, other.maximum)
    }

    /// The smallest bound that `fraction` of the durations do not exceed; 0 when there are none.
    package func quantile(_ fraction: Double) -> Int64 {
        precondition((0...1).contains(fraction), "quantile \(fraction)")
        let rank = max(Int64((fraction * Double(count)).rounded(.up)), 1)
        var seen: Int64 = 0
        for (index, count) in counts.enumerated() {
            seen += count
            if seen >= rank { return min(Self.upperBound(of: index), maximum) }
        }
        return maximum
    }

    /// Buckets that are not empty, merged into powers of two: upper bound, inclusive, and count.
    package var octaves: [(upperBound: Int64, count: Int64)] {
        var result: [(upperBound: Int64, count: Int64)] = []
        for begin in stride(from: 0, to: counts.count, by: Self.stepCount) {
            let sum = counts[begin..<min(begin + Self.stepCount, counts.count)].reduce(0, +)
            if sum > 0 || !result.isEmpty {
                result.append((Self.upperBound(of: begin + Self.stepCount - 1), sum))
            }
        }
        return result
    }

    private static func index(of value: Int64) -> Int {
        guard value >= stepCount else { return Int(value) }
        let exponent = Int64.bitWidth - 1 - value.leadingZeroBitCount
        let step = Int(value >> Int64(exponent - stepBits)) & (stepCount - 1)
        return (exponent - stepBits + 1) * stepCount + step
    }

    private static func upperBound(of index: Int) -> Int64 {
        guard index >= stepCount else { return Int64(index) }
        let shift = Int64(index / stepCount - 1)
        let (next, overflow) = Int64(stepCount + index % stepCount + 1).multipliedReportingOverflow(by: 1 << shift)
        return overflow ? .max : next - 1
    }
}

extension LatencyHistogram {
    private static let quantiles: [(name: String, fraction: Double)] = [
        ("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p99.9", 0.999),
    ]

    /// Nanoseconds under the names `count`, `min`, `mean`, `p50` … `max`.
    var document: Document {
        let fields = Self.quantiles.map { name, fraction in Document.Field(name, .integer(quantile(fraction))) }
        return .fields(
            [
                .init("count", .integer(count)), .init("min", .integer(count == 0 ? 0 : minimum)),
                .init("mean", .integer(mean)),
            ] + fields + [.init("max", .integer(maximum))])
    }

    /// `p50 1.2 ms, p90 …, max …`.
    var summary: String {
        let parts = Self.quantiles.map { "\($0.name) \(Units.duration(nanoseconds: quantile($0.fraction)))" }
        return (parts + ["max \(Units.duration(nanoseconds: maximum))"]).joined(separator: ", ")
    }

    /// A bar for each power of two.
    func bars(width: Int) -> [String] {
        let octaves = octaves
        let largest = max(octaves.map(\.count).max() ?? 0, 1)
        return octaves.map { octave in
            let length = Int((Double(octave.count) * Double(width) / Double(largest)).rounded(.up))
            let bound = TextWidth.pad("≤ " + Units.duration(nanoseconds: octave.upperBound), to: 10, on: .right)
            let share = Units.fixed(Double(octave.count) * 100 / Double(max(count, 1)), digits: 1)
            return "\(bound)  \(TextWidth.pad(share, to: 5, on: .right)) %  " + String(repeating: "█", count: length)
        }
    }
}
