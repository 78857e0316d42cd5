// SPDX-License-Identifier: Apache-2.0

internal import Primitives

/// All settings of one kind of resource, looked up by name.
public struct SettingsTable: Sendable {
    /// Sorted by name.
    public let definitions: [SettingDefinition]
    private let indexByName: [String: Int]

    init(_ rows: [SettingDefinition]) {
        definitions = rows.sorted { $0.name < $1.name }
        indexByName = Dictionary(
            definitions.enumerated().map { ($1.name, $0) },
            uniquingKeysWith: { first, second in
                preconditionFailure("setting \(first) and \(second) have the same name")
            })
    }

    /// Settings of brokers.
    public static let broker = SettingsTable(
        nodeSettings + networkSettings + clusterSettings + logSettings + cleanerSettings + topicDefaultSettings
            + groupSettings + transactionSettings)

    /// Settings of topics.
    public static let topic = SettingsTable(topicSettings)

    /// Settings of subscriptions to metrics of clients.
    public static let clientMetrics = SettingsTable(clientMetricsSettings)

    public subscript(name: String) -> SettingDefinition? { indexByName[name].map { definitions[$0] } }

    /// The definition, or an error that names the setting that was probably meant.
    package func definition(of name: String) throws(SettingError) -> SettingDefinition {
        guard let definition = self[name] else { throw .unknown(name: name, nearest: nearestName(to: name)) }
        return definition
    }

    /// The setting that was probably meant; nil when none looks like it.
    package func nearestName(to name: String) -> String? {
        Spelling.nearest(to: name, among: definitions.lazy.map(\.name))
    }
}
