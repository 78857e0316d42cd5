// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// A value that would count if those before it did not, under the name it was given by.
public struct ConfigSynonym: Hashable, Sendable, Codable {
    public let name: String
    public let value: String
    public let origin: SettingOrigin
}

/// A setting of a resource with all that DescribeConfigs tells about it.
public struct ConfigEntry: Hashable, Sendable {
    public let definition: SettingDefinition
    /// nil when there is none, and for sensitive settings.
    public let value: String?
    public let origin: SettingOrigin
    /// Where the value comes from and what it hides, the one that counts first; in the units of their own names.
    public let synonyms: [ConfigSynonym]

    public var name: String { definition.name }
    /// Nobody set it: neither on the resource nor on the broker.
    public var isDefault: Bool { origin == .builtIn }
}

/// What topics and brokers inherit and override, as one broker sees it.
///
/// A topic's value comes from the topic, else from its broker settings: those set dynamically for this broker, then for
/// all brokers, then those given at start, then the defaults; on each level the more specific name first
/// (`log.retention.ms` before `log.retention.minutes` before `log.retention.hours`).
public struct EffectiveConfigs: Sendable {
    public let settings: BrokerSettings
    private let image: MetadataImage

    /// - Parameters:
    ///   - settings: As given at start.
    ///   - node: The broker that looks.
    public init(settings: BrokerSettings, image: MetadataImage, node: NodeID) {
        self.settings = settings.overlaid(by: image, for: node)
        self.image = image
    }

    /// - Parameter settings: With what is set dynamically already over them.
    init(settings: BrokerSettings) {
        self.settings = settings
        image = MetadataImage()
    }

    /// All topic settings of a topic, which need not exist, sorted by name.
    public func topicEntries(of topic: String) -> [ConfigEntry] {
        topicEntries(overrides: image.configEntries(of: .topic(topic)))
    }

    /// One setting of a topic; nil when the table does not have the name.
    public func topicEntry(_ name: String, of topic: String) -> ConfigEntry? {
        SettingsTable.topic[name].map { entry($0, override: image.configValue(name, of: .topic(topic))) }
    }

    /// Reads a setting of a topic.
    ///
    /// Looks names up and reads the text: hot paths read once for each change of the image and keep the result.
    public subscript<Value>(key: TopicKey<Value>, of topic: String) -> Value {
        let text = topicEntry(key.name, of: topic)?.value
        guard let value = Value.read(text) else {
            preconditionFailure("\(key.name) is \(text ?? "not set"), which is no \(Value.self)")
        }
        return value
    }

    /// All settings of a subscription to metrics of clients, which need not exist, sorted by name.
    public func clientMetricsEntries(of name: String) -> [ConfigEntry] {
        SettingsTable.clientMetrics.definitions.map { definition in
            let own = image.configValue(definition.name, of: .clientMetrics(name))
            let synonyms = [
                own.map { ConfigSynonym(name: definition.name, value: $0, origin: .subscription) },
                definition.defaultValue.map { ConfigSynonym(name: definition.name, value: $0, origin: .builtIn) },
            ].compactMap(\.self)
            return ConfigEntry(
                definition: definition, value: own ?? definition.defaultValue,
                origin: own == nil ? .builtIn : .subscription, synonyms: synonyms)
        }
    }

    /// All broker settings, sorted by name.
    public func brokerEntries() -> [ConfigEntry] { SettingsTable.broker.definitions.map(brokerEntry) }

    /// What is set for all brokers that have no value of their own, sorted by name.
    public func brokerDefaultEntries() -> [ConfigEntry] {
        image.configEntries(of: .brokerDefaults).compactMap { entry in
            SettingsTable.broker[entry.name].map { definition in
                ConfigEntry(
                    definition: definition, value: definition.isSensitive ? nil : entry.value,
                    origin: .dynamicDefault,
                    synonyms: definition.isSensitive
                        ? [] : [ConfigSynonym(name: entry.name, value: entry.value, origin: .dynamicDefault)])
            }
        }
    }

    func topicEntries(overrides: [(name: String, value: String)]) -> [ConfigEntry] {
        SettingsTable.topic.definitions.map { definition in
            entry(definition, override: overrides.first { $0.name == definition.name }?.value)
        }
    }

    private func entry(_ definition: SettingDefinition, override: String?) -> ConfigEntry {
        let inherited = inheritedSynonyms(of: definition)
        let own = override.map { ConfigSynonym(name: definition.name, value: $0, origin: .topic) }
        let value = override ?? inherited.first.map { $0.converted } ?? definition.defaultValue
        let origin = own?.origin ?? inherited.first?.synonym.origin ?? .builtIn
        let builtIn = inherited.isEmpty ? definition.defaultValue : nil
        return ConfigEntry(
            definition: definition, value: value, origin: origin,
            synonyms: (own.map { [$0] } ?? []) + inherited.map(\.synonym)
                + (builtIn.map { [ConfigSynonym(name: definition.name, value: $0, origin: .builtIn)] } ?? []))
    }

    /// Values of the broker settings behind a topic setting, by level, then by name.
    private func inheritedSynonyms(
        of definition: SettingDefinition
    ) -> [(synonym: ConfigSynonym, converted: String)] {
        let all = definition.brokerSettings.enumerated().flatMap { rank, broker in
            settings.levels(of: broker.name).map { source in (rank: rank, broker: broker, source: source) }
        }
        return all.sorted { ($0.source.origin.level, $0.rank) < ($1.source.origin.level, $1.rank) }.map { element in
            let synonym = ConfigSynonym(
                name: element.broker.name, value: element.source.value, origin: element.source.origin)
            return (synonym, element.broker.converted(element.source.value))
        }
    }

    private func brokerEntry(_ definition: SettingDefinition) -> ConfigEntry {
        let levels = settings.levels(of: definition.name)
        return ConfigEntry(
            definition: definition, value: definition.isSensitive ? nil : levels.first?.value,
            origin: levels.first?.origin ?? .builtIn,
            synonyms: definition.isSensitive
                ? [] : levels.map { ConfigSynonym(name: definition.name, value: $0.value, origin: $0.origin) })
    }
}

extension SettingOrigin {
    /// Flags, environment and file are one level to clients.
    fileprivate var level: Int { isStatic ? SettingOrigin.flag.rawValue : rawValue }
}

extension BrokerSettings {
    /// One value of each level, the one that counts first.
    fileprivate func levels(of name: String) -> [SettingSource] {
        var result: [SettingSource] = []
        for source in allSources(of: name) where result.last?.origin.level != source.origin.level {
            result.append(source)
        }
        return result
    }

    /// With what the image sets for all brokers and for this one.
    package func overlaid(by image: MetadataImage, for node: NodeID) -> BrokerSettings {
        overlaid(
            clusterDefaults: image.configEntries(of: .brokerDefaults),
            broker: image.configEntries(of: .broker(node.rawValue)))
    }
}
