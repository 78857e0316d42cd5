// SPDX-License-Identifier: Apache-2.0

public import Primitives

public enum UnregisterBrokerRefusal: Error, Hashable, Sendable, Codable {
    case unknownBroker(NodeID)
    /// It still has replicas, of the topic named first.
    case hasReplicas(topic: String)
}

/// Forgets a broker that has no replicas. One that still runs is told at its next heartbeat, and registers again.
public struct UnregisterBroker: ControllerCommand {
    public static var name: String { "UnregisterBroker" }

    public var id: NodeID

    public init(_ id: NodeID) { self.id = id }

    public typealias Outcome = Result<Done, UnregisterBrokerRefusal>

    public func decide(on state: ControllerState, using entropy: inout Entropy) -> Decision<Outcome> {
        guard let broker = state.image.broker(id) else { return Decision(.failure(.unknownBroker(id))) }
        let holding = state.image.topics(on: id).map(\.name).min()
        if let holding { return Decision(.failure(.hasReplicas(topic: holding))) }
        return Decision(.success(Done()), records: [.brokerUnregistered(id, epoch: broker.epoch)])
    }
}
