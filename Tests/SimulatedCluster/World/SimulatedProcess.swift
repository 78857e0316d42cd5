// SPDX-License-Identifier: Apache-2.0

package import Primitives

/// A clock of one machine: it may run fast or slow, and its wall time may jump.
package struct NodeClock {
    /// Nanoseconds gained in a second.
    package var drift: Int64 = 0
    private var base: Int64
    private var since: Nanoseconds
    package var wallOffset: Int64 = 0

    init(base: Int64, at now: Nanoseconds, drift: Int64) {
        (self.base, since, self.drift) = (base, now, drift)
    }

    func monotonic(at now: Nanoseconds) -> Instant {
        let passed = now - since
        return Instant(
            nanoseconds: base + passed + passed / 1_000_000_000 * drift + passed % 1_000_000_000 * drift / 1_000_000_000
        )
    }

    func wall(at now: Nanoseconds) -> Timestamp { Timestamp(1_750_000_000_000 + now / 1_000_000 + wallOffset) }

    /// How long until the clock shows `deadline`, never less than nothing.
    func span(until deadline: Instant, at now: Nanoseconds) -> Nanoseconds {
        let missing = deadline.nanoseconds - monotonic(at: now).nanoseconds
        guard missing > 0 else { return 0 }
        return Nanoseconds(Double(missing) / (1 + Double(drift) / 1e9)) + 1
    }

    /// From now on gains `drift` nanoseconds in a second; what it shows does not jump.
    mutating func change(drift: Int64, at now: Nanoseconds) {
        base = monotonic(at: now).nanoseconds
        since = now
        self.drift = drift
    }
}

/// One life of a node, from start to crash. What is scheduled for it dies with it and waits while it is paused.
package final class SimulatedProcess {
    package let world: World
    package let address: NodeAddress
    /// Never the same for two lives.
    package let life: Int
    package private(set) var clock: NodeClock
    package private(set) var isAlive = true
    package private(set) var isPaused = false
    private var held: [() -> Void] = []
    private lazy var alarm = Alarm(of: self)
    /// Called when the process has ended, before anything else happens.
    package var ended: (() -> Void)?
    /// Called after each event of this process.
    package var settled: (() -> Void)?

    package init(world: World, address: NodeAddress, life: Int, wallOffset: Int64) {
        self.world = world
        self.address = address
        self.life = life
        let base = Int64(world.streams.process.index(below: 1 << 50))
        let drift = world.has(.clockDrift) ? Int64(world.streams.process.number(in: -100_000_000...100_000_000)) : 0
        if drift != 0 { world.tally[.clockDrift] += 1 }
        clock = NodeClock(base: base, at: world.now, drift: drift)
        clock.wallOffset = wallOffset
    }

    package var now: Instant { clock.monotonic(at: world.now) }
    package var wallClock: Timestamp { clock.wall(at: world.now) }

    /// Runs `body` now, or when the process goes on; never when it has ended.
    package func run(_ body: @escaping () -> Void) {
        guard isAlive else { return }
        guard !isPaused else { return held.append(body) }
        body()
        if isAlive { settled?() }
    }

    package func after(_ span: Nanoseconds, _ body: @escaping () -> Void) {
        world.after(span) { [weak self] in self?.run(body) }
    }

    /// Runs `body` when the clock of this machine shows `deadline`; an earlier call replaces a later one.
    package func wake(at deadline: Instant, _ body: @escaping () -> Void) {
        alarm.set(at: deadline, body)
    }

    package func end() {
        guard isAlive else { return }
        isAlive = false
        held = []
        ended?()
        (ended, settled) = (nil, nil)
    }

    package func pause(for span: Nanoseconds) {
        guard isAlive, !isPaused else { return }
        isPaused = true
        world.after(span) { [weak self] in self?.goOn() }
    }

    package func goOn() {
        guard isPaused else { return }
        isPaused = false
        let waiting = held
        held = []
        for (number, body) in waiting.enumerated() {
            guard isAlive else { return }
            // One of them may have paused the process again.
            guard !isPaused else { return held.append(contentsOf: waiting[number...]) }
            run(body)
        }
    }

    package func jumpWallClock(by milliseconds: Int64) { clock.wallOffset += milliseconds }

    package func changeDrift(to drift: Int64) { clock.change(drift: drift, at: world.now) }
}

/// Wakes a process at one deadline after the other; a process may have several.
final class Alarm {
    private unowned let process: SimulatedProcess
    private var time = Nanoseconds.max

    init(of process: SimulatedProcess) { self.process = process }

    /// Runs `body` when the clock of this machine shows `deadline`; an earlier call replaces a later one.
    func set(at deadline: Instant, _ body: @escaping () -> Void) {
        guard deadline != .distantFuture else { return }
        let span = process.clock.span(until: deadline, at: process.world.now)
        let time = process.world.now + span
        guard time < self.time else { return }
        self.time = time
        process.after(span) { [weak self] in
            guard let self, self.time == time else { return }
            self.time = .max
            body()
        }
    }
}
