// SPDX-License-Identifier: Apache-2.0

import Foundation
import Telemetry
import Testing

@Suite("Metrics")
struct MetricTests {
    @Test("shards are summed, series sorted, times written in seconds without loss")
    func sums() {
        var one = MetricSet()
        var two = MetricSet()
        one.add(3, to: MetricCatalogue.requests, "Produce", "NONE")
        two.add(4, to: MetricCatalogue.requests, "Produce", "NONE")
        two.add(1, to: MetricCatalogue.requests, "Fetch", "NONE")
        two.add(1_500_000_001, to: MetricCatalogue.processorTime, "user")
        one.add(5_000_000_000, to: MetricCatalogue.lagSeconds, "g", "t", "0")
        two.add(2_000_000_000, to: MetricCatalogue.lagSeconds, "g", "t", "0")
        let text = PrometheusText.export([one, two])
        let fetch = "myelin_requests_total{api=\"Fetch\",error=\"NONE\"} 1\n"
        #expect(text.contains(fetch + "myelin_requests_total{api=\"Produce\",error=\"NONE\"} 7\n"))
        #expect(text.contains("myelin_process_cpu_seconds_total{mode=\"user\"} 1.500000001\n"))
        #expect(text.contains("myelin_group_lag_seconds{group=\"g\",topic=\"t\",partition=\"0\"} 5\n"))
        #expect(text.contains("# TYPE myelin_group_lag_seconds gauge\n"))
        #expect(text.contains("myelin_received_bytes_total 0\n"))
    }

    @Test("a histogram's buckets are cumulative, a value on a bound belongs below it")
    func countsHistogram() {
        var set = MetricSet()
        let cell = set.cell(MetricCatalogue.requestDuration, "Fetch")
        for nanoseconds in [0, 50_000, 50_001, 1_000_000, 30_000_000_000, 30_000_000_001] as [Int64] {
            set.observe(nanoseconds: nanoseconds, in: cell)
        }
        let text = PrometheusText.export([set])
        let name = "myelin_request_duration_seconds"
        #expect(text.contains("\(name)_bucket{api=\"Fetch\",le=\"0.00005\"} 2\n"))
        #expect(text.contains("\(name)_bucket{api=\"Fetch\",le=\"0.0001\"} 3\n"))
        #expect(text.contains("\(name)_bucket{api=\"Fetch\",le=\"0.001\"} 4\n"))
        #expect(text.contains("\(name)_bucket{api=\"Fetch\",le=\"30\"} 5\n"))
        #expect(text.contains("\(name)_bucket{api=\"Fetch\",le=\"+Inf\"} 6\n"))
        #expect(text.contains("\(name)_sum{api=\"Fetch\"} 60.001100002\n"))
        #expect(text.contains("\(name)_count{api=\"Fetch\"} 6\n"))
    }

    @Test("a snapshot does not change when its shard goes on")
    func snapshots() {
        var set = MetricSet()
        let cell = set.cell(MetricCatalogue.connections)
        set.add(1, to: cell)
        let snapshot = set
        set.add(1, to: cell)
        #expect(PrometheusText.export([snapshot]).contains("myelin_connections 1\n"))
        #expect(PrometheusText.export([set]).contains("myelin_connections 2\n"))
        set.set(7, of: cell)
        #expect(PrometheusText.export([set]).contains("myelin_connections 7\n"))
    }

    @Test("series beyond a metric's limit are folded into one, and nothing is lost", arguments: [1, 3])
    func bounds(shardCount: Int) {
        let sets = (0..<shardCount).map { shard in
            var set = MetricSet()
            for topic in 0..<1_200 { set.add(1, to: MetricCatalogue.producedRecords, "topic-\(shard)-\(topic)") }
            return set
        }
        let lines = PrometheusText.export(sets).split(separator: "\n")
        let values = lines.filter { $0.hasPrefix("myelin_produced_records_total{") }
        #expect(values.count == 1_001)
        #expect(values.compactMap { Int($0.split(separator: " ")[1]) }.reduce(0, +) == 1_200 * shardCount)
        #expect(values.contains { $0.hasPrefix("myelin_produced_records_total{topic=\"other\"} ") })
        #expect(
            lines.contains { $0.hasPrefix("myelin_metric_series_folded{metric=\"myelin_produced_records_total\"} ") })
    }

    @Test("label values cannot break out of their quotes")
    func escapes() {
        var set = MetricSet()
        set.add(1, to: MetricCatalogue.producedRecords, "a\"} 9\nx{\\")
        #expect(PrometheusText.export([set]).contains("{topic=\"a\\\"} 9\\nx{\\\\\"} 1\n"))
    }

    @Test("the process tells its memory, time, descriptors and start")
    func readsProcess() throws {
        var set = MetricSet()
        ProcessNumbers.read(into: &set)
        let lines = PrometheusText.export([set]).split(separator: "\n")
        func value(_ prefix: String) throws -> Double {
            let line = try #require(lines.first { $0.hasPrefix(prefix + " ") })
            return try #require(Double(line.split(separator: " ")[1]))
        }
        #expect(try value("myelin_process_resident_memory_bytes") > 1_000_000)
        #expect(try value("myelin_process_open_descriptors") >= 3)
        let age = try Date().timeIntervalSince1970 - value("myelin_process_start_time_seconds")
        #expect(age > -2 && age < 86_400)
        #expect(try value("myelin_process_cpu_seconds_total{mode=\"user\"}") >= 0)
    }

    @Test("using a metric with the wrong number of labels traps")
    func trapsOnLabels() async {
        await #expect(processExitsWith: .failure) {
            var set = MetricSet()
            set.add(1, to: MetricCatalogue.requests, "Produce")
        }
    }
}
