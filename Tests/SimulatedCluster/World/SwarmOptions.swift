// SPDX-License-Identifier: Apache-2.0

import Primitives

/// What one run is like, drawn from its seed before anything else (swarm testing: Groce et al., ISSTA 2012).
package struct SwarmOptions: Sendable {
    package enum Scene: String, CaseIterable, Sendable {
        /// Controllers alone: the consensus core with its log on disk.
        case quorum
        /// Controllers as they run: the same core with the log, the snapshots, the decisions and the sessions around it.
        case controllers
        /// Brokers, a controller and clients.
        case replicas
        /// The same, with coordinators of transactions and clients that carry records over exactly once.
        case transactions
        /// Brokers and controllers as they run: shards, links and repairs around the cores, with clients that speak Kafka's
        /// protocol.
        case brokers
    }

    package var scene: Scene
    package var faults: Set<Fault>
    /// How long faults go on; healing and the checks come after.
    package var disturbed: Nanoseconds
    /// Mean time from one occurrence of a fault to the next of the same kind.
    package var faultInterval: Nanoseconds
    package var voterCount: Int
    package var brokerCount: Int
    /// Middle of the time that a message takes.
    package var latency: Nanoseconds
    /// Middle of the time that a synchronize takes.
    package var synchronizeTime: Nanoseconds
    /// Lost messages of 1000, where `loss` is on.
    package var lostOf1000: Int

    package init(seed: UInt64, scene: Scene? = nil, without excluded: Set<Fault> = []) {
        var entropy = Entropy(seed: seed ^ 0x6f70_7469_6f6e_73)
        let drawn = entropy.pick(Scene.allCases)
        self.scene = scene ?? drawn
        // Each is off in a third of the runs, except in one run of eight that has them all.
        let hasAll = entropy.chance(1, in: 8)
        let on = Fault.allCases.filter { _ in entropy.chance(2, in: 3) || hasAll }
        faults = Set(on).subtracting(excluded)
        disturbed = .seconds(Int64(entropy.number(in: 30...120)))
        faultInterval = .milliseconds(Int64(entropy.pick([1500, 3000, 6000, 12_000])))
        voterCount = entropy.pick([1, 3, 3, 3, 5])
        brokerCount = entropy.number(in: 3...5)
        latency = .microseconds(Int64(entropy.pick([100, 500, 5000])))
        synchronizeTime = .microseconds(Int64(entropy.pick([100, 1000, 10_000])))
        lostOf1000 = entropy.pick([1, 10, 50])
    }
}
