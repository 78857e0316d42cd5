// SPDX-License-Identifier: Apache-2.0

import Coordinator
import Primitives

/// A broker's way to the controller: follows the metadata and submits commands, over a connection that is made anew
/// whenever it breaks.
final class ControllerSession {
    private unowned let broker: ReplicaBroker
    private let office: MetadataOffice
    private var connection: Connection?
    private var lastNumber = 0
    /// What to do when no answer can come any more, in the order of the commands.
    private var unanswered: [(number: Int, giveUp: () -> Void)] = []

    init(broker: ReplicaBroker, office: MetadataOffice) {
        self.broker = broker
        self.office = office
    }

    func connect() {
        let process = broker.process
        broker.scene.network.connect(
            from: process, to: office.machine.address, accepted: { _, _ in },
            opened: { [weak self] connection in
                guard let self else { return }
                guard let connection else { return connect() }
                opened(connection)
            })
    }

    private func opened(_ connection: Connection) {
        self.connection = connection
        connection.onLoss(at: broker.process) { [weak self] in self?.lost() }
        let next = broker.replayedCount
        connection.send(from: broker.process) { [office, weak broker] in
            office.follow(connection, from: next) { records in broker?.replay(records) }
        }
        broker.sessionOpened()
    }

    private func lost() {
        connection = nil
        let open = unanswered
        unanswered = []
        for one in open { one.giveUp() }
        connect()
    }

    /// - Parameter reply: Gets nil when the connection broke first: the command may have been carried out.
    func submit<Command: ControllerCommand>(_ command: Command, reply: @escaping (Command.Outcome?) -> Void) {
        guard let connection else { return broker.process.after(.milliseconds(50)) { reply(nil) } }
        lastNumber += 1
        let number = lastNumber
        unanswered.append((number, { reply(nil) }))
        connection.send(from: broker.process) { [office, weak self] in
            office.submit(command) { outcome in
                guard let listener = office.machine.process else { return }
                connection.send(from: listener) { self?.answer(number) { reply(outcome) } }
            }
        }
    }

    private func answer(_ number: Int, _ body: () -> Void) {
        guard let place = unanswered.firstIndex(where: { $0.number == number }) else { return }
        unanswered.remove(at: place)
        body()
    }
}
