// SPDX-License-Identifier: Apache-2.0

public import Primitives

extension Admin {
    /// What a config belongs to.
    public enum ConfigResourceType: UInt32, MessageEnum {
        /// Refused.
        case unspecified = 0
        /// A topic, by name.
        case topic = 1
        /// A broker, by node id; an empty name is the default of all brokers.
        case broker = 2
        /// A consumer group, by id (KIP-848).
        case group = 3
        /// A subscription to metrics of clients, by its name (KIP-714).
        case clientMetrics = 4
    }

    /// One thing that has configs.
    public struct ConfigResource: Message {
        /// What it is.
        public var type = ConfigResourceType.unspecified
        /// Its name.
        public var name = ""

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "type", &type)
            try visitor.field(2, "name", &name)
        }
    }

    /// Where a value comes from; Kafka's numbers up to 8.
    public enum ConfigOrigin: UInt32, MessageEnum {
        /// Not known.
        case unspecified = 0
        /// Set on the topic.
        case topic = 1
        /// Set on this broker while running.
        case broker = 2
        /// Set on all brokers while running.
        case brokerDefault = 3
        /// Given at the start of the broker, not known how.
        case staticBroker = 4
        /// Built in.
        case defaultValue = 5
        /// Set on the subscription to metrics of clients.
        case clientMetrics = 7
        /// Set on the group.
        case group = 8
        /// Flag or `--set` at the start.
        case commandLine = 20
        /// `MYELIN_…` variable at the start.
        case environment = 21
        /// Configuration file at the start.
        case file = 22
    }

    /// One config of one resource.
    public struct ConfigEntry: Message {
        /// `retention.ms` …
        public var name = ""
        /// As Kafka writes it; nil when sensitive or not set.
        public var value: String?
        /// Where the value comes from.
        public var origin = ConfigOrigin.unspecified
        /// Built in; nil when there is none or it is sensitive.
        public var defaultValue: String?
        /// Never shown.
        public var isSensitive = false
        /// Cannot be changed while running.
        public var isReadOnly = false
        /// Kafka's: BOOLEAN, STRING, INT, SHORT, LONG, DOUBLE, LIST, CLASS, PASSWORD.
        public var type = ""
        /// What it does; only when asked for.
        public var documentation = ""
        /// What the value was chosen from, strongest first; only when asked for.
        public var synonyms: [ConfigSynonym] = []
        /// The only ones allowed; empty when there is no such list.
        public var validValues: [String] = []

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "name", &name)
            try visitor.field(2, "value", &value)
            try visitor.field(3, "origin", &origin)
            try visitor.field(4, "defaultValue", &defaultValue)
            try visitor.field(5, "isSensitive", &isSensitive)
            try visitor.field(6, "isReadOnly", &isReadOnly)
            try visitor.field(7, "type", &type)
            try visitor.field(8, "documentation", &documentation)
            try visitor.field(9, "synonyms", &synonyms)
            try visitor.field(10, "validValues", &validValues)
        }
    }

    /// One candidate for a value.
    public struct ConfigSynonym: Message {
        /// Config name there: `log.retention.ms` stands behind `retention.ms`.
        public var name = ""
        /// nil when sensitive.
        public var value: String?
        /// Where it is set.
        public var origin = ConfigOrigin.unspecified

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "name", &name)
            try visitor.field(2, "value", &value)
            try visitor.field(3, "origin", &origin)
        }
    }

    /// Asks which configs a kind of resource knows.
    public struct ConfigListRequest: Message {
        /// Which kind.
        public var type = ConfigResourceType.unspecified

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "type", &type)
        }
    }

    /// The configs, without the values of any one resource.
    public struct ConfigListResponse: Message {
        /// Ascending by name; value is the built-in default, documentation filled.
        public var entries: [ConfigEntry] = []

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "entries", &entries)
        }
    }

    /// Asks for the configs of resources.
    public struct ConfigDescribeRequest: Message {
        /// At least one.
        public var resources: [ConfigResource] = []
        /// Only these; empty gives all.
        public var names: [String] = []
        /// Fills `documentation`.
        public var includesDocumentation = false
        /// Fills `synonyms`.
        public var includesSynonyms = false
        /// Only what this broker does itself; no other is asked.
        public var localOnly = false

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "resources", &resources)
            try visitor.field(2, "names", &names)
            try visitor.field(3, "includesDocumentation", &includesDocumentation)
            try visitor.field(4, "includesSynonyms", &includesSynonyms)
            try visitor.field(5, "localOnly", &localOnly)
        }
    }

    /// One entry per resource, in the order asked.
    public struct ConfigDescribeResponse: Message {
        /// In the order asked.
        public var resources: [ConfigDescription] = []

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "resources", &resources)
        }
    }

    /// The configs of one resource.
    public struct ConfigDescription: Message {
        /// Which.
        public var resource = ConfigResource()
        /// Ascending by name.
        public var entries: [ConfigEntry] = []
        /// Why there is nothing.
        public var error: RPCError?

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "resource", &resource)
            try visitor.field(2, "entries", &entries)
            try visitor.field(3, "error", &error)
        }
    }

    /// How a config is changed (KIP-339); Kafka's numbers plus one.
    public enum ConfigOperation: UInt32, MessageEnum {
        /// Refused.
        case unspecified = 0
        /// Takes the value.
        case set = 1
        /// Goes back to the default.
        case delete = 2
        /// Adds to a list.
        case append = 3
        /// Takes from a list.
        case subtract = 4
    }

    /// One change.
    public struct ConfigAlteration: Message {
        /// Which config.
        public var name = ""
        /// How.
        public var operation = ConfigOperation.unspecified
        /// Empty for `delete`.
        public var value = ""

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "name", &name)
            try visitor.field(2, "operation", &operation)
            try visitor.field(3, "value", &value)
        }
    }

    /// Changes configs; each resource succeeds or fails alone.
    public struct ConfigAlterRequest: Message {
        /// At least one.
        public var resources: [ConfigResourceAlteration] = []
        /// Checks everything, changes nothing.
        public var validateOnly = false

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "resources", &resources)
            try visitor.field(2, "validateOnly", &validateOnly)
        }
    }

    /// Changes to one resource, all or none.
    public struct ConfigResourceAlteration: Message {
        /// Which.
        public var resource = ConfigResource()
        /// What.
        public var alterations: [ConfigAlteration] = []

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "resource", &resource)
            try visitor.field(2, "alterations", &alterations)
        }
    }

    /// What became of each resource, in the order asked.
    public struct ConfigAlterResponse: Message {
        /// In the order asked.
        public var resources: [ConfigOutcome] = []

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "resources", &resources)
        }
    }

    /// What became of one resource.
    public struct ConfigOutcome: Message {
        /// Which.
        public var resource = ConfigResource()
        /// Nothing was changed.
        public var error: RPCError?

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "resource", &resource)
            try visitor.field(2, "error", &error)
        }
    }

    /// Asks why a config has the value it has.
    public struct ConfigExplainRequest: Message {
        /// Whose.
        public var resource = ConfigResource()
        /// Which.
        public var name = ""
        /// Only what this broker does itself; no other is asked.
        public var localOnly = false

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "resource", &resource)
            try visitor.field(2, "name", &name)
            try visitor.field(3, "localOnly", &localOnly)
        }
    }

    /// The value with everything that led to it: documentation, default, synonyms.
    public struct ConfigExplainResponse: Message {
        /// All fields filled.
        public var entry = ConfigEntry()

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "entry", &entry)
        }
    }
}
