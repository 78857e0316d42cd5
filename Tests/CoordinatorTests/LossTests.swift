// SPDX-License-Identifier: Apache-2.0

import Coordinator
import Primitives
import Testing

@Suite("what an unclean election lost")
struct LossTests {
    private static let epoch = LeaderEpoch(2)

    /// 1 led last, in sync with 2 until both were gone; 3 was elected by order.
    private func elected() throws -> (Deciding, PartitionID) {
        var deciding = try Deciding(brokers: [(1, nil), (2, nil), (3, nil)])
        let partition = try deciding.partition([1, 2, 3], topic: "t")
        _ = try deciding.propose([1, 2], for: partition).get()
        try deciding.fence(2)
        try deciding.fence(1)
        let election = try deciding.run(
            ElectLeaders(.unclean, partitions: [PartitionReference(topic: "t", index: PartitionIndex(0))]))[0]
        #expect(election.leader == .success(NodeID(3)))
        #expect(deciding[partition].leaderEpoch == Self.epoch)
        return (deciding, partition)
    }

    private func held(_ replica: Int32, _ offsets: Range<Int64>, producers: [Int64] = []) -> ReportLoss.Fact {
        .held(
            ReplicaAccount(
                replica: NodeID(replica), from: Offset(offsets.lowerBound), end: Offset(offsets.upperBound),
                recordCount: Int64(offsets.count),
                producers: producers.map {
                    LostProducer(
                        id: ProducerID($0), epoch: ProducerEpoch(0), firstOffset: Offset(offsets.lowerBound),
                        lastOffset: Offset(offsets.upperBound - 1), recordCount: Int64(offsets.count))
                }))
    }

    private func tell(_ fact: ReportLoss.Fact, _ deciding: inout Deciding, _ partition: PartitionID) throws
        -> LossManifest
    {
        try deciding.run(ReportLoss(partition: partition, leaderEpoch: Self.epoch, fact: fact)).get()
    }

    @Test("it is complete when the leader and everyone who may have had more have told")
    func complete() throws {
        var (deciding, partition) = try elected()
        let bare = deciding.image.losses()[0]
        #expect(bare.witnesses.contains(NodeID(1)))
        #expect(bare.awaited == bare.witnesses && !bare.isComplete)
        #expect(bare.lost == nil && bare.lossStart == nil)
        let told = try tell(.began(logEnd: Offset(10), highWatermark: nil), &deciding, partition)
        #expect(told.lossStart == Offset(10) && !told.isComplete)
        var last = told
        for witness in bare.witnesses {
            last = try tell(held(witness.rawValue, 10..<20, producers: [7]), &deciding, partition)
        }
        #expect(last.isComplete && last.awaited == [])
        #expect(last.lost == Offset(10)..<Offset(20))
        #expect(last.acknowledgedEnd == Offset(20))
    }

    @Test("a report that comes twice changes nothing")
    func idempotent() throws {
        var (deciding, partition) = try elected()
        for fact in [
            .began(logEnd: Offset(10), highWatermark: Offset(8)), held(1, 10..<20, producers: [7]),
            .committed([TouchedGroup(group: "g", committedOffset: Offset(20))], leftOutCount: 0),
        ] {
            _ = try tell(fact, &deciding, partition)
            let again = ReportLoss(partition: partition, leaderEpoch: Self.epoch, fact: fact)
            #expect(again.decide(on: deciding.state, using: &deciding.entropy).records.isEmpty, "\(fact)")
        }
    }

    @Test("what a second cut of the same log gives up comes to the first")
    func secondCut() throws {
        var (deciding, partition) = try elected()
        _ = try tell(held(1, 15..<20, producers: [7]), &deciding, partition)
        let loss = try tell(held(1, 10..<15, producers: [7, 8]), &deciding, partition)
        #expect(loss.accounts.map(\.from) == [Offset(10)] && loss.accounts.map(\.end) == [Offset(20)])
        #expect(loss.accounts[0].recordCount == 10)
        #expect(loss.accounts[0].producers.map(\.id) == [ProducerID(7), ProducerID(8)])
        #expect(loss.accounts[0].producers[0].recordCount == 10)
        #expect(loss.accounts[0].producers[0].firstOffset == Offset(10))
    }

