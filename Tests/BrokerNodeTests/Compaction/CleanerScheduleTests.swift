// SPDX-License-Identifier: Apache-2.0

import BrokerNode
import Primitives
import StorageEngine
import Testing

@Suite("which partition is compacted next")
struct CleanerScheduleTests {
    private static func candidate(
        _ index: Int32, dirty: Int64, clean: Int64 = 100, isInternal: Bool = false, isOverdue: Bool = false
    ) -> CompactionCandidate {
        CompactionCandidate(
            partition: PartitionID(topic: TopicID(high: 0, low: 1), index: PartitionIndex(index)), topic: "t",
            isInternal: isInternal,
            standing: CompactionStanding(
                firstDirty: .zero, end: Offset(1), cleanByteCount: clean, dirtyByteCount: dirty, isOverdue: isOverdue,
                isDue: true))
    }

    private func at(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: 0).advanced(byMilliseconds: milliseconds) }

    private static let fault = CompactionTrouble.pass(.unreadable(Offset(7)))

    @Test("internal topics come first, then who is overdue, then who has the highest dirty ratio")
    func order() {
        var schedule = CleanerSchedule()
        var candidates = [
            Self.candidate(0, dirty: 50), Self.candidate(1, dirty: 300), Self.candidate(2, dirty: 10, isOverdue: true),
            Self.candidate(3, dirty: 1, isInternal: true),
        ]
        var order: [Int32] = []
        while let next = schedule.next(of: candidates, at: at(0)) {
            order.append(next.partition.index.rawValue)
            candidates.removeAll { $0.partition == next.partition }
        }
        #expect(order == [3, 2, 1, 0])
    }

    @Test("a partition that fails is named, waits longer each time, and holds up no other")
    func failures() {
        var schedule = CleanerSchedule()
        let (bad, good) = (Self.candidate(0, dirty: 900), Self.candidate(1, dirty: 10))
        var now: Int64 = 0
        var pauses: [Int64] = []
        for _ in 0..<8 {
            #expect(schedule.next(of: [bad, good], at: at(now))?.partition == bad.partition)
            schedule.ended(bad, .failed(Self.fault), at: at(now))
            #expect(schedule.next(of: [bad, good], at: at(now))?.partition == good.partition)
            let failed = now
            while schedule.next(of: [bad], at: at(now)) == nil { now += 15_000 }
            pauses.append((now - failed) / 1000)
        }
        #expect(pauses == [15, 30, 60, 120, 240, 480, 600, 600])
        #expect(schedule.uncleanable.map(\.attemptCount) == [8])
        schedule.ended(bad, .finished(CompactionCounts()), at: at(now))
        #expect(schedule.uncleanable.isEmpty)
    }

    @Test("a partition that went or is due no more is not named any longer")
    func forgotten() {
        var schedule = CleanerSchedule()
        let (bad, good) = (Self.candidate(0, dirty: 900), Self.candidate(1, dirty: 10))
        schedule.ended(bad, .failed(Self.fault), at: at(0))
        #expect(schedule.next(of: [good], at: at(1))?.partition == good.partition)
        #expect(schedule.uncleanable.isEmpty)
    }

    @Test("where an attempt found nothing to do, the next one waits")
    func resting() {
        var schedule = CleanerSchedule()
        let only = Self.candidate(0, dirty: 900)
        schedule.ended(only, .nothing, at: at(0))
        #expect(schedule.next(of: [only], at: at(14_999)) == nil)
        #expect(schedule.next(of: [only], at: at(15_001)) != nil)
        #expect(schedule.uncleanable.isEmpty)
    }
}
