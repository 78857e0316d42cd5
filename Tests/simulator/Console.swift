// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import SimulatedCluster

/// What people and CI read.
enum Console {
    static func show(_ summary: Summary) {
        let hours = Double(summary.virtualTime) / 3.6e12
        let wall = Double(summary.wallTime.components.seconds) + Double(summary.wallTime.components.attoseconds) / 1e18
        row("runs", "\(summary.runCount)")
        row("run twice with equal fingerprints", "\(summary.replayedCount)")
        row("virtual hours", String(format: "%.2f", hours))
        row("virtual seconds per second", String(format: "%.0f", Double(summary.virtualTime) / 1e9 / max(wall, 0.001)))
        row("events", "\(summary.eventCount)")
        for fault in Fault.allCases { row(fault.rawValue, "\(summary.tally[fault])") }
        row("sectors lost by power cuts", "\(summary.tally.lostSectors)")
        row("sectors torn", "\(summary.tally.tornSectors)")
        row("names lost", "\(summary.tally.lostNameChanges)")
        row("segments compacted", "\(summary.tally.compactedSegments)")
    }

    private static func row(_ name: String, _ value: String) {
        print(name.padding(toLength: 36, withPad: " ", startingAt: 0) + value)
    }

    static func show(_ options: SwarmOptions) {
        row("scene", options.scene.rawValue)
        row("controllers", "\(options.voterCount)")
        row("brokers", "\(options.brokerCount)")
        row("seconds of faults", "\(options.disturbed / 1_000_000_000)")
        row("mean time between faults of a kind", "\(options.faultInterval / 1_000_000) ms")
        row("time of a message", "\(options.latency / 1000) µs")
        row("time of a synchronize", "\(options.synchronizeTime / 1000) µs")
        row("faults", options.faults.map(\.rawValue).sorted().joined(separator: " "))
    }

    static func show(_ shrinking: Shrinking) {
        let run = shrinking.run
        print("\n" + run.tail.joined(separator: "\n"))
        show(run)
        print("replay: \(shrinking.replayCommand)")
    }

    private static func show(_ run: Run) {
        let hash = String(run.traceHash, radix: 16)
        print("\nseed \(run.seed), \(run.options.scene.rawValue), fingerprint \(hash), \(run.eventCount) events")
        if let violation = run.violation {
            print("at \(Double(violation.time) / 1e9) s: NOT \(violation.invariant): \(violation.details)")
        }
    }

    static func replay(_ run: Run, again: () -> Run) throws {
        print(run.tail.joined(separator: "\n"))
        show(run)
        let second = again()
        guard second.traceHash == run.traceHash else {
            print("the second time the fingerprint was \(String(second.traceHash, radix: 16))")
            throw ExitCode.failure
        }
        if run.violation != nil { throw ExitCode.failure }
    }

    /// A batch in which a kind of fault hardly happened proves nothing about it.
    static func demandFloor(_ summary: Summary) throws {
        let hours = Double(summary.virtualTime) / 3.6e12
        let rare = Fault.allCases.filter { Double(summary.tally[$0]) < Double($0.floorPerHour) * hours }
        var missing = rare.map(\.rawValue)
        if Double(summary.tally.compactedSegments) < FaultTally.compactedSegmentsPerHour * hours {
            missing.append("compaction")
        }
        guard missing.isEmpty else {
            print("\nreached too seldom: \(missing.joined(separator: " "))")
            throw ExitCode.failure
        }
    }
}
