// SPDX-License-Identifier: Apache-2.0

import Coordinator

/// What the tool itself knows about a setting.
struct SettingMeaning {
    let definition: SettingDefinition
    let isTopicSetting: Bool

    /// A setting of brokers, else of topics.
    ///
    /// - Throws: with the nearest name, when no table has the setting.
    init(of key: String, prefersTopic: Bool) throws {
        let isTopicSetting = prefersTopic || SettingsTable.broker[key] == nil
        guard let definition = (isTopicSetting ? SettingsTable.topic : .broker)[key] else {
            let tables = prefersTopic ? [SettingsTable.topic] : [.broker, .topic]
            throw Self.unknown(key, among: tables.flatMap { $0.definitions.map(\.name) }, prefersTopic)
        }
        self.init(definition: definition, isTopicSetting: isTopicSetting)
    }

    init(definition: SettingDefinition, isTopicSetting: Bool) {
        self.definition = definition
        self.isTopicSetting = isTopicSetting
    }

    private static func unknown(_ key: String, among names: [String], _ isOfTopics: Bool) -> Failure {
        Failure(
            "there is no \(isOfTopics ? "topic " : "")setting '\(key)'",
            advice: [
                Nearest.name(to: key, among: names).map { "Did you mean '\($0)'?" },
                "What there is: myelin config list",
            ].compactMap(\.self))
    }

    /// Names of the settings that this one takes its default from, or gives its value to.
    var relatives: [String] {
        guard !isTopicSetting else { return definition.brokerSettings.map(\.name) }
        return SettingsTable.topic.definitions.filter { topic in
            topic.brokerSettings.contains { $0.name == definition.name }
        }.map(\.name)
    }

    /// The value without anything that somebody set, in the setting's own unit.
    var builtIn: String? {
        if let value = definition.defaultValue { return value }
        for synonym in definition.brokerSettings {
            guard let value = SettingsTable.broker[synonym.name]?.defaultValue else { continue }
            // A negative number means "no limit" in every unit.
            guard synonym.factor != 1, let number = Int64(value), number > 0 else { return value }
            return String(number * synonym.factor)
        }
        return nil
    }

    /// How it can be changed.
    var change: String {
        if isTopicSetting { return "myelin topic alter TOPIC --set \(definition.name)=VALUE" }
        switch definition.scope {
        case .clusterWide: return "myelin config alter --broker all --set \(definition.name)=VALUE"
        case .readOnly:
            return
                "\(BrokerSettings.variable(of: definition.name)), --set \(definition.name)=VALUE or the configuration file, at start"
        }
    }
}
