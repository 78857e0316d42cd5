// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// A resource as a request names it.
public struct ConfigTarget: Hashable, Sendable, Codable {
    public enum Kind: Hashable, Sendable, Codable {
        case topic, broker, brokerLogger, clientMetrics, group
        /// A number that no version of the protocol we know gives a meaning.
        case unknown(Int8)
    }

    public var kind: Kind
    /// For a broker its id in decimal, or nothing, which means all brokers.
    public var name: String

    public init(_ kind: Kind, name: String) {
        self.kind = kind
        self.name = name
    }
}

public enum AlterConfigRefusal: Error, Hashable, Sendable, Codable {
    case unsupportedResource(ConfigTarget.Kind)
    case unknownTopic(String)
    case illegalTopicName(TopicNameProblem)
    case invalidBrokerID(String)
    case unknownBroker(NodeID)
    case setting(SettingError)
    /// Only a removal goes without a value.
    case nullValue(name: String)
    /// The request names the resource more than once.
    case duplicateResource
    case duplicateConfig(name: String)
    /// All brokers must agree on the setting: it changes for all of them at once, and is not removed.
    case agreedByAll(name: String)
    /// A subscription to metrics of clients has a name.
    case missingName
    case tooManySubscriptions(countMax: Int)
    /// The metadata cannot say it yet.
    case levelTooLow(Int16, needed: Int16)
}

/// Changes single settings of resources (KIP-339); each resource succeeds or is refused as a whole.
public struct AlterConfigs: ControllerCommand {
    public static var name: String { "AlterConfigs" }

    public enum Operation: Hashable, Sendable, Codable {
        case set, delete
        /// Adds elements to a list, or takes them from it; what is there, or is not, already is no error.
        case append, subtract
    }

    public struct Change: Hashable, Sendable, Codable {
        public var name: String
        public var operation: Operation
        public var value: String?

        public init(_ operation: Operation, name: String, value: String?) {
            self.name = name
            self.operation = operation
            self.value = value
        }
    }

    /// All changes of one resource.
    public struct Alteration: Hashable, Sendable, Codable {
        public var target: ConfigTarget
        public var changes: [Change]
    }

    public var resources: [Alteration]
    /// Answer as if, and write nothing.
    public var validateOnly: Bool

    public init(_ resources: [(target: ConfigTarget, changes: [Change])], validateOnly: Bool = false) {
        self.resources = resources.map { Alteration(target: $0.target, changes: $0.changes) }
        self.validateOnly = validateOnly
    }

    /// In the order of the request.
    public typealias Outcome = [Result<Done, AlterConfigRefusal>]

    public func decide(on state: ControllerState, using entropy: inout Entropy) -> Decision<Outcome> {
        state.decideEach(resources.map { ($0.target, $0.changes) }, validateOnly) {
            target, changes throws(AlterConfigRefusal) in
            let resource = try state.resource(target)
            let names = changes.map(\.name)
            try checkDistinct(names)
            var records: [MetadataRecord] = []
            for change in changes {
                if let record = try state.record(of: change, on: resource) { records.append(record) }
            }
            return records
        }
    }
}

/// Replaces all settings of resources by those given (the older AlterConfigs); each resource succeeds or is refused
/// as a whole.
public struct ReplaceConfigs: ControllerCommand {
    public static var name: String { "ReplaceConfigs" }

    /// All settings of one resource.
    public struct Replacement: Hashable, Sendable, Codable {
        public var target: ConfigTarget
        public var configs: [NewTopic.Config]
    }

    public var resources: [Replacement]
    /// Answer as if, and write nothing.
    public var validateOnly: Bool

    public init(_ resources: [(target: ConfigTarget, configs: [NewTopic.Config])], validateOnly: Bool = false) {
        self.resources = resources.map { Replacement(target: $0.target, configs: $0.configs) }
        self.validateOnly = validateOnly
    }

    /// In the order of the request.
    public typealias Outcome = [Result<Done, AlterConfigRefusal>]

    public func decide(on state: ControllerState, using entropy: inout Entropy) -> Decision<Outcome> {
        state.decideEach(resources.map { ($0.target, $0.configs) }, validateOnly) {
            target, configs throws(AlterConfigRefusal) in
            let resource = try state.resource(target)
            let names = configs.map(\.name)
            try checkDistinct(names)
            var records: [MetadataRecord] = []
            for entry in state.image.configEntries(of: resource)
            where !names.contains(entry.name) && !state.isAgreed(entry.name, on: resource) {
                records.append(.configRemoved(resource, name: entry.name))
            }
            for config in configs {
                let change = AlterConfigs.Change(.set, name: config.name, value: config.value)
                if let record = try state.record(of: change, on: resource) { records.append(record) }
            }
            return records
        }
    }
}

private func checkDistinct(_ names: [String]) throws(AlterConfigRefusal) {
    var seen: Set<String> = []
    for name in names where !seen.insert(name).inserted { throw .duplicateConfig(name: name) }
}

extension MetadataImage {
    fileprivate func checkRoomForSubscription(_ name: String) throws(AlterConfigRefusal) {
        let known = clientMetricsSubscriptions()
        guard known.contains(name) || known.count < ClientMetricsSubscription.countMax else {
            throw .tooManySubscriptions(countMax: ClientMetricsSubscription.countMax)
        }
    }
}

