// SPDX-License-Identifier: Apache-2.0

/// Settings of a subscription to metrics of clients (KIP-714); the names are Kafka's.
let clientMetricsSettings: [SettingDefinition] = [
    SettingDefinition(
        "metrics", .list, default: "", scope: .clusterWide,
        meaning: "Prefixes of the names of metrics that clients are asked for; * alone: all. Empty: none."),
    SettingDefinition(
        "interval.ms", .int, default: "300000", .between(100, 3_600_000), .milliseconds, scope: .clusterWide,
        meaning: "How often a client pushes. With several subscriptions the shortest counts."),
    SettingDefinition(
        "match", .list, default: "", .clientMatches, scope: .clusterWide,
        meaning:
            "Which clients: KEY=PATTERN, where KEY is client_id, client_instance_id, client_software_name, client_software_version, client_source_address or client_source_port and PATTERN a regular expression without groups for the whole value. All must hold; empty: every client."
    ),
]

/// What a client is told apart by. The raw values are Kafka's.
public enum ClientTrait: String, CaseIterable, Sendable {
    case clientID = "client_id"
    case instanceID = "client_instance_id"
    case softwareName = "client_software_name"
    case softwareVersion = "client_software_version"
    case sourceAddress = "client_source_address"
    case sourcePort = "client_source_port"
}

/// Clients whose traits all match.
public struct ClientMatch: Hashable, Sendable {
    private struct Condition: Hashable {
        let trait: ClientTrait
        let pattern: TraitPattern
    }

    private let conditions: [Condition]

    /// - Parameter elements: `KEY=PATTERN` each.
    /// - Returns: nil for an unknown key, a key that comes twice, and what is no pattern.
    public init?(parsing elements: [String]) {
        var conditions: [Condition] = []
        for element in elements {
            guard let cut = element.firstIndex(of: "="),
                let trait = ClientTrait(rawValue: SettingDefinition.trimmed(String(element[..<cut]))),
                !conditions.contains(where: { $0.trait == trait }),
                let pattern = TraitPattern(String(element[element.index(after: cut)...]))
            else { return nil }
            conditions.append(Condition(trait: trait, pattern: pattern))
        }
        self.conditions = conditions
    }

    /// Whether every pattern matches the whole of what `value` says of its trait.
    public func matches(_ value: (ClientTrait) -> String) -> Bool {
        conditions.allSatisfy { $0.pattern.matches(value($0.trait)) }
    }
}

/// A subscription as it is in the metadata.
public struct ClientMetricsSubscription: Hashable, Sendable {
    /// Each client that asks is compared with all of them.
    public static let countMax = 100

    public let name: String
    /// Prefixes of names; `*` alone stands for all.
    public let metrics: [String]
    public let intervalMilliseconds: Int32
    public let match: ClientMatch
}

extension MetadataImage {
    /// All subscriptions, by name.
    public func clientMetrics() -> [ClientMetricsSubscription] {
        clientMetricsSubscriptions().map { name in
            func text(_ setting: String) -> String {
                configValue(setting, of: .clientMetrics(name))
                    ?? SettingsTable.clientMetrics[setting]?.defaultValue ?? ""
            }
            guard let interval = Int32(text("interval.ms")), let match = ClientMatch(parsing: .split(text("match")))
            else { preconditionFailure("subscription \(name) was checked and cannot be read") }
            return ClientMetricsSubscription(
                name: name, metrics: .split(text("metrics")), intervalMilliseconds: interval, match: match)
        }
    }
}
