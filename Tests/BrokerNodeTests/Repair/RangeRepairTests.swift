// SPDX-License-Identifier: Apache-2.0

import BrokerNode
import Primitives
import RecordBatch
import StorageEngine
import Testing

@Suite("the repair of one damaged range")
struct RangeRepairTests {
    private static let damage = LogDamage(
        segment: .zero, position: 700, byteCount: 500, offsets: Offset(10)..<Offset(16), evidence: .checksumMismatch)
    private static let proof = Offset(16)..<Offset(17)

    /// A batch of two records as a replica has it stored.
    private func stored(_ base: Int64, epoch: Int32 = 3) -> SharedBytes {
        var builder = BatchBuilder()
        for number in 0..<2 { builder.append(Record(timestamp: Timestamp(Int64(number)), value: SharedBytes("value"))) }
        var bytes = builder.build(using: Compressor()).bytes.array
        withUnsafeBytes(of: base.bigEndian) { bytes.replaceSubrange(0..<8, with: $0) }
        withUnsafeBytes(of: epoch.bigEndian) { bytes.replaceSubrange(12..<16, with: $0) }
        return SharedBytes(bytes)
    }

    private func run(_ bases: Int64...) -> SharedBytes { SharedBytes(bases.flatMap { stored($0).array }) }

    private func repair(peers: [Int32] = [2, 3], leader: Int32? = 2) -> RangeRepair {
        RangeRepair(
            Self.damage, witness: .init(Offset(16), LeaderEpoch(3)), peers: peers.map { NodeID($0) },
            leader: leader.map { NodeID($0) })
    }

    private func isAsking(_ repair: RangeRepair, _ peer: Int32, _ offsets: Range<Offset>) -> Bool {
        guard case .ask(NodeID(peer), offsets, _) = repair.step else { return false }
        return true
    }

    @Test("the leader is asked first, then who is in sync, then the others, and never the one who asks")
    func order() {
        let peers = RangeRepair.peers(
            of: NodeID(1), replicas: [5, 1, 4, 3, 2].map { NodeID($0) }, inSync: [NodeID(1), NodeID(3), NodeID(2)],
            leader: NodeID(2))
        #expect(peers == [2, 3, 5, 4].map { NodeID($0) })
        #expect(RangeRepair.peers(of: NodeID(1), replicas: [NodeID(1)], inSync: [NodeID(1)], leader: NodeID(1)).isEmpty)
    }

    @Test("a peer is asked for the record behind the damage before anything of it is taken")
    func proof() {
        var repair = repair()
        #expect(isAsking(repair, 2, Self.proof))
        repair.answered(.given(stored(16)))
        #expect(isAsking(repair, 2, Self.damage.offsets))
        repair.answered(.given(run(10, 12, 14)))
        #expect(repair.step == .mend(run(10, 12, 14)))
        repair.mended(left: nil)
        #expect(repair.step == .finished(.mended))
    }

    @Test("a peer with another record behind the damage has another history: the next one is asked")
    func otherHistory() {
        for wrong in [stored(16, epoch: 2), stored(15), SharedBytes.empty, SharedBytes("no batch")] {
            var repair = repair()
            repair.answered(.given(wrong))
            #expect(isAsking(repair, 3, Self.proof))
        }
    }

    @Test("what lies around the damage is left out of what is put into it")
    func trimming() {
        var repair = repair()
        repair.answered(.given(stored(16)))
        repair.answered(.given(run(8, 10, 12, 14, 16, 18)))
        #expect(repair.step == .mend(run(10, 12, 14)))
    }

    @Test("large damage is mended piece by piece, each asked for where the last one ended")
    func pieces() {
        var repair = repair()
        repair.answered(.given(stored(16)))
        repair.answered(.given(run(10)))
        #expect(repair.step == .mend(run(10)))
        let left = LogDamage(
            segment: .zero, position: 800, byteCount: 400, offsets: Offset(12)..<Offset(16),
            evidence: .checksumMismatch)
        repair.mended(left: left)
        #expect(isAsking(repair, 2, left.offsets))
        #expect(repair.damage == left)
    }

    @Test("when everyone was asked the round ends, and tells whether the leader lacks the records too")
    func exhaustion() {
        let answers: [(RangeRepair.Answer, isShared: Bool)] = [
            (.damaged, true), (.outOfRange, true), (.silent, false),
        ]
        for (answer, isShared) in answers {
            var repair = repair()
            repair.answered(answer)
            repair.answered(.silent)
            #expect(repair.step == .finished(.exhausted(isShared: isShared)))
        }
        var refused = repair(peers: [3])
        refused.answered(.given(stored(16)))
        refused.answered(.given(run(10)))
        refused.refused()
        #expect(refused.step == .finished(.exhausted(isShared: false)))
        #expect(repair(peers: []).step == .finished(.exhausted(isShared: false)))
    }

    @Test("damage with nothing behind it cannot be proven, and nobody is asked")
    func noWitness() {
        let repair = RangeRepair(Self.damage, witness: nil, peers: [NodeID(2)], leader: NodeID(2))
        #expect(repair.step == .finished(.exhausted(isShared: false)))
    }

    @Test("of two replicas that were in sync the one with the later epoch, then the longer log, has most")
    func stands() {
        let stands = [(2, 90), (3, 10), (3, 40)].map {
            ReplicaStand(latestEpoch: LeaderEpoch(Int32($0.0)), logEnd: Offset(Int64($0.1)))
        }
        #expect(stands.shuffled().sorted() == stands)
    }
}
