// SPDX-License-Identifier: Apache-2.0

import Primitives
import SimulatedCluster
import Testing

@Suite struct WorldTests {
    private func world(_ seed: UInt64 = 1, _ faults: Set<Fault> = []) -> World {
        World(seed: seed, options: SwarmOptions(seed: seed, without: Set(Fault.allCases).subtracting(faults)))
    }

    @Test("things happen in the order of their times")
    func order() {
        let world = world()
        var seen: [Int64] = []
        for span: Int64 in [30, 10, 50, 20, 40] { world.after(span) { seen.append(world.now) } }
        world.run(until: 45)
        #expect(seen == [10, 20, 30, 40])
        #expect(world.now == 45)
    }

    @Test("the seed decides the order of what happens at one time")
    func ties() {
        func order(_ seed: UInt64) -> [Int] {
            let world = world(seed)
            var seen: [Int] = []
            for number in 0..<20 { world.after(5) { seen.append(number) } }
            world.run(until: 10)
            return seen
        }
        #expect(order(1) == order(1))
        #expect(order(1) != order(2))
        #expect(order(1) != Array(0..<20))
    }

    @Test("nothing runs after a promise was broken")
    func violation() {
        let world = world()
        var ran = false
        world.after(1) { world.fail("first", "a") }
        world.after(2) { ran = true }
        world.run(until: 10)
        world.fail("second", "b")
        #expect(!ran)
        #expect(world.violation?.invariant == "first")
        #expect(world.violation?.time == 1)
    }

    @Test("what is scheduled for a process dies with it and waits while it is paused")
    func processes() {
        let world = world()
        let process = SimulatedProcess(world: world, address: NodeAddress(.broker, 1), life: 1, wallOffset: 0)
        var seen: [Int64] = []
        process.after(10) { seen.append(world.now) }
        process.after(30) { seen.append(world.now) }
        process.pause(for: 20)
        world.run(until: 25)
        #expect(seen == [20])
        process.end()
        world.run(until: 50)
        #expect(seen == [20])
    }

    @Test("a clock that runs fast reaches a deadline early, and its wall time jumps alone")
    func clocks() {
        let world = world()
        let process = SimulatedProcess(world: world, address: NodeAddress(.broker, 1), life: 1, wallOffset: 0)
        process.changeDrift(to: 100_000_000)
        let (start, wall) = (process.now, process.wallClock)
        var woken: Nanoseconds = 0
        process.wake(at: start.advanced(by: .milliseconds(1100))) { woken = world.now }
        process.jumpWallClock(by: 3_600_000)
        world.run(until: .seconds(2))
        #expect(abs(woken - .seconds(1)) < .microseconds(1))
        #expect(process.wallClock.rawValue - wall.rawValue == 3_602_000)
    }

    @Test("a connection delivers in order, across a cut only after it heals")
    func connections() throws {
        let world = world()
        let network = Network(world: world)
        let nodes = [1, 2].map { number in
            SimulatedProcess(world: world, address: NodeAddress(.broker, number), life: Int(number), wallOffset: 0)
        }
        for node in nodes { network.join(node) }
        var seen: [Int] = []
        var opened: Connection?
        network.connect(from: nodes[0], to: nodes[1].address, accepted: { _, _ in }, opened: { opened = $0 })
        world.run(until: .seconds(1))
        let connection = try #require(opened)
        for number in 0..<50 { connection.send(from: nodes[0]) { seen.append(number) } }
        world.run(until: .seconds(2))
        #expect(seen == Array(0..<50))
        network.cut([nodes[0].address], [nodes[1].address])
        connection.send(from: nodes[0]) { seen.append(50) }
        world.run(until: .seconds(3))
        #expect(seen.count == 50)
        network.heal()
        world.run(until: .seconds(4))
        #expect(seen.count == 51)
        var isLost = false
        connection.onLoss(at: nodes[0]) { isLost = true }
        nodes[1].end()
        network.ended(nodes[1])
        world.run(until: .seconds(5))
        #expect(isLost)
    }

    @Test("switching a fault off leaves everything else that the seed draws")
    func swarm() {
        for seed in 1...100 as ClosedRange<UInt64> {
            let all = SwarmOptions(seed: seed)
            let fewer = SwarmOptions(seed: seed, without: [.kill, .loss])
            #expect(fewer.faults == all.faults.subtracting([.kill, .loss]))
            #expect(fewer.disturbed == all.disturbed && fewer.latency == all.latency)
        }
    }
}
