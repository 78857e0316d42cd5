// SPDX-License-Identifier: Apache-2.0

public import Coordinator
import Primitives
public import Testing

extension SettingDefinition: CustomTestStringConvertible {
    public var testDescription: String { name }
}

@Suite("the settings table")
struct SettingsTableTests {
    static let definitions = SettingsTable.broker.definitions + SettingsTable.topic.definitions

    @Test("every default is a value that the setting itself allows", arguments: definitions)
    func defaults(definition: SettingDefinition) throws {
        guard let text = definition.defaultValue else { return }
        #expect(try definition.checked(text) == text)
    }

    @Test("every setting is documented by sentences", arguments: definitions)
    func documentation(definition: SettingDefinition) {
        #expect(definition.documentation.hasSuffix("."))
        #expect(definition.documentation.first?.isUppercase == true || definition.documentation.hasPrefix("__"))
        #expect(definition.effect == .active || definition.documentation.hasSuffix("has no effect."))
    }

    @Test(
        "a topic setting has a default of its own, or broker settings that have one",
        arguments: SettingsTable.topic.definitions)
    func inheritance(definition: SettingDefinition) throws {
        #expect((definition.defaultValue == nil) == !definition.brokerSettings.isEmpty)
        for synonym in definition.brokerSettings {
            let broker = try #require(SettingsTable.broker[synonym.name], "\(synonym.name)")
            #expect(broker.scope == .clusterWide)
            #expect(broker.effect == definition.effect)
            if synonym.factor == 1 { #expect(broker.kind == definition.kind) }
        }
        let last = definition.brokerSettings.last.flatMap { SettingsTable.broker[$0.name] }
        #expect(definition.brokerSettings.isEmpty || last?.defaultValue != nil)
    }

    @Test("every topic setting of Kafka 4 that clients may send is known")
    func kafkaTopicSettings() {
        let names = """
            cleanup.policy compression.gzip.level compression.lz4.level compression.type compression.zstd.level
            delete.retention.ms file.delete.delay.ms flush.messages flush.ms follower.replication.throttled.replicas
            index.interval.bytes leader.replication.throttled.replicas local.retention.bytes local.retention.ms
            max.compaction.lag.ms max.message.bytes message.timestamp.after.max.ms message.timestamp.before.max.ms
            message.timestamp.type min.cleanable.dirty.ratio min.compaction.lag.ms min.insync.replicas preallocate
            remote.log.copy.disable remote.log.delete.on.disable remote.storage.enable retention.bytes retention.ms
            segment.bytes segment.index.bytes segment.jitter.ms segment.ms unclean.leader.election.enable
            """.split(whereSeparator: \.isWhitespace).map(String.init)
        #expect(SettingsTable.topic.definitions.map(\.name) == (names + ["write.caching"]).sorted())
    }

    @Test("environment variables are distinct, and ours do not say the prefix twice")
    func variables() {
        let variables = SettingsTable.broker.definitions.map { BrokerSettings.variable(of: $0.name) }
        #expect(Set(variables).count == variables.count)
        #expect(BrokerSettings.variable(of: "log.retention.ms") == "MYELIN_LOG_RETENTION_MS")
        #expect(BrokerSettings.variable(of: "myelin.rpc.port") == "MYELIN_RPC_PORT")
    }

    @Test(
        "an unknown name brings the nearest one to mind, and a strange one none",
        arguments: [
            ("log.retention.mss", "log.retention.ms"), ("num.partition", "num.partitions"),
            ("min.insync.replica", "min.insync.replicas"), ("node_id", "node.id"), ("zookeeper.connect", nil),
            ("x", nil),
        ] as [(String, String?)])
    func nearest(name: String, expected: String?) {
        #expect(throws: SettingError.unknown(name: name, nearest: expected)) {
            try BrokerSettings(SettingLayers(flags: [name: "1"]))
        }
    }
}

@Suite("broker settings")
struct BrokerSettingsTests {
    @Test("flags come before the environment, that before the file, that before the default")
    func layers() throws {
        func origin(_ layers: SettingLayers) throws -> (Int, SettingOrigin) {
            let settings = try BrokerSettings(layers)
            return (settings[.numPartitions], try settings.explain("num.partitions").origin)
        }
        var layers = SettingLayers()
        #expect(try origin(layers) == (1, .builtIn))
        layers.file = ["num.partitions": "2"]
        #expect(try origin(layers) == (2, .file))
        layers.environment = ["MYELIN_NUM_PARTITIONS": "3", "PATH": "/bin"]
        #expect(try origin(layers) == (3, .environment))
        layers.flags = ["num.partitions": " 4 "]
        #expect(try origin(layers) == (4, .flag))
    }

