// SPDX-License-Identifier: Apache-2.0

import Primitives

/// Messages between the processes of a run: datagrams, which may be lost, doubled and out of order, and
/// connections, which deliver in order or break.
package final class Network {
    let world: World
    /// Who lives at an address now.
    private var processes: [NodeAddress: SimulatedProcess] = [:]
    /// Directed pairs between which nothing passes.
    private var cuts: Set<Path> = []
    private var clogs: [Path: Nanoseconds] = [:]
    /// In the order in which they were made.
    private var connections: [Connection] = []
    private var past: [Delivered] = []
    private var pastStart = 0

    struct Path: Hashable {
        let source: NodeAddress
        let target: NodeAddress
    }

    private struct Delivered {
        let path: Path
        let deliver: () -> Void
    }

    package init(world: World) { self.world = world }

    package func join(_ process: SimulatedProcess) { processes[process.address] = process }

    func process(at address: NodeAddress) -> SimulatedProcess? {
        guard let process = processes[address], process.isAlive else { return nil }
        return process
    }

    // MARK: Paths

    package func isCut(_ source: NodeAddress, _ target: NodeAddress) -> Bool {
        cuts.contains(Path(source: source, target: target))
    }

    /// When a path that is clogged delivers again; nil for one that is not.
    func clogEnd(_ path: Path) -> Nanoseconds? {
        guard let end = clogs[path], end > world.now else { return nil }
        return end
    }

    /// Lets nothing pass from any of `sources` to any of `targets` until `heal`.
    package func cut(_ sources: [NodeAddress], _ targets: [NodeAddress]) {
        for source in sources {
            for target in targets where source != target { cuts.insert(Path(source: source, target: target)) }
        }
        if world.has(.halfOpen) { breakHalf() }
    }

    package func heal() {
        cuts = []
        clogs = [:]
        for connection in connections { connection.pump() }
    }

    package func clog(_ source: NodeAddress, _ target: NodeAddress, for span: Nanoseconds) {
        clogs[Path(source: source, target: target)] = world.now + span
    }

    // MARK: Datagrams

    /// Runs `deliver` at the process that lives at `target` when the message arrives, if it arrives.
    package func send(from source: NodeAddress, to target: NodeAddress, _ deliver: @escaping () -> Void) {
        let path = Path(source: source, target: target)
        if world.has(.loss), world.streams.network.chance(world.options.lostOf1000, in: 1000) {
            world.tally[.loss] += 1
            return
        }
        launch(path, deliver)
        if world.has(.duplication), world.streams.network.chance(world.options.lostOf1000, in: 1000) {
            world.tally[.duplication] += 1
            launch(path, deliver)
        }
        if world.has(.replay) { remember(Delivered(path: path, deliver: deliver)) }
    }

    /// Runs `deliver` at a client, which lives outside of the machines and never ends.
    package func reply(from source: NodeAddress, to client: NodeAddress, _ deliver: @escaping () -> Void) {
        if world.has(.loss), world.streams.network.chance(world.options.lostOf1000, in: 1000) {
            world.tally[.loss] += 1
            return
        }
        world.after(world.streams.network.tailed(world.options.latency), deliver)
    }

    private func launch(_ path: Path, _ deliver: @escaping () -> Void) {
        var span = world.streams.network.tailed(world.options.latency)
        if let end = clogEnd(path) { span += end - world.now }
        world.after(span) { [self] in
            guard !cuts.contains(path), let process = process(at: path.target) else { return }
            process.run(deliver)
        }
    }

    private func remember(_ message: Delivered) {
        if past.count < 256 {
            past.append(message)
        } else {
            past[pastStart] = message
            pastStart = (pastStart + 1) % 256
        }
    }

    /// Delivers a message of the past once more.
    package func replayOne() {
        guard !past.isEmpty else { return }
        let message = past[world.streams.network.index(below: past.count)]
        world.tally[.replay] += 1
        launch(message.path, message.deliver)
    }

    // MARK: Connections

    /// Dials `target`: `accepted` runs there, then `opened` here; with nil when nobody answers.
    package func connect(
        from dialler: SimulatedProcess, to target: NodeAddress,
        accepted: @escaping (SimulatedProcess, Connection) -> Void,
        opened: @escaping (Connection?) -> Void
    ) {
        let there = world.streams.network.tailed(world.options.latency)
        let path = Path(source: dialler.address, target: target)
        let back = Path(source: target, target: dialler.address)
        world.after(there) { [self] in
            guard let listener = process(at: target), !listener.isPaused, !cuts.contains(path), !cuts.contains(back)
            else {
                return dialler.after(.milliseconds(100)) { opened(nil) }
            }
            let connection = Connection(network: self, dialler: dialler, listener: listener)
            connections.append(connection)
            listener.run { accepted(listener, connection) }
            dialler.after(world.streams.network.tailed(world.options.latency)) { opened(connection) }
        }
    }

    func forget(_ connection: Connection) { connections.removeAll { $0 === connection } }

    /// Resets one connection of those that are up.
    package func resetOne() {
        let up = connections.filter(\.isUp)
        guard !up.isEmpty else { return }
        world.tally[.connectionReset] += 1
        up[world.streams.network.index(below: up.count)].reset()
    }

    /// Some connections across a cut break at one end only.
    private func breakHalf() {
        for connection in connections where connection.isUp && connection.isCutSomewhere {
            guard world.streams.network.chance(1, in: 2) else { continue }
            world.tally[.halfOpen] += 1
            connection.breakHalf()
        }
    }

    /// What a process had open is reset at the other end, unless nothing reaches it.
    package func ended(_ process: SimulatedProcess) {
        for connection in connections where connection.isOpen(at: process) { connection.lost(process) }
    }
}
