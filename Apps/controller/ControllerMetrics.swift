// SPDX-License-Identifier: Apache-2.0

import ControllerNode
import Primitives
import Telemetry

/// What Prometheus is told of a controller; docs/operations/deploy.md lists it.
struct ControllerMetrics {
    let status: ControllerStatus
    let isReady: Bool

    static let contentType = PrometheusText.contentType

    /// In the Prometheus text format 0.0.4.
    var text: String {
        let counters = status.counters
        return
            gauge("active", status.isActive ? 1 : 0, "1 while this controller decides for the cluster.")
            + gauge("ready", isReady ? 1 : 0, "1 while it knows the active one and has what that one committed.")
            + gauge(
                "leader_id", status.leader.map { Int64($0.rawValue) } ?? -1, "Id of the active one; -1: none is known.")
            + gauge("term", status.term.rawValue, "Term of the quorum, which an election raises.")
            + gauge("next_offset", status.nextOffset.rawValue, "Offset that the next metadata record gets.")
            + counter("commands", counters.commandCount, "Commands decided.")
            + counter("refused_commands", counters.refusedCommandCount, "Commands refused.")
            + counter("records", counters.recordCount, "Metadata records replayed.")
            + counter("snapshots", counters.snapshotCount, "Snapshots written.")
            + counter("snapshot_faults", counters.snapshotFaultCount, "Snapshots that could not be written.")
            + counter("fenced_brokers", counters.fencedBrokerCount, "Brokers whose sessions ended.") + process
    }

    private func gauge(_ name: String, _ value: Int64, _ help: String) -> String {
        Self.metric("myelin_controller_\(name)", "gauge", "\(value)", help)
    }

    private func counter(_ name: String, _ value: Int, _ help: String) -> String {
        Self.metric("myelin_controller_\(name)_total", "counter", "\(value)", help)
    }

    /// The metrics of processes that brokers have too.
    private var process: String {
        var set = MetricSet()
        ProcessNumbers.read(into: &set)
        return MetricFamily.families(of: set).filter { $0.metric.name.hasPrefix("myelin_process_") }.map { family in
            let metric = family.metric
            let head =
                "# HELP \(metric.name) \(metric.help)\n# TYPE \(metric.name) \(PrometheusText.typeName(metric.kind))\n"
            let lines = family.series.map { series in
                let labels = zip(metric.labels, series.labelValues).map { "\($0)=\"\($1)\"" }.joined(separator: ",")
                return "\(metric.name)\(labels.isEmpty ? "" : "{\(labels)}") \(series.value)\n"
            }
            return head + lines.joined()
        }.joined()
    }

    private static func metric(_ name: String, _ kind: String, _ value: String, _ help: String) -> String {
        "# HELP \(name) \(help)\n# TYPE \(name) \(kind)\n\(name) \(value)\n"
    }
}
