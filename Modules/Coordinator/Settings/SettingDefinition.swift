// SPDX-License-Identifier: Apache-2.0

/// The type of a setting's value; the names are those of Kafka's DescribeConfigs.
public enum SettingKind: String, Sendable, CaseIterable, Codable {
    case boolean, int, long, double, string, list, password
}

/// Which values a setting may have beyond being of its kind.
public enum AllowedValues: Hashable, Sendable, Codable {
    case any
    case atLeast(Int64)
    case between(Int64, Int64)
    /// The whole range, or one number outside it that means something of its own.
    case betweenOr(Int64, Int64, special: Int64)
    /// 0 to 1, both included.
    case fraction
    case oneOf([String])
    /// A list whose elements are all of these; it may not be empty.
    case someOf([String])
    case nonEmpty
    /// A list of exactly one element.
    case oneElement
    /// A list of `NAME://HOST:PORT` with distinct names.
    case listeners
    /// A list of `HOST:PORT` that is not empty.
    case endpoints
    /// A list of `ID@HOST:PORT` with distinct ids that is not empty.
    case voters
    /// A list of `PARTITION:BROKER`, or `*` alone.
    case throttledReplicas
    /// A list of `KEY=PATTERN` that tells clients apart.
    case clientMatches
    /// A list of `ADDRESS:COUNT` with distinct addresses.
    case addressCounts
}

/// What a number counts, for people and for documentation.
public enum SettingUnit: String, Sendable {
    case none = ""
    case milliseconds, minutes, hours, bytes, count
}

/// When and for whom a broker setting can change; the names are those of Kafka's documentation.
public enum SettingScope: String, Sendable {
    /// Read at start; a change needs a restart.
    case readOnly = "read-only"
    /// A cluster-wide default and a value per broker, both changed while running.
    case clusterWide = "cluster-wide"
}

/// Whether anything follows from a setting.
public enum SettingEffect: String, Sendable {
    case active
    /// Checked, stored and shown, because clients send it; nothing reads it.
    case none
}

/// One row of a settings table.
public struct SettingDefinition: Hashable, Sendable {
    public let name: String
    public let kind: SettingKind
    /// Text of the default; nil where the setting has no value unless given one.
    public let defaultValue: String?
    public let allowed: AllowedValues
    public let unit: SettingUnit
    public let scope: SettingScope
    /// Never shown, not even to administrators.
    public let isSensitive: Bool
    public let effect: SettingEffect
    /// What it means, in sentences.
    public let documentation: String
    /// For a topic setting: the broker settings it defaults from, most specific first; empty for a broker setting.
    public let brokerSettings: [BrokerSynonym]

    init(
        _ name: String, _ kind: SettingKind, default defaultValue: String?, _ allowed: AllowedValues = .any,
        _ unit: SettingUnit = .none, scope: SettingScope = .readOnly, sensitive: Bool = false,
        effect: SettingEffect = .active, from brokerSettings: [BrokerSynonym] = [], meaning documentation: String
    ) {
        self.name = name
        self.kind = kind
        self.defaultValue = defaultValue
        self.allowed = allowed
        self.unit = unit
        self.scope = scope
        self.isSensitive = sensitive || kind == .password
        self.effect = effect
        self.documentation = documentation
        self.brokerSettings = brokerSettings
    }
}

/// A broker setting that a topic setting takes its default from.
public struct BrokerSynonym: Hashable, Sendable, ExpressibleByStringLiteral {
    public let name: String
    /// What the broker's number is multiplied with to be in the topic setting's unit.
    public let factor: Int64

    public init(stringLiteral name: String) { self.init(name, factor: 1) }

    init(_ name: String, factor: Int64) {
        self.name = name
        self.factor = factor
    }

    static func minutes(_ name: String) -> BrokerSynonym { BrokerSynonym(name, factor: 60_000) }
    static func hours(_ name: String) -> BrokerSynonym { BrokerSynonym(name, factor: 3_600_000) }

    /// The broker's text in the topic setting's unit.
    ///
    /// Negative numbers mean "without limit" in every unit and stay; a product past 64 bits becomes the largest number.
    func converted(_ text: String) -> String {
        guard factor != 1, let number = Int64(text) else { return text }
        guard number >= 0 else { return "-1" }
        let (product, overflow) = number.multipliedReportingOverflow(by: factor)
        return String(overflow ? Int64.max : product)
    }
}

extension AllowedValues: CustomStringConvertible {
    /// For error messages and documentation, to be read after "allowed:".
    public var description: String {
        switch self {
        case .any: "any value"
        case .atLeast(let low): "\(low) or more"
        case .between(let low, let high): "\(low) to \(high)"
        case .betweenOr(let low, let high, let special): "\(low) to \(high), or \(special)"
        case .fraction: "0 to 1"
        case .oneOf(let values): values.joined(separator: ", ")
        case .someOf(let values): "one or more of \(values.joined(separator: ", "))"
        case .nonEmpty: "text that is not empty"
        case .oneElement: "exactly one element"
        case .listeners: "NAME://HOST:PORT, separated by commas, each name once"
        case .endpoints: "HOST:PORT, separated by commas"
        case .voters: "ID@HOST:PORT, separated by commas, each id once"
        case .throttledReplicas: "PARTITION:BROKER, separated by commas, or *"
        case .clientMatches: "KEY=PATTERN, separated by commas, each key once"
        case .addressCounts: "ADDRESS:COUNT, separated by commas, each address once"
        }
    }
}
