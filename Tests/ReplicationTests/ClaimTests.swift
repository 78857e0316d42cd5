// SPDX-License-Identifier: Apache-2.0

import Primitives
import Replication
import Testing

/// Node 0 leads, 1 and 2 follow; a log of `records` records of the epochs given.
private struct Scene {
    var log = ModelLog()
    var leader: LeaderReplica
    var now = Instant(nanoseconds: 0)

    static func log(_ epochs: [Int32], isDurable: Bool = true) -> ModelLog {
        var log = ModelLog()
        for (content, epoch) in epochs.enumerated() {
            log.append(.init(epoch: LeaderEpoch(epoch), content: content + 1000 * Int(epoch)))
        }
        if isDurable { log.synchronize() }
        return log
    }

    init(
        _ epochs: [Int32] = [], epoch: Int32 = 5, inSync: [Int32] = [0, 1, 2], inSyncCountMin: Int = 2,
        ineligible: [Int32] = [], settings: ReplicationSettings = .init()
    ) {
        log = Self.log(epochs)
        leader = LeaderReplica(
            node: NodeID(0), leaderEpoch: LeaderEpoch(epoch),
            assignment: Self.assignment(3, inSync, inSyncCountMin, ineligible), standing: log.standing,
            highWatermark: .zero, settings: settings, at: now)
        for node in [NodeID(1), NodeID(2)] { leader.linkUp(to: node, brokerEpoch: Int64(node.rawValue) + 100) }
    }

    static func assignment(
        _ epoch: Int32, _ inSync: [Int32], _ inSyncCountMin: Int = 2, _ ineligible: [Int32] = []
    ) -> Assignment {
        Assignment(
            partitionEpoch: PartitionEpoch(epoch), replicas: [NodeID(0), NodeID(1), NodeID(2)],
            inSync: inSync.map { NodeID($0) }, inSyncCountMin: inSyncCountMin, ineligible: ineligible.map { NodeID($0) }
        )
    }

    mutating func produce(_ count: Int = 1) {
        for _ in 0..<count { log.append(.init(epoch: leader.leaderEpoch, content: log.records.count)) }
        log.synchronize()
        leader.appended(log.end, at: now)
        leader.synchronized(log.durableEnd)
    }

    mutating func next(_ node: Int32, byteCountMax: Int = 100) -> AppendPlan? {
        leader.nextAppend(to: NodeID(node), byteCountMax: byteCountMax, epochs: log)
    }

    mutating func answer(_ node: Int32, _ answer: AppendAnswer) {
        leader.acknowledged(from: NodeID(node), answer, in: leader.leaderEpoch, at: now, epochs: log)
    }

    /// The follower has everything, durably.
    mutating func level(_ node: Int32) {
        if next(node)?.header.order == .append { Issue.record("\(node) was matched already") }
        accept(node, log.end)
    }

    mutating func accept(_ node: Int32, _ end: Offset, durable: Offset? = nil) {
        answer(node, .accepted(logEnd: end, durableEnd: durable ?? end))
    }

    mutating func pass(_ milliseconds: Int64) {
        now = now.advanced(byMilliseconds: milliseconds)
        leader.timePassed(at: now)
    }

    /// Talks until both logs agree, or for 20 rounds. Returns the orders given.
    mutating func reconcile(_ follower: inout ModelLog, replica: inout FollowerReplica) -> [AppendOrder] {
        var orders: [AppendOrder] = []
        for _ in 0..<20 {
            guard let plan = next(1) else { break }
            orders.append(plan.header.order)
            let start = plan.header.previous.offset
            let records = plan.byteCountMax == 0 ? [] : (start.rawValue..<log.end.rawValue).map { log[Offset($0)] }
            if !records.isEmpty { leader.sent(plan, to: NodeID(1), through: log.end, byteCount: records.count) }
            answer(1, take(plan.header, records, &follower, &replica))
        }
        return orders
    }

