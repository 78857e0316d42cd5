// SPDX-License-Identifier: Apache-2.0

/// Writes metrics in the Prometheus text format, version 0.0.4.
/// - SeeAlso: https://prometheus.io/docs/instrumenting/exposition_formats/
public enum PrometheusText {
    /// For the `Content-Type` header.
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// The sum of `sets`, in the order of the catalogue, series sorted by their label values.
    ///
    /// Every metric of the catalogue has its help and type; one without labels is always there, one with labels as far
    /// as it has series.
    public static func export(_ sets: [MetricSet]) -> String {
        var sum = MetricSet()
        for set in sets { sum.merge(set) }
        for metric in MetricCatalogue.all {
            if let count = sum.foldedCountByName[metric.name] {
                sum.add(count, to: MetricCatalogue.foldedSeries, metric.name)
            }
            if metric.labels.isEmpty { sum.add(0, to: metric) }
        }
        let seriesByName = Dictionary(grouping: sum.series) { $0.metric.name }
        var text = ""
        for metric in MetricCatalogue.all {
            let series = seriesByName[metric.name, default: []]
            text +=
                "# HELP \(metric.name) \(escapedHelp(metric.help))\n# TYPE \(metric.name) \(typeName(metric.kind))\n"
            for one in series.sorted(by: { $0.labelValues.lexicographicallyPrecedes($1.labelValues) }) {
                write(one, to: &text)
            }
        }
        return text
    }

    /// Prometheus' word for a kind.
    public static func typeName(_ kind: Metric.Kind) -> String {
        switch kind {
        case .counter: "counter"
        case .gauge, .greatestGauge: "gauge"
        case .histogram: "histogram"
        }
    }

    private static func write(_ series: MetricSet.Series, to text: inout String) {
        let metric = series.metric
        guard metric.kind == .histogram else {
            text += "\(metric.name)\(labels(of: series)) \(number(series.value, metric.unit))\n"
            return
        }
        var count: UInt64 = 0
        for (bucket, bucketCount) in series.bucketCounts.enumerated() {
            count += bucketCount
            let bounds = Metric.histogramBounds
            let bound = bucket < bounds.count ? number(bounds[bucket], metric.unit) : "+Inf"
            text += "\(metric.name)_bucket\(labels(of: series, bound: bound)) \(count)\n"
        }
        text += "\(metric.name)_sum\(labels(of: series)) \(number(series.value, metric.unit))\n"
        text += "\(metric.name)_count\(labels(of: series)) \(count)\n"
    }

    private static func labels(of series: MetricSet.Series, bound: String? = nil) -> String {
        var pairs = zip(series.metric.labels, series.labelValues).map { "\($0)=\"\(escapedLabel($1))\"" }
        if let bound { pairs.append("le=\"\(bound)\"") }
        return pairs.isEmpty ? "" : "{\(pairs.joined(separator: ","))}"
    }

    /// Nanoseconds as a decimal fraction of seconds, thousandths as one of their whole, exactly; anything else as it is.
    private static func number(_ value: Int64, _ unit: Metric.Unit) -> String {
        let places: Int
        switch unit {
        case .one, .bytes: return String(value)
        case .seconds: places = 9
        case .thousandths: places = 3
        }
        let divisor: UInt64 = places == 9 ? 1_000_000_000 : 1_000
        let (whole, rest) = value.magnitude.quotientAndRemainder(dividingBy: divisor)
        let sign = value < 0 ? "-" : ""
        guard rest > 0 else { return "\(sign)\(whole)" }
        var digits = String(rest)
        digits = String(repeating: "0", count: places - digits.count) + digits
        while digits.hasSuffix("0") { digits.removeLast() }
        return "\(sign)\(whole).\(digits)"
    }

    private static func escapedHelp(_ text: String) -> String { escape(text, quotes: false) }
    private static func escapedLabel(_ text: String) -> String { escape(text, quotes: true) }

    private static func escape(_ text: String, quotes: Bool) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
