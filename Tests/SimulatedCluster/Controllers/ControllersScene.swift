// SPDX-License-Identifier: Apache-2.0

import ControllerNode
import Coordinator
import Primitives
import Simulation
import StorageEngine

/// The controllers of a cluster as they run, on disks, a network and clocks that break, with clients that register
/// brokers, make and end topics and take producer ids.
package final class ControllersScene: Scene {
    package let world: World
    package let network: Network
    package private(set) var machines: [Machine] = []
    let checker: MetadataChecker
    let ids: [NodeID]
    let settings: BrokerSettings
    let limits: RaftLimits
    private let initial: VoterSet
    private var directories: [IncarnationID] = []
    private var controllers: [NodeID: SimulatedController] = [:]
    /// The longest time between two requests.
    private let pace: Nanoseconds
    private var brokers: [SimulatedRegistration]
    private var topicCount = 0
    /// Created after the faults had ended.
    private var lastTopicIsAcknowledged = false
    private var acknowledgedEnd = Offset.zero

    package init(world: World, network: Network) {
        self.world = world
        self.network = network
        checker = MetadataChecker(world: world)
        let count = world.options.voterCount
        ids = (1...Int32(count + 2)).map { NodeID($0) }
        var limits = RaftLimits()
        limits.messageByteCountMax = ByteCount(world.streams.workload.pick([1000, 1 << 20]))
        limits.snapshotChunkByteCountMax = ByteCount(1000)
        limits.retainedByteCountMax = ByteCount(world.streams.workload.pick([0, 1000, 100_000]))
        self.limits = limits
        pace = .milliseconds(world.streams.workload.pick([60, 300, 1000]))
        var layers = SettingLayers()
        layers.flags = [
            "broker.session.timeout.ms": "3000",
            "myelin.metadata.snapshot.records": "\(world.streams.workload.pick([10, 60, 1000]))",
        ]
        do throws(SettingError) { settings = try BrokerSettings(layers) } catch { preconditionFailure("\(error)") }
        for _ in ids { directories.append(IncarnationID.random(using: &world.streams.workload)) }
        initial = VoterSet(ids.prefix(count).map { Voter(id: $0, directory: nil, host: "simulated", port: 1) })
        brokers = (1...3).map { SimulatedRegistration(id: NodeID($0), using: &world.streams.workload) }
        for id in ids { addMachine(id) }
    }

    private func addMachine(_ id: NodeID) {
        let machine = Machine(world: world, network: network, address: address(id))
        machine.start = { [unowned self, unowned machine] process, disk in
            do throws(MetadataOpenError) {
                let controller = try SimulatedController(process: process, disk: disk, member: member(id), scene: self)
                controllers[id] = controller
                machine.diskCompleted = { controller.turn() }
                controller.begin()
            } catch {
                switch error {
                case .disk(let fault), .log(.disk(let fault)): failed(process, fault)
                default: world.fail("the folder of a controller opens", "\(process.address): \(error)")
                }
            }
        }
        machines.append(machine)
    }

    private func member(_ id: NodeID) -> QuorumMember {
        QuorumMember(
            id: id, directory: directories[ids.firstIndex(of: id)!], host: "simulated", port: 1,
            cluster: ClusterID("simulated"))
    }

    private func voter(_ id: NodeID) -> Voter {
        Voter(id: id, directory: member(id).directory, host: "simulated", port: 1)
    }

    private func address(_ id: NodeID) -> NodeAddress { NodeAddress(.controller, Int64(id.rawValue)) }

    func initialVoters(of id: NodeID) -> VoterSet { initial[id] == nil ? .empty : initial }

    // MARK: Nodes

    func send(_ message: RaftMessage) {
        // Through bytes, as between processes.
        let bytes = message.encoded()
        let target = message.to.id
        network.send(from: address(message.from.id), to: address(target)) { [unowned self] in
            guard let controller = controllers[target], controller.process.isAlive else { return }
            do throws(DecodeError) { controller.receive(try RaftMessage(decoding: bytes)) } catch {
                world.fail("a message reads as it was written", "\(error)")
            }
        }
    }

    private var running: [SimulatedController] { ids.compactMap { controllers[$0] }.filter(\.process.isAlive) }

    /// The one that leads the newest term, of those that can answer.
    private var leader: SimulatedController? {
        running.filter { !$0.process.isPaused && $0.controller.isActive }
            .max { $0.controller.term < $1.controller.term }
    }

    // MARK: Work

    package func begin() {
        for machine in machines { machine.boot() }
        work()
        supervise()
    }

    private func work() {
        world.after(world.streams.workload.span(.milliseconds(5), pace)) { [self] in
            // Those that decide and those that do not know yet that they were replaced; seldom one that never did.
            let believers = running.filter { $0.controller.isActive }
            let asked = world.streams.workload.chance(1, in: 8) || believers.isEmpty ? running : believers
            if !asked.isEmpty {
                let controller = world.streams.workload.pick(asked)
                // One that is paused answers when it goes on, believing what it believed before.
                controller.process.run { [self] in
                    for _ in 0..<(world.streams.workload.chance(1, in: 6) ? 5 : 1) { ask(controller) }
                    controller.turn()
                }
            }
            work()
        }
    }

    private func ask(_ controller: SimulatedController) {
        switch world.streams.workload.index(below: 8) {
        case 0, 1: register(at: controller)
        case 2, 3: createTopic(at: controller)
        case 4: deleteTopic(at: controller)
        case 5: createAgain(at: controller)
        default: allocate(at: controller)
        }
    }

    private func register(at node: SimulatedController) {
        let place = world.streams.workload.index(below: brokers.count)
        if world.streams.workload.chance(1, in: 6) { brokers[place].startAgain(using: &world.streams.workload) }
        let broker = brokers[place]
        node.controller.submit(broker.registration) { [self] result in
            guard case .success(.success(let epoch)) = result else { return }
            checker.registered(broker.incarnation, as: epoch)
            if brokers[place].incarnation == broker.incarnation { brokers[place].epoch = epoch }
            // It may submit from here: the command waits for the next round.
            let heartbeat = BrokerHeartbeat(broker: broker.id, epoch: epoch, metadataOffset: node.controller.nextOffset)
            node.controller.submit(heartbeat) { _ in }
        }
    }

    private func createTopic(at node: SimulatedController) {
        topicCount += 1
        let number = Int64(topicCount)
        let name = "topic\(number)"
        let isLast = !world.isDisturbed
        checker.asked(toCreate: name)
        let command = CreateTopics([NewTopic(name: name, partitionCount: 2, replicationFactor: 1)])
        node.controller.submit(command, validateOnly: false) { [self] result, end in
            switch result {
            case .success(let outcome):
                guard case .success(let topic)? = outcome.first else { return checker.refused(name) }
                world.note("creates", node.process.address, number, end.rawValue)
                checker.created(name, topic.id, by: end, at: node.process.address)
                acknowledgedEnd = max(acknowledgedEnd, end)
                if isLast { lastTopicIsAcknowledged = true }
            case .failure(.outcomeUnknown): break
            case .failure: checker.refused(name)
            }
        }
    }

    private func deleteTopic(at node: SimulatedController) {
        guard let name = checker.lastingTopics.randomElement(using: &world.streams.workload) else { return }
        checker.asked(toDelete: name)
        node.controller.submit(DeleteTopics([.name(name)]), validateOnly: false) { [self] result, end in
            guard case .success(let outcome) = result else { return }
            guard case .success? = outcome.first else {
                return world.fail("what was acknowledged stays", "\(node.process.address) has no \(name) to delete")
            }
            checker.deleted(name, by: end, at: node.process.address)
            acknowledgedEnd = max(acknowledgedEnd, end)
        }
    }

    /// Writes nothing when it is decided on what was acknowledged.
    private func createAgain(at node: SimulatedController) {
        guard let name = checker.lastingTopics.randomElement(using: &world.streams.workload) else { return }
        node.controller.submit(CreateTopics([NewTopic(name: name)], validateOnly: true)) { [self] result in
            guard case .success(let outcome) = result, checker.lastingTopics.contains(name) else { return }
            var refusal: CreateTopicRefusal?
            if case .failure(let reason)? = outcome.first { refusal = reason }
            checker.refusedAnew(name, refusal, at: node.process.address)
        }
    }

    private func allocate(at node: SimulatedController) {
        let broker = world.streams.workload.pick(brokers)
        guard let epoch = broker.epoch else { return }
        node.controller.submit(AllocateProducerIDs(broker: broker.id, epoch: epoch)) { [self] result in
            if case .success(.success(let block)) = result { checker.allocated(block) }
        }
    }

    // MARK: Faults

    package func disturb(with fault: Fault) -> Bool {
        guard let leader else { return false }
        switch fault {
        case .leadershipTransfer:
            let target = world.streams.workload.pick(leader.controller.voters.voters).id
            leader.process.run {
                leader.controller.transferLeadership(to: target) { _ in }
                leader.turn()
            }
        case .membershipChange:
            guard let change = leader.controller.voters.change(among: ids.map(voter), using: &world.streams.workload)
            else {
                return false
            }
            leader.process.run {
                leader.controller.change(change) { _ in }
                leader.turn()
            }
        default: return false
        }
        return true
    }

    // MARK: The end

    package func faultsEnded() {}

    package var hasRecovered: Bool {
        guard lastTopicIsAcknowledged, let leader else { return false }
        return leader.controller.voters.voters.allSatisfy { voter in
            controllers[voter.id].map { $0.controller.nextOffset >= acknowledgedEnd } ?? false
        }
    }

    package var whatIsMissing: String {
        "acknowledged \(acknowledgedEnd); " + running.map(\.description).joined(separator: "; ")
    }

    package func checkHistory() {
        guard let leader else { return world.fail("somebody decides at the end", whatIsMissing) }
        checker.checkHistory(upTo: leader.controller.nextOffset, by: leader.process.address)
    }
}

/// A broker as controllers know it: an id, and another incarnation after each start.
struct SimulatedRegistration {
    let id: NodeID
    private(set) var incarnation: IncarnationID
    var epoch: BrokerEpoch?

    init(id: NodeID, using entropy: inout Entropy) {
        self.id = id
        incarnation = IncarnationID.random(using: &entropy)
    }

    mutating func startAgain(using entropy: inout Entropy) {
        incarnation = IncarnationID.random(using: &entropy)
        epoch = nil
    }

    var registration: RegisterBroker {
        RegisterBroker(
            id: id, incarnation: incarnation,
            listeners: [BrokerListener(name: "PLAINTEXT", host: "simulated", port: 1, securityProtocol: .plaintext)],
            rpc: RPCEndpoint(host: "simulated", port: UInt16(id.rawValue)))
    }
}