    @Test("values read as their types")
    func types() throws {
        let settings = try BrokerSettings(
            SettingLayers(flags: [
                "listeners": "PLAINTEXT://:0, internal://[::1]:9093", "auto.create.topics.enable": "FALSE",
                "log.format": "json", "log.dirs": "/data", "log.dir": "/other",
            ]))
        #expect(!settings[.autoCreateTopics])
        #expect(settings[.logFormat] == .json)
        #expect(settings[.logLevel] == .info)
        #expect(settings[.diskMechanism] == .auto)
        #expect(settings[.numNetworkThreads] == nil)
        #expect(settings[.rack] == nil)
        #expect(settings[.advertisedListeners] == nil)
        let listeners = settings[.listeners].addresses
        #expect(listeners.map(\.name) == ["PLAINTEXT", "INTERNAL"])
        #expect(listeners.map(\.host) == ["", "::1"])
        #expect(listeners.map(\.port) == [0, 9093])
        #expect(settings.dataDirectory == "/data")
        #expect(BrokerSettings().dataDirectory == nil)
    }

    @Test(
        "a bad value is refused in one line that names the setting, the value and what is allowed",
        arguments: [
            ("num.partitions", "many", "num.partitions: 'many' is not an int"),
            ("num.partitions", "0", "num.partitions: '0' is not allowed; allowed: 1 or more"),
            ("num.partitions", "4294967297", "num.partitions: '4294967297' is not an int"),
            ("auto.create.topics.enable", "yes", "auto.create.topics.enable: 'yes' is not a boolean"),
            ("log.format", "xml", "log.format: 'xml' is not allowed; allowed: text, json"),
            ("myelin.rpc.port", "65536", "myelin.rpc.port: '65536' is not allowed; allowed: 0 to 65535"),
            (
                "log.cleaner.min.cleanable.ratio", "1.5",
                "log.cleaner.min.cleanable.ratio: '1.5' is not allowed; allowed: 0 to 1"
            ),
            ("log.cleaner.min.cleanable.ratio", "nan", "log.cleaner.min.cleanable.ratio: 'nan' is not a double"),
            (
                "log.cleanup.policy", "",
                "log.cleanup.policy: '' is not allowed; allowed: one or more of compact, delete"
            ),
            ("log.dirs", "/a,/b", "log.dirs: '/a,/b' is not allowed; allowed: exactly one element"),
            (
                "listeners", "9092",
                "listeners: '9092' is not allowed; allowed: NAME://HOST:PORT, separated by commas, each name once"
            ),
            (
                "listeners", "A://:1,A://:2",
                "listeners: 'A://:1,A://:2' is not allowed; allowed: NAME://HOST:PORT, separated by commas, each name once"
            ),
            ("num.partition", "1", "unknown setting 'num.partition'; did you mean 'num.partitions'?"),
        ])
    func refusals(name: String, value: String, line: String) {
        let error = #expect(throws: SettingError.self) { try BrokerSettings(SettingLayers(file: [name: value])) }
        #expect(error?.description == line)
    }

    @Test("a bad value in a lower layer is refused even where a higher one hides it")
    func hiddenErrors() {
        #expect(throws: SettingError.self) {
            try BrokerSettings(
                SettingLayers(flags: ["num.partitions": "2"], file: ["num.partitions": "many"]))
        }
    }

    @Test("variables that name no setting are told, not refused")
    func unknownVariables() throws {
        let settings = try BrokerSettings(
            SettingLayers(environment: ["MYELIN_SERVICE_HOST": "10.0.0.1", "MYELIN_NODE_ID": "7", "HOME": "/"]))
        #expect(settings.unknownVariables == ["MYELIN_SERVICE_HOST"])
        #expect(settings[.nodeID] == 7)
    }

    @Test("an explanation tells value, origin, variable, meaning and who depends on it")
    func explanation() throws {
        let settings = try BrokerSettings(SettingLayers(file: ["log.retention.hours": "2"]))
        let explained = try settings.explain("log.retention.hours")
        #expect(explained.value == "2")
        #expect(explained.origin == .file)
        #expect(explained.definition.defaultValue == "168")
        #expect(explained.variable == "MYELIN_LOG_RETENTION_HOURS")
        #expect(explained.topicSettings == ["retention.ms"])
        #expect(throws: SettingError.unknown(name: "log.retention.hour", nearest: "log.retention.hours")) {
            try settings.explain("log.retention.hour")
        }
    }
}

