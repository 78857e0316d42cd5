// SPDX-License-Identifier: Apache-2.0

/// All series of one metric at one moment, for exports other than text.
public struct MetricFamily: Sendable {
    /// One combination of label values.
    public struct Series: Sendable {
        /// As many as the metric has labels, in their order.
        public let labelValues: [String]
        /// In the unit that the metric's name says; of a histogram the sum.
        public let value: Double
        /// Of a histogram: upper bound and how many observations lie at or below it, ascending, the last bound infinite.
        public let buckets: [(upperBound: Double, cumulativeCount: UInt64)]
    }

    public let metric: Metric
    /// Sorted by label values.
    public let series: [Series]

    /// What `set` holds, sorted by name.
    ///
    /// A metric without labels is always there; one with labels as far as it has series.
    public static func families(of set: MetricSet) -> [MetricFamily] {
        var sum = set
        for metric in MetricCatalogue.all {
            if let count = sum.foldedCountByName[metric.name] {
                sum.add(count, to: MetricCatalogue.foldedSeries, metric.name)
            }
            if metric.labels.isEmpty { sum.add(0, to: metric) }
        }
        let seriesByName = Dictionary(grouping: sum.series) { $0.metric.name }
        return MetricCatalogue.all.sorted { $0.name < $1.name }.compactMap { metric in
            seriesByName[metric.name].map { series in
                MetricFamily(
                    metric: metric,
                    series: series.map { Series($0) }
                        .sorted { $0.labelValues.lexicographicallyPrecedes($1.labelValues) })
            }
        }
    }
}

extension MetricFamily.Series {
    fileprivate init(_ series: MetricSet.Series) {
        let scale = series.metric.unit.scale
        var count: UInt64 = 0
        labelValues = series.labelValues
        value = Double(series.value) / scale
        buckets = series.bucketCounts.enumerated().map { place, bucketCount in
            count += bucketCount
            let bounds = Metric.histogramBounds
            return (place < bounds.count ? Double(bounds[place]) / scale : .infinity, count)
        }
    }
}
