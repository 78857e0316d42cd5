// SPDX-License-Identifier: Apache-2.0

import BrokerNode
import Primitives
import Testing

@Suite("fetch sessions (KIP-227)")
struct FetchSessionsTests {
    private func make(sessionCountMax: Int = 10) -> FetchSessions {
        var limits = FetchSessions.Limits()
        limits.sessionCountMax = sessionCountMax
        return FetchSessions(limits: limits, entropy: Entropy(seed: 1))
    }

    private func target(_ index: Int32, offset: Int64 = 0) -> FetchTarget {
        FetchTarget(topic: .name("t"), index: PartitionIndex(index), fetchOffset: Offset(offset), byteCountMax: 1000)
    }

    private func at(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: 0).advanced(byMilliseconds: milliseconds) }

    private func open(_ sessions: inout FetchSessions, _ targets: [FetchTarget], at now: Instant) throws -> Int32 {
        let fetch = try sessions.begin(
            session: 0, epoch: 0, targets: targets, forgotten: [], usesTopicIDs: false, at: now)
        return try #require(fetch.session != 0 ? fetch.session : nil)
    }

    @Test("epoch -1 is answered in full and remembered by nobody")
    func sessionless() throws {
        var sessions = make()
        let fetch = try sessions.begin(
            session: 0, epoch: -1, targets: [target(0)], forgotten: [], usesTopicIDs: false, at: at(0))
        #expect(fetch == .sessionless([target(0)]))
        #expect(sessions.count == 0)
    }

    @Test("epoch 0 opens a session; the next epoch names only what changed and reads everything")
    func incremental() throws {
        var sessions = make()
        let id = try open(&sessions, [target(0), target(1)], at: at(0))
        let fetch = try sessions.begin(
            session: id, epoch: 1, targets: [target(1, offset: 7), target(2)],
            forgotten: [(.name("t"), PartitionIndex(0))],
            usesTopicIDs: false, at: at(1))
        #expect(fetch == .incremental(session: id, [target(1, offset: 7), target(2)]))
        #expect(sessions.partitionCount == 2)
    }

    @Test("an unknown session, an epoch out of turn and a change of topic naming are refused by their own names")
    func refusals() throws {
        var sessions = make()
        let id = try open(&sessions, [target(0)], at: at(0))
        #expect(throws: FetchSessions.Refusal.unknownSession) {
            try sessions.begin(
                session: id ^ 1, epoch: 1, targets: [], forgotten: [], usesTopicIDs: false, at: at(1))
        }
        #expect(throws: FetchSessions.Refusal.wrongEpoch) {
            try sessions.begin(session: id, epoch: 2, targets: [], forgotten: [], usesTopicIDs: false, at: at(1))
        }
        #expect(throws: FetchSessions.Refusal.topicNamingChanged) {
            try sessions.begin(session: id, epoch: 1, targets: [], forgotten: [], usesTopicIDs: true, at: at(1))
        }
        // A refused request does not use up the epoch.
        _ = try sessions.begin(session: id, epoch: 1, targets: [], forgotten: [], usesTopicIDs: false, at: at(1))
    }

    @Test("epoch -1 with a session id ends that session")
    func ending() throws {
        var sessions = make()
        let id = try open(&sessions, [target(0)], at: at(0))
        _ = try sessions.begin(session: id, epoch: -1, targets: [], forgotten: [], usesTopicIDs: false, at: at(1))
        #expect(sessions.count == 0 && sessions.partitionCount == 0)
    }

    @Test("a partition is answered when it has records, an error or other offsets, and else left out")
    func news() throws {
        var sessions = make()
        let id = try open(&sessions, [target(0)], at: at(0))
        let state = FetchedState(highWatermark: Offset(5), lastStableOffset: Offset(5), logStartOffset: .zero)
        func hasNews(_ state: FetchedState, bytes: Int = 0, failed: Bool = false) -> Bool {
            sessions.hasNews(
                session: id, .name("t"), PartitionIndex(0), state: state, recordByteCount: bytes, failed: failed)
        }
        #expect(hasNews(state))
        #expect(!hasNews(state))
        #expect(hasNews(state, bytes: 10))
        #expect(hasNews(FetchedState(highWatermark: Offset(6), lastStableOffset: Offset(5), logStartOffset: .zero)))
        #expect(hasNews(state, failed: true))
        #expect(hasNews(state, failed: true), "an error is repeated until it is gone")
        #expect(hasNews(state), "the first good answer after an error is news")
    }

    @Test("an answer that ran out of room goes on where it stopped")
    func fairness() throws {
        var sessions = make()
        let id = try open(&sessions, [target(0), target(1), target(2)], at: at(0))
        sessions.ended(session: id, exhaustedAt: .name("t"), PartitionIndex(1))
        let fetch = try sessions.begin(
            session: id, epoch: 1, targets: [], forgotten: [], usesTopicIDs: false, at: at(1))
        #expect(fetch.targets.map(\.index.rawValue) == [1, 2, 0])
    }

    @Test("a full cache gives a place away only when somebody has been idle for long")
    func eviction() throws {
        var sessions = make(sessionCountMax: 1)
        let first = try open(&sessions, [target(0)], at: at(0))
        let refused = try sessions.begin(
            session: 0, epoch: 0, targets: [target(0)], forgotten: [], usesTopicIDs: false, at: at(1000))
        #expect(refused == .sessionless([target(0)]))
        let second = try open(&sessions, [target(0)], at: at(120_001))
        #expect(second != first && sessions.count == 1 && sessions.evictionCount == 1)
        #expect(throws: FetchSessions.Refusal.unknownSession) {
            try sessions.begin(
                session: first, epoch: 1, targets: [], forgotten: [], usesTopicIDs: false, at: at(120_002))
        }
    }

    @Test("forgetting the last partition ends the session")
    func emptied() throws {
        var sessions = make()
        let id = try open(&sessions, [target(0)], at: at(0))
        let fetch = try sessions.begin(
            session: id, epoch: 1, targets: [], forgotten: [(.name("t"), PartitionIndex(0))], usesTopicIDs: false,
            at: at(1))
        #expect(fetch == .sessionless([]))
        #expect(sessions.count == 0)
    }
}
