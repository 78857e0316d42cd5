// SPDX-License-Identifier: Apache-2.0

import Coordinator
import Primitives
import Testing

@Suite("electing leaders (KIP-966)")
struct ElectionTests {
    private func three(_ inSyncMin: Int = 2) throws -> (Deciding, PartitionID) {
        var deciding = try Deciding(brokers: [(1, nil), (2, nil), (3, nil)])
        let partition = try deciding.partition([1, 2, 3], inSyncMin: inSyncMin)
        return (deciding, partition)
    }

    @Test("the next in-sync replica in order leads, in an epoch of its own")
    func inOrder() throws {
        var (deciding, partition) = try three()
        _ = try deciding.propose([1, 3], for: partition).get()
        try deciding.fence(1)
        #expect(deciding[partition].leader == NodeID(3))
        #expect(deciding[partition].leaderEpoch == LeaderEpoch(1))
    }

    @Test("as long as enough are in sync nobody is eligible besides")
    func enoughInSync() throws {
        var (deciding, partition) = try three()
        try deciding.fence(1)
        #expect(deciding[partition].inSyncReplicas == [NodeID(2), NodeID(3)])
        #expect(deciding[partition].eligibleLeaderReplicas == [])
    }

    @Test("whoever leaves while fewer than min.insync.replicas stay, is eligible; and no longer when enough are back")
    func becomesEligible() throws {
        var (deciding, partition) = try three()
        _ = try deciding.propose([1, 2], for: partition).get()
        #expect(deciding[partition].eligibleLeaderReplicas == [], "1 and 2 go on acknowledging without 3")
        _ = try deciding.propose([1], for: partition).get()
        #expect(deciding[partition].eligibleLeaderReplicas == [NodeID(2)])
        _ = try deciding.propose([1, 3], for: partition).get()
        #expect(deciding[partition].eligibleLeaderReplicas == [])
    }

    @Test("no more in-sync replicas are asked for than the partition has replicas")
    func cappedMin() throws {
        var deciding = try Deciding(brokers: [(1, nil), (2, nil)])
        let partition = try deciding.partition([1, 2], inSyncMin: 5)
        #expect(deciding[partition].eligibleLeaderReplicas == [])
        _ = try deciding.propose([1], for: partition).get()
        #expect(deciding[partition].eligibleLeaderReplicas == [NodeID(2)])
        _ = try deciding.propose([1, 2], for: partition).get()
        #expect(deciding[partition].eligibleLeaderReplicas == [])
    }

    @Test("the last in-sync replica leaves behind no leader, who led last, and itself as eligible")
    func nobodyLeft() throws {
        var (deciding, partition) = try three()
        try deciding.fence(1)
        try deciding.fence(2)
        try deciding.fence(3)
        #expect(deciding[partition].leader == .none)
        #expect(deciding[partition].lastKnownLeader == NodeID(3))
        #expect(deciding[partition].inSyncReplicas == [])
        #expect(deciding[partition].eligibleLeaderReplicas == [NodeID(2), NodeID(3)])
        #expect(deciding[partition].leaderEpoch == LeaderEpoch(3))
    }

    @Test("an eligible replica that comes back leads, alone in sync, and the others stay eligible")
    func eligibleLeads() throws {
        var (deciding, partition) = try three()
        try deciding.fence(1)
        try deciding.fence(2)
        try deciding.fence(3)
        try deciding.beat(1)
        #expect(deciding[partition].leader == .none, "1 left before, while records were still acknowledged")
        try deciding.beat(2)
        #expect(deciding[partition].leader == NodeID(2))
        #expect(deciding[partition].inSyncReplicas == [NodeID(2)])
        #expect(deciding[partition].eligibleLeaderReplicas == [NodeID(3)])
        #expect(deciding[partition].lastKnownLeader == .none)
    }

