// SPDX-License-Identifier: Apache-2.0

import SimulatedCluster
import Testing

@Suite struct SmokeTests {
    /// Seconds of faults in each run: enough for elections, crashes and recoveries, and short enough for every change.
    private static let disturbed = Nanoseconds.seconds(6)

    @Test("a quorum keeps its promises", arguments: 1...25 as ClosedRange<UInt64>)
    func quorum(seed: UInt64) { expectPromisesKept(seed, .quorum) }

    @Test("replicas keep their promises", arguments: 1...25 as ClosedRange<UInt64>)
    func replicas(seed: UInt64) { expectPromisesKept(seed, .replicas) }

    private func expectPromisesKept(_ seed: UInt64, _ scene: SwarmOptions.Scene) {
        let run = Run(seed: seed, scene: scene, disturbedAtMost: Self.disturbed)
        let told = run.violation.map { "\($0.invariant): \($0.details)" } ?? ""
        #expect(run.violation == nil, "\(told); replay: \(run.replayCommand)")
    }

    /// Shards walk dictionaries, whose order is another one in each process: the simulator fixes it, this process does not, so
    /// brokers as they run are left to the simulator.
    @Test("a seed replays identically", arguments: SwarmOptions.Scene.allCases.filter { $0 != .brokers })
    func replay(scene: SwarmOptions.Scene) {
        let runs = [1, 2].map { _ in Run(seed: 7, scene: scene, disturbedAtMost: Self.disturbed) }
        #expect(runs[0].traceHash == runs[1].traceHash)
        #expect(runs[0].eventCount == runs[1].eventCount)
        #expect(runs[0].eventCount > 500)
    }
}
