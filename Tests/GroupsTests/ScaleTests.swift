// SPDX-License-Identifier: Apache-2.0

import Glibc
import Groups
import Primitives
import Testing

/// Processor time of this thread, so that a busy machine does not count.
private func cpuTime(of work: () -> Void) -> Duration {
    func now() -> Duration {
        var time = timespec()
        precondition(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) == 0, "no clock for threads")
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
    let start = now()
    work()
    return now() - start
}

@Suite struct ScaleTests {
    /// A group of `memberCount` that joins, syncs and then loses one member; returns how long each part took.
    private func rebalance(memberCount: Int) throws -> (join: Duration, sync: Duration, again: Duration) {
        var limits = GroupLimits()
        limits.initialRebalanceDelayMilliseconds = 10
        var coordinator = GroupCoordinator(limits: limits, entropy: Entropy(seed: 1))
        var effects: [Effect] = []
        var clock = Instant(nanoseconds: 0)
        func step(_ event: Event) { coordinator.step(event, at: clock, wall: Timestamp(0), into: &effects) }
        func join(_ index: Int, as member: MemberID) {
            let request = JoinRequest(
                group: "crowd", member: MemberIdentity(member), clientID: "client", clientHost: "/127.0.0.1",
                sessionTimeoutMilliseconds: 45_000, rebalanceTimeoutMilliseconds: 300_000, protocolType: "consumer",
                protocols: ["range", "cooperative-sticky"].map {
                    MemberProtocol(name: $0, metadata: SharedBytes(Array(repeating: 7, count: 64)))
                }, requiresKnownMemberID: false)
            step(.requested(RequestToken(Int64(index)), .join(request)))
        }
        func joined() -> [JoinedGroup] {
            defer { effects = [] }
            return effects.compactMap { effect in
                guard case .reply(_, .join(.success(let joined))) = effect else { return nil }
                return joined
            }
        }
        func sync(_ members: [JoinedGroup]) -> Int {
            let leader = members.first { !$0.members.isEmpty }
            for (index, member) in members.enumerated() {
                let assigned = member.memberID == leader?.memberID ? members : []
                let request = SyncRequest(
                    group: "crowd", generation: member.generation, member: MemberIdentity(member.memberID),
                    assignments: assigned.map { SyncRequest.Assignment($0.memberID, SharedBytes("p")) })
                step(.requested(RequestToken(Int64(index)), .sync(request)))
            }
            for case .append(_, let ticket) in effects { step(.appended(ticket)) }
            defer { effects = [] }
            return effects.count { if case .reply(_, .sync(.success)) = $0 { true } else { false } }
        }
        step(.loaded)
        var members: [JoinedGroup] = []
        let joinTime = cpuTime {
            for index in 0..<memberCount { join(index, as: .unknown) }
            for _ in 0..<2 {
                clock = clock.advanced(byMilliseconds: 10)
                step(.timePassed)
            }
            members = joined()
        }
        #expect(members.count == memberCount)
        var syncedCount = 0
        let syncTime = cpuTime { syncedCount = sync(members) }
        #expect(syncedCount == memberCount)
        let againTime = cpuTime {
            let leaving = MemberIdentity(members[0].memberID)
            step(.requested(RequestToken(0), .leave(LeaveRequest(group: "crowd", members: [leaving]))))
            for (index, member) in members.dropFirst().enumerated() { join(index, as: member.memberID) }
            members = joined()
            syncedCount = sync(members)
        }
        #expect(syncedCount == memberCount - 1)
        coordinator.checkInvariants()
        return (joinTime, syncTime, againTime)
    }

    @Test("a rebalance costs each member the same, however many there are")
    func rebalanceIsNotQuadratic() throws {
        let small = try median(memberCount: 125)
        let large = try median(memberCount: 1_000)
        print("1,000 members: join \(large.join), sync \(large.sync), leave and again \(large.again)")
        let ratio = (large.join + large.sync + large.again) / (small.join + small.sync + small.again)
        // Eight times the members: 8 when linear, 64 when quadratic.
        #expect(ratio < 30, "\(ratio) times as long for 8 times the members")
    }

    private func median(memberCount: Int) throws -> (join: Duration, sync: Duration, again: Duration) {
        try (0..<3).map { _ in try rebalance(memberCount: memberCount) }.sorted { $0.join < $1.join }[1]
    }
}
