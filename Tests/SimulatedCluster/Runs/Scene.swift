// SPDX-License-Identifier: Apache-2.0

import Primitives
import StorageEngine

/// A cluster under test with its clients and the promises it is held to.
package protocol Scene: Disturbable {
    func begin()
    /// The faults have ended: what a lasting disturbance would leave undone may be finished now.
    func faultsEnded()
    /// Whether the cluster does its work again and every client has its answers.
    var hasRecovered: Bool { get }
    /// What keeps it from that, for people.
    var whatIsMissing: String { get }
    /// Compares what the clients saw with what the cluster holds.
    func checkHistory()
}

extension Scene {
    /// What is down starts again after a while.
    func supervise() {
        world.after(world.streams.process.span(.milliseconds(200), .seconds(4))) { [self] in
            let down = machines.filter { !$0.isUp }
            if !down.isEmpty { down[world.streams.process.index(below: down.count)].boot() }
            supervise()
        }
    }

    /// A process whose disk fails ends; after a failed synchronize the machine has to start anew as well, because its page
    /// cache shows what the disk does not hold.
    func failed(_ process: SimulatedProcess, _ fault: DiskFault) {
        guard process.isAlive, let machine = machines.first(where: { $0.address == process.address }) else { return }
        world.note("disk fault", process.address, Int64(fault.errno))
        if fault.operation == .synchronize { machine.cutPower() } else { machine.kill() }
    }
}