    private func take(
        _ header: AppendHeader, _ records: [ModelLog.Record], _ log: inout ModelLog, _ replica: inout FollowerReplica
    ) -> AppendAnswer {
        while true {
            switch replica.decide(on: header, standing: log.standing, epochs: log) {
            case .answer(let answer): return answer
            case .cut(let offset): log.cut(to: offset)
            case .restart(let offset): log.restart(at: offset)
            case .append(let from):
                for (place, record) in records.enumerated() where header.previous.offset + Int64(place) >= from {
                    log.append(record)
                }
                log.synchronize()
                replica.appended(header, logEnd: log.end)
                return .accepted(logEnd: log.end, durableEnd: log.durableEnd)
            }
            replica.discarded(logEnd: log.end)
        }
    }
}

@Suite("where logs part")
struct DivergenceTests {
    @Test("KIP-101: a follower keeps what is above its high watermark when its leader has it too")
    func notByHighWatermark() {
        var scene = Scene([1, 1, 1, 1], epoch: 2)
        var follower = Scene.log([1, 1, 1])
        var replica = FollowerReplica(leaderEpoch: LeaderEpoch(1), highWatermark: Offset(1))
        let orders = scene.reconcile(&follower, replica: &replica)
        #expect(orders == [.compare, .append])
        #expect(follower == scene.log)
    }

    @Test("KIP-101: what a leader that is gone wrote alone is cut at the end of its last common epoch")
    func cutsForeignEpoch() {
        var scene = Scene([1, 1, 3, 3], epoch: 4)
        var follower = Scene.log([1, 1, 2, 2, 2])
        var replica = FollowerReplica(leaderEpoch: LeaderEpoch(2), highWatermark: Offset(1))
        let orders = scene.reconcile(&follower, replica: &replica)
        #expect(
            orders.contains(
                .cut(to: OffsetAndEpoch(Offset(2), LeaderEpoch(1)), ifEnding: .init(Offset(5), LeaderEpoch(2)))))
        #expect(follower == scene.log)
    }

    @Test("KIP-279: two histories that know different epochs are compared until one epoch is in both")
    func severalRounds() {
        var scene = Scene([1, 1, 2, 2, 5, 5, 7], epoch: 8)
        var follower = Scene.log([1, 1, 3, 3, 4, 6, 6, 6])
        var replica = FollowerReplica(leaderEpoch: LeaderEpoch(6), highWatermark: Offset(2))
        let orders = scene.reconcile(&follower, replica: &replica)
        let cuts = orders.filter { if case .cut = $0 { true } else { false } }
        #expect(cuts.count == 2)
        #expect(follower == scene.log)
    }

    @Test("KIP-320: an older leader is refused, and stops when it hears of it")
    func fencing() {
        var replica = FollowerReplica(leaderEpoch: LeaderEpoch(6), highWatermark: .zero)
        let log = ModelLog()
        let header = AppendHeader(
            leaderEpoch: LeaderEpoch(5), previous: .init(.zero, .none), highWatermark: .zero, logStart: .zero)
        let decision = replica.decide(on: header, standing: log.standing, epochs: log)
        #expect(decision == .answer(.fenced(current: LeaderEpoch(6))))
        var scene = Scene()
        scene.answer(1, .fenced(current: LeaderEpoch(6)))
        #expect(scene.leader.newerEpoch == LeaderEpoch(6))
        #expect(scene.next(2) == nil && scene.leader.nextProposal(at: scene.now) == nil)
    }

    @Test("an order that comes again, or for another end, discards nothing")
    func orderTwice() {
        var log = Scene.log([1, 1, 2])
        var replica = FollowerReplica(leaderEpoch: LeaderEpoch(3), highWatermark: .zero)
        let header = AppendHeader(
            leaderEpoch: LeaderEpoch(3), previous: .init(Offset(2), LeaderEpoch(1)),
            order: .cut(to: .init(Offset(2), LeaderEpoch(1)), ifEnding: .init(Offset(3), LeaderEpoch(2))),
            highWatermark: .zero, logStart: .zero)
        #expect(replica.decide(on: header, standing: log.standing, epochs: log) == .cut(to: Offset(2)))
        log.cut(to: Offset(2))
        replica.discarded(logEnd: Offset(2))
        #expect(replica.decide(on: header, standing: log.standing, epochs: log) == .append(from: Offset(2)))
        log.append(.init(epoch: LeaderEpoch(3), content: 1))
        #expect(replica.decide(on: header, standing: log.standing, epochs: log) == .append(from: Offset(3)))
    }

    @Test("a follower that ends before the leader begins starts again there")
    func restarts() {
        var scene = Scene([1, 1, 1, 2, 2], epoch: 3)
        scene.log.deleteRecords(before: Offset(4))
        scene.leader.logStartMoved(Offset(4))
        var follower = Scene.log([1, 1])
        var replica = FollowerReplica(leaderEpoch: LeaderEpoch(1), highWatermark: .zero)
        let orders = scene.reconcile(&follower, replica: &replica)
        #expect(orders.contains(.restart(at: Offset(4), ifEnding: .init(Offset(2), LeaderEpoch(1)))))
        #expect(follower.start == Offset(4) && follower.records == scene.log.records)
    }
}

