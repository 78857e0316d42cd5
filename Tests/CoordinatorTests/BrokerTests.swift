// SPDX-License-Identifier: Apache-2.0

import Coordinator
import Primitives
import Testing

@Suite("registering brokers")
struct RegistrationTests {
    private func refusal(_ deciding: inout Deciding, _ command: RegisterBroker) throws -> RegisterBrokerRefusal? {
        let before = deciding.image
        switch try deciding.run(command) {
        case .success: return nil
        case .failure(let refusal):
            #expect(deciding.image == before)
            #expect(!refusal.description.isEmpty)
            return refusal
        }
    }

    @Test("a new broker is fenced until it has replayed its registration")
    func fencedFirst() throws {
        var deciding = try Deciding(brokers: [])
        let epoch = try deciding.run(Deciding.registration(1)).get()
        #expect(deciding.image.broker(NodeID(1))?.isFenced == true)
        func beat(_ offset: Int64) throws -> BrokerStanding {
            try deciding.run(
                BrokerHeartbeat(broker: NodeID(1), epoch: epoch, metadataOffset: Offset(offset))
            ).get()
        }
        #expect(
            try beat(epoch.rawValue)
                == BrokerStanding(isCaughtUp: false, isFenced: true, shouldShutDown: false, wantsLoads: true))
        #expect(try beat(epoch.rawValue + 1).isFenced == false)
        let records = BrokerHeartbeat(broker: NodeID(1), epoch: epoch, metadataOffset: Offset(99))
            .decide(on: deciding.state, using: &deciding.entropy).records
        #expect(records.isEmpty)
    }

    @Test("the same start asked twice has one epoch; another start has a later one")
    func epochs() throws {
        var deciding = try Deciding()
        let first = deciding.epoch(of: 1)
        #expect(try deciding.run(Deciding.registration(1)).get() == first)
        deciding.now = deciding.now.advanced(byMilliseconds: 2000)
        let second = try deciding.run(Deciding.registration(1, incarnation: 1)).get()
        #expect(second > first)
        #expect(
            try deciding.run(BrokerHeartbeat(broker: NodeID(1), epoch: first, metadataOffset: deciding.nextOffset))
                == .failure(.staleEpoch(current: second)))
        #expect(
            try deciding.run(BrokerHeartbeat(broker: NodeID(9), epoch: first, metadataOffset: deciding.nextOffset))
                == .failure(.unknownBroker(NodeID(9))))
    }

    @Test("a second process with the id of a live broker is refused until the session is over")
    func duplicates() throws {
        var deciding = try Deciding()
        deciding.now = deciding.now.advanced(byMilliseconds: 1999)
        #expect(try refusal(&deciding, Deciding.registration(1, incarnation: 1)) == .duplicateID(NodeID(1)))
        deciding.now = deciding.now.advanced(byMilliseconds: 1)
        #expect(try refusal(&deciding, Deciding.registration(1, incarnation: 1)) == nil)
    }

    @Test("a controller that has not heard of the old process yet takes the new one, and so does one that lets it go")
    func replacements() throws {
        var fresh = try Deciding()
        fresh.sessions = BrokerSessions(start: fresh.now)
        #expect(try refusal(&fresh, Deciding.registration(1, incarnation: 1)) == nil)
        var leaving = try Deciding(brokers: [(1, nil), (2, nil)])
        try leaving.beat(1, wantsShutdown: true)
        #expect(try refusal(&leaving, Deciding.registration(1, incarnation: 1)) == nil)
    }

    @Test("another cluster's folder, a copied folder and a clock that is off are refused; 30 minutes are allowed")
    func identity() throws {
        var deciding = try Deciding()
        var command = Deciding.registration(2)
        let here = try #require(ClusterID("here"))
        let there = try #require(ClusterID("there"))
        command.cluster = there
        #expect(try refusal(&deciding, command) == .wrongCluster(found: there, expected: here))
        command.cluster = here
        for (minutes, isRefused) in [(30, false), (31, true), (-30, false), (-31, true), (60, true)] as [(Int64, Bool)]
        {
            command.time = deciding.time.advanced(byMilliseconds: minutes * 60_000)
            let found = RegisterBroker.Outcome.failure(
                .clockSkew(milliseconds: minutes * 60_000, limit: 1_800_000))
            var copy = deciding
            let outcome = try copy.run(command)
            #expect((outcome == found) == isRefused, "\(minutes) min: \(outcome)")
        }
        command.time = Timestamp(.min)
        #expect(try refusal(&deciding, command) == .clockSkew(milliseconds: .max, limit: 1_800_000))
        command.time = deciding.time
        command.directory = IncarnationID(high: 7, low: 7)
        #expect(try refusal(&deciding, command) == nil)
        var copy = Deciding.registration(3)
        copy.directory = IncarnationID(high: 7, low: 7)
        #expect(try refusal(&deciding, copy) == .copiedDirectory(of: NodeID(2)))
    }

    @Test("a broker that crashed is taken out of every in-sync set, unless nobody else has the data")
    func uncleanShutdown() throws {
        var deciding = try Deciding(brokers: [(1, nil), (2, nil)])
        let both = try deciding.partition([1, 2], inSyncMin: 2)
        let alone = try deciding.partition([1])
        deciding.now = deciding.now.advanced(byMilliseconds: 2000)
        _ = try deciding.run(Deciding.registration(1, incarnation: 1)).get()
        #expect(deciding[both].inSyncReplicas == [NodeID(2)])
        #expect(deciding[both].leader == NodeID(2))
        #expect(deciding[both].eligibleLeaderReplicas == [])
        #expect(deciding[alone].leader == .none)
        #expect(deciding[alone].lastKnownLeader == NodeID(1))
        #expect(deciding[alone].eligibleLeaderReplicas == [NodeID(1)])
        try deciding.beat(1)
        #expect(deciding[alone].leader == NodeID(1))
        #expect(deciding[alone].inSyncReplicas == [NodeID(1)])
        #expect(deciding[alone].leaderEpoch == LeaderEpoch(2))
        #expect(deciding[both].inSyncReplicas == [NodeID(2)])
    }

    @Test("a broker that stopped in order stays eligible where too few are left in sync")
    func cleanShutdown() throws {
        var deciding = try Deciding(brokers: [(1, nil), (2, nil)])
        let both = try deciding.partition([1, 2], inSyncMin: 2)
        let before = deciding.epoch(of: 1)
        deciding.now = deciding.now.advanced(byMilliseconds: 2000)
        var command = Deciding.registration(1, incarnation: 1)
        command.previousEpoch = before
        _ = try deciding.run(command).get()
        #expect(deciding[both].inSyncReplicas == [NodeID(2)])
        #expect(deciding[both].eligibleLeaderReplicas == [NodeID(1)])
        var stale = Deciding.registration(1, incarnation: 2)
        stale.previousEpoch = before
        deciding.now = deciding.now.advanced(byMilliseconds: 2000)
        _ = try deciding.run(stale).get()
        #expect(deciding[both].eligibleLeaderReplicas == [], "an epoch older than the last is no proof")
    }

    @Test("a broker with another data folder has nothing, even where it was the last one")
    func lostData() throws {
        var deciding = try Deciding(brokers: [])
        var command = Deciding.registration(1)
        command.directory = IncarnationID(high: 1, low: 1)
        _ = try deciding.run(command).get()
        try deciding.beat(1)
        let alone = try deciding.partition([1])
        deciding.now = deciding.now.advanced(byMilliseconds: 2000)
        command.incarnation = IncarnationID(high: 5, low: 1)
        command.directory = IncarnationID(high: 1, low: 2)
        command.previousEpoch = deciding.epoch(of: 1)
        _ = try deciding.run(command).get()
        try deciding.beat(1)
        #expect(deciding[alone].leader == .none)
        #expect(deciding[alone].eligibleLeaderReplicas == [])
        #expect(deciding[alone].lastKnownLeader == .none)
    }
}