    @Test("an account of more than was told before takes its place")
    func larger() throws {
        var (deciding, partition) = try elected()
        _ = try tell(held(1, 10..<20, producers: [7]), &deciding, partition)
        let loss = try tell(held(1, 8..<20, producers: [7]), &deciding, partition)
        #expect(loss.accounts.map(\.recordCount) == [12])
        #expect(loss.accounts[0].producers.map(\.recordCount) == [12])
        #expect(loss.lost == Offset(8)..<Offset(20))
    }

    @Test("records below the end of the new leader are lost too where its own were others")
    func divergedBelowTheEnd() throws {
        var (deciding, partition) = try elected()
        _ = try tell(.began(logEnd: Offset(10), highWatermark: nil), &deciding, partition)
        let loss = try tell(held(1, 8..<12), &deciding, partition)
        #expect(loss.lossStart == Offset(8))
    }

    @Test("nobody had more: nothing is lost, and that is known")
    func nothingLost() throws {
        var (deciding, partition) = try elected()
        var loss = try tell(.began(logEnd: Offset(10), highWatermark: nil), &deciding, partition)
        for witness in loss.witnesses { loss = try tell(held(witness.rawValue, 10..<10), &deciding, partition) }
        #expect(loss.isComplete && loss.lost == nil)
        #expect(loss.acknowledgedEnd == Offset(10))
    }

    @Test("producers and groups beyond the bounds are counted, not named")
    func bounds() throws {
        var (deciding, partition) = try elected()
        let producers = (0..<Int64(ReplicaAccount.producerCountMax)).map { $0 }
        _ = try tell(held(1, 15..<20, producers: producers), &deciding, partition)
        let more = try tell(held(1, 10..<15, producers: [5, 5_000, 5_001]), &deciding, partition)
        #expect(more.accounts[0].producers.count == ReplicaAccount.producerCountMax)
        #expect(more.accounts[0].leftOutProducerCount == 2)
        let groups = (0..<LossManifest.groupCountMax + 3).map {
            TouchedGroup(group: "g\($0)", committedOffset: Offset(20))
        }
        let loss = try tell(.committed(groups, leftOutCount: 2), &deciding, partition)
        #expect(loss.groups.count == LossManifest.groupCountMax)
        #expect(loss.leftOutGroupCount == 5)
    }

    @Test("records belong to the first unclean election after their epoch")
    func attribution() throws {
        var (deciding, partition) = try elected()
        #expect(deciding.image.loss(of: partition, endingEpoch: LeaderEpoch(1))?.leaderEpoch == Self.epoch)
        #expect(deciding.image.loss(of: partition, endingEpoch: Self.epoch) == nil)
        try deciding.fence(3)
        try deciding.beat(1)
        _ = try deciding.run(
            ElectLeaders(.unclean, partitions: [PartitionReference(topic: "t", index: PartitionIndex(0))]))
        #expect(deciding.image.losses().count == 2)
        #expect(deciding.image.loss(of: partition, endingEpoch: LeaderEpoch(1))?.leaderEpoch == Self.epoch)
        #expect((deciding.image.loss(of: partition, endingEpoch: Self.epoch)?.leaderEpoch ?? .none) > Self.epoch)
    }

    @Test("a change of a manifest is a change of the metadata, also from a snapshot")
    func delta() throws {
        var (deciding, partition) = try elected()
        let before = deciding.image
        _ = try tell(held(1, 10..<20), &deciding, partition)
        #expect(MetadataDelta(from: before, to: deciding.image).losses == [partition])
        var recorder = MetadataDeltaRecorder(from: before)
        try recorder.replay(.lossRecorded(deciding.image.losses()[0]))
        #expect(recorder.delta().losses == [partition])
        #expect(!recorder.delta().isEmpty)
    }
}
