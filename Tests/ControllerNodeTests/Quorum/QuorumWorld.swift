// SPDX-License-Identifier: Apache-2.0

import ControllerNode
import Coordinator
import Primitives
import Simulation
import StorageEngine

/// Controllers on simulated disks and an in-memory network, in one thread, driven by one clock.
final class QuorumWorld {
    static let wallClock = Timestamp(1_700_000_000_000)

    private(set) var now = Instant(nanoseconds: 0)
    private(set) var nodes: [Node] = []
    /// Messages on their way, first in first out for each pair.
    private var network: [(message: RaftMessage, arrival: Instant)] = []
    /// Pairs that do not reach each other, by direction.
    var cuts: Set<[Int32]> = []
    private var entropy: Entropy
    let settings: BrokerSettings

    /// A controller and its disk; without a controller it is down.
    final class Node: QuorumPort {
        let id: NodeID
        let disk: SimulatedDisk
        unowned let world: QuorumWorld
        fileprivate(set) var controller: QuorumController?
        private(set) var publications: [MetadataPublication] = []

        init(_ id: Int32, disk: SimulatedDisk, world: QuorumWorld) {
            self.id = NodeID(id)
            self.disk = disk
            self.world = world
        }

        var member: QuorumMember {
            QuorumMember(
                id: id, directory: IncarnationID(high: 7, low: UInt64(id.rawValue)), host: "c\(id)", port: 9191,
                cluster: ClusterID("cluster"))
        }

        var voter: Voter { Voter(id: id, directory: member.directory, host: "c\(id)", port: 9191) }

        func send(_ message: RaftMessage) { world.carry(message) }

        fileprivate func start(_ controller: QuorumController) {
            publications = []
            self.controller = controller
            controller.subscribe { [unowned self] in publications.append($0) }
        }
    }

    init(count: Int32, voters: ClosedRange<Int32>? = nil, settings: [String: String] = [:], seed: UInt64 = 1) throws {
        entropy = Entropy(seed: seed)
        var layers = ["broker.session.timeout.ms": "2000"]
        layers.merge(settings) { $1 }
        self.settings = try BrokerSettings(SettingLayers(flags: layers))
        nodes = (1...count).map { Node($0, disk: SimulatedDisk(seed: seed &* 100 &+ UInt64($0)), world: self) }
        let set = VoterSet(
            (voters ?? 1...count).map { Voter(id: NodeID($0), directory: nil, host: "c\($0)", port: 9191) })
        for node in nodes {
            initialVoters[node.id] = set.voters.contains { $0.id == node.id } ? set : .empty
            try start(node.id.rawValue)
        }
    }

    private var initialVoters: [NodeID: VoterSet] = [:]

    subscript(id: Int32) -> Node { nodes[Int(id) - 1] }

    func start(_ id: Int32) throws {
        let node = self[id]
        let controller = try QuorumController(
            opening: node.disk, member: node.member, voters: initialVoters[node.id], settings: settings,
            entropy: entropy.split(), port: node, at: time)
        node.start(controller)
        controller.contactsFound(nodes.map(\.id).filter { $0 != node.id }, at: time)
        controller.turn(at: time)
    }

    /// The power goes: what was not synchronized may be lost.
    func crash(_ id: Int32) {
        self[id].controller = nil
        self[id].disk.crash()
    }

    /// Like a frozen process: it does nothing, and nothing reaches it.
    func isolate(_ id: Int32) {
        for other in nodes where other.id.rawValue != id {
            cuts.insert([id, other.id.rawValue])
            cuts.insert([other.id.rawValue, id])
        }
    }

    func heal() { cuts = [] }

    fileprivate func carry(_ message: RaftMessage) {
        guard !cuts.contains([message.from.id.rawValue, message.to.id.rawValue]) else { return }
        network.append((message, now.advanced(byMilliseconds: 1)))
    }

    var time: ControllerTime { ControllerTime(now: now, wallClock: Self.wallClock) }

    /// Lets a millisecond pass.
    func tick() {
        now = now.advanced(byMilliseconds: 1)
        let arrived = network.filter { $0.arrival <= now }
        network.removeAll { $0.arrival <= now }
        for (message, _) in arrived {
            guard !cuts.contains([message.from.id.rawValue, message.to.id.rawValue]) else { continue }
            guard Int(message.to.id.rawValue) <= nodes.count else { continue }
            // Through bytes, as between processes.
            guard let carried = try? RaftMessage(decoding: message.encoded()) else {
                preconditionFailure("\(message) does not survive its encoding")
            }
            self[message.to.id.rawValue].controller?.receive(carried, from: message.from.id, at: time)
        }
        for node in nodes { node.controller?.turn(at: time) }
    }

    /// Whether the condition holds within ten simulated seconds.
    func run(until condition: () -> Bool) -> Bool {
        for _ in 0..<10_000 {
            if condition() { return true }
            tick()
        }
        return condition()
    }

    func run(milliseconds: Int) { for _ in 0..<milliseconds { tick() } }

    var active: Node? {
        nodes.filter { $0.controller?.isActive ?? false }.max {
            ($0.controller?.term ?? .zero) < ($1.controller?.term ?? .zero)
        }
    }

    /// Submits to the active controller and runs until it is answered.
    func run<Command: ControllerCommand>(_ command: Command) -> Result<Command.Outcome, SubmitRefusal>? {
        guard run(until: { self.active != nil }) else { return nil }
        var answer: Result<Command.Outcome, SubmitRefusal>?
        active?.controller?.submit(command) { answer = $0 }
        _ = run { answer != nil }
        return answer
    }

    /// Registers and unfences broker 1.
    func register() -> BrokerEpoch? {
        let listener = BrokerListener(name: "PLAINTEXT", host: "h", port: 9092, securityProtocol: .plaintext)
        let command = RegisterBroker(
            id: NodeID(1), incarnation: IncarnationID(high: 1, low: 1), listeners: [listener])
        guard case .success(.success(let epoch))? = run(command) else { return nil }
        let heartbeat = BrokerHeartbeat(
            broker: NodeID(1), epoch: epoch, metadataOffset: active?.controller?.nextOffset ?? .zero)
        guard case .success(.success(let standing))? = run(heartbeat), !standing.isFenced else { return nil }
        return epoch
    }

    /// Whether the topic was created; nil: nobody knows.
    func create(_ name: String) -> Bool? {
        switch run(CreateTopics([NewTopic(name: name, partitionCount: 2, replicationFactor: 1)])) {
        case .success(let outcome)?: if case .success = outcome[0] { true } else { false }
        case .failure(.outcomeUnknown)?, nil: nil
        case .failure?: false
        }
    }

    /// Whether all that run hold the same metadata within ten seconds.
    func converge() -> Bool {
        run {
            guard let active = self.active?.controller else { return false }
            return self.nodes.allSatisfy { node in
                guard let controller = node.controller else { return true }
                return controller.nextOffset == active.nextOffset && controller.image == active.image
            }
        }
    }
}
