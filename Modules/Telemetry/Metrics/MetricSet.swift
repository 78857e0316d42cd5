// SPDX-License-Identifier: Apache-2.0

/// A series of one `MetricSet`: valid for that set and its copies only.
public struct MetricCell: Hashable, Sendable {
    fileprivate let index: Int
}

/// The numbers of one shard: plain integers, no lock. A copy is a snapshot, and shares its memory until one side
/// changes.
///
/// The hot path asks for a cell once (`cell(_:_:)`, a lookup) and adds to it (an array access) from then on.
public struct MetricSet: Sendable {
    struct Series: Sendable {
        let metric: Metric
        let labelValues: [String]
        /// Of counters and gauges; in histograms the sum, in nanoseconds.
        var value: Int64 = 0
        /// Per bucket, not cumulative; empty but in histograms.
        var bucketCounts: [UInt64] = []
    }

    private struct Key: Hashable {
        let name: String
        let labelValues: [String]
    }

    private(set) var series: [Series] = []
    private var indexByKey: [Key: Int] = [:]
    private var seriesCountByName: [String: Int] = [:]
    /// How many requests for a cell went to `other`, by metric.
    private(set) var foldedCountByName: [String: Int64] = [:]

    public init() {}

    /// The series of `metric` with these label values, made when it is new.
    ///
    /// - Parameter labelValues: As many as the metric has labels, in their order. Beyond `seriesCountMax` combinations
    ///   the cell is that of `other`.
    public mutating func cell(_ metric: Metric, _ labelValues: String...) -> MetricCell {
        MetricCell(index: index(of: metric, labelValues))
    }

    /// Counts `amount` more.
    public mutating func add(_ amount: Int64, to cell: MetricCell) { series[cell.index].value &+= amount }

    /// Sets a gauge, or a counter that is kept elsewhere.
    public mutating func set(_ value: Int64, of cell: MetricCell) { series[cell.index].value = value }

    /// Counts one duration.
    public mutating func observe(nanoseconds: Int64, in cell: MetricCell) {
        let bucket = Metric.histogramBounds.firstIndex { nanoseconds <= $0 } ?? Metric.histogramBounds.count
        precondition(!series[cell.index].bucketCounts.isEmpty, "\(series[cell.index].metric.name) is no histogram")
        series[cell.index].bucketCounts[bucket] += 1
        series[cell.index].value &+= max(0, nanoseconds)
    }

    /// Counts `amount` more in the series with these label values; of a folded greatest gauge the greatest stays.
    public mutating func add(_ amount: Int64, to metric: Metric, _ labelValues: String...) {
        combine(amount, with: metric, labelValues)
    }

    /// Adds a histogram that is kept elsewhere.
    ///
    /// - Parameter bucketCounts: One for each of `Metric.histogramBounds` and one for what is beyond, not cumulative.
    public mutating func add(
        bucketCounts: some Collection<UInt64>, sumNanoseconds: Int64, to metric: Metric, _ labelValues: String...
    ) {
        let index = index(of: metric, labelValues)
        precondition(
            bucketCounts.count == series[index].bucketCounts.count,
            "\(bucketCounts.count) buckets for the \(series[index].bucketCounts.count) of \(metric.name)")
        for (bucket, count) in bucketCounts.enumerated() { series[index].bucketCounts[bucket] += count }
        series[index].value &+= sumNanoseconds
    }

    /// Adds every number of `other` to this set; greatest gauges keep the greater one.
    public mutating func merge(_ other: MetricSet) {
        for addend in other.series {
            let index = index(of: addend.metric, addend.labelValues)
            for bucket in addend.bucketCounts.indices {
                series[index].bucketCounts[bucket] += addend.bucketCounts[bucket]
            }
            combine(addend.value, at: index)
        }
        for metric in MetricCatalogue.all {
            if let count = other.foldedCountByName[metric.name] { foldedCountByName[metric.name, default: 0] += count }
        }
    }

    private mutating func combine(_ amount: Int64, with metric: Metric, _ labelValues: [String]) {
        combine(amount, at: index(of: metric, labelValues))
    }

    private mutating func combine(_ amount: Int64, at index: Int) {
        switch series[index].metric.kind {
        case .counter, .gauge, .histogram: series[index].value &+= amount
        case .greatestGauge: series[index].value = max(series[index].value, amount)
        }
    }

    private mutating func index(of metric: Metric, _ labelValues: [String]) -> Int {
        precondition(
            labelValues.count == metric.labels.count,
            "\(labelValues.count) values for the \(metric.labels.count) labels of \(metric.name)")
        let key = Key(name: metric.name, labelValues: labelValues)
        if let index = indexByKey[key] { return index }
        let folded = Array(repeating: "other", count: labelValues.count)
        let count = seriesCountByName[metric.name, default: 0]
        if count >= metric.seriesCountMax, labelValues != folded {
            foldedCountByName[metric.name, default: 0] += 1
            return index(of: metric, folded)
        }
        let buckets = metric.kind == .histogram ? Metric.histogramBounds.count + 1 : 0
        series.append(
            Series(
                metric: metric, labelValues: labelValues, bucketCounts: Array(repeating: 0, count: buckets)))
        indexByKey[key] = series.count - 1
        if labelValues != folded || labelValues.isEmpty { seriesCountByName[metric.name] = count + 1 }
        return series.count - 1
    }
}