extension ControllerState {
    fileprivate func decideEach<Request>(
        _ resources: [(target: ConfigTarget, Request)], _ validateOnly: Bool,
        _ decideOne: (ConfigTarget, Request) throws(AlterConfigRefusal) -> [MetadataRecord]
    ) -> Decision<[Result<Done, AlterConfigRefusal>]> {
        let counts = Dictionary(resources.map { ($0.target, 1) }, uniquingKeysWith: +)
        var draft = Draft(self)
        let outcome = resources.map { target, request in
            Result { () throws(AlterConfigRefusal) in
                guard counts[target] == 1 else { throw .duplicateResource }
                let records = try decideOne(target, request)
                if case .clientMetrics = target.kind { try draft.image.checkRoomForSubscription(target.name) }
                for record in records { draft.add(record) }
                return Done()
            }
        }
        draft.reviewEligibleLeaders()
        return Decision(outcome, records: validateOnly ? [] : draft.records)
    }

    /// Whether controller and leaders must read the setting alike (KIP-966); a topic's own value they do.
    fileprivate func isAgreed(_ name: String, on resource: ConfigResource) -> Bool {
        guard image.allowsClusters, name == BrokerKey<Int>.inSyncReplicasMinDefault.name else { return false }
        switch resource {
        case .topic, .clientMetrics: return false
        case .broker, .brokerDefaults: return true
        }
    }

    fileprivate func resource(_ target: ConfigTarget) throws(AlterConfigRefusal) -> ConfigResource {
        switch target.kind {
        case .topic:
            if let problem = TopicName.problem(of: target.name) { throw .illegalTopicName(problem) }
            guard image.topic(named: target.name) != nil else { throw .unknownTopic(target.name) }
            return .topic(target.name)
        case .broker where target.name.isEmpty: return .brokerDefaults
        case .broker:
            guard let id = Int32(target.name), id >= 0 else { throw .invalidBrokerID(target.name) }
            guard image.broker(NodeID(id)) != nil else { throw .unknownBroker(NodeID(id)) }
            return .broker(id)
        case .clientMetrics:
            guard !target.name.isEmpty else { throw .missingName }
            guard image.allowsQuotas else {
                throw .levelTooLow(image.featureLevel(Features.metadata.name), needed: Features.quotaLevel)
            }
            return .clientMetrics(target.name)
        case .brokerLogger, .group, .unknown: throw .unsupportedResource(target.kind)
        }
    }

    /// The record that a change comes to; nil when it changes nothing.
    fileprivate func record(
        of change: AlterConfigs.Change, on resource: ConfigResource
    ) throws(AlterConfigRefusal) -> MetadataRecord? {
        if change.value == nil, change.operation != .delete { throw .nullValue(name: change.name) }
        if isAgreed(change.name, on: resource), resource != .brokerDefaults || change.operation == .delete {
            throw .agreedByAll(name: change.name)
        }
        do throws(SettingError) {
            let definition = try definition(of: change.name, on: resource)
            let current = image.configValue(change.name, of: resource)
            guard let operand = change.value, change.operation != .delete else {
                return current == nil ? nil : .configRemoved(resource, name: change.name)
            }
            let value = try value(of: definition, after: change.operation, operand, on: resource)
            return value == current ? nil : .configSet(resource, name: change.name, value: value)
        } catch {
            throw .setting(error)
        }
    }

    private func definition(
        of name: String, on resource: ConfigResource
    ) throws(SettingError) -> SettingDefinition {
        if case .topic = resource { return try SettingsTable.topic.definition(of: name) }
        if case .clientMetrics = resource { return try SettingsTable.clientMetrics.definition(of: name) }
        let definition = try SettingsTable.broker.definition(of: name)
        guard definition.scope != .readOnly else { throw .readOnly(name: name) }
        return definition
    }

    private func value(
        of definition: SettingDefinition, after operation: AlterConfigs.Operation, _ operand: String,
        on resource: ConfigResource
    ) throws(SettingError) -> String {
        guard operation != .set else { return try definition.checked(operand) }
        guard definition.kind == .list else { throw .notAList(name: definition.name) }
        let operands = [String].split(operand)
        var elements = [String].split(inheritedText(of: definition, on: resource) ?? "")
        if operation == .append {
            elements += operands.filter { !elements.contains($0) }
        } else {
            elements.removeAll(where: operands.contains)
        }
        return try definition.checked(elements.joined(separator: ","))
    }

    /// What a list is before elements are added or taken: the resource's own value, else what it inherits.
    private func inheritedText(of definition: SettingDefinition, on resource: ConfigResource) -> String? {
        switch resource {
        case .topic(let name):
            let own = image.configEntries(of: .topic(name))
            return EffectiveConfigs(settings: settings).topicEntries(overrides: own)
                .first { $0.name == definition.name }?.value
        case .broker, .brokerDefaults:
            return image.configValue(definition.name, of: resource) ?? settings.text(of: definition.name)
        case .clientMetrics: return image.configValue(definition.name, of: resource) ?? definition.defaultValue
        }
    }
}