@Suite("sessions and fencing")
struct SessionTests {
    private func record(_ id: Int32, isFenced: Bool = false) -> MetadataRecord {
        .brokerRegistered(
            BrokerRecord(
                id: NodeID(id), epoch: BrokerEpoch(Int64(id)), incarnation: IncarnationID(high: 0, low: 0),
                listeners: [], isFenced: isFenced))
    }

    private func at(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

    private func contact(_ id: Int32, epoch: Int64? = nil) -> BrokerContact {
        BrokerContact(broker: NodeID(id), epoch: BrokerEpoch(epoch ?? Int64(id)), metadataOffset: .zero)
    }

    @Test("what a leader told of its load counts until it tells otherwise, leads no more, or another controller comes")
    func loads() throws {
        var deciding = try Deciding(brokers: [(1, nil), (2, nil)])
        let partitions = try [[Int32(1), 2], [1, 2], [2, 1]].map { try deciding.partition($0) }
        func load(_ place: Int, _ bytes: Int64) -> PartitionLoad {
            PartitionLoad(partition: partitions[place], bytes: bytes)
        }
        func tell(_ id: Int32, _ report: LoadReport?) throws -> BrokerStanding {
            try deciding.run(
                BrokerHeartbeat(
                    broker: NodeID(id), epoch: deciding.epoch(of: id), metadataOffset: deciding.nextOffset,
                    loads: report)
            ).get()
        }
        #expect(try tell(1, nil).wantsLoads == true)
        #expect(
            try tell(1, LoadReport(beginsAnew: true, loads: [load(0, 5), load(1, 6), load(2, 9)])).wantsLoads == nil)
        #expect(try tell(1, nil).wantsLoads == nil)
        #expect(
            deciding.sessions.loads(on: deciding.image)
                == [load(0, 5), load(1, 6)].sorted { $0.partition < $1.partition })
        _ = try tell(1, LoadReport(loads: [load(1, 7)]))
        #expect(Set(deciding.sessions.loads(on: deciding.image)) == [load(0, 5), load(1, 7)])
        _ = try tell(1, LoadReport(beginsAnew: true, loads: [load(1, 8)]))
        #expect(deciding.sessions.loads(on: deciding.image) == [load(1, 8)])
        deciding.sessions = BrokerSessions(start: deciding.now)
        #expect(try tell(1, nil).wantsLoads == true)
        #expect(deciding.sessions.loads(on: deciding.image) == [])
    }

    @Test("sessions end in the order brokers fell silent, and never before their time")
    func expiry() throws {
        var image = MetadataImage()
        for record in [record(1), record(2), record(3), record(4, isFenced: true)] { try image.replay(record) }
        var sessions = BrokerSessions(start: at(0), timeoutMilliseconds: 100)
        #expect(sessions.nextDeadline(on: image) == at(100))
        sessions.note(contact(3), at: at(10))
        sessions.note(contact(1), at: at(20))
        sessions.note(contact(4), at: at(30))
        #expect(sessions.expired(on: image, at: at(99)) == [])
        #expect(sessions.expired(on: image, at: at(100)) == [NodeID(2)])
        #expect(sessions.expired(on: image, at: at(120)) == [NodeID(2), NodeID(3), NodeID(1)])
        sessions.note(contact(2), at: at(105))
        #expect(sessions.nextDeadline(on: image) == at(110))
        #expect(sessions.expired(on: image, at: at(120)) == [NodeID(3), NodeID(1)])
    }

    @Test("a word of an older registration counts for nothing")
    func staleContacts() throws {
        var image = MetadataImage()
        try image.replay(record(1))
        var sessions = BrokerSessions(start: at(0), timeoutMilliseconds: 100)
        sessions.note(contact(1, epoch: 0), at: at(90))
        #expect(sessions.expired(on: image, at: at(100)) == [NodeID(1)])
        #expect(!sessions.isLive(NodeID(1), BrokerEpoch(1), at: at(91)))
        sessions.follow(image)
        #expect(sessions == BrokerSessions(start: at(0), timeoutMilliseconds: 100))
    }

    @Test("a silent broker is fenced and loses what it leads; one that was heard of in between is not")
    func fencing() throws {
        var deciding = try Deciding(brokers: [(1, nil), (2, nil), (3, nil)])
        let partition = try deciding.partition([1, 2, 3])
        deciding.now = deciding.now.advanced(byMilliseconds: 2000)
        try deciding.beat(2)
        #expect(try deciding.run(FenceBrokers([NodeID(1), NodeID(2), NodeID(9)])) == [NodeID(1)])
        #expect(deciding.image.broker(NodeID(1))?.isFenced == true)
        #expect(deciding[partition].leader == NodeID(2))
        #expect(deciding[partition].inSyncReplicas == [NodeID(2), NodeID(3)])
        #expect(deciding[partition].leaderEpoch == LeaderEpoch(1))
        let again = FenceBrokers([NodeID(1)]).decide(on: deciding.state, using: &deciding.entropy)
        #expect(again.records.isEmpty)
    }

    @Test("brokers that fall silent together cost each partition one change")
    func fencedTogether() throws {
        var deciding = try Deciding(brokers: [(1, nil), (2, nil), (3, nil)])
        let partition = try deciding.partition([1, 2, 3])
        try deciding.fence(1, 2)
        #expect(deciding[partition].leader == NodeID(3))
        #expect(deciding[partition].partitionEpoch == PartitionEpoch(1))
    }

    @Test("a broker can ask to be fenced, and comes back with its next heartbeat")
    func wantsFence() throws {
        var deciding = try Deciding(brokers: [(1, nil), (2, nil)])
        let partition = try deciding.partition([1])
        #expect(try deciding.beat(1, wantsFence: true).isFenced)
        #expect(deciding[partition].leader == .none)
        #expect(try !deciding.beat(1).isFenced)
        #expect(deciding[partition].leader == NodeID(1))
    }
}

