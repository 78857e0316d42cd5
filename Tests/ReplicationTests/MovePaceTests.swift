// SPDX-License-Identifier: Apache-2.0

import Primitives
import Replication
import Testing

private let least: Int64 = 4 << 20
private let greatest: Int64 = 100 << 20

/// A second in which so many waited so long.
private func second(
    _ milliseconds: Int64, count: Int64 = 1000, leaders: Waits = Waits(), copied: Int64 = 1 << 20, heldBack: Bool = true
) -> MovePace.Window {
    MovePace.Window(
        producers: Waits(count: count, nanoseconds: count * milliseconds * 1_000_000), leaders: leaders,
        copiedByteCount: copied, isHeldBack: heldBack)
}

@Suite("The pace of moves")
struct MovePaceTests {
    /// One that has seen clients wait 10 ms while nothing was copied.
    private func settled() -> MovePace {
        var pace = MovePace(least: least, greatest: greatest)
        for _ in 0..<4 { pace.ended(second(10, copied: 0, heldBack: false)) }
        return pace
    }

    @Test("begins at the least rate, and doubles to the greatest while nobody feels it")
    func begins() {
        var pace = settled()
        #expect(pace.bytesPerSecond == least)
        var rates: [Int64] = []
        for _ in 0..<6 {
            pace.ended(second(10))
            rates.append(pace.bytesPerSecond)
        }
        #expect(rates == [8 << 20, 16 << 20, 32 << 20, 64 << 20, greatest, greatest])
        #expect(pace.slowdownCount == 0)
    }

    @Test("halves when clients wait an eighth longer, and then rises by steps")
    func halves() {
        var pace = settled()
        for _ in 0..<5 { pace.ended(second(11)) }
        #expect(pace.bytesPerSecond == greatest)
        pace.ended(second(12))
        #expect(pace.bytesPerSecond == greatest / 2 && pace.slowdownCount == 1)
        // What was felt in the next second began before.
        pace.ended(second(15))
        #expect(pace.bytesPerSecond == greatest / 2)
        pace.ended(second(10))
        #expect(pace.bytesPerSecond == greatest / 2 + greatest / 64)
    }

    @Test("falls to the least rate at once when they wait more than twice as long")
    func falls() {
        var pace = settled()
        for _ in 0..<5 { pace.ended(second(10)) }
        pace.ended(second(21))
        #expect(pace.bytesPerSecond == least && pace.slowdownCount == 1)
    }

    @Test("leaders that wait for this follower count as clients do")
    func leadersCount() {
        var pace = MovePace(least: least, greatest: greatest)
        func answered(in milliseconds: Int64) -> Waits {
            Waits(count: 100, nanoseconds: 100 * milliseconds * 1_000_000)
        }
        for _ in 0..<4 { pace.ended(second(10, leaders: answered(in: 5), copied: 0, heldBack: false)) }
        for _ in 0..<5 { pace.ended(second(10, leaders: answered(in: 5))) }
        #expect(pace.bytesPerSecond == greatest)
        pace.ended(second(10, leaders: answered(in: 6)))
        #expect(pace.bytesPerSecond == greatest / 2)
    }

    @Test("never falls below the least rate, and takes what is felt there for usual")
    func relearns() {
        var pace = settled()
        for _ in 0..<40 {
            pace.ended(second(30))
            #expect(pace.bytesPerSecond >= least)
        }
        // The load has grown threefold: copying is not at fault, and goes on.
        for _ in 0..<200 where pace.bytesPerSecond < greatest { pace.ended(second(30)) }
        #expect(pace.bytesPerSecond == greatest)
    }

    @Test("does not get used to what it does itself")
    func doesNotCreep() {
        var pace = settled()
        var most: Int64 = 0
        for second in 0..<2000 {
            // Each 10 MiB a second of copying make a client wait a millisecond longer.
            let wait = 10 * 1_000_000 + 1_000_000 * (pace.bytesPerSecond - least) / (10 << 20)
            pace.ended(
                MovePace.Window(
                    producers: Waits(count: 1000, nanoseconds: 1000 * wait), leaders: Waits(),
                    copiedByteCount: pace.bytesPerSecond, isHeldBack: true))
            // The first doublings go beyond what is felt.
            if second > 20 { most = max(most, pace.bytesPerSecond) }
        }
        #expect(most < 20 << 20, "1.25 ms are 12.5 MiB a second more than the least, and one step goes beyond")
        #expect(most > 14 << 20, "what is there for the taking is taken")
    }

