// SPDX-License-Identifier: Apache-2.0

import Coordinator
import Primitives
import Simulation

/// The controller of a scene that is about brokers: decides with the real decisions, and keeps what it decided on a log
/// that a crash may shorten by what nobody was told.
final class MetadataOffice {
    let machine: Machine
    let settings: BrokerSettings
    private unowned let scene: ReplicaScene
    private var records: [MetadataRecord] = []
    private var committedCount = 0
    private var entropy: Entropy
    // Of the life of now.
    private var image = MetadataImage()
    private var sessions = BrokerSessions()
    private var subscribers: [Subscriber] = []
    private var committed = MetadataDeltaRecorder(from: MetadataImage())

    private final class Subscriber {
        let connection: Connection
        let deliver: ([MetadataRecord]) -> Void
        var next: Int

        init(_ connection: Connection, from next: Int, _ deliver: @escaping ([MetadataRecord]) -> Void) {
            (self.connection, self.next, self.deliver) = (connection, next, deliver)
        }
    }

    init(scene: ReplicaScene, settings: BrokerSettings) {
        self.scene = scene
        self.settings = settings
        entropy = scene.world.streams.workload.split()
        machine = Machine(world: scene.world, network: scene.network, address: NodeAddress(.controller, 1))
        machine.start = { [unowned self] process, _ in begin(process) }
    }

    private func begin(_ process: SimulatedProcess) {
        // What was decided and not yet told may be there or not.
        let kept = committedCount + entropy.index(below: records.count - committedCount + 1)
        records.removeSubrange(kept...)
        subscribers = []
        image = MetadataImage()
        do throws(ReplayError) { for record in records { try image.replay(record) } } catch {
            return scene.world.fail("the metadata log replays", "\(error)")
        }
        sessions = BrokerSessions(start: process.now, timeoutMilliseconds: 2000)
        sessions.follow(image)
        commit(through: records.count)
        if image.features().isEmpty {
            let features = Features.supported.map { FeatureUpdate(name: $0.name, level: $0.levelMax) }
            submit(UpdateFeatures(features)) { _ in }
        }
        tick(process)
    }

    private func tick(_ process: SimulatedProcess) {
        process.after(.milliseconds(100)) { [self] in
            let expired = sessions.expired(on: image, at: process.now)
            if !expired.isEmpty { submit(FenceBrokers(expired)) { _ in } }
            scene.officeTicked()
            tick(process)
        }
    }

    var isUp: Bool { machine.process?.isPaused == false }
    var currentImage: MetadataImage { image }

    /// Decides at once; publishes and answers when the records are on the disk.
    func submit<Command: ControllerCommand>(_ command: Command, reply: @escaping (Command.Outcome) -> Void) {
        guard let process = machine.process else { return }
        let state = ControllerState(
            image: image, settings: settings, node: NodeID(1), nextOffset: Offset(Int64(records.count)),
            sessions: sessions, now: process.now)
        let decision = command.decide(on: state, using: &entropy)
        if let contact = decision.contact { sessions.note(contact, at: process.now) }
        do throws(ReplayError) { for record in decision.records { try image.replay(record) } } catch {
            return scene.world.fail("decisions follow from the metadata", "\(Command.name): \(error)")
        }
        if !decision.records.isEmpty { sessions.follow(image) }
        records += decision.records
        let end = records.count
        guard end > committedCount else { return reply(decision.outcome) }
        process.after(scene.world.streams.disk.tailed(scene.world.options.synchronizeTime)) { [self] in
            commit(through: max(end, committedCount))
            reply(decision.outcome)
        }
    }

    private func commit(through count: Int) {
        guard let process = machine.process else { return }
        for record in records[committedCount..<count] {
            do throws(ReplayError) { try committed.replay(record) } catch {
                return scene.world.fail("the metadata log replays", "\(error)")
            }
        }
        committedCount = count
        scene.decided(committed.delta(), committed.image)
        committed = MetadataDeltaRecorder(from: committed.image)
        for subscriber in subscribers { publish(to: subscriber, process) }
    }

    func follow(_ connection: Connection, from next: Int, _ deliver: @escaping ([MetadataRecord]) -> Void) {
        guard let process = machine.process else { return }
        let subscriber = Subscriber(connection, from: next, deliver)
        subscribers.append(subscriber)
        connection.onLoss(at: process) { [weak self] in self?.subscribers.removeAll { $0 === subscriber } }
        publish(to: subscriber, process)
    }

    private func publish(to subscriber: Subscriber, _ process: SimulatedProcess) {
        guard subscriber.next < committedCount else { return }
        let news = Array(records[subscriber.next..<committedCount])
        subscriber.next = committedCount
        subscriber.connection.send(from: process) { subscriber.deliver(news) }
    }
}
