// SPDX-License-Identifier: Apache-2.0

/// All there is to say about one broker setting: for `myelin config explain` and for the settings page.
public struct SettingExplanation: Hashable, Sendable {
    public let definition: SettingDefinition
    /// nil when there is none, or when it must not be shown.
    public let value: String?
    public let origin: SettingOrigin
    /// The environment variable that sets it.
    public let variable: String
    /// Topic settings that take their default from it, sorted.
    public let topicSettings: [String]
}

extension BrokerSettings {
    /// - Throws: `.unknown` with the nearest name.
    public func explain(_ name: String) throws(SettingError) -> SettingExplanation {
        let definition = try SettingsTable.broker.definition(of: name)
        let source = allSources(of: name).first
        let dependents = SettingsTable.topic.definitions.filter { topic in
            topic.brokerSettings.contains { $0.name == name }
        }
        return SettingExplanation(
            definition: definition, value: definition.isSensitive ? nil : source?.value,
            origin: source?.origin ?? .builtIn, variable: Self.variable(of: name),
            topicSettings: dependents.map(\.name))
    }
}
