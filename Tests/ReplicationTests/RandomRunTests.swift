// SPDX-License-Identifier: Apache-2.0

import Primitives
import Replication
import Testing

/// Everything that can happen to a few replicas, in an order that a seed decides.
private struct RandomRun {
    var cluster: ModelCluster
    var entropy: Entropy
    let replicaCount: Int
    private(set) var steps: [String] = []

    init(seed: UInt64, settings: ReplicationSettings) {
        entropy = Entropy(seed: seed)
        replicaCount = 3 + entropy.index(below: 3)
        cluster = ModelCluster(
            replicaCount: replicaCount, inSyncCountMin: 1 + entropy.index(below: 2) + (replicaCount > 4 ? 1 : 0),
            settings: settings)
    }

    mutating func run(stepCount: Int) throws {
        for _ in 0..<stepCount {
            step()
            try cluster.check()
        }
        try heal()
    }

    private mutating func step() {
        let index = entropy.index(below: replicaCount)
        let other = (index + 1 + entropy.index(below: replicaCount - 1)) % replicaCount
        switch entropy.index(below: 100) {
        case 0..<14: cluster.produce(at: index)
        case 14..<34: cluster.send(index, to: other, recordCountMax: 1 + entropy.index(below: 4))
        case 34..<54: cluster.deliver(index, to: other, again: entropy.chance(1, in: 8))
        case 54..<70: cluster.acknowledge(index, from: other, again: entropy.chance(1, in: 8))
        case 70..<80: cluster.synchronize(index)
        case 80..<84: cluster.learn(index)
        case 84..<88:
            let fate = entropy.index(below: 4)
            cluster.propose(index, fate == 0 ? .lost : fate == 1 ? .answerLost : .answered)
        case 88..<90: cluster.cutLink(index, other)
        case 90..<92: cluster.mendLink(index, other)
        case 92: cluster.crash(index, keeping: entropy.index(below: 4))
        case 93..<95: cluster.start(index)
        case 95: fence(index)
        case 96: cluster.trim(index)
        case 97: cluster.controller.moveLeadership()
        default: pass(milliseconds: Int64(entropy.index(below: 4000)))
        }
    }

    /// The controller misses heartbeats, rightly or not; a broker that runs registers again.
    private mutating func fence(_ index: Int) {
        guard !cluster.brokers[index].isRunning else { return }
        cluster.controller.fence(cluster.brokers[index].node)
    }

    private mutating func pass(milliseconds: Int64) {
        cluster.now = cluster.now.advanced(byMilliseconds: milliseconds)
        for index in 0..<replicaCount { cluster.brokers[index].leader?.timePassed(at: cluster.now) }
    }

    /// All brokers and links come back: then everything that was committed and more is everywhere, and alike.
    private mutating func heal() throws {
        for index in 0..<replicaCount {
            cluster.start(index)
            for other in 0..<replicaCount where other != index { cluster.mendLink(index, other) }
        }
        try #require(cluster.controller.leader != nil)
        for _ in 0..<400 {
            for index in 0..<replicaCount { settle(index) }
            pass(milliseconds: 100)
            try cluster.check()
            if isLevel { break }
        }
        for broker in cluster.brokers {
            let leader = try #require(
                cluster.brokers.first { $0.leader != nil && $0.node == cluster.controller.leader })
            #expect(broker.log.end == leader.log.end)
            let start = max(broker.log.start, leader.log.start).rawValue
            for offset in start..<max(start, leader.log.end.rawValue) {
                #expect(broker.log[Offset(offset)] == leader.log[Offset(offset)])
            }
            let bound = broker.leader?.highWatermark ?? broker.follower?.highWatermark
            #expect(bound == leader.log.end, "\(broker.node)")
        }
        #expect(cluster.controller.inSync.count == replicaCount)
    }

    private mutating func settle(_ index: Int) {
        cluster.learn(index)
        cluster.synchronize(index)
        for other in 0..<replicaCount where other != index {
            while cluster.send(index, to: other) {}
            while cluster.deliver(index, to: other) {}
            while cluster.acknowledge(index, from: other) {}
        }
        cluster.propose(index)
    }

    private var isLevel: Bool {
        guard cluster.controller.inSync.count == replicaCount else { return false }
        let bounds = cluster.brokers.map { $0.leader?.highWatermark ?? $0.follower?.highWatermark ?? .zero }
        return bounds.allSatisfy { $0 == bounds[0] } && cluster.brokers.allSatisfy { $0.log.end == bounds[0] }
    }
}

@Suite("replicas of a partition, in any order of events")
struct RandomRunTests {
    @Test("nothing that was committed is ever lost, whatever fails, and logs become equal", arguments: UInt64(1)...300)
    func nothingIsLost(seed: UInt64) throws {
        var run = RandomRun(seed: seed, settings: .init())
        try run.run(stepCount: 1500)
    }

    @Test("the run finds the loss that counting unsynchronized records allows")
    func findsLoss() {
        var settings = ReplicationSettings()
        settings.countsUnsynchronized = true
        let losses = (UInt64(1)...60).filter { seed in
            var run = RandomRun(seed: seed, settings: settings)
            do {
                try run.run(stepCount: 1500)
                return false
            } catch { return error is ModelCluster.Violation }
        }
        #expect(!losses.isEmpty)
    }
}