@Suite("the high watermark")
struct HighWatermarkTests {
    @Test("it is the least durable end of the in-sync members, and never goes back")
    func leastDurable() {
        var scene = Scene()
        for node in [Int32(1), 2] { scene.level(node) }
        scene.produce(10)
        scene.accept(1, Offset(10), durable: Offset(8))
        #expect(scene.leader.highWatermark == .zero)
        scene.accept(2, Offset(5))
        #expect(scene.leader.highWatermark == Offset(5))
        scene.accept(2, Offset(10))
        #expect(scene.leader.highWatermark == Offset(8))
        scene.leader.linkLost(to: NodeID(2))
        scene.leader.linkUp(to: NodeID(2), brokerEpoch: 102)
        _ = scene.next(2)
        scene.accept(2, Offset(3))
        #expect(scene.leader.highWatermark == Offset(8))
    }

    @Test("KIP-966: it stands still while the in-sync set is smaller than min.insync.replicas")
    func underMinInSync() {
        var scene = Scene(inSync: [0, 1])
        scene.level(1)
        scene.produce(4)
        scene.accept(1, Offset(4))
        #expect(scene.leader.highWatermark == Offset(4))
        scene.leader.assignmentChanged(Scene.assignment(4, [0]), at: scene.now)
        scene.produce(4)
        #expect(scene.leader.isUnderMinInSync && scene.leader.highWatermark == Offset(4))
        scene.accept(1, Offset(8))
        #expect(scene.leader.highWatermark == Offset(4))
        scene.leader.assignmentChanged(Scene.assignment(5, [0, 1]), at: scene.now)
        #expect(scene.leader.highWatermark == Offset(8))
    }

    @Test("KIP-207: a new leader knows when it covers what an earlier one may have acknowledged")
    func isCurrent() {
        var scene = Scene([1, 1, 1], epoch: 2)
        #expect(!scene.leader.highWatermarkIsCurrent)
        for node in [Int32(1), 2] { scene.level(node) }
        #expect(scene.leader.highWatermarkIsCurrent && scene.leader.highWatermark == Offset(3))
    }

