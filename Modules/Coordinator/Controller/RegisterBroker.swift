// SPDX-License-Identifier: Apache-2.0

public import Primitives

public enum RegisterBrokerRefusal: Error, Hashable, Sendable, Codable {
    case noListener
    /// Two listeners have one name.
    case listenerTwice(String)
    /// A finalized feature has a level that the broker does not understand.
    case unsupportedFeature(name: String, level: Int16, supported: FeatureRange?)
    case wrongCluster(found: ClusterID, expected: ClusterID)
    /// Another process with this id was heard of within the session time-out.
    case duplicateID(NodeID)
    /// Another broker registered with the same data folder: one of the two is a copy.
    case copiedDirectory(of: NodeID)
    /// Positive: the broker's clock is ahead of the controller's.
    case clockSkew(milliseconds: Int64, limit: Int64)
    /// A second broker needs facts that the cluster's metadata level does not have.
    case levelTooLow(Int16, needed: Int16)
}

/// Makes a broker known, or known again after a start.
///
/// It is fenced until a heartbeat says that it has replayed its own registration (KIP-631), and no replica of it is
/// in sync. With metadata level 1 a cluster has one broker, which is live at once.
/// - SeeAlso: docs/decisions/0013-elections-and-in-sync-sets.md
public struct RegisterBroker: ControllerCommand {
    public static var name: String { "RegisterBroker" }

    public var id: NodeID
    public var incarnation: IncarnationID
    public var listeners: [BrokerListener]
    public var rack: String?
    public var features: [FeatureRange]
    public var rpc: RPCEndpoint?
    /// The cluster that the broker's data folder belongs to; nil for a new folder.
    public var cluster: ClusterID?
    public var directory: IncarnationID?
    /// The epoch of the broker's registration before, when it stopped in order; nil after a crash.
    public var previousEpoch: BrokerEpoch?
    /// The broker's wall clock; `.none`: do not compare.
    public var time: Timestamp

    public init(
        id: NodeID, incarnation: IncarnationID, listeners: [BrokerListener], rack: String? = nil,
        features: [FeatureRange] = Features.supported, rpc: RPCEndpoint? = nil, cluster: ClusterID? = nil,
        directory: IncarnationID? = nil, previousEpoch: BrokerEpoch? = nil, time: Timestamp = .none
    ) {
        self.id = id
        self.incarnation = incarnation
        self.listeners = listeners
        self.rack = rack
        self.features = features
        self.rpc = rpc
        self.cluster = cluster
        self.directory = directory
        self.previousEpoch = previousEpoch
        self.time = time
    }

    /// The epoch of this registration. Registering one incarnation twice gives the same epoch and writes nothing.
    public typealias Outcome = Result<BrokerEpoch, RegisterBrokerRefusal>

    public func decide(on state: ControllerState, using entropy: inout Entropy) -> Decision<Outcome> {
        if let refusal = refusal(on: state) { return Decision(.failure(refusal)) }
        let known = state.image.broker(id)
        if let known, known.incarnation == incarnation {
            return Decision(.success(known.epoch), contact: contact(known.epoch))
        }
        let epoch = BrokerEpoch(state.nextOffset.rawValue)
        var draft = Draft(state)
        draft.add(.brokerRegistered(record(epoch, after: known, isFenced: state.image.allowsClusters)))
        if let known, state.image.allowsClusters { draft.relieve([id], because: departure(of: known)) }
        return Decision(.success(epoch), records: draft.records, contact: contact(epoch))
    }

    private func record(_ epoch: BrokerEpoch, after known: BrokerRecord?, isFenced: Bool) -> BrokerRecord {
        BrokerRecord(
            id: id, epoch: epoch, incarnation: incarnation, listeners: listeners, rack: rack,
            features: features.sorted { $0.name < $1.name }, isFenced: isFenced, rpc: rpc, directory: directory,
            isDraining: known?.isDraining ?? false)
    }

    private func departure(of known: BrokerRecord) -> Departure {
        if let before = known.directory, let directory, before != directory { return .lostData }
        return previousEpoch == known.epoch ? .clean : .unclean
    }

    private func contact(_ epoch: BrokerEpoch) -> BrokerContact {
        BrokerContact(broker: id, epoch: epoch, metadataOffset: .zero)
    }
}

extension RegisterBroker {
    private func refusal(on state: ControllerState) -> RegisterBrokerRefusal? {
        listenerRefusal ?? identityRefusal(on: state) ?? clockRefusal(on: state) ?? featureRefusal(on: state.image)
    }

    private var listenerRefusal: RegisterBrokerRefusal? {
        guard !listeners.isEmpty else { return .noListener }
        let twice = listeners.indices.first { position in
            listeners[..<position].contains { $0.name == listeners[position].name }
        }
        return twice.map { .listenerTwice(listeners[$0].name) }
    }

    private func identityRefusal(on state: ControllerState) -> RegisterBrokerRefusal? {
        if let cluster, let expected = state.cluster, cluster != expected {
            return .wrongCluster(found: cluster, expected: expected)
        }
        if let directory, let other = state.image.brokers().first(where: { $0.id != id && $0.directory == directory }) {
            return .copiedDirectory(of: other.id)
        }
        guard let known = state.image.broker(id), known.incarnation != incarnation else { return nil }
        let isTaken = !known.isInControlledShutdown && state.sessions.isLive(id, known.epoch, at: state.now)
        return isTaken ? .duplicateID(id) : nil
    }

    private func clockRefusal(on state: ControllerState) -> RegisterBrokerRefusal? {
        guard time != .none, state.time != .none else { return nil }
        let limit = Int64(state.settings[.clockSkewMillisecondsMax])
        let skew = ClockSkew(of: time, from: state.time, beyond: limit)
        return skew.map { .clockSkew(milliseconds: $0.milliseconds, limit: limit) }
    }

    private func featureRefusal(on image: MetadataImage) -> RegisterBrokerRefusal? {
        for feature in image.features() {
            let supported = features.first { $0.name == feature.name }
            guard let supported, supported.contains(feature.level) else {
                return .unsupportedFeature(name: feature.name, level: feature.level, supported: supported)
            }
        }
        guard !image.allowsClusters, image.brokers().contains(where: { $0.id != id }) else { return nil }
        return .levelTooLow(image.featureLevel(Features.metadata.name), needed: Features.clusterLevel)
    }
}
