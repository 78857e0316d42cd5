// SPDX-License-Identifier: Apache-2.0

import Foundation
import Telemetry
import Testing

@Suite("Metric catalogue")
struct CatalogueTests {
    static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    @Test("names are unique and carry prefix, unit and kind")
    func namesFollowConvention() {
        #expect(Set(MetricCatalogue.all.map(\.name)).count == MetricCatalogue.all.count)
        for metric in MetricCatalogue.all {
            #expect(metric.name.hasPrefix("myelin_"))
            #expect(metric.name.wholeMatch(of: /[a-z][a-z_]*/) != nil)
            #expect(metric.name.hasSuffix("_total") == (metric.kind == .counter))
            let stem = metric.kind == .counter ? String(metric.name.dropLast(6)) : metric.name
            #expect(stem.hasSuffix("_seconds") == (metric.unit == .seconds), "\(metric.name)")
            #expect(stem.hasSuffix("_bytes") == (metric.unit == .bytes), "\(metric.name)")
            #expect(metric.help.hasSuffix("."))
            #expect(metric.labels.allSatisfy { $0 != "le" && $0.wholeMatch(of: /[a-z_]+/) != nil })
            if metric.kind == .histogram { #expect(metric.unit == .seconds) }
        }
    }

    static let promtool = "/usr/bin/promtool"

    @Test(
        "promtool finds nothing to say about the export of every metric",
        .enabled(if: FileManager.default.isExecutableFile(atPath: promtool), "promtool is not installed"))
    func isCleanForPromtool() throws {
        let process = Process()
        process.executableURL = URL(filePath: Self.promtool)
        process.arguments = ["check", "metrics"]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        process.standardError = output
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: Data(Self.exportOfEverything.utf8))
        try input.fileHandleForWriting.close()
        let said = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        #expect(said == "")
        #expect(process.terminationStatus == 0)
    }

    @Test("docs/operations/metrics.md says what the catalogue says")
    func isDocumented() throws {
        let page = Self.repository.appending(path: "docs/operations/metrics.md")
        if ProcessInfo.processInfo.environment["RECORD"] == "1" {
            try Data(MetricDocumentation.markdown.utf8).write(to: page)
        }
        let written = try String(contentsOf: page, encoding: .utf8)
        #expect(written == MetricDocumentation.markdown, "run the tests with RECORD=1 and review the change")
    }

    @Test("the dashboard is JSON, asks for known metrics with known labels only, and covers the important ones")
    func dashboardUsesCatalogue() throws {
        let file = Self.repository.appending(path: "infra/grafana/myelin-overview.json")
        let data = try Data(contentsOf: file)
        let dashboard = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let panels = try #require(dashboard["panels"] as? [[String: Any]])
        let expressions = panels.flatMap { $0["targets"] as? [[String: Any]] ?? [] }.compactMap {
            $0["expr"] as? String
        }
        #expect(expressions.count >= 30)
        let known = Set(MetricCatalogue.all.flatMap(Self.seriesNames))
        for expression in expressions {
            let names = expression.matches(of: /myelin_[a-z_]+/).map { String($0.output) }
            #expect(!names.isEmpty)
            for name in names { #expect(known.contains(name), "\(name) in \(expression)") }
            let labels = Set(MetricCatalogue.all.filter { expression.contains($0.name) }.flatMap(\.labels))
            for match in expression.matches(of: /by \(([a-z, ]+)\)/) {
                for label in match.output.1.split(separator: ", ") {
                    #expect(labels.union(["le", "instance"]).contains(String(label)), "\(label) in \(expression)")
                }
            }
        }
        let ids = panels.compactMap { $0["id"] as? Int }
        #expect(Set(ids).count == panels.count)
    }

    static func seriesNames(_ metric: Metric) -> [String] {
        metric.kind == .histogram ? ["_bucket", "_sum", "_count"].map { metric.name + $0 } : [metric.name]
    }

    /// One series of every metric.
    static var exportOfEverything: String {
        var set = MetricSet()
        for metric in MetricCatalogue.all {
            switch metric.labels.count {
            case 0: set.add(1, to: metric)
            case 1: set.add(1, to: metric, "a")
            case 2: set.add(1, to: metric, "a", "b")
            default: set.add(1, to: metric, "a", "b", "c")
            }
        }
        return PrometheusText.export([set])
    }
}
