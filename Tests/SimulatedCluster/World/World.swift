// SPDX-License-Identifier: Apache-2.0

package import Primitives

/// A promise that a run saw broken.
package struct Violation: Error, Sendable {
    /// Which promise, in a few words that are the same for every run that breaks it.
    package let invariant: String
    package let details: String
    /// Virtual time at which it was seen.
    package let time: Nanoseconds
}

/// Time, chance and the order of events of one run; all of it follows from the seed.
///
/// One thread runs everything. Each concern draws from a stream of its own, so that a fault that is switched off
/// does not shift what the others do.
package final class World {
    /// One stream per concern.
    package struct Streams {
        package var schedule: Entropy
        package var network: Entropy
        package var disk: Entropy
        package var process: Entropy
        package var workload: Entropy
        package var buggify: Entropy

        init(seed: UInt64) {
            var root = Entropy(seed: seed)
            schedule = root.split()
            network = root.split()
            disk = root.split()
            process = root.split()
            workload = root.split()
            buggify = root.split()
        }
    }

    package let seed: UInt64
    package let options: SwarmOptions
    package private(set) var now: Nanoseconds = 0
    package var streams: Streams
    package var tally = FaultTally()
    package private(set) var trace = Trace()
    /// The first promise that was broken; nothing runs after it.
    package private(set) var violation: Violation?
    package private(set) var eventCount = 0
    /// False once the faults have ended.
    package var isDisturbed = true
    /// Processes started so far.
    package var lives = 0
    private var agenda = Agenda()
    /// A run has some ten thousand: a hundred times as many are a storm.
    private static let eventCountMax = 1_000_000

    package init(seed: UInt64, options: SwarmOptions) {
        self.seed = seed
        self.options = options
        streams = Streams(seed: seed)
    }

    /// Runs `body` after a span; never before events that are due earlier.
    package func after(_ span: Nanoseconds, _ body: @escaping () -> Void) {
        precondition(span >= 0, "\(span) ns lie in the past")
        agenda.insert(Agenda.Entry(time: now + span, tie: streams.schedule.next(), body: body))
    }

    /// Runs all that is due before `end`, or until a promise is broken.
    package func run(until end: Nanoseconds) {
        while violation == nil, let time = agenda.nextTime, time < end {
            let entry = agenda.removeFirst()
            now = entry.time
            eventCount += 1
            entry.body()
            check(eventCount < Self.eventCountMax, "messages do not breed messages", "\(eventCount) events")
        }
        if violation == nil { now = max(now, end) }
    }

    /// Lets go of what was still to happen, and of what that holds.
    package func end() { agenda = Agenda() }

    /// Adds to the fingerprint of the run.
    package func note(
        _ what: StaticString, _ node: NodeAddress? = nil, _ first: Int64 = 0, _ second: Int64 = 0, _ third: Int64 = 0
    ) {
        trace.append(Trace.Line(time: now, what: what, node: node, numbers: (first, second, third)))
    }

    /// Records that a promise is broken; only the first one counts.
    package func fail(_ invariant: String, _ details: String) {
        guard violation == nil else { return }
        violation = Violation(invariant: invariant, details: details, time: now)
    }

    package func check(_ condition: Bool, _ invariant: String, _ details: @autoclosure () -> String) {
        if !condition { fail(invariant, details()) }
    }

    package func has(_ fault: Fault) -> Bool { isDisturbed && options.faults.contains(fault) }

    /// Whether a rare lawful thing should happen now: one time in `denominator`, in runs that do such things.
    package func buggify(_ denominator: Int) -> Bool {
        guard has(.buggify), streams.buggify.chance(1, in: denominator) else { return false }
        tally[.buggify] += 1
        return true
    }
}