    @Test("with min.insync.replicas 1 an eligible leader leaves the others behind, since it acknowledges alone")
    func eligibleLeadsAlone() throws {
        var deciding = try Deciding(brokers: [(1, nil), (2, nil)])
        let partition = try deciding.partition([1, 2])
        try deciding.fence(1, 2)
        #expect(deciding[partition].eligibleLeaderReplicas == [NodeID(1), NodeID(2)])
        try deciding.beat(2)
        #expect(deciding[partition].leader == NodeID(2))
        #expect(deciding[partition].eligibleLeaderReplicas == [])
    }

    @Test(
        "a smaller min.insync.replicas, of the topic or of all, ends eligibility where it lets records be acknowledged")
    func smallerMin() throws {
        for target in [ConfigTarget(.topic, name: "t"), ConfigTarget(.broker, name: "")] {
            var deciding = try Deciding(brokers: [(1, nil), (2, nil)])
            let raised = AlterConfigs.Change(.set, name: "min.insync.replicas", value: "2")
            _ = try deciding.run(AlterConfigs([(ConfigTarget(.broker, name: ""), [raised])]))[0].get()
            let partition = try deciding.partition([1, 2], topic: "t")
            _ = try deciding.propose([1], for: partition).get()
            #expect(deciding[partition].eligibleLeaderReplicas == [NodeID(2)])
            let lowered = AlterConfigs.Change(.set, name: "min.insync.replicas", value: "1")
            _ = try deciding.run(AlterConfigs([(target, [lowered])]))[0].get()
            #expect(deciding[partition].eligibleLeaderReplicas == [])
            #expect(deciding[partition].leaderEpoch == .zero)
        }
    }

    @Test("min.insync.replicas is not set for one broker, nor removed for all")
    func agreedSetting() throws {
        var deciding = try Deciding()
        func refusal(_ name: String, _ operation: AlterConfigs.Operation) throws -> AlterConfigRefusal? {
            let change = AlterConfigs.Change(operation, name: "min.insync.replicas", value: "2")
            switch try deciding.run(AlterConfigs([(ConfigTarget(.broker, name: name), [change])]))[0] {
            case .success: return nil
            case .failure(let refusal): return refusal
            }
        }
        let refused = AlterConfigRefusal.agreedByAll(name: "min.insync.replicas")
        #expect(try refusal("1", .set) == refused)
        #expect(try refusal("", .delete) == refused)
        #expect(try refusal("", .set) == nil)
        _ = try deciding.run(ReplaceConfigs([(ConfigTarget(.broker, name: ""), [])]))[0].get()
        #expect(deciding.image.configValue("min.insync.replicas", of: .brokerDefaults) == "2")
    }
}

@Suite("electing leaders by order")
struct ElectLeadersTests {
    private func reference(_ topic: String, _ index: Int32 = 0) -> PartitionReference {
        PartitionReference(topic: topic, index: PartitionIndex(index))
    }

