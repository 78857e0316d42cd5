// SPDX-License-Identifier: Apache-2.0

import BrokerNode
import Coordinator
import Primitives
import Testing

@Suite("what a broker tells of its load")
struct LoadReporterTests {
    private func load(_ index: Int32, bytes: Int64 = 0, in bytesIn: Int64 = 0, out: Int64 = 0) -> PartitionLoad {
        PartitionLoad(
            partition: PartitionID(topic: TopicID(high: 1, low: 2), index: PartitionIndex(index)), bytes: bytes,
            bytesInPerSecond: bytesIn, bytesOutPerSecond: out)
    }

    /// A reporter whose first report was taken.
    private func told(_ loads: [PartitionLoad]) throws -> LoadReporter {
        var reporter = LoadReporter()
        reporter.measured(loads)
        reporter.acknowledged(try #require(reporter.next))
        return reporter
    }

    @Test("the first report begins anew; then there is no news without a change")
    func first() throws {
        var reporter = LoadReporter()
        #expect(reporter.next == LoadReport(beginsAnew: true, loads: []))
        reporter.measured([load(0, bytes: 5)])
        let report = try #require(reporter.next)
        #expect(report == LoadReport(beginsAnew: true, loads: [load(0, bytes: 5)]))
        reporter.acknowledged(report)
        #expect(reporter.next == nil)
        reporter.measured([load(0, bytes: 5)])
        #expect(reporter.next == nil)
    }

    @Test("a change by less than an eighth, or than the floor, is no news")
    func coarse() throws {
        let (mebibyte, kibibyte) = (Int64(1) << 20, Int64(1) << 10)
        var reporter = try told([load(0, bytes: 80 * mebibyte, in: 80 * kibibyte)])
        reporter.measured([load(0, bytes: 89 * mebibyte, in: 89 * kibibyte, out: kibibyte)])
        #expect(reporter.next == nil)
        for changed in [
            load(0, bytes: 91 * mebibyte, in: 80 * kibibyte), load(0, bytes: 80 * mebibyte, in: 91 * kibibyte),
            load(0, bytes: 80 * mebibyte, in: 80 * kibibyte, out: kibibyte + 1),
            load(0, bytes: 60 * mebibyte, in: 80 * kibibyte),
        ] {
            var copy = reporter
            copy.measured([changed])
            #expect(copy.next == LoadReport(loads: [changed]), "\(changed)")
        }
    }

    @Test("what does not fit into one report follows with the next ones")
    func pieces() throws {
        let loads = (0..<Int32(LoadReport.loadCountMax) + 10).map { load($0, bytes: 1) }
        var reporter = LoadReporter()
        reporter.measured(loads.reversed())
        let first = try #require(reporter.next)
        #expect(first.loads == Array(loads.prefix(LoadReport.loadCountMax)))
        reporter.acknowledged(first)
        #expect(reporter.next == LoadReport(loads: Array(loads.suffix(10))))
    }

    @Test("a report that nobody took is made again")
    func lost() throws {
        var reporter = try told([])
        reporter.measured([load(0, in: 5_000)])
        let report = try #require(reporter.next)
        #expect(reporter.next == report)
    }

    @Test("a controller that knows nothing is told all again")
    func forgotten() throws {
        var reporter = try told([load(0, bytes: 5), load(1, bytes: 6)])
        reporter.forgotten()
        #expect(reporter.next == LoadReport(beginsAnew: true, loads: [load(0, bytes: 5), load(1, bytes: 6)]))
    }

    @Test("rates are smoothed: a burst counts half at first and fades")
    func rates() {
        var rates = PartitionRates()
        func at(_ seconds: Int64) -> Instant { Instant(nanoseconds: seconds * 1_000_000_000) }
        rates.sample(appended: 1_000_000, fetched: 0, at: at(0))
        #expect(rates.bytesInPerSecond == 0, "one sample is no rate")
        rates.sample(appended: 1_008_000, fetched: 4_000, at: at(4))
        #expect(rates.bytesInPerSecond == 1_000 && rates.bytesOutPerSecond == 500)
        rates.sample(appended: 1_016_000, fetched: 4_000, at: at(8))
        #expect(rates.bytesInPerSecond == 1_500 && rates.bytesOutPerSecond == 250)
    }
}
