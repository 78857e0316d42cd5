// SPDX-License-Identifier: Apache-2.0

import BrokerNode
import Primitives
import Testing

@Suite("what a replica that comes back from a crash does before it leads")
struct CatchUpTests {
    private static let member = NodeID(2)
    private static let other = NodeID(3)
    private static let begin = Instant(nanoseconds: 0)

    private func at(_ milliseconds: Int64) -> Instant { Self.begin.advanced(byMilliseconds: milliseconds) }

    private func stand(_ end: Int64, epoch: Int32 = 4) -> ReplicaStand {
        ReplicaStand(latestEpoch: LeaderEpoch(epoch), logEnd: Offset(end))
    }

    private func catchUp() -> CatchUp {
        CatchUp(peers: [Self.member, Self.other], members: [Self.member], at: Self.begin)
    }

    /// All others have answered.
    private func informed(member: Int64, other: Int64) -> CatchUp {
        var catchUp = catchUp()
        catchUp.told(stand(member), by: Self.member)
        catchUp.told(stand(other), by: Self.other)
        return catchUp
    }

    private func step(
        _ catchUp: inout CatchUp, own end: Int64, hasDamage: Bool = false, at milliseconds: Int64 = 0
    ) -> CatchUp.Step {
        catchUp.step(own: stand(end), hasDamage: hasDamage, at: at(milliseconds))
    }

    @Test("it asks all others, and leads at once when all have answered and nobody has more")
    func nobodyHasMore() {
        var catchUp = catchUp()
        #expect(step(&catchUp, own: 10) == .ask([Self.member, Self.other]))
        catchUp.told(stand(10), by: Self.member)
        #expect(step(&catchUp, own: 10) == .ask([Self.other]))
        catchUp.told(stand(9), by: Self.other)
        #expect(step(&catchUp, own: 10) == .lead)
    }

    @Test("who has all that was committed is waited for longer than who may have been left behind")
    func patience() {
        var catchUp = catchUp()
        #expect(step(&catchUp, own: 10, at: 2_999) == .ask([Self.member, Self.other]))
        #expect(step(&catchUp, own: 10, at: 3_000) == .ask([Self.member]))
        #expect(step(&catchUp, own: 10, at: 29_999) == .ask([Self.member]))
        #expect(step(&catchUp, own: 10, at: 30_000) == .lead)
    }

    @Test("the furthest is taken: by last epoch, then by end")
    func furthest() {
        var catchUp = catchUp()
        catchUp.told(stand(90, epoch: 3), by: Self.member)
        catchUp.told(stand(30, epoch: 4), by: Self.other)
        #expect(step(&catchUp, own: 10) == .take(Self.other, upTo: Offset(30)))
        catchUp.taken()
        #expect(step(&catchUp, own: 30) == .lead)
    }

    @Test("who has a later epoch and no record more is taken from once")
    func laterEpochButShorter() {
        var catchUp = catchUp()
        catchUp.told(stand(30, epoch: 5), by: Self.member)
        catchUp.told(stand(20, epoch: 3), by: Self.other)
        #expect(step(&catchUp, own: 40) == .take(Self.member, upTo: Offset(30)))
        catchUp.taken()
        #expect(step(&catchUp, own: 40) == .lead)
    }

    @Test("a damaged log takes from one that has as much; a whole one does not")
    func damaged() {
        var catchUp = informed(member: 10, other: 10)
        #expect(step(&catchUp, own: 10) == .lead)
        guard case .take = step(&catchUp, own: 10, hasDamage: true) else {
            Issue.record("nothing is taken")
            return
        }
        catchUp.taken()
        // What is left is known damage, which the others mend while it leads.
        #expect(step(&catchUp, own: 10, hasDamage: true) == .lead)
    }

    @Test("a late answer changes nothing while records are taken")
    func lateAnswer() {
        var catchUp = catchUp()
        catchUp.told(stand(90), by: Self.member)
        #expect(step(&catchUp, own: 10, at: 3_000) == .take(Self.member, upTo: Offset(90)))
        catchUp.told(stand(95), by: Self.other)
        catchUp.told(stand(12), by: Self.member)
        #expect(catchUp.source == Self.member)
        catchUp.taken()
        #expect(step(&catchUp, own: 90, at: 3_100) == .take(Self.other, upTo: Offset(95)))
    }

    @Test("a source that does not answer any more is waited for anew, however long the taking took")
    func lost() {
        var catchUp = informed(member: 90, other: 10)
        #expect(step(&catchUp, own: 10) == .take(Self.member, upTo: Offset(90)))
        catchUp.lost(at: at(600_000))
        #expect(step(&catchUp, own: 40, at: 600_100) == .ask([Self.member]))
        catchUp.told(stand(90), by: Self.member)
        #expect(step(&catchUp, own: 40, at: 600_200) == .take(Self.member, upTo: Offset(90)))
        catchUp.lost(at: at(600_300))
        #expect(step(&catchUp, own: 50, at: 630_300) == .lead)
    }

    @Test("a source that cannot give what it has is not asked again: the next best is")
    func refused() {
        var catchUp = informed(member: 90, other: 80)
        #expect(step(&catchUp, own: 10) == .take(Self.member, upTo: Offset(90)))
        catchUp.refused()
        #expect(step(&catchUp, own: 10) == .take(Self.other, upTo: Offset(80)))
        catchUp.refused()
        #expect(step(&catchUp, own: 10) == .lead)
    }
}