    @Test("leadership goes back to the preferred replica once it is in sync")
    func preferred() throws {
        var deciding = try Deciding(brokers: [(1, nil), (2, nil)])
        let partition = try deciding.partition([1, 2], topic: "t")
        func elect() throws -> Result<NodeID, ElectLeaderRefusal> {
            try deciding.run(ElectLeaders(.preferred, partitions: [reference("t")]))[0].leader
        }
        #expect(try elect() == .failure(.notNeeded))
        try deciding.fence(1)
        #expect(try elect() == .failure(.preferredNotAvailable(NodeID(1))))
        try deciding.beat(1)
        #expect(try elect() == .failure(.preferredNotAvailable(NodeID(1))), "live is not yet in sync")
        _ = try deciding.propose([1, 2], for: partition).get()
        #expect(deciding[partition].leader == NodeID(2))
        #expect(try elect() == .success(NodeID(1)))
        #expect(deciding[partition].leader == NodeID(1))
        #expect(
            try deciding.run(ElectLeaders(.preferred, partitions: [reference("t", 7), reference("u")])).map(\.leader)
                == [.failure(.unknownPartition), .failure(.unknownPartition)])
    }

    @Test("an order for all partitions answers for those that needed it")
    func all() throws {
        var deciding = try Deciding(brokers: [(1, nil), (2, nil)])
        let away = try deciding.partition([1, 2], topic: "away")
        _ = try deciding.partition([2, 1], topic: "home")
        try deciding.fence(1)
        try deciding.beat(1)
        _ = try deciding.propose([1, 2], for: away).get()
        let elections = try deciding.run(ElectLeaders(.preferred, partitions: nil))
        #expect(elections.map(\.partition) == [reference("away")])
        #expect(elections.map(\.leader) == [.success(NodeID(1))])
    }

    @Test("leaders are balanced a bounded number at a time, until none can move")
    func rebalance() throws {
        var deciding = try Deciding(brokers: [(1, nil), (2, nil)])
        let partitions = try (0..<5).map { _ in try deciding.partition([1, 2]) }
        try deciding.fence(1)
        try deciding.beat(1)
        for partition in partitions { _ = try deciding.propose([1, 2], for: partition).get() }
        #expect(try deciding.run(RebalanceLeaders(changeCountMax: 3)) == 3)
        #expect(try deciding.run(RebalanceLeaders(changeCountMax: 3)) == 2)
        #expect(try deciding.run(RebalanceLeaders(changeCountMax: 3)) == 0)
        #expect(partitions.allSatisfy { deciding[$0].leader == NodeID(1) })
    }

    /// 1 led last and is gone with its data; 2 lives and lags; 3 is fenced.
    private func stranded() throws -> (Deciding, PartitionID) {
        var deciding = try Deciding(brokers: [(1, nil), (2, nil), (3, nil)])
        let partition = try deciding.partition([1, 2, 3], topic: "t")
        _ = try deciding.propose([1], for: partition).get()
        try deciding.fence(1)
        try deciding.fence(3)
        return (deciding, partition)
    }

    @Test("a replica that may lack records leads only by order, and the order leaves a manifest of the loss")
    func unclean() throws {
        var (deciding, partition) = try stranded()
        #expect(deciding[partition].leader == .none)
        let election = try deciding.run(ElectLeaders(.unclean, partitions: [reference("t")]))[0]
        #expect(election.leader == .success(NodeID(2)))
        #expect(deciding[partition].inSyncReplicas == [NodeID(2)])
        #expect(deciding[partition].eligibleLeaderReplicas == [])
        let manifest = LossManifest(
            partition: partition, leaderEpoch: LeaderEpoch(2), electedLeader: NodeID(2), lastKnownLeader: NodeID(1),
            inSyncReplicas: [], eligibleLeaderReplicas: [NodeID(1)], time: deciding.time)
        #expect(election.loss == manifest)
        #expect(deciding.image.losses() == [manifest])
        #expect(
            try deciding.run(ElectLeaders(.unclean, partitions: [reference("t")]))[0].leader == .failure(.notNeeded))
    }

    @Test("an order elects the replica it prefers, else the last known leader, else the first that lives")
    func candidates() throws {
        var deciding = try Deciding(brokers: [(1, nil), (2, nil), (3, nil), (4, nil)])
        let partition = try deciding.partition([1, 2, 3, 4], topic: "t")
        _ = try deciding.propose([1, 2], for: partition).get()
        try deciding.fence(2)
        deciding.now = deciding.now.advanced(byMilliseconds: 2000)
        var copy = deciding
        try copy.fence(1)
        _ = try copy.run(ElectLeaders(.unclean, partitions: nil, candidates: [NodeID(9), NodeID(2), NodeID(4)]))
        #expect(copy[partition].leader == NodeID(4))
        try deciding.fence(1)
        _ = try deciding.run(ElectLeaders(.unclean, partitions: nil))
        #expect(deciding[partition].leader == NodeID(3))
    }

    @Test("a last known leader that comes back with an empty disk is known no longer")
    func emptiedLeader() throws {
        var deciding = try Deciding(brokers: [(2, nil), (3, nil)])
        var command = Deciding.registration(1)
        command.directory = IncarnationID(high: 1, low: 1)
        _ = try deciding.run(command).get()
        try deciding.beat(1)
        let partition = try deciding.partition([2, 1, 3], topic: "t")
        _ = try deciding.propose([2, 1], for: partition).get()
        try deciding.fence(2)
        _ = try deciding.propose([1], for: partition).get()
        deciding.now = deciding.now.advanced(byMilliseconds: 2000)
        (command.incarnation, command.directory) = (IncarnationID(high: 2, low: 1), IncarnationID(high: 1, low: 2))
        _ = try deciding.run(command).get()
        try deciding.beat(1)
        #expect(deciding[partition].leader == .none)
        #expect(deciding[partition].lastKnownLeader == .none)
        #expect(deciding[partition].eligibleLeaderReplicas == [])
        let elections = try deciding.run(ElectLeaders(.unclean, partitions: nil, candidates: [NodeID(3)]))
        #expect(elections.map(\.leader) == [.success(NodeID(3))])
    }

    @Test("with no replica live there is nobody to elect")
    func nobody() throws {
        var (deciding, partition) = try stranded()
        try deciding.fence(2)
        #expect(
            try deciding.run(ElectLeaders(.unclean, partitions: [reference("t")]))[0].leader
                == .failure(.noReplicaLives))
        #expect(deciding.image.losses() == [])
        try deciding.beat(1)
        #expect(deciding[partition].leader == NodeID(1), "the eligible one leads without any order")
    }

    @Test("the new leader adds to the manifest what its log knows; it goes with its topic")
    func report() throws {
        var (deciding, partition) = try stranded()
        _ = try deciding.run(ElectLeaders(.unclean, partitions: nil))
        let report = ReportLoss(
            partition: partition, leaderEpoch: LeaderEpoch(2),
            fact: .began(logEnd: Offset(70), highWatermark: Offset(75)))
        #expect(try deciding.run(report).get().logEnd == Offset(70))
        #expect(deciding.image.losses().map(\.highWatermark) == [Offset(75)])
        #expect(report.decide(on: deciding.state, using: &deciding.entropy).records.isEmpty)
        let other = ReportLoss(
            partition: partition, leaderEpoch: LeaderEpoch(9), fact: .began(logEnd: Offset(1), highWatermark: nil))
        #expect(try deciding.run(other) == .failure(.unknownLoss))
        _ = try deciding.run(DeleteTopics([.name("t")]))
        #expect(deciding.image.losses() == [])
    }
}

