// SPDX-License-Identifier: Apache-2.0

/// One run of one seed: faults, healing, the wait for recovery and the last checks.
package struct Run: Sendable {
    package let seed: UInt64
    package let options: SwarmOptions
    package private(set) var violation: Violation?
    package let tally: FaultTally
    package let virtualTime: Nanoseconds
    package let eventCount: Int
    package let traceHash: UInt64
    /// The last of what happened, when a promise was broken.
    package let tail: [String]

    /// After the faults have ended, everything must work again within this time.
    package static let patience = Nanoseconds.seconds(60)

    package init(
        seed: UInt64, scene: SwarmOptions.Scene? = nil, without excluded: Set<Fault> = [],
        disturbedAtMost limit: Nanoseconds = .max
    ) {
        var options = SwarmOptions(seed: seed, scene: scene, without: excluded)
        options.disturbed = min(options.disturbed, limit)
        let world = World(seed: seed, options: options)
        Self.play(world)
        self.seed = seed
        self.options = options
        violation = world.violation
        tally = world.tally
        virtualTime = world.now
        eventCount = world.eventCount
        traceHash = world.trace.hash
        tail = world.violation == nil ? [] : world.trace.tail
    }

    private static func play(_ world: World) {
        let network = Network(world: world)
        let scene = world.options.scene.make(in: world, over: network)
        scene.begin()
        let nemesis = Nemesis(scene)
        nemesis.begin()
        world.run(until: world.options.disturbed)
        nemesis.end()
        scene.faultsEnded()
        let end = world.now + patience
        while world.violation == nil, world.now < end, !scene.hasRecovered {
            world.run(until: world.now + .milliseconds(200))
        }
        world.check(scene.hasRecovered, "recovers within 60 s", scene.whatIsMissing)
        if world.violation == nil { scene.checkHistory() }
        for machine in scene.machines {
            machine.countDiskFaults()
            machine.discard()
        }
        world.end()
    }

    /// The same run, found wanting for a reason that lies outside of it.
    package func failing(_ invariant: String, _ details: String) -> Run {
        var run = self
        run.violation = Violation(invariant: invariant, details: details, time: virtualTime)
        return run
    }

    /// How to see this run again.
    package var replayCommand: String {
        "simulator --replay \(seed) --scene \(options.scene.rawValue)"
    }
}

/// Makes a failing run smaller: fewer kinds of faults, and no longer than needed.
package struct Shrinking: Sendable {
    package private(set) var run: Run
    package private(set) var without: Set<Fault> = []
    private let scene: SwarmOptions.Scene

    /// - Parameter isWanted: False leaves the run as it is, which takes no time.
    package init(_ failed: Run, isWanted: Bool = true) {
        run = failed
        scene = failed.options.scene
        guard isWanted else { return }
        for fault in Fault.allCases where failed.options.faults.contains(fault) {
            let tried = Run(seed: run.seed, scene: scene, without: without.union([fault]))
            // Another promise broken on the way is another bug.
            guard tried.violation?.invariant == failed.violation?.invariant else { continue }
            without.insert(fault)
            run = tried
        }
    }

    package var replayCommand: String {
        let names = without.map(\.rawValue).sorted().joined(separator: ",")
        return run.replayCommand + (names.isEmpty ? "" : " --without \(names)")
    }
}
