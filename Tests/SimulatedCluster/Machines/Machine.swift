// SPDX-License-Identifier: Apache-2.0

import Primitives
package import Simulation

/// A node's address, disk and clock, which outlive its processes.
package final class Machine {
    package let world: World
    package let network: Network
    package let address: NodeAddress
    package private(set) var disk: SimulatedDisk
    package private(set) var process: SimulatedProcess?
    private var wallOffset: Int64 = 0
    /// Until then each operation of the disk takes this long.
    private var slow: (until: Nanoseconds, span: Nanoseconds) = (0, 0)
    private var isReleasing = false
    private var counted = FaultCounts()
    /// Builds a node in a process that just began.
    package var start: ((SimulatedProcess, SimulatedDisk) -> Void)?
    /// Called when the disk finished something.
    package var diskCompleted: (() -> Void)?
    private static let capacity: Int64 = 1 << 40

    package init(world: World, network: Network, address: NodeAddress) {
        self.world = world
        self.network = network
        self.address = address
        disk = SimulatedDisk(seed: world.streams.disk.next(), capacity: Self.capacity)
        disk.delivery = .released
    }

    package var isUp: Bool { process != nil }

    /// Starts a process with what the disk holds.
    package func boot() {
        guard process == nil else { return }
        if disk.isPoweredOff { disk.restart() }
        countDiskFaults()
        world.lives += 1
        let process = SimulatedProcess(world: world, address: address, life: world.lives, wallOffset: wallOffset)
        self.process = process
        network.join(process)
        process.settled = { [unowned self] in settle() }
        world.note("boot", address, Int64(process.life))
        process.run { [self] in start?(process, disk) }
    }

    /// Ends the process; the page cache stays.
    package func kill() {
        guard let process else { return }
        world.note("kill", address, Int64(process.life))
        disk.endProcess()
        end(process)
    }

    /// Ends the process and loses what no synchronize covered.
    package func cutPower() {
        guard let process else { return disk.cutPower() }
        world.note("power cut", address, Int64(process.life))
        disk.cutPower()
        end(process)
    }

    /// Cuts the power at the `ordinal`-th operation of the disk from now on, in the middle of whatever the node does.
    package func cutPower(atOperation ordinal: Int) { disk.plan(.powerCut, at: ordinal) }

    private func end(_ process: SimulatedProcess) {
        wallOffset = process.clock.wallOffset
        self.process = nil
        diskCompleted = nil
        process.end()
        network.ended(process)
    }

    /// Ends the process because the run is over: what it holds of itself is let go.
    package func discard() { process?.end() }

    package func slowDisk(_ span: Nanoseconds, for duration: Nanoseconds) {
        slow = (world.now + duration, span)
    }

    /// After each event of the process: the power may have gone in the middle of it, and the disk may have work.
    private func settle() {
        if disk.isPoweredOff { return cutPower() }
        guard disk.inFlightCount > 0, !isReleasing else { return }
        isReleasing = true
        var span = world.streams.disk.tailed(world.options.synchronizeTime)
        if world.now < slow.until { span += slow.span }
        world.after(span) { [self] in release() }
    }

    private func release() {
        isReleasing = false
        guard let process, !disk.isPoweredOff else { return }
        disk.releaseCompletions(atMost: 1)
        process.run { [self] in diskCompleted?() }
        if process.isPaused { settle() }
    }

    /// Moves what the disk counted into the tally of the run.
    package func countDiskFaults() {
        let now = disk.faults
        world.tally.lostSectors += now.lostSectors - counted.lostSectors
        world.tally.tornSectors += now.tornSectors - counted.tornSectors
        world.tally.lostNameChanges += now.lostNameChanges - counted.lostNameChanges
        counted = now
    }
}
