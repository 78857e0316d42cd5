// SPDX-License-Identifier: Apache-2.0

import ControllerNode
import Coordinator
import Primitives
import Simulation
import StorageEngine

let now = Timestamp(1_700_000_000_000)

/// A controller on a simulated disk, driven by hand.
final class Bench {
    let disk: SimulatedDisk
    private(set) var controller: MetadataController
    private(set) var publications: [MetadataPublication] = []

    init(_ disk: SimulatedDisk, settings: [String: String] = [:]) throws {
        self.disk = disk
        controller = try MetadataController(
            opening: disk, node: NodeID(1), settings: BrokerSettings(SettingLayers(flags: settings)),
            entropy: Entropy(seed: 7), at: now)
        controller.subscribe { [unowned self] in publications.append($0) }
    }

    /// Submits, turns once, and returns the answer; nil while there is none.
    func run<Command: ControllerCommand>(_ command: Command) -> Result<Command.Outcome, SubmitRefusal>? {
        var answer: Result<Command.Outcome, SubmitRefusal>?
        controller.submit(command) { answer = $0 }
        controller.turn(at: now)
        return answer
    }

    /// Registers node 1, which is unfenced by its first heartbeat.
    func register() throws -> BrokerEpoch? {
        let listener = BrokerListener(name: "PLAINTEXT", host: "h", port: 9092, securityProtocol: .plaintext)
        let command = RegisterBroker(
            id: NodeID(1), incarnation: IncarnationID(high: 1, low: 1), listeners: [listener])
        guard let epoch = try run(command)?.get().get() else { return nil }
        let heartbeat = BrokerHeartbeat(broker: NodeID(1), epoch: epoch, metadataOffset: controller.nextOffset)
        guard case .success(.success(let standing))? = run(heartbeat), !standing.isFenced else { return nil }
        return epoch
    }

    /// Creates a topic of two partitions; nil when it was not answered or refused.
    func create(_ name: String) -> CreatedTopic? {
        guard case .success(let outcome) = run(CreateTopics([NewTopic(name: name, partitionCount: 2)])) else {
            return nil
        }
        return try? outcome[0].get()
    }
}
