// SPDX-License-Identifier: Apache-2.0

/// One metric as the outside knows it. All of them stand in `MetricCatalogue`; code refers to those constants.
public struct Metric: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        /// Only grows. Shards are summed.
        case counter
        /// Goes up and down. Shards, and the series folded into `other`, are summed.
        case gauge
        /// As `gauge`, but of several the greatest counts: ages, lags in time, states.
        case greatestGauge
        /// Durations, counted by the bucket whose upper bound they do not pass. Shards are summed.
        case histogram
    }

    public enum Unit: Hashable, Sendable {
        /// A plain count.
        case one
        case bytes
        /// Kept in nanoseconds, exported in seconds.
        case seconds
        /// Kept in thousandths, exported as a decimal: numbers of others, which need not be whole.
        case thousandths

        /// How many of what is kept make one of what is exported.
        var scale: Double {
            switch self {
            case .one, .bytes: 1
            case .seconds: 1e9
            case .thousandths: 1e3
            }
        }
    }

    /// With prefix `myelin_`, the unit, and `_total` for counters, as Prometheus wants it.
    public let name: String
    public let kind: Kind
    public let unit: Unit
    /// Names of the labels, in the order in which code gives their values.
    public let labels: [String]
    public let help: String
    /// Combinations of label values kept apart; the rest is folded into one whose values are all `other`.
    public let seriesCountMax: Int

    init(
        _ name: String, _ kind: Kind, _ unit: Unit = .one, _ labels: [String] = [], seriesCountMax: Int = 1_000,
        help: String
    ) {
        self.name = name
        self.kind = kind
        self.unit = unit
        self.labels = labels
        self.help = help
        self.seriesCountMax = seriesCountMax
    }

    // The name alone tells metrics apart; a test holds the catalogue to that.
    public static func == (left: Metric, right: Metric) -> Bool { left.name == right.name }
    public func hash(into hasher: inout Hasher) { hasher.combine(name) }

    /// Upper bounds of all histograms' buckets, in nanoseconds; one more without bound follows. From a request
    /// served out of memory (tens of microseconds) over a disk's sync to a long poll, about three per decade.
    public static let histogramBounds: [Int64] = [
        50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000,
        100_000_000, 250_000_000, 500_000_000, 1_000_000_000, 2_500_000_000, 5_000_000_000, 10_000_000_000,
        30_000_000_000,
    ]
}
