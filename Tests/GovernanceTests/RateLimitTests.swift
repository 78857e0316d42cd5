// SPDX-License-Identifier: Apache-2.0

import Governance
import Primitives
import Testing

private let second: Int64 = 1_000_000_000

@Suite("rate limits")
struct RateLimitTests {
    /// 1,000 a second; ten seconds' worth at once.
    private let limit = RateLimit(perSecond: 1_000, burstNanoseconds: 10 * second)
    private let start = Instant(nanoseconds: 100 * second)

    private func wait(after amounts: [Double], under limit: RateLimit? = nil, at now: Instant) -> Int64 {
        let limit = limit ?? self.limit
        let paidUntil = amounts.reduce(limit.unused(at: now)) { limit.paidUntil($0, using: $1, at: now) }
        return limit.waitNanoseconds(of: paidUntil, at: now)
    }

    @Test("the whole burst is free, and the next byte is not")
    func burst() {
        #expect(limit.burst == 10_000)
        #expect(wait(after: [10_000], at: start) == 0)
        #expect(wait(after: [10_000, 1], at: start) == 1_000_000)
    }

    @Test("the wait is Kafka's: (observed - limit) / limit times the window", arguments: [10_001.0, 25_000, 1e6, 3e9])
    func kafka(total: Double) {
        let observed = total / 10
        let expected = (observed - 1_000) / 1_000 * 10
        #expect(abs(Double(wait(after: [total], at: start)) / 1e9 - expected) < 1e-6)
    }

    @Test("who waits as long as told has paid for all, and may go on at the rate")
    func payment() {
        let owing = limit.paidUntil(limit.unused(at: start), using: 25_000, at: start)
        let later = Instant(nanoseconds: start.nanoseconds + limit.waitNanoseconds(of: owing, at: start))
        #expect(limit.waitNanoseconds(of: owing, at: later) == 0)
        let next = limit.paidUntil(owing, using: 500, at: later)
        #expect(limit.waitNanoseconds(of: next, at: later) == second / 2)
    }

    @Test("over any long time the rate is kept, whatever the sizes")
    func rate() {
        var entropy = Entropy(seed: 7)
        var now = start
        var paidUntil = limit.unused(at: now)
        var total = 0.0
        for _ in 0..<2_000 {
            let amount = Double(1 + entropy.index(below: 5_000))
            total += amount
            paidUntil = limit.paidUntil(paidUntil, using: amount, at: now)
            now = Instant(nanoseconds: now.nanoseconds + limit.waitNanoseconds(of: paidUntil, at: now))
        }
        let seconds = Double(now.nanoseconds - start.nanoseconds) / 1e9
        #expect(abs(total - 10_000 - seconds * 1_000) < 1)
    }

    @Test("a pause saves no more than the burst")
    func pause() {
        let used = limit.paidUntil(limit.unused(at: start), using: 10_000, at: start)
        let later = Instant(nanoseconds: start.nanoseconds + 3_600 * second)
        let owing = limit.paidUntil(used, using: 11_000, at: later)
        #expect(limit.waitNanoseconds(of: owing, at: later) == second)
    }

    @Test("one wait has a bound where the limit has one, and the rest stays owed")
    func bound() {
        let limit = RateLimit(perSecond: 1_000, burstNanoseconds: 0, waitNanosecondsMax: second)
        let owing = limit.paidUntil(limit.unused(at: start), using: 5_000, at: start)
        #expect(limit.waitNanoseconds(of: owing, at: start) == second)
        let later = Instant(nanoseconds: start.nanoseconds + 2 * second)
        #expect(limit.waitNanoseconds(of: owing, at: later) == second)
    }

    @Test("nothing overflows: a byte a second and a terabyte, at the ends of the clock")
    func extremes() {
        let slow = RateLimit(perSecond: 1e-9, burstNanoseconds: .max)
        #expect(slow.unused(at: Instant(nanoseconds: .min + 1)) == Instant(nanoseconds: .min))
        let now = Instant(nanoseconds: 1)
        let owing = slow.paidUntil(now, using: 1e12, at: now)
        #expect(owing == .distantFuture)
        #expect(slow.waitNanoseconds(of: owing, at: now) == .max - 1)
        #expect(slow.waitNanoseconds(of: owing, at: Instant(nanoseconds: .min)) == .max)
        #expect(wait(after: [0], at: Instant(nanoseconds: .max)) == 0)
    }

    @Test("a changed limit keeps what is owed, and is paid off at the new rate")
    func change() {
        let owing = limit.paidUntil(limit.unused(at: start), using: 12_000, at: start)
        let doubled = RateLimit(perSecond: 2_000, burstNanoseconds: 10 * second)
        let moved = doubled.paidUntil(owing, under: limit, at: start)
        #expect(doubled.waitNanoseconds(of: moved, at: start) == second)
        let unused = doubled.paidUntil(limit.unused(at: start), under: limit, at: start)
        #expect(doubled.waitNanoseconds(of: unused, at: start) == 0)
    }
}
