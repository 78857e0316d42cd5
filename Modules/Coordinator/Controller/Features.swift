// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// Features of the cluster: what its nodes agree to write.
public enum Features {
    /// Format of the metadata log and of snapshots.
    ///
    /// Level 1 is a cluster of one broker. Level 2 adds what several need: fenced registrations, eligible leaders,
    /// reassignments, draining, losses. Level 3 adds client quotas and subscriptions to metrics of clients. A level goes
    /// back while none of the facts that it adds is there.
    public static let metadata = FeatureRange(name: "myelin.metadata", levelMin: 1, levelMax: 3)
    /// From this level of `metadata` on a cluster may have several brokers.
    static let clusterLevel: Int16 = 2
    /// From this level of `metadata` on there may be client quotas and subscriptions to metrics of clients.
    static let quotaLevel: Int16 = 3

    /// How clients take part in transactions (KIP-890). Level 2: Produce adds partitions by itself, and every end of a
    /// transaction raises the producer's epoch. Clients look for it; brokers serve those that do not as well.
    public static let transactions = FeatureRange(name: "transaction.version", levelMin: 1, levelMax: 2)

    /// What this version understands, sorted by name: for ApiVersions and for registration.
    ///
    /// Kafka's other features (`metadata.version`, `group.version`, `share.version`) stand for things that are not here, so
    /// none is claimed.
    public static let supported = [metadata, transactions]
}

extension MetadataImage {
    /// Whether the facts of several brokers may be written.
    var allowsClusters: Bool { featureLevel(Features.metadata.name) >= Features.clusterLevel }

    /// Whether client quotas and subscriptions to metrics of clients may be written.
    var allowsQuotas: Bool { featureLevel(Features.metadata.name) >= Features.quotaLevel }

    /// Whether there is anything that a metadata level cannot say.
    fileprivate func hasFacts(above level: Int16) -> Bool {
        if level < Features.quotaLevel, quotaEntityCount > 0 || !clientMetricsSubscriptions().isEmpty { return true }
        return level < Features.clusterLevel && hasClusterFacts
    }

    /// Whether there is anything that metadata level 1 cannot say and level 2 can.
    private var hasClusterFacts: Bool {
        let brokers = brokers()
        guard brokers.count <= 1, brokers.allSatisfy({ $0.isActive && !$0.isDraining }) else { return true }
        guard reassigningPartitions().isEmpty, losses().isEmpty else { return true }
        return !partitions { !$0.eligibleLeaderReplicas.isEmpty || $0.leader == .none }.isEmpty
    }
}

/// A feature whose level is to change.
public struct FeatureUpdate: Hashable, Sendable, Codable {
    /// What a request allows to happen; the words are Kafka's (KIP-584).
    public enum Direction: String, Sendable, Codable {
        case upgrade
        /// Down as well, unless something would be lost.
        case safeDowngrade
        /// Down even with a loss, which no feature here allows.
        case unsafeDowngrade
    }

    public var name: String
    /// 0 turns the feature off.
    public var level: Int16
    public var direction: Direction

    public init(name: String, level: Int16, direction: Direction = .upgrade) {
        self.name = name
        self.level = level
        self.direction = direction
    }
}

public enum UpdateFeatureRefusal: Error, Hashable, Sendable, Codable {
    case unknownFeature(String)
    case unsupportedLevel(Int16, supported: FeatureRange)
    /// A registered broker would not understand it.
    case unsupportedByBroker(NodeID)
    /// The request does not allow to go down.
    case downgrade(current: Int16)
    /// The metadata holds facts that the lower level cannot say, such as a second broker.
    case factsInUse(current: Int16)
    /// No feature can go down with a loss.
    case unsafeDowngrade
    /// The request names the feature more than once.
    case duplicate
    /// The metadata log cannot be without a format.
    case required
}

/// Raises or lowers levels of features; each one succeeds or is refused for itself.
///
/// After `myelin.metadata` went down a snapshot must be written before an older version reads the folder: the log
/// before it has records of the higher level.
public struct UpdateFeatures: ControllerCommand {
    public static var name: String { "UpdateFeatures" }

    public var updates: [FeatureUpdate]
    /// Answer as if, and write nothing.
    public var validateOnly: Bool

    public init(_ updates: [FeatureUpdate], validateOnly: Bool = false) {
        self.updates = updates
        self.validateOnly = validateOnly
    }

    /// In the order of the request.
    public typealias Outcome = [Result<Done, UpdateFeatureRefusal>]

    public func decide(on state: ControllerState, using entropy: inout Entropy) -> Decision<Outcome> {
        var decision = Decision<Outcome>([])
        let nameCounts = Dictionary(updates.map { ($0.name, 1) }, uniquingKeysWith: +)
        for update in updates {
            let refusal = nameCounts[update.name] == 1 ? refusal(of: update, on: state.image) : .duplicate
            if let refusal {
                decision.outcome.append(.failure(refusal))
                continue
            }
            decision.outcome.append(.success(Done()))
            let current = state.image.featureLevel(update.name)
            guard !validateOnly, current != update.level else { continue }
            decision.records.append(.featureLevelSet(name: update.name, level: update.level))
            if update.name == Features.metadata.name, current < Features.clusterLevel,
                update.level >= Features.clusterLevel
            {
                decision.records += state.agreedInSyncMin()
            }
        }
        return decision
    }

    private func refusal(of update: FeatureUpdate, on image: MetadataImage) -> UpdateFeatureRefusal? {
        guard let feature = Features.supported.first(where: { $0.name == update.name }) else {
            return .unknownFeature(update.name)
        }
        guard update.level != 0 else { return .required }
        guard feature.contains(update.level) else { return .unsupportedLevel(update.level, supported: feature) }
        let blocking = image.brokers().first { broker in
            !broker.features.contains { $0.name == update.name && $0.contains(update.level) }
        }
        if let blocking { return .unsupportedByBroker(blocking.id) }
        let current = image.featureLevel(update.name)
        guard update.level < current else { return nil }
        switch update.direction {
        case .upgrade: return .downgrade(current: current)
        case .safeDowngrade:
            let isMetadata = update.name == Features.metadata.name
            return isMetadata && image.hasFacts(above: update.level) ? .factsInUse(current: current) : nil
        case .unsafeDowngrade: return .unsafeDowngrade
        }
    }
}

extension ControllerState {
    /// Writes `min.insync.replicas` down for all brokers and takes it from single ones.
    ///
    /// Who is eligible to lead hangs on it, so controller and leaders must read the same number (KIP-966).
    fileprivate func agreedInSyncMin() -> [MetadataRecord] {
        let name = BrokerKey<Int>.inSyncReplicasMinDefault.name
        var records = image.brokers().map(\.id.rawValue).filter { image.configValue(name, of: .broker($0)) != nil }
            .map { MetadataRecord.configRemoved(.broker($0), name: name) }
        if image.configValue(name, of: .brokerDefaults) == nil {
            let value = String(settings[.inSyncReplicasMinDefault])
            records.append(.configSet(.brokerDefaults, name: name, value: value))
        }
        return records
    }
}
