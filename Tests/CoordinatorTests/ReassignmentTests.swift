// SPDX-License-Identifier: Apache-2.0

import Coordinator
import Primitives
import Testing

@Suite("moving partitions (KIP-455)")
struct ReassignmentTests {
    private let reference = PartitionReference(topic: "t", index: PartitionIndex(0))

    private func ids(_ brokers: Int32...) -> [NodeID] { brokers.map { NodeID($0) } }

    private func world(_ replicas: [Int32], inSyncMin: Int? = nil) throws -> (Deciding, PartitionID) {
        var deciding = try Deciding(brokers: [(1, nil), (2, nil), (3, nil), (4, nil), (5, nil)])
        let partition = try deciding.partition(replicas, inSyncMin: inSyncMin, topic: "t")
        return (deciding, partition)
    }

    private func reassign(
        _ deciding: inout Deciding, to replicas: [Int32]?, allowsFactor: Bool = true
    ) throws -> ReassignmentRefusal? {
        let move = Reassignment(reference, to: replicas.map { $0.map { NodeID($0) } })
        let command = AlterPartitionReassignments([move], allowsReplicationFactorChange: allowsFactor)
        switch try deciding.run(command)[0] {
        case .success: return nil
        case .failure(let refusal): return refusal
        }
    }

    @Test("those that come are added, and those that leave go once all that come are in sync")
    func wholeMove() throws {
        var (deciding, partition) = try world([1, 2, 3])
        #expect(try reassign(&deciding, to: [4, 5, 3]) == nil)
        #expect(deciding[partition].replicas == ids(4, 5, 3, 1, 2))
        #expect(deciding[partition].addingReplicas == ids(4, 5))
        #expect(deciding[partition].removingReplicas == ids(1, 2))
        #expect(deciding[partition].leader == NodeID(1))
        #expect(deciding.image.reassigningPartitions() == [partition])
        _ = try deciding.propose([1, 2, 3, 4], for: partition).get()
        #expect(deciding[partition].isReassigning)
        let done = try deciding.propose([1, 2, 3, 4, 5], for: partition).get()
        #expect(deciding[partition].replicas == ids(4, 5, 3))
        #expect(deciding[partition].inSyncReplicas == ids(4, 5, 3))
        #expect(done.leader == NodeID(4), "the leader left, so there is another one")
        #expect(done.leaderEpoch == LeaderEpoch(1))
        #expect(!deciding[partition].isReassigning)
        #expect(deciding.image.reassigningPartitions() == [])
        #expect(deciding.image.partitions(on: NodeID(1)) == [])
    }

    @Test("a leader that stays goes on leading, in its epoch")
    func leaderStays() throws {
        var (deciding, partition) = try world([1, 2])
        #expect(try reassign(&deciding, to: [3, 1]) == nil)
        _ = try deciding.propose([1, 2, 3], for: partition).get()
        #expect(deciding[partition].replicas == ids(3, 1))
        #expect(deciding[partition].leader == NodeID(1))
        #expect(deciding[partition].leaderEpoch == .zero)
    }

    @Test("another order, or fewer replicas, is done at once")
    func atOnce() throws {
        var (deciding, partition) = try world([1, 2, 3])
        #expect(try reassign(&deciding, to: [3, 2, 1]) == nil)
        #expect(deciding[partition].replicas == ids(3, 2, 1))
        #expect(try reassign(&deciding, to: [3, 2]) == nil)
        #expect(deciding[partition].replicas == ids(3, 2))
        #expect(deciding[partition].inSyncReplicas == ids(3, 2))
        #expect(deciding[partition].leader == NodeID(3))
    }

    @Test("those that leave stay while too few others are in sync for producers to go on")
    func keepsEnough() throws {
        var (deciding, partition) = try world([1, 2, 3], inSyncMin: 2)
        _ = try deciding.propose([1, 2], for: partition).get()
        #expect(try reassign(&deciding, to: [1, 3]) == nil)
        #expect(deciding[partition].isReassigning, "without 2, 1 would be alone in sync")
        _ = try deciding.propose([1, 2, 3], for: partition).get()
        #expect(deciding[partition].replicas == ids(1, 3))
    }

