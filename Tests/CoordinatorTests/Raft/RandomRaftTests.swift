// SPDX-License-Identifier: Apache-2.0

import Coordinator
import Primitives
import Testing

@Suite struct RandomRaftTests {
    @Test("whatever the network, disks and operators do, Raft's promises hold", arguments: UInt64(1)...60)
    func promisesHold(seed: UInt64) {
        var world = RaftWorld(seed: seed)
        for _ in 0..<400 { world.act() }
        world.heal()
        #expect(world.quorum.broken.isEmpty, "seed \(seed): \(world.quorum.broken.prefix(3))")
        #expect(world.hasAgreed, "seed \(seed): \(world.summary)")
    }

    @Test("the random runs reach what they are meant to test")
    func runsReach() {
        var committed = 0
        var reads = 0
        var snapshots = 0
        var leaderships: Int64 = 0
        var sizes: Set<Int> = []
        for seed in UInt64(1)...6 {
            var world = RaftWorld(seed: seed)
            for _ in 0..<1_500 {
                world.act()
                if let leader = world.quorum.leader { sizes.insert(world.quorum.core(leader)?.voters.count ?? 0) }
            }
            committed += world.quorum.committed.count
            reads += world.quorum.readsAnswered
            snapshots += world.quorum.snapshotsInstalled
            leaderships += world.quorum.runningIDs.compactMap { world.quorum.core($0)?.term.rawValue }.max() ?? 0
        }
        #expect(
            committed > 150 && reads > 15 && snapshots > 3 && leaderships > 30, "\(committed) \(reads) \(snapshots)")
        #expect(sizes.count >= 3, "quorums of \(sizes.sorted())")
    }
}
