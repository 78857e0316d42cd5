// SPDX-License-Identifier: Apache-2.0

import Primitives

/// An ordered connection between two lives of two nodes: frames arrive in the order they were sent, or it breaks.
///
/// Across a cut nothing moves and nobody notices, for up to ten seconds: then the keep-alive of an end gives up.
package final class Connection {
    private static let patience = Nanoseconds.seconds(10)

    private unowned let network: Network
    private let ends: [SimulatedProcess]
    private var isOpen = [true, true]
    private var lanes = [Lane(), Lane()]
    private var lossHandlers: [(() -> Void)?] = [nil, nil]

    private struct Lane {
        var frames: [(arrival: Nanoseconds, deliver: () -> Void)] = []
        var start = 0
        var lastArrival: Nanoseconds = 0
        /// Since when frames wait that could not pass.
        var stuckSince: Nanoseconds?
    }

    init(network: Network, dialler: SimulatedProcess, listener: SimulatedProcess) {
        self.network = network
        ends = [dialler, listener]
    }

    var isUp: Bool { isOpen[0] || isOpen[1] }

    var isCutSomewhere: Bool {
        network.isCut(ends[0].address, ends[1].address) || network.isCut(ends[1].address, ends[0].address)
    }

    func isOpen(at process: SimulatedProcess) -> Bool { end(process).map { isOpen[$0] } ?? false }

    private func end(_ process: SimulatedProcess) -> Int? { ends.firstIndex { $0 === process } }

    /// Has `handler` run at `process` when it learns that the connection is gone.
    package func onLoss(at process: SimulatedProcess, _ handler: @escaping () -> Void) {
        guard let end = end(process) else { return }
        guard isOpen[end] else { return process.after(0, handler) }
        lossHandlers[end] = handler
    }

    /// Sends one frame; `deliver` runs at the other end, in order, unless the connection breaks first.
    package func send(from process: SimulatedProcess, _ deliver: @escaping () -> Void) {
        guard let source = end(process), isOpen[source] else { return }
        let world = network.world
        if world.has(.loss), world.streams.network.chance(world.options.lostOf1000, in: 20_000) {
            world.tally[.connectionReset] += 1
            return reset()
        }
        let arrival = max(
            lanes[source].lastArrival + 1, world.now + world.streams.network.tailed(world.options.latency))
        lanes[source].lastArrival = arrival
        lanes[source].frames.append((arrival, deliver))
        world.after(arrival - world.now) { [weak self] in self?.pump(source) }
    }

    /// Closes this end; the other learns it after what was sent before.
    package func close(from process: SimulatedProcess) {
        guard let source = end(process), isOpen[source] else { return }
        let other = 1 - source
        send(from: process) { [weak self] in self?.lose(other) }
        isOpen[source] = false
        lossHandlers[source] = nil
    }

    /// Both ends learn, each in its time, that the connection is gone.
    func reset() {
        let world = network.world
        for end in [0, 1] {
            world.after(world.streams.network.tailed(world.options.latency)) { [weak self] in self?.lose(end) }
        }
    }

    /// One end learns it now, the other when its patience ends.
    func breakHalf() {
        let world = network.world
        let first = world.streams.network.index(below: 2)
        world.after(world.streams.network.tailed(world.options.latency)) { [weak self] in self?.lose(first) }
        world.after(Self.patience) { [weak self] in self?.lose(1 - first) }
    }

    /// A process at one end is gone; its kernel resets the other, where it is reached.
    func lost(_ process: SimulatedProcess) {
        guard let gone = end(process) else { return }
        isOpen[gone] = false
        lossHandlers[gone] = nil
        let world = network.world
        let isReached = !network.isCut(ends[gone].address, ends[1 - gone].address)
        let span = isReached ? world.streams.network.tailed(world.options.latency) : Self.patience
        world.after(span) { [self] in lose(1 - gone) }
    }

    private func lose(_ end: Int) {
        guard isOpen[end] else { return }
        isOpen[end] = false
        lanes[1 - end] = Lane()
        let handler = lossHandlers[end]
        lossHandlers[end] = nil
        if !isUp { network.forget(self) }
        if let handler { ends[end].run(handler) }
    }

    // MARK: Delivery

    func pump() {
        pump(0)
        pump(1)
    }

    private func pump(_ source: Int) {
        let world = network.world
        let path = Network.Path(source: ends[source].address, target: ends[1 - source].address)
        while lanes[source].start < lanes[source].frames.count {
            let frame = lanes[source].frames[lanes[source].start]
            guard isOpen[1 - source], frame.arrival <= world.now else { return }
            if network.isCut(path.source, path.target) { return wait(source) }
            if let end = network.clogEnd(path) {
                return world.after(end - world.now) { [weak self] in self?.pump(source) }
            }
            lanes[source].stuckSince = nil
            lanes[source].start += 1
            if lanes[source].start == lanes[source].frames.count {
                lanes[source].frames.removeAll(keepingCapacity: true)
                lanes[source].start = 0
            }
            ends[1 - source].run(frame.deliver)
        }
    }

    /// Frames wait for the cut to heal; when it takes too long the sender gives up.
    private func wait(_ source: Int) {
        let world = network.world
        guard lanes[source].stuckSince == nil else { return }
        let since = world.now
        lanes[source].stuckSince = since
        world.after(Self.patience) { [weak self] in
            guard let self, lanes[source].stuckSince == since else { return }
            lose(source)
            // The receiver hears nothing of it while the cut lasts; its own keep-alive ends then too.
            lose(1 - source)
        }
    }
}
