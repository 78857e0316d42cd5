// SPDX-License-Identifier: Apache-2.0

/// The catalogue as `docs/operations/metrics.md`.
public enum MetricDocumentation {
    /// One table row per metric, in the order of the catalogue.
    public static var markdown: String {
        var text = """
            # Metrics

            `GET /metrics` on the admin port, in the Prometheus text format 0.0.4. Times are in seconds, sizes in bytes.
            A metric keeps at most the number of series in the table apart; what comes beyond is summed up (ages: the
            greatest counts) in one series whose labels are all `other`, and `myelin_metric_series_folded` tells that it
            happened. Histograms share the upper bounds, in seconds:
            \(boundsText).

            This page is written from the catalogue in `Modules/Telemetry/Metrics/MetricCatalogue.swift`, and a test
            keeps it so.

            | metric | type | labels | series at most | what it tells |
            |---|---|---|---|---|

            """
        for metric in MetricCatalogue.all {
            let labels = metric.labels.isEmpty ? "" : metric.labels.map { "`\($0)`" }.joined(separator: ", ")
            let seriesCountMax = metric.labels.isEmpty ? "1" : String(metric.seriesCountMax)
            let type = PrometheusText.typeName(metric.kind)
            text += "| `\(metric.name)` | \(type) | \(labels) | \(seriesCountMax) | \(metric.help) |\n"
        }
        return text
    }

    private static var boundsText: String {
        Metric.histogramBounds.map { String(Double($0) / 1e9) }.joined(separator: ", ")
    }
}
