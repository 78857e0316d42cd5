// SPDX-License-Identifier: Apache-2.0

public import Primitives

public enum RegisterBrokerRefusal: Error, Hashable, Sendable {
    case noListener
    /// Two listeners have one name.
    case listenerTwice(String)
    /// A finalized feature has a level that the broker does not understand.
    case unsupportedFeature(name: String, level: Int16, supported: FeatureRange?)
}

/// Makes a broker known, or known again after a start. It is live at once: nothing is fenced while one node is the cluster.
public struct RegisterBroker: ControllerCommand {
    public var id: NodeID
    public var incarnation: IncarnationID
    public var listeners: [BrokerListener]
    public var rack: String?
    public var features: [FeatureRange]

    public init(
        id: NodeID, incarnation: IncarnationID, listeners: [BrokerListener], rack: String? = nil,
        features: [FeatureRange] = Features.supported
    ) {
        self.id = id
        self.incarnation = incarnation
        self.listeners = listeners
        self.rack = rack
        self.features = features
    }

    /// The epoch of this registration. Registering one incarnation twice gives the same epoch and writes nothing.
    public typealias Outcome = Result<BrokerEpoch, RegisterBrokerRefusal>

    public func decide(on state: ControllerState, using entropy: inout Entropy) -> Decision<Outcome> {
        if let refusal = refusal(on: state) { return Decision(.failure(refusal)) }
        if let known = state.image.broker(id), known.incarnation == incarnation {
            return Decision(.success(known.epoch))
        }
        let record = BrokerRecord(
            id: id, epoch: BrokerEpoch(state.nextOffset.rawValue), incarnation: incarnation, listeners: listeners,
            rack: rack, features: features.sorted { $0.name < $1.name }, isFenced: false)
        return Decision(.success(record.epoch), records: [.brokerRegistered(record)])
    }

    private func refusal(on state: ControllerState) -> RegisterBrokerRefusal? {
        guard !listeners.isEmpty else { return .noListener }
        for (position, listener) in listeners.enumerated()
        where listeners[..<position].contains(where: { $0.name == listener.name }) {
            return .listenerTwice(listener.name)
        }
        for feature in state.image.features() {
            let supported = features.first { $0.name == feature.name }
            guard let supported, (supported.levelMin...supported.levelMax).contains(feature.level) else {
                return .unsupportedFeature(name: feature.name, level: feature.level, supported: supported)
            }
        }
        return nil
    }
}

public enum UnregisterBrokerRefusal: Error, Hashable, Sendable {
    case unknownBroker(NodeID)
    /// It still has replicas, of the topic named first.
    case hasReplicas(topic: String)
}

/// Forgets a broker that has no replicas.
public struct UnregisterBroker: ControllerCommand {
    public var id: NodeID

    public init(_ id: NodeID) { self.id = id }

    public typealias Outcome = Result<Void, UnregisterBrokerRefusal>

    public func decide(on state: ControllerState, using entropy: inout Entropy) -> Decision<Outcome> {
        guard let broker = state.image.broker(id) else { return Decision(.failure(.unknownBroker(id))) }
        let holding = state.image.topicsByName().first { topic in
            topic.partitions.contains { $0.replicas.contains(id) }
        }
        if let holding { return Decision(.failure(.hasReplicas(topic: holding.name))) }
        return Decision(.success(()), records: [.brokerUnregistered(id, epoch: broker.epoch)])
    }
}
