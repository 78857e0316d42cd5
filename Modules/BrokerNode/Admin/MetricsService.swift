// SPDX-License-Identifier: Apache-2.0

internal import Telemetry
internal import Transport
internal import WireProtocol

extension AdminService {
    /// The same numbers as on `/metrics`, because they come from the same sets.
    func metrics(_ request: Admin.MetricsRequest) async -> Admin.MetricsResponse {
        let families = MetricFamily.families(of: await observer.metrics(of: process)).filter { family in
            request.namePrefixes.isEmpty || request.namePrefixes.contains { family.metric.name.hasPrefix($0) }
        }
        return .with {
            $0.timestamp = shards.loops[BrokerShard.controllerShard].wallClock
            $0.families = families.map { Admin.MetricFamily($0) }
        }
    }
}

extension Admin.MetricFamily {
    fileprivate init(_ family: MetricFamily) {
        self.init()
        name = family.metric.name
        help = family.metric.help
        kind =
            switch family.metric.kind {
            case .counter: .counter
            case .gauge, .greatestGauge: .gauge
            case .histogram: .histogram
            }
        samples = family.series.map { series in
            .with {
                $0.labels = zip(family.metric.labels, series.labelValues).sorted { $0.0 < $1.0 }.map { label in
                    .with { ($0.name, $0.value) = label }
                }
                $0.value = series.value
                $0.count = series.buckets.last?.cumulativeCount ?? 0
                $0.buckets = series.buckets.map { bucket in
                    .with { ($0.upperBound, $0.cumulativeCount) = bucket }
                }
            }
        }
    }
}
