// SPDX-License-Identifier: Apache-2.0

import CommandLineTool
import Primitives
import Testing

@Suite("latency histograms")
struct LatencyHistogramTests {
    @Test("a quantile is never below the exact one and at most 3.2 % above it", arguments: [1, 2, 3] as [UInt64])
    func precision(seed: UInt64) {
        var entropy = Entropy(seed: seed)
        let values = (0..<10_000).map { _ in Int64(entropy.next() >> UInt64(20 + entropy.index(below: 40))) }.sorted()
        var histogram = LatencyHistogram()
        for value in values { histogram.add(value) }
        for fraction in [0.0, 0.01, 0.5, 0.9, 0.99, 0.999, 1] {
            let exact = values[max(Int((fraction * Double(values.count)).rounded(.up)) - 1, 0)]
            let found = histogram.quantile(fraction)
            #expect(found >= exact, "\(fraction)")
            #expect(Double(found) <= Double(exact) * 1.032 + 1, "\(fraction)")
        }
        #expect(histogram.count == 10_000)
        #expect(histogram.minimum == values.first)
        #expect(histogram.maximum == values.last)
    }

    @Test("small numbers are exact")
    func exact() {
        var histogram = LatencyHistogram()
        for value in 1...30 { histogram.add(Int64(value)) }
        #expect(histogram.quantile(0.5) == 15)
        #expect(histogram.mean == 15)
    }

    @Test("the largest number and a negative one are counted")
    func extremes() {
        var histogram = LatencyHistogram()
        histogram.add(.max)
        histogram.add(-5)
        #expect(histogram.quantile(1) == .max)
        #expect(histogram.quantile(0.5) == 0)
    }

    @Test("nothing has a quantile of 0")
    func empty() {
        #expect(LatencyHistogram().quantile(0.99) == 0)
        #expect(LatencyHistogram().octaves.isEmpty)
    }

    @Test("two histograms add up to that of all values")
    func sum() {
        var (one, other, both) = (LatencyHistogram(), LatencyHistogram(), LatencyHistogram())
        for value in [5, 500, 50_000] as [Int64] { one.add(value) }
        for value in [7, 7_000_000] as [Int64] { other.add(value) }
        for value in [5, 500, 50_000, 7, 7_000_000] as [Int64] { both.add(value) }
        one.add(other)
        #expect(one == both)
        #expect(both.octaves.reduce(0) { $0 + $1.count } == 5)
    }
}
