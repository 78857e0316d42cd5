// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// Features of the cluster: what its nodes agree to write.
public enum Features {
    /// Format of the metadata log and of snapshots.
    public static let metadata = FeatureRange(name: "myelin.metadata", levelMin: 1, levelMax: 1)

    /// What this version understands, sorted by name: for ApiVersions and for registration.
    ///
    /// Kafka's own features (`metadata.version`, `group.version`, `transaction.version`, `share.version`) stand for
    /// things that are not here, so none is claimed.
    public static let supported = [metadata]
}

/// A feature whose level is to change.
public struct FeatureUpdate: Hashable, Sendable {
    public var name: String
    /// 0 turns the feature off.
    public var level: Int16
    public var allowsDowngrade: Bool

    public init(name: String, level: Int16, allowsDowngrade: Bool = false) {
        self.name = name
        self.level = level
        self.allowsDowngrade = allowsDowngrade
    }
}

public enum UpdateFeatureRefusal: Error, Hashable, Sendable {
    case unknownFeature(String)
    case unsupportedLevel(Int16, supported: FeatureRange)
    /// A registered broker would not understand it.
    case unsupportedByBroker(NodeID)
    case downgrade(current: Int16)
    /// The request names the feature more than once.
    case duplicate
    /// The metadata log cannot be without a format.
    case required
}

/// Raises or lowers levels of features; each one succeeds or is refused for itself.
public struct UpdateFeatures: ControllerCommand {
    public var updates: [FeatureUpdate]
    /// Answer as if, and write nothing.
    public var validateOnly: Bool

    public init(_ updates: [FeatureUpdate], validateOnly: Bool = false) {
        self.updates = updates
        self.validateOnly = validateOnly
    }

    /// In the order of the request.
    public typealias Outcome = [Result<Void, UpdateFeatureRefusal>]

    public func decide(on state: ControllerState, using entropy: inout Entropy) -> Decision<Outcome> {
        var decision = Decision<Outcome>([])
        let nameCounts = Dictionary(updates.map { ($0.name, 1) }, uniquingKeysWith: +)
        for update in updates {
            let refusal = nameCounts[update.name] == 1 ? refusal(of: update, on: state.image) : .duplicate
            if let refusal {
                decision.outcome.append(.failure(refusal))
                continue
            }
            decision.outcome.append(.success(()))
            if !validateOnly, state.image.featureLevel(update.name) != update.level {
                decision.records.append(.featureLevelSet(name: update.name, level: update.level))
            }
        }
        return decision
    }

    private func refusal(of update: FeatureUpdate, on image: MetadataImage) -> UpdateFeatureRefusal? {
        guard let feature = Features.supported.first(where: { $0.name == update.name }) else {
            return .unknownFeature(update.name)
        }
        guard update.level != 0 else { return .required }
        guard (feature.levelMin...feature.levelMax).contains(update.level) else {
            return .unsupportedLevel(update.level, supported: feature)
        }
        let blocking = image.brokers().first { broker in
            !broker.features.contains {
                $0.name == update.name && ($0.levelMin...$0.levelMax).contains(update.level)
            }
        }
        if let blocking { return .unsupportedByBroker(blocking.id) }
        let current = image.featureLevel(update.name)
        return update.level < current && !update.allowsDowngrade ? .downgrade(current: current) : nil
    }
}