    @Test("a move that is under way can be turned elsewhere: what the first one brought goes")
    func replacing() throws {
        var (deciding, partition) = try world([1, 2])
        #expect(try reassign(&deciding, to: [3, 2]) == nil)
        _ = try deciding.propose([1, 2], for: partition).get()
        #expect(try reassign(&deciding, to: [4, 2]) == nil)
        #expect(deciding[partition].replicas == ids(4, 2, 1))
        #expect(deciding[partition].addingReplicas == ids(4))
        #expect(deciding[partition].removingReplicas == ids(1))
        #expect(deciding.image.partitions(on: NodeID(3)) == [])
    }

    @Test("a move can be taken back while it is under way")
    func cancelling() throws {
        var (deciding, partition) = try world([1, 2])
        #expect(try reassign(&deciding, to: nil) == .notUnderWay)
        #expect(try reassign(&deciding, to: [3, 4]) == nil)
        _ = try deciding.propose([1, 2, 3], for: partition).get()
        #expect(try reassign(&deciding, to: nil) == nil)
        #expect(Set(deciding[partition].replicas) == Set(ids(1, 2)))
        #expect(deciding[partition].inSyncReplicas.count == 2)
        #expect(!deciding[partition].isReassigning)
    }

    @Test("a move that would leave nobody with all acknowledged records is refused")
    func keepsData() throws {
        var (deciding, partition) = try world([1])
        #expect(try reassign(&deciding, to: [2, 3]) == nil)
        _ = try deciding.propose([1, 2], for: partition).get()
        try deciding.fence(1)
        #expect(deciding[partition].leader == NodeID(2))
        #expect(try reassign(&deciding, to: nil) == .losesInSyncReplicas)
        #expect(try reassign(&deciding, to: [4]) == .losesInSyncReplicas)
        #expect(deciding[partition].leader == NodeID(2))
    }

    @Test("unknown partitions, brokers that cannot be, duplicates and another number of replicas are refused")
    func refusals() throws {
        var (deciding, _) = try world([1, 2])
        let problems: [([Int32], AssignmentProblem)] = [
            ([], .noBroker(PartitionIndex(0))), ([3, 3], .brokerTwice(PartitionIndex(0), NodeID(3))),
            ([9], .unknownBroker(PartitionIndex(0), NodeID(9))),
        ]
        for (replicas, problem) in problems {
            #expect(try reassign(&deciding, to: replicas) == .invalidAssignment(problem))
        }
        #expect(
            try reassign(&deciding, to: [3], allowsFactor: false) == .replicationFactor(current: 2, asked: 1))
        let unknown = Reassignment(PartitionReference(topic: "x", index: PartitionIndex(0)), to: ids(1))
        let known = Reassignment(reference, to: ids(1))
        let outcome = try deciding.run(AlterPartitionReassignments([unknown, known, known]))
        #expect(outcome == [.failure(.unknownPartition), .failure(.duplicate), .failure(.duplicate)])
        try deciding.fence(4)
        #expect(try reassign(&deciding, to: [4]) == .invalidAssignment(.noLiveBroker(PartitionIndex(0))))
    }
}

