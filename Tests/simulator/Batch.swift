// SPDX-License-Identifier: Apache-2.0

import Foundation
import SimulatedCluster

/// What all runs of a batch have in common.
struct RunPlan: Sendable {
    let scene: SwarmOptions.Scene?
    let without: Set<Fault>

    func run(_ seed: UInt64) -> Run {
        TrapNotice.running(seed)
        return Run(seed: seed, scene: scene, without: without)
    }
}

/// What a batch of runs reached.
struct Summary: Sendable {
    var runCount = 0
    var virtualTime: Nanoseconds = 0
    var eventCount = 0
    var tally = FaultTally()
    var replayedCount = 0
    /// The first run that broke a promise.
    var failed: Run?
    var wallTime: Duration = .zero

    mutating func add(_ run: Run) {
        runCount += 1
        virtualTime += run.virtualTime
        eventCount += run.eventCount
        tally += run.tally
        if run.violation != nil, failed == nil { failed = run }
    }
}

/// Runs seeds one after the other, several at once, until one fails.
struct Batch {
    let plan: RunPlan
    let jobs: Int
    private(set) var summary = Summary()

    init(plan: RunPlan, jobs: Int) {
        self.plan = plan
        self.jobs = max(1, jobs)
    }

    /// Every fiftieth seed runs twice: equal seeds must give equal fingerprints.
    private static let replayInterval: UInt64 = 50

    mutating func run(_ seeds: ClosedRange<UInt64>, until deadline: ContinuousClock.Instant?) async {
        let start = ContinuousClock.now
        let plan = plan
        var next: UInt64? = seeds.lowerBound
        await withTaskGroup(of: Run.self) { group in
            func launch() {
                guard let seed = next, summary.failed == nil, deadline.map({ $0 > .now }) ?? true else { return }
                next = seed < seeds.upperBound ? seed + 1 : nil
                group.addTask { Self.checked(seed, plan) }
            }
            for _ in 0..<jobs { launch() }
            for await run in group {
                summary.add(run)
                if run.seed % Self.replayInterval == 0 { summary.replayedCount += 1 }
                launch()
            }
        }
        summary.wallTime += .now - start
    }

    private static func checked(_ seed: UInt64, _ plan: RunPlan) -> Run {
        let run = plan.run(seed)
        guard seed % replayInterval == 0 else { return run }
        let again = plan.run(seed)
        guard again.traceHash == run.traceHash else {
            return run.failing("a seed replays identically", "\(run.traceHash) and then \(again.traceHash)")
        }
        return run
    }

    /// Each line: scene, seed, and behind `#` what it once found.
    mutating func run(regressionsIn path: String) async throws {
        for line in try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n") {
            let words = line.prefix { $0 != "#" }.split(separator: " ")
            guard !words.isEmpty else { continue }
            guard words.count == 2, let scene = SwarmOptions.Scene(rawValue: String(words[0])),
                let seed = UInt64(words[1])
            else { throw CocoaError(.fileReadCorruptFile) }
            summary.add(RunPlan(scene: scene, without: []).run(seed))
            if summary.failed != nil { return }
        }
    }
}