    @Test("waits of a stall are judged when they end, and nobody is taken for quiet meanwhile")
    func stalls() {
        var pace = settled()
        for _ in 0..<3 { pace.ended(second(10)) }
        let before = pace.bytesPerSecond
        for _ in 0..<2 { pace.ended(second(0, count: 0)) }
        #expect(pace.bytesPerSecond == before)
        pace.ended(second(2000, count: 20))
        #expect(pace.bytesPerSecond == least)
    }

    @Test("few samples are gathered until they say something")
    func gathers() {
        var pace = settled()
        pace.ended(second(10))
        let before = pace.bytesPerSecond
        pace.ended(second(100, count: 8))
        #expect(pace.bytesPerSecond == before)
        pace.ended(second(100, count: 8))
        #expect(pace.bytesPerSecond == least)
    }

    @Test("where nobody waits it becomes as fast as may be")
    func quiet() {
        var pace = MovePace(least: least, greatest: greatest)
        for _ in 0..<9 { pace.ended(second(0, count: 0)) }
        #expect(pace.bytesPerSecond == greatest)
    }

    @Test("does not rise where something else is the bound")
    func heldBack() {
        var pace = settled()
        for _ in 0..<9 { pace.ended(second(10, heldBack: false)) }
        for _ in 0..<9 { pace.ended(second(0, count: 0, heldBack: false)) }
        #expect(pace.bytesPerSecond == least)
    }

    @Test("the next move begins slowly again")
    func begunAnew() {
        var pace = settled()
        for _ in 0..<5 { pace.ended(second(10)) }
        pace.ended(second(10, copied: 0))
        #expect(pace.bytesPerSecond == greatest, "a batch is still being paid for")
        pace.ended(second(10, copied: 0, heldBack: false))
        #expect(pace.bytesPerSecond == least)
    }

    @Test("a least rate above the greatest is the greatest")
    func bounds() {
        var pace = MovePace(least: 10, greatest: 5)
        #expect(pace.bytesPerSecond == 5)
        pace.change(least: 1, greatest: 100)
        for _ in 0..<9 { pace.ended(second(0, count: 0)) }
        #expect(pace.bytesPerSecond == 100)
        pace.change(least: 200, greatest: 300)
        #expect(pace.bytesPerSecond == 200)
        pace.change(least: 1, greatest: 2)
        #expect(pace.bytesPerSecond == 2)
    }
}

@Suite("Quotas of copying")
struct CopyQuotaTests {
    private func at(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

    @Test("a grain is allowed whole or not at all")
    func grain() {
        var quota = ReplicationQuota(bytesPerSecond: 1000, bucketMilliseconds: 125, grain: 100, at: at(0))
        #expect(quota.allowance(at: at(0)) == 125)
        quota.spend(125, at: at(0))
        #expect(quota.allowance(at: at(99)) == 0)
        #expect(quota.nextAllowance == at(100))
        #expect(quota.allowance(at: at(100)) == 100)
        #expect(quota.allowance(at: at(60_000)) == 125, "no more than the bucket holds")
    }

    @Test("a rate below the grain allows a second's bytes")
    func slow() {
        var quota = ReplicationQuota(bytesPerSecond: 10, bucketMilliseconds: 125, grain: 100, at: at(0))
        quota.spend(10, at: at(0))
        #expect(quota.allowance(at: at(999)) == 0)
        #expect(quota.allowance(at: at(1000)) == 10)
    }

    @Test("what is granted comes on top of the rate, and a bounded part of it in advance")
    func grants() {
        var quota = ReplicationQuota(bytesPerSecond: 1000, bucketMilliseconds: 125, grain: 10, at: at(0))
        var sum = 0
        for millisecond in Int64(0)..<10_000 {
            quota.grant(5, at: at(millisecond))
            let allowance = quota.allowance(at: at(millisecond))
            quota.spend(allowance, at: at(millisecond))
            sum += allowance
        }
        #expect((60_000...60_200).contains(sum))
        quota.grant(1 << 40, at: at(10_000))
        #expect(quota.allowance(at: at(10_000)) == 125 + (4 << 20))
        #expect(quota.allowance(at: at(10_001)) == 125 + (4 << 20), "it is not lost when the bucket is filled")
    }
}