@Suite("changing in-sync sets (KIP-497, 841, 903)")
struct AlterPartitionsTests {
    private func proposal(
        _ partition: PartitionID, leaderEpoch: Int32 = 0, partitionEpoch: Int32 = 0,
        _ members: [InSyncProposal.Member]
    ) -> InSyncProposal {
        InSyncProposal(
            partition: partition, leaderEpoch: LeaderEpoch(leaderEpoch), partitionEpoch: PartitionEpoch(partitionEpoch),
            inSyncReplicas: members)
    }

    @Test("each claim of a proposal is checked, and the refusal says which one fails")
    func refusals() throws {
        var deciding = try Deciding(brokers: [(1, nil), (2, nil), (3, nil)])
        let partition = try deciding.partition([1, 2])
        _ = try deciding.propose([1], for: partition).get()
        try deciding.fence(2)
        let (one, two) = (InSyncProposal.Member(NodeID(1)), InSyncProposal.Member(NodeID(2)))
        let none = PartitionID(topic: partition.topic, index: PartitionIndex(1))
        let cases: [(Int32, InSyncProposal, InSyncRefusal)] = [
            (1, proposal(PartitionID(topic: .zero, index: PartitionIndex(0)), [one]), .unknownTopic),
            (1, proposal(none, [one]), .unknownPartition),
            (1, proposal(partition, leaderEpoch: 1, [one]), .notController),
            (1, proposal(partition, partitionEpoch: 2, [one]), .notController),
            (1, proposal(partition, leaderEpoch: -1, [one]), .fencedLeaderEpoch(current: .zero)),
            (3, proposal(partition, partitionEpoch: 1, [one]), .notLeader(current: NodeID(1))),
            (1, proposal(partition, [one]), .stalePartitionEpoch(current: PartitionEpoch(1))),
            (1, proposal(partition, partitionEpoch: 1, [two]), .invalidMembers),
            (1, proposal(partition, partitionEpoch: 1, [one, one]), .invalidMembers),
            (1, proposal(partition, partitionEpoch: 1, [one, .init(NodeID(3))]), .invalidMembers),
            (1, proposal(partition, partitionEpoch: 1, [one, two]), .ineligible(NodeID(2))),
        ]
        let before = deciding.image
        for (broker, proposal, refusal) in cases {
            let command = AlterPartitions(
                broker: NodeID(broker), epoch: deciding.epoch(of: broker), proposals: [proposal])
            #expect(try deciding.run(command).get() == [.failure(refusal)])
        }
        #expect(deciding.image == before)
    }