    @Test("KIP-392: a follower may serve what is committed and here, and hears of it by an append without batches")
    func followerReads() {
        var scene = Scene()
        for node in [Int32(1), 2] { scene.level(node) }
        scene.produce(10)
        for node in [Int32(1), 2] {
            if let plan = scene.next(node) {
                scene.leader.sent(plan, to: NodeID(node), through: Offset(10), byteCount: 10)
            }
            scene.accept(node, Offset(10))
        }
        #expect(scene.leader.needsHighWatermark(to: NodeID(1)))
        let header = scene.leader.announcement(to: NodeID(1), epochs: scene.log)
        #expect(header?.highWatermark == Offset(10) && !scene.leader.needsHighWatermark(to: NodeID(1)))
        var replica = FollowerReplica(leaderEpoch: LeaderEpoch(5), highWatermark: .zero)
        let half = Scene.log([5, 5, 5])
        var early = AppendHeader(
            leaderEpoch: LeaderEpoch(5), previous: .init(Offset(3), LeaderEpoch(5)), highWatermark: Offset(10),
            logStart: .zero)
        _ = replica.decide(on: early, standing: half.standing, epochs: half)
        #expect(replica.highWatermark == Offset(3))
        replica.appended(early, logEnd: Offset(7))
        #expect(replica.highWatermark == Offset(7))
        early.highWatermark = Offset(2)
        replica.appended(early, logEnd: Offset(8))
        #expect(replica.highWatermark == Offset(7))
    }
}

@Suite("the in-sync set")
struct InSyncTests {
    @Test("a member that has not had everything for replica.lag.time.max.ms goes, one that is level stays for ever")
    func shrinks() {
        var scene = Scene()
        for node in [Int32(1), 2] { scene.level(node) }
        scene.pass(60_000)
        #expect(scene.leader.nextProposal(at: scene.now) == nil)
        scene.produce()
        scene.accept(1, Offset(1))
        scene.pass(4999)
        #expect(scene.leader.nextProposal(at: scene.now) == nil)
        #expect(scene.leader.nextDeadline == scene.now.advanced(byMilliseconds: 1))
        scene.pass(1)
        let proposal = scene.leader.nextProposal(at: scene.now)
        #expect(proposal?.nodes == [NodeID(0), NodeID(1)] && proposal?.partitionEpoch == PartitionEpoch(3))
        #expect(scene.leader.nextProposal(at: scene.now) == nil)
    }

    @Test(
        "KIP-497: a member that may have been added counts before the controller has answered, and until metadata tells"
    )
    func maximalSet() throws {
        var scene = Scene(inSync: [0, 1])
        for node in [Int32(1), 2] { scene.level(node) }
        let proposalFound = scene.leader.nextProposal(at: scene.now)
        let proposal = try #require(proposalFound)
        #expect(proposal.nodes == [NodeID(0), NodeID(1), NodeID(2)])
        scene.produce(2)
        scene.accept(1, Offset(2))
        #expect(scene.leader.highWatermark == .zero)
        scene.leader.proposalAnswered(proposal, .unknown, at: scene.now)
        scene.pass(100)
        #expect(scene.leader.nextProposal(at: scene.now) == proposal)
        scene.leader.proposalAnswered(proposal, .stale, at: scene.now)
        scene.pass(10_000)
        #expect(scene.leader.nextProposal(at: scene.now) == nil && scene.leader.highWatermark == .zero)
        scene.leader.assignmentChanged(Scene.assignment(4, [0, 1]), at: scene.now)
        #expect(scene.leader.highWatermark == Offset(2))
    }

    @Test("a follower comes when it has all that is committed and all of earlier epochs, over a link that is up")
    func expands() {
        var scene = Scene([1, 1, 1, 1], epoch: 2, inSync: [0, 1])
        scene.level(1)
        _ = scene.next(2)
        scene.accept(2, Offset(3))
        #expect(scene.leader.nextProposal(at: scene.now) == nil)
        scene.accept(2, Offset(4), durable: Offset(3))
        #expect(scene.leader.nextProposal(at: scene.now) == nil)
        scene.accept(2, Offset(4))
        scene.leader.linkLost(to: NodeID(2))
        #expect(scene.leader.nextProposal(at: scene.now) == nil)
        scene.leader.linkUp(to: NodeID(2), brokerEpoch: 102)
        scene.level(2)
        #expect(scene.leader.nextProposal(at: scene.now)?.nodes == [NodeID(0), NodeID(1), NodeID(2)])
    }