@Suite("effective configuration")
struct EffectiveConfigsTests {
    private func alter(_ deciding: inout Deciding, _ target: ConfigTarget, _ name: String, _ value: String) throws {
        let set = AlterConfigs.Change(.set, name: name, value: value)
        _ = try deciding.run(AlterConfigs([(target, [set])]))[0].get()
    }

    private func retention(_ deciding: Deciding) throws -> ConfigEntry {
        let configs = EffectiveConfigs(settings: deciding.settings, image: deciding.image, node: NodeID(1))
        return try #require(configs.topicEntry("retention.ms", of: "a"))
    }

    @Test("each origin hides those below it, and the synonyms tell all of them in order")
    func precedence() throws {
        var deciding = try Deciding()
        try deciding.createTopic(NewTopic(name: "a"))
        #expect(try retention(deciding).value == "604800000")
        #expect(try retention(deciding).isDefault)
        deciding.settings = try BrokerSettings(SettingLayers(file: ["log.retention.minutes": "2"]))
        #expect(try retention(deciding).value == "120000")
        #expect(try retention(deciding).origin == .file)
        try alter(&deciding, ConfigTarget(.broker, name: ""), "log.retention.hours", "1")
        #expect(try retention(deciding).value == "3600000")
        #expect(try retention(deciding).origin == .dynamicDefault)
        try alter(&deciding, ConfigTarget(.broker, name: "1"), "log.retention.ms", "77")
        #expect(try retention(deciding).value == "77")
        try alter(&deciding, ConfigTarget(.topic, name: "a"), "retention.ms", "-1")
        let entry = try retention(deciding)
        #expect(entry.value == "-1")
        #expect(
            entry.synonyms.map(\.name) == [
                "retention.ms", "log.retention.ms", "log.retention.hours", "log.retention.minutes",
                "log.retention.hours",
            ])
        #expect(entry.synonyms.map(\.origin) == [.topic, .dynamicBroker, .dynamicDefault, .file, .builtIn])
        #expect(entry.synonyms.map(\.value) == ["-1", "77", "1", "2", "168"])
    }

    @Test("on one level the more specific name wins, and 'for ever' stays for ever in every unit")
    func units() throws {
        var deciding = try Deciding()
        deciding.settings = try BrokerSettings(
            SettingLayers(file: ["log.retention.hours": "1", "log.retention.minutes": "-1"]))
        #expect(try retention(deciding).value == "-1")
        deciding.settings = try BrokerSettings(SettingLayers(file: ["log.roll.hours": "2147483647"]))
        let configs = EffectiveConfigs(settings: deciding.settings, image: deciding.image, node: NodeID(1))
        #expect(configs[.segmentMilliseconds, of: "a"] == 2_147_483_647 * 3_600_000)
    }

    @Test("a topic's settings read as their types")
    func types() throws {
        var deciding = try Deciding()
        try deciding.createTopic(
            NewTopic(
                name: "a",
                configs: [
                    .init(name: "cleanup.policy", value: "compact, delete"),
                    .init(name: "message.timestamp.type", value: "LogAppendTime"),
                    .init(name: "write.caching", value: "true"),
                ]))
        let configs = EffectiveConfigs(settings: deciding.settings, image: deciding.image, node: NodeID(1))
        #expect(configs[.cleanupPolicy, of: "a"] == CleanupPolicy.read("delete,compact"))
        #expect(configs[.timestampType, of: "a"] == .logAppendTime)
        #expect(configs[.compressionType, of: "a"] == .producer)
        #expect(configs[.writeCaching, of: "a"])
        #expect(!configs[.writeCaching, of: "b"])
        #expect(configs[.batchBytesMax, of: "a"] == 1_048_588)
    }

    @Test("another broker's dynamic value is not ours")
    func otherBrokers() throws {
        var deciding = try Deciding(brokers: [(1, nil), (2, nil)])
        try alter(&deciding, ConfigTarget(.broker, name: "2"), "log.retention.ms", "77")
        #expect(try retention(deciding).isDefault)
        let entries = EffectiveConfigs(settings: deciding.settings, image: deciding.image, node: NodeID(2))
            .brokerEntries()
        #expect(entries.first { $0.name == "log.retention.ms" }?.origin == .dynamicBroker)
        #expect(entries.map(\.name) == SettingsTable.broker.definitions.map(\.name))
    }
}
