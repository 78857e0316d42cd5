// SPDX-License-Identifier: Apache-2.0

import Primitives
import Simulation
import StorageEngine

/// What a nemesis may break: the machines of a run, and what only the scene knows how to do.
package protocol Disturbable: AnyObject {
    var world: World { get }
    var network: Network { get }
    var machines: [Machine] { get }
    /// Does a fault that belongs to this kind of cluster; returns whether it was reached.
    func disturb(with fault: Fault) -> Bool
}

/// Lets faults happen, each kind at its own times, until the world is no longer disturbed.
package final class Nemesis {
    private unowned let target: any Disturbable
    private let world: World
    private var streams: [Entropy]

    package init(_ target: any Disturbable) {
        self.target = target
        world = target.world
        var root = Entropy(seed: world.seed ^ 0x6e65_6d65_7369_73)
        streams = Fault.allCases.map { _ in root.split() }
    }

    package func begin() {
        for (place, fault) in Fault.allCases.enumerated() where world.has(fault) { schedule(fault, place) }
    }

    private func schedule(_ fault: Fault, _ place: Int) {
        let interval = world.options.faultInterval
        world.after(streams[place].span(interval / 4, interval * 7 / 4)) { [self] in
            guard world.has(fault) else { return }
            strike(fault, &streams[place])
            schedule(fault, place)
        }
    }

    private func strike(_ fault: Fault, _ entropy: inout Entropy) {
        switch fault {
        case .kill, .powerCut: crash(fault, &entropy)
        case .pause:
            guard let machine = running(&entropy), let process = machine.process else { return }
            process.pause(for: entropy.span(.milliseconds(100), .seconds(entropy.chance(1, in: 4) ? 20 : 3)))
            world.note("pause", machine.address)
            world.tally[fault] += 1
        case .partition, .oneWayPartition, .bridgePartition: divide(fault, &entropy)
        case .clog: clog(&entropy)
        case .replay: for _ in 0..<entropy.number(in: 1...5) { target.network.replayOne() }
        case .connectionReset: target.network.resetOne()
        case .wallClockJump, .clockDrift: disturbClock(fault, &entropy)
        case .slowDisk, .synchronizeError, .inputOutputError, .fullDisk:
            guard let machine = running(&entropy) else { return }
            disturbDisk(of: machine, fault, &entropy)
        case .membershipChange, .leadershipTransfer, .reassignment, .bitRot, .misdirectedWrite, .shortenedFile:
            if target.disturb(with: fault) { world.tally[fault] += 1 }
        case .loss, .duplication, .halfOpen, .buggify: break
        }
    }

    private func running(_ entropy: inout Entropy) -> Machine? {
        let up = target.machines.filter(\.isUp)
        return up.isEmpty ? nil : entropy.pick(up)
    }

    // MARK: Processes

    /// One machine, sometimes several, seldom all at once.
    private func crash(_ fault: Fault, _ entropy: inout Entropy) {
        let up = target.machines.filter(\.isUp)
        guard !up.isEmpty else { return }
        let all = entropy.chance(1, in: 10)
        for machine in all ? up : [entropy.pick(up)] {
            world.tally[fault] += 1
            switch fault {
            case .kill: machine.kill()
            case _ where entropy.chance(1, in: 2): machine.cutPower(atOperation: entropy.number(in: 1...40))
            default: machine.cutPower()
            }
        }
    }

    private func disturbClock(_ fault: Fault, _ entropy: inout Entropy) {
        guard let machine = running(&entropy), let process = machine.process else { return }
        world.tally[fault] += 1
        if fault == .clockDrift {
            return process.changeDrift(to: Int64(entropy.number(in: -100_000_000...100_000_000)))
        }
        process.jumpWallClock(by: Int64(entropy.number(in: -3_600_000...3_600_000)))
    }

    // MARK: Paths

    private func divide(_ fault: Fault, _ entropy: inout Entropy) {
        let addresses = target.machines.map(\.address)
        guard addresses.count > 1 else { return }
        var left: [NodeAddress] = []
        var right: [NodeAddress] = []
        for address in addresses {
            if entropy.chance(1, in: 2) { left.append(address) } else { right.append(address) }
        }
        if fault == .bridgePartition, let bridge = addresses.indices.randomElement(using: &entropy) {
            left.removeAll { $0 == addresses[bridge] }
            right.removeAll { $0 == addresses[bridge] }
        }
        guard !left.isEmpty, !right.isEmpty else { return }
        world.tally[fault] += 1
        world.note("cut", left[0], Int64(left.count), Int64(right.count), fault == .oneWayPartition ? 1 : 0)
        target.network.cut(left, right)
        if fault != .oneWayPartition { target.network.cut(right, left) }
        let span = entropy.span(.milliseconds(200), .seconds(entropy.chance(1, in: 4) ? 25 : 5))
        world.after(span) { [self] in target.network.heal() }
    }

    private func clog(_ entropy: inout Entropy) {
        let addresses = target.machines.map(\.address)
        let source = entropy.pick(addresses)
        let destination = entropy.pick(addresses)
        guard source != destination else { return }
        world.tally[.clog] += 1
        target.network.clog(source, destination, for: entropy.span(.milliseconds(50), .seconds(5)))
    }

    // MARK: Disks

    private func disturbDisk(of machine: Machine, _ fault: Fault, _ entropy: inout Entropy) {
        let ordinal = entropy.number(in: 1...20)
        switch fault {
        case .slowDisk:
            machine.slowDisk(entropy.span(.milliseconds(5), .seconds(2)), for: .seconds(5))
        case .synchronizeError:
            machine.disk.plan(.failure(errno: 5), at: ordinal, of: .synchronize)
        case .inputOutputError:
            machine.disk.plan(
                .failure(errno: 5), at: ordinal, of: entropy.pick([.write, .read, .open, .rename, .allocate]))
        default:
            machine.disk.capacity = 0
            world.after(entropy.span(.milliseconds(500), .seconds(8))) { machine.disk.capacity = 1 << 40 }
        }
        world.tally[fault] += 1
    }

    /// Ends all faults: paths are open, what is down starts, what is paused goes on, disks work.
    package func end() {
        world.isDisturbed = false
        target.network.heal()
        for machine in target.machines {
            machine.disk.forgetPlans()
            machine.disk.capacity = 1 << 40
            machine.slowDisk(0, for: 0)
            machine.process?.goOn()
            machine.boot()
        }
    }
}
