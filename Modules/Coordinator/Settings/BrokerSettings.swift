// SPDX-License-Identifier: Apache-2.0

/// Where a value comes from; the first of these that has one wins.
public enum SettingOrigin: Int, Sendable, Comparable, CaseIterable, Codable {
    /// Set on the topic itself.
    case topic
    /// Set on this broker while it ran.
    case dynamicBroker
    /// Set for all brokers while they ran.
    case dynamicDefault
    case flag
    case environment
    case file
    case builtIn
    /// Set on a subscription to metrics of clients, which inherits nothing.
    case subscription

    public static func < (left: SettingOrigin, right: SettingOrigin) -> Bool { left.rawValue < right.rawValue }

    /// Given at start: what Kafka calls a static broker configuration.
    public var isStatic: Bool { self == .flag || self == .environment || self == .file }
}

/// A value and where it comes from.
public struct SettingSource: Hashable, Sendable {
    public let origin: SettingOrigin
    public let value: String
}

/// What the start of a process gave: every map is name to value as somebody wrote it.
public struct SettingLayers: Sendable {
    public var flags: [String: String]
    /// The whole environment; only names that begin with `MYELIN_` count.
    public var environment: [String: String]
    public var file: [String: String]

    public init(flags: [String: String] = [:], environment: [String: String] = [:], file: [String: String] = [:]) {
        self.flags = flags
        self.environment = environment
        self.file = file
    }
}

/// All settings of a broker: flags before environment before file before defaults, and what changed while it ran before
/// all of them. Every value was checked.
public struct BrokerSettings: Sendable, Equatable {
    /// For each setting that somebody gave: its values, the one that counts first.
    private var sources: [String: [SettingSource]] = [:]
    /// Variables that begin with `MYELIN_` and name no setting, sorted: worth a line in the log, not a refusal, because
    /// Kubernetes invents such names for every service called myelin.
    public private(set) var unknownVariables: [String] = []

    /// Only defaults.
    public init() {}

    /// - Throws: for the first bad flag, else variable, else file entry, by name.
    public init(_ layers: SettingLayers) throws(SettingError) {
        try add(layers.flags, from: .flag)
        try addEnvironment(layers.environment)
        try add(layers.file, from: .file)
    }

    /// Reads a setting.
    ///
    /// Looks the name up and reads the text: hot paths read once and keep the result.
    public subscript<Value>(key: BrokerKey<Value>) -> Value {
        guard let value = Value.read(text(of: key.name)) else {
            preconditionFailure("\(key.name) is \(text(of: key.name) ?? "not set"), which is no \(Value.self)")
        }
        return value
    }

    /// The folder of all data: `log.dirs`, else `log.dir`; nil when neither is set.
    public var dataDirectory: String? { text(of: "log.dirs") ?? text(of: "log.dir") }

    /// The value that counts; nil when there is none. A trap when the table does not have the name.
    package func text(of name: String) -> String? {
        precondition(SettingsTable.broker[name] != nil, "no broker setting \(name)")
        return sources[name]?.first?.value ?? SettingsTable.broker[name]?.defaultValue
    }

    /// All values of a setting, the one that counts first, its default last.
    package func allSources(of name: String) -> [SettingSource] {
        let builtIn = SettingsTable.broker[name]?.defaultValue.map { SettingSource(origin: .builtIn, value: $0) }
        return (sources[name] ?? []) + [builtIn].compactMap { $0 }
    }

    /// The same settings with entries that were set while the broker ran, which were checked then.
    package func overlaid(clusterDefaults: [(name: String, value: String)], broker: [(name: String, value: String)])
        -> BrokerSettings
    {
        var result = self
        for (entries, origin) in [(clusterDefaults, SettingOrigin.dynamicDefault), (broker, .dynamicBroker)] {
            for entry in entries where SettingsTable.broker[entry.name] != nil {
                result.sources[entry.name, default: []].insert(
                    SettingSource(origin: origin, value: entry.value), at: 0)
            }
        }
        return result
    }

    private mutating func add(_ entries: [String: String], from origin: SettingOrigin) throws(SettingError) {
        for (name, value) in entries.sorted(by: { $0.key < $1.key }) {
            let definition = try SettingsTable.broker.definition(of: name)
            sources[name, default: []].append(SettingSource(origin: origin, value: try definition.checked(value)))
        }
    }

    private mutating func addEnvironment(_ environment: [String: String]) throws(SettingError) {
        var entries: [String: String] = [:]
        for (variable, value) in environment.sorted(by: { $0.key < $1.key }) where variable.hasPrefix("MYELIN_") {
            if let name = Self.namesByVariable[variable] {
                entries[name] = value
            } else {
                unknownVariables.append(variable)
            }
        }
        try add(entries, from: .environment)
    }

    /// The variable of a setting: `MYELIN_LOG_RETENTION_MS` for `log.retention.ms`, and `MYELIN_RPC_PORT` for
    /// `myelin.rpc.port`, whose prefix is not said twice.
    public static func variable(of name: String) -> String {
        let bare = name.hasPrefix("myelin.") ? name.dropFirst("myelin.".count) : Substring(name)
        return "MYELIN_" + String(bare.map { $0 == "." ? "_" : $0 }).uppercased()
    }

    private static let namesByVariable = Dictionary(
        uniqueKeysWithValues: SettingsTable.broker.definitions.map { (variable(of: $0.name), $0.name) })
}
