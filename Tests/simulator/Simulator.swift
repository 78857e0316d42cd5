// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SimulatedCluster

/// Runs clusters in virtual time, one per seed, and fails when one of them breaks a promise.
@main
struct Simulator: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulator",
        abstract: "Runs the real cores and nodes on simulated disks, networks and clocks; a seed decides everything.",
        discussion: "See docs/SIMULATION.md for how to read a failure.")

    @Option(help: "The first seed. With --minutes, seeds follow one another from here on.")
    var seed: UInt64 = 1

    @Option(help: "Run for so many minutes by the wall clock.")
    var minutes: Double?

    @Option(help: "Run the seeds from the first to the last, as in 1..500.")
    var seeds: SeedRange?

    @Option(help: "Run this seed twice, compare the fingerprints and show the last events.")
    var replay: UInt64?

    @Option(help: "Only this kind of cluster: \(SwarmOptions.Scene.allCases.map(\.rawValue).joined(separator: ", ")).")
    var scene: SwarmOptions.Scene?

    @Option(help: "Switch these faults off, separated by commas.")
    var without: FaultList = FaultList(faults: [])

    @Option(help: "Runs at the same time.")
    var jobs = 2

    @Flag(help: "Show what the seed draws and end.")
    var options = false

    @Flag(help: "Demand that every kind of fault was reached often enough for the time that was simulated.")
    var floor = false

    @Flag(inversion: .prefixedNo, help: "Look for the fewest kinds of faults that still make a failing seed fail.")
    var shrinking = true

    @Option(help: "A file of seeds that once failed, to be run first.")
    var regressions: String?

    func run() async throws {
        Hashing.fix()
        let plan = RunPlan(scene: scene, without: without.faults)
        if options { return Console.show(SwarmOptions(seed: replay ?? seed, scene: scene, without: without.faults)) }
        if let replay { return try Console.replay(plan.run(replay)) { plan.run(replay) } }
        var batch = Batch(plan: plan, jobs: jobs)
        if let regressions { try await batch.run(regressionsIn: regressions) }
        if let seeds {
            await batch.run(seeds.range, until: nil)
        } else if let minutes {
            await batch.run(seed...UInt64.max, until: .now + .seconds(minutes * 60))
        } else if regressions == nil {
            await batch.run(seed...seed, until: nil)
        }
        Console.show(batch.summary)
        if let failed = batch.summary.failed { Console.show(Shrinking(failed, isWanted: shrinking)) }
        guard batch.summary.failed == nil else { throw ExitCode.failure }
        if floor { try Console.demandFloor(batch.summary) }
    }
}

extension SwarmOptions.Scene: ExpressibleByArgument {}

/// `1..500`, both included.
struct SeedRange: ExpressibleByArgument {
    let range: ClosedRange<UInt64>

    init?(argument: String) {
        let ends = argument.split(separator: ".", omittingEmptySubsequences: true).map { UInt64($0) }
        guard ends.count == 2, let first = ends[0], let last = ends[1], first <= last else { return nil }
        range = first...last
    }
}

struct FaultList: ExpressibleByArgument {
    let faults: Set<Fault>

    init(faults: Set<Fault>) { self.faults = faults }

    init?(argument: String) {
        var faults: Set<Fault> = []
        for name in argument.split(separator: ",") {
            guard let fault = Fault(rawValue: String(name)) else { return nil }
            faults.insert(fault)
        }
        self.faults = faults
    }
}