    @Test("KIP-841: a replica whose broker is fenced or shutting down is not proposed")
    func ineligible() {
        var scene = Scene(inSync: [0, 1], ineligible: [2])
        for node in [Int32(1), 2] { scene.level(node) }
        #expect(scene.leader.nextProposal(at: scene.now) == nil)
        scene.leader.assignmentChanged(Scene.assignment(3, [0, 1]), at: scene.now)
        #expect(scene.leader.nextProposal(at: scene.now) != nil)
    }

    @Test("KIP-903: a proposal names the registration the leader talks to; after a refusal the replica waits")
    func brokerEpochs() throws {
        var scene = Scene(inSync: [0, 1])
        for node in [Int32(1), 2] { scene.level(node) }
        let proposalFound = scene.leader.nextProposal(at: scene.now)
        let proposal = try #require(proposalFound)
        #expect(proposal.members.map(\.brokerEpoch) == [-1, 101, 102])
        scene.produce()
        scene.accept(1, Offset(1))
        scene.leader.proposalAnswered(proposal, .ineligible, at: scene.now)
        #expect(scene.leader.highWatermark == Offset(1))
        scene.accept(2, Offset(1))
        scene.pass(4999)
        #expect(scene.leader.nextProposal(at: scene.now) == nil)
        scene.pass(1)
        #expect(scene.leader.nextProposal(at: scene.now) != nil)
    }
}

@Suite("what a leader sends")
struct SendingTests {
    @Test("batches follow each other without waiting, until enough is under way")
    func pipelines() throws {
        var settings = ReplicationSettings()
        settings.inFlightByteCountMax = 10
        var scene = Scene(settings: settings)
        scene.level(1)
        scene.produce(9)
        for (end, room) in [(Int64(4), 6), (8, 5)] {
            let planFound = scene.next(1, byteCountMax: 6)
            let plan = try #require(planFound)
            #expect(plan.header.previous.offset == Offset(end - 4) && plan.byteCountMax == room)
            #expect(scene.next(1) == nil)
            scene.leader.sent(plan, to: NodeID(1), through: Offset(end), byteCount: 5)
        }
        #expect(scene.next(1) == nil)
        scene.accept(1, Offset(4), durable: .zero)
        #expect(scene.next(1)?.byteCountMax == 5)
    }

    @Test("a plan that a lost link has overtaken is thrown away")
    func overtaken() throws {
        var scene = Scene()
        scene.level(1)
        scene.produce(3)
        let planFound = scene.next(1)
        let plan = try #require(planFound)
        scene.leader.linkLost(to: NodeID(1))
        let late = scene.leader.sent(plan, to: NodeID(1), through: Offset(3), byteCount: 3)
        #expect(!late && scene.next(1) == nil)
        scene.leader.linkUp(to: NodeID(1), brokerEpoch: 101)
        #expect(scene.next(1)?.header.order == .compare)
    }

    @Test("a follower that has no such partition, or failed, is left alone for a while and asked again")
    func rests() {
        var scene = Scene()
        _ = scene.next(1)
        scene.answer(1, .notHere)
        scene.pass(99)
        #expect(scene.next(1) == nil)
        scene.pass(1)
        #expect(scene.next(1)?.header.order == .compare)
    }

    @Test("KIP-73: a throttled replica gets its rate, and a batch larger than that is paid off")
    func quota() {
        var quota = ReplicationQuota(bytesPerSecond: 1000, at: Instant(nanoseconds: 0))
        func at(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }
        #expect(quota.allowance(at: at(0)) == 1000)
        quota.spend(3500, at: at(0))
        #expect(quota.allowance(at: at(2500)) == 0)
        #expect(quota.nextAllowance > at(2500) && quota.nextAllowance <= at(2502))
        #expect(quota.allowance(at: at(3000)) == 500)
        var sum = 0
        for millisecond in Int64(3000)..<13_000 {
            let allowance = quota.allowance(at: at(millisecond))
            quota.spend(allowance, at: at(millisecond))
            sum += allowance
        }
        #expect((10_400...10_500).contains(sum))
        quota.change(bytesPerSecond: nil, at: at(13_000))
        #expect(quota.allowance(at: at(13_000)) == .max)
    }
}
