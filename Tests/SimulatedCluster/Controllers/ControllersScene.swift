// SPDX-License-Identifier: Apache-2.0

import ControllerNode
import Coordinator
import Primitives
import Simulation
import StorageEngine

/// The controllers of a cluster as they run, on disks, a network and clocks that break, with clients that register
/// brokers, make and end topics and take producer ids.
package final class ControllersScene: Scene, ControllerHost {
    package let world: World
    package let network: Network
    package var machines: [Machine] { quorum.machines }
    let checker: MetadataChecker
    private let quorum: ControllerQuorum
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
        var limits = RaftLimits()
        limits.messageByteCountMax = ByteCount(world.streams.workload.pick([1000, 1 << 20]))
        limits.snapshotChunkByteCountMax = ByteCount(1000)
        limits.retainedByteCountMax = ByteCount(world.streams.workload.pick([0, 1000, 100_000]))
        pace = .milliseconds(world.streams.workload.pick([60, 300, 1000]))
        let flags = [
            "broker.session.timeout.ms": "3000",
            "myelin.metadata.snapshot.records": "\(world.streams.workload.pick([10, 60, 1000]))",
        ]
        quorum = ControllerQuorum(
            world: world, network: network, voterCount: world.options.voterCount, spareCount: 2, flags: flags,
            limits: limits)
        brokers = (1...3).map { SimulatedRegistration(id: NodeID($0), using: &world.streams.workload) }
        quorum.host = self
    }

    func published(_ image: MetadataImage, upTo end: Offset, by controller: SimulatedController) {
        checker.published(image, upTo: end, by: controller.process.address)
    }

    func decides(_ controller: SimulatedController, in term: Term) {
        checker.decides(controller.process.address, in: term)
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
            let believers = quorum.running.filter { $0.controller.isActive }
            let asked = world.streams.workload.chance(1, in: 8) || believers.isEmpty ? quorum.running : believers
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

    package func disturb(with fault: Fault) -> Bool { quorum.disturb(with: fault) }

    // MARK: The end

    package func faultsEnded() {}

    package var hasRecovered: Bool {
        lastTopicIsAcknowledged && quorum.hasPublished(upTo: acknowledgedEnd)
    }

    package var whatIsMissing: String {
        "acknowledged \(acknowledgedEnd); " + quorum.running.map(\.description).joined(separator: "; ")
    }

    package func checkHistory() {
        guard let leader = quorum.leader else { return world.fail("somebody decides at the end", whatIsMissing) }
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
