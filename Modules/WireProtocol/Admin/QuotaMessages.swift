// SPDX-License-Identifier: Apache-2.0

public import Primitives

extension Admin {
    /// One part of whom a quota is for.
    public struct QuotaEntityPart: Message {
        /// `user`, `client-id` or `ip`.
        public var type = ""
        /// nil: whoever has no quota by name.
        public var name: String?

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "type", &type)
            try visitor.field(2, "name", &name)
        }
    }

    /// One limit; the keys are Kafka's: `producer_byte_rate`, `consumer_byte_rate`, `request_percentage`,
    /// `controller_mutation_rate`, `connection_creation_rate`.
    public struct QuotaLimit: Message {
        /// Which.
        public var key = ""
        /// In the key's unit, a second; nil in an alteration: take it away.
        public var limit: Double?

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "key", &key)
            try visitor.field(2, "limit", &limit)
        }
    }

    /// The quotas of one entity.
    public struct QuotaInfo: Message {
        /// A user, a client id, both, or an address.
        public var entity: [QuotaEntityPart] = []
        /// Ascending by key.
        public var limits: [QuotaLimit] = []

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "entity", &entity)
            try visitor.field(2, "limits", &limits)
        }
    }

    /// Which quotas are set.
    public struct QuotaListRequest: Message {
        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {}
    }

    /// All of them.
    public struct QuotaListResponse: Message {
        /// By user, then client id, then address.
        public var quotas: [QuotaInfo] = []

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "quotas", &quotas)
        }
    }

    /// Changes quotas of one entity: all that is asked, or nothing.
    public struct QuotaAlterRequest: Message {
        /// A user, a client id, both, or an address.
        public var entity: [QuotaEntityPart] = []
        /// Each key once.
        public var changes: [QuotaLimit] = []
        /// Checks everything, changes nothing.
        public var validateOnly = false

        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
            try visitor.field(1, "entity", &entity)
            try visitor.field(2, "changes", &changes)
            try visitor.field(3, "validateOnly", &validateOnly)
        }
    }

    /// Done.
    public struct QuotaAlterResponse: Message {
        public init() {}

        public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {}
    }
}