    @Test("a member that has registered again since it caught up is not taken, nor one that leaves")
    func brokerEpochs() throws {
        var deciding = try Deciding(brokers: [(1, nil), (2, nil), (3, nil)])
        let partition = try deciding.partition([1, 2, 3])
        let old = deciding.epoch(of: 2)
        deciding.now = deciding.now.advanced(byMilliseconds: 2000)
        try deciding.join(2, incarnation: 1)
        try deciding.beat(3, wantsShutdown: true)
        #expect(deciding[partition].inSyncReplicas == [NodeID(1)])
        func propose(_ member: InSyncProposal.Member) throws -> Result<PartitionState, InSyncRefusal> {
            let proposal = proposal(
                partition, partitionEpoch: deciding[partition].partitionEpoch.rawValue, [.init(NodeID(1)), member])
            return try deciding.run(
                AlterPartitions(broker: NodeID(1), epoch: deciding.epoch(of: 1), proposals: [proposal])
            ).get()[0]
        }
        #expect(try propose(.init(NodeID(2), epoch: old)) == .failure(.ineligible(NodeID(2))))
        #expect(try propose(.init(NodeID(3))) == .failure(.ineligible(NodeID(3))))
        #expect(try propose(.init(NodeID(2), epoch: deciding.epoch(of: 2))).get().inSyncReplicas.count == 2)
    }

    @Test("a leader of an older registration is refused as a whole")
    func staleLeader() throws {
        var deciding = try Deciding()
        let epoch = deciding.epoch(of: 1)
        let stale = AlterPartitions(broker: NodeID(1), epoch: BrokerEpoch(epoch.rawValue - 1), proposals: [])
        #expect(try deciding.run(stale) == .failure(.staleBrokerEpoch(current: epoch)))
        let unknown = AlterPartitions(broker: NodeID(8), epoch: epoch, proposals: [])
        #expect(try deciding.run(unknown) == .failure(.unknownBroker(NodeID(8))))
    }

    @Test("what is so already is answered and not written; twice in a request the second proposal is stale")
    func idempotence() throws {
        var deciding = try Deciding(brokers: [(1, nil), (2, nil)])
        let partition = try deciding.partition([1, 2])
        let same = proposal(partition, [.init(NodeID(2)), .init(NodeID(1))])
        let shrink = proposal(partition, [.init(NodeID(1))])
        let command = AlterPartitions(
            broker: NodeID(1), epoch: deciding.epoch(of: 1), proposals: [same, shrink, same])
        let outcome = try deciding.run(command).get()
        #expect(try outcome[0].get().partitionEpoch == .zero)
        #expect(try outcome[1].get().partitionEpoch == PartitionEpoch(1))
        #expect(outcome[2] == .failure(.stalePartitionEpoch(current: PartitionEpoch(1))))
    }
}