@Suite("controlled shutdown")
struct ControlledShutdownTests {
    @Test("leaderships go first, and the broker goes when the others have replayed that")
    func departure() throws {
        var deciding = try Deciding(brokers: [(1, nil), (2, nil), (3, nil)])
        let partition = try deciding.partition([1, 2, 3])
        #expect(
            try deciding.beat(1, wantsShutdown: true)
                == BrokerStanding(isCaughtUp: true, isFenced: false, shouldShutDown: false, wantsLoads: true))
        #expect(deciding[partition].leader == NodeID(2))
        #expect(deciding[partition].inSyncReplicas == [NodeID(2), NodeID(3)])
        #expect(deciding.image.broker(NodeID(1))?.isInControlledShutdown == true)
        try deciding.beat(2)
        #expect(try !deciding.beat(1, wantsShutdown: true).shouldShutDown)
        try deciding.beat(3)
        #expect(try deciding.beat(1, wantsShutdown: true).shouldShutDown)
        #expect(deciding.image.broker(NodeID(1))?.isFenced == true)
        #expect(try deciding.beat(1, wantsShutdown: true).shouldShutDown)
        #expect(try deciding.beat(1).isFenced, "one that leaves is not taken back without a new registration")
    }

    @Test("the last broker may go at once")
    func alone() throws {
        var deciding = try Deciding()
        let partition = try deciding.partition([1])
        #expect(try deciding.beat(1, wantsShutdown: true).shouldShutDown)
        #expect(deciding[partition].leader == .none)
        #expect(deciding[partition].eligibleLeaderReplicas == [NodeID(1)])
    }

    @Test("a new controller, which does not know since when, asks the others once more")
    func controllerFailover() throws {
        var deciding = try Deciding(brokers: [(1, nil), (2, nil)])
        try deciding.beat(1, wantsShutdown: true)
        deciding.sessions = BrokerSessions(start: deciding.now)
        #expect(try !deciding.beat(1, wantsShutdown: true).shouldShutDown)
        try deciding.beat(2)
        #expect(try deciding.beat(1, wantsShutdown: true).shouldShutDown)
    }
}