@Suite("draining and unregistering brokers")
struct DrainTests {
    @Test("a draining broker gets nothing new and is emptied in bounded steps, then it can be forgotten")
    func wholeDrain() throws {
        var deciding = try Deciding(brokers: [(1, nil), (2, nil), (3, nil)])
        let partitions = try (0..<5).map { _ in try deciding.partition([1, 2]) }
        _ = try deciding.run(DrainBroker(NodeID(1))).get()
        let topic = try deciding.createTopic(NewTopic(name: "new", partitionCount: 4, replicationFactor: 2))
        #expect(
            deciding.image.topic(topic.id)?.partitions.allSatisfy { !$0.replicas.contains(NodeID(1)) } == true)
        var steps = 0
        while deciding.image.replicaCount(on: NodeID(1)) > 0, steps < 10 {
            let plan = try deciding.run(BalanceStep(moveCountMax: 2, evens: false))
            #expect(plan.moves.count <= 2)
            #expect(plan.moves.allSatisfy { $0.reason == .drains(NodeID(1)) })
            let more = try deciding.run(BalanceStep(moveCountMax: 2, evens: false))
            #expect(more.moves.isEmpty, "as many are in motion as may be, or all")
            for partition in deciding.image.reassigningPartitions() {
                _ = try deciding.propose(deciding[partition].replicas.map(\.rawValue), for: partition).get()
            }
            steps += 1
        }
        #expect(steps == 3)
        #expect(partitions.allSatisfy { Set(deciding[$0].replicas) == [NodeID(2), NodeID(3)] })
        _ = try deciding.run(UnregisterBroker(NodeID(1))).get()
        #expect(deciding.image.broker(NodeID(1)) == nil)
    }

    @Test("draining survives a registration, and ends by order")
    func marks() throws {
        var deciding = try Deciding(brokers: [(1, nil), (2, nil)])
        _ = try deciding.run(DrainBroker(NodeID(1))).get()
        deciding.now = deciding.now.advanced(byMilliseconds: 2000)
        try deciding.join(1, incarnation: 1)
        #expect(deciding.image.broker(NodeID(1))?.isDraining == true)
        _ = try deciding.run(DrainBroker(NodeID(1), isDraining: false)).get()
        #expect(deciding.image.broker(NodeID(1))?.isDraining == false)
        let again = DrainBroker(NodeID(1), isDraining: false).decide(on: deciding.state, using: &deciding.entropy)
        #expect(again.records.isEmpty)
    }

    @Test("a broker whose replicas find no room elsewhere, or that nobody knows, is not drained")
    func refusals() throws {
        var deciding = try Deciding(brokers: [(1, nil), (2, nil)])
        _ = try deciding.partition([1, 2])
        #expect(
            try deciding.run(DrainBroker(NodeID(1)))
                == .failure(.tooFewBrokers(replicationFactor: 2, brokerCount: 1)))
        #expect(try deciding.run(DrainBroker(NodeID(7))) == .failure(.unknownBroker(NodeID(7))))
        var single = try Deciding(level: 1)
        #expect(try single.run(DrainBroker(NodeID(1))) == .failure(.levelTooLow(1, needed: 2)))
    }
}

@Suite("replication of internal topics")
struct InternalReplicationTests {
    @Test(
        "a cluster that grows from one broker to three gets three replicas of its internal topics, in racks of their own"
    )
    func growth() throws {
        var deciding = try Deciding(brokers: [(1, "a")])
        let id = try deciding.run(EnsureInternalTopic(.consumerOffsets)).get()
        func counts() -> [Int] { deciding.image.topic(id)?.partitions.map { $0.targetReplicas.count } ?? [] }
        #expect(Set(counts()) == [1])
        #expect(try deciding.run(RaiseInternalReplication()) == 0)
        for (broker, rack) in [(2, "a"), (3, "b"), (4, "c")] as [(Int32, String)] {
            try deciding.join(broker, rack: rack)
        }
        #expect(try deciding.run(RaiseInternalReplication(changeCountMax: 20)) == 20)
        #expect(try deciding.run(RaiseInternalReplication()) == 30)
        #expect(Set(counts()) == [3])
        let racks = deciding.image.topic(id)?.partitions.map { partition in
            Set(partition.replicas.compactMap { deciding.image.broker($0)?.rack })
        }
        #expect(racks?.allSatisfy { $0 == ["a", "b", "c"] } == true)
        #expect(try deciding.run(RaiseInternalReplication()) == 0)
        for partition in deciding.image.reassigningPartitions() {
            _ = try deciding.propose(deciding[partition].replicas.map(\.rawValue), for: partition).get()
        }
        #expect(deciding.image.reassigningPartitions() == [])
    }
}
