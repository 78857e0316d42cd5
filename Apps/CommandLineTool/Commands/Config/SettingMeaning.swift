// SPDX-License-Identifier: Apache-2.0

import Coordinator

/// What has settings.
enum SettingOwner: String, CaseIterable {
    case broker, topic
    case clientMetrics = "client-metrics"

    var table: SettingsTable {
        switch self {
        case .broker: .broker
        case .topic: .topic
        case .clientMetrics: .clientMetrics
        }
    }
}

/// What the tool itself knows about a setting.
struct SettingMeaning {
    let definition: SettingDefinition
    let owner: SettingOwner

    /// A setting of `owner`; without one of brokers, else of topics, else of subscriptions to metrics of clients.
    ///
    /// - Throws: with the nearest name, when no table has the setting.
    init(of key: String, owner: SettingOwner?) throws {
        let owners = owner.map { [$0] } ?? SettingOwner.allCases
        for owner in owners {
            guard let definition = owner.table[key] else { continue }
            self.init(definition: definition, owner: owner)
            return
        }
        throw Self.unknown(key, among: owners.flatMap { $0.table.definitions.map(\.name) }, owner)
    }

    init(definition: SettingDefinition, owner: SettingOwner) {
        self.definition = definition
        self.owner = owner
    }

    private static func unknown(_ key: String, among names: [String], _ owner: SettingOwner?) -> Failure {
        Failure(
            "there is no \(owner.map { "\($0.rawValue) " } ?? "")setting '\(key)'",
            advice: [
                Nearest.name(to: key, among: names).map { "Did you mean '\($0)'?" },
                "What there is: myelin config list",
            ].compactMap(\.self))
    }

    /// Names of the settings that this one takes its default from, or gives its value to.
    var relatives: [String] {
        switch owner {
        case .topic: definition.brokerSettings.map(\.name)
        case .clientMetrics: []
        case .broker:
            SettingsTable.topic.definitions.filter { topic in
                topic.brokerSettings.contains { $0.name == definition.name }
            }.map(\.name)
        }
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
        switch (owner, definition.scope) {
        case (.topic, _): "myelin topic alter TOPIC --set \(definition.name)=VALUE"
        case (.clientMetrics, _): "myelin config alter --client-metrics NAME --set \(definition.name)=VALUE"
        case (.broker, .clusterWide): "myelin config alter --broker all --set \(definition.name)=VALUE"
        case (.broker, .readOnly):
            "\(BrokerSettings.variable(of: definition.name)), --set \(definition.name)=VALUE or the configuration file, at start"
        }
    }
}
