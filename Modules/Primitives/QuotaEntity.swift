// SPDX-License-Identifier: Apache-2.0

/// Whom a client quota is for: a user, a client id, both together, or a network address (KIP-13, KIP-55, KIP-612).
public struct QuotaEntity: Hashable, Sendable, Codable {
    /// One part of an entity.
    public enum Part: Hashable, Sendable, Codable {
        /// Whoever has no quota by name.
        case byDefault
        case named(String)
    }

    public var user: Part?
    public var clientID: Part?
    /// Alone: an address is never combined with a user or a client id.
    public var address: Part?

    public init(user: Part? = nil, clientID: Part? = nil, address: Part? = nil) {
        self.user = user
        self.clientID = clientID
        self.address = address
    }
}

extension QuotaEntity.Part: Comparable {
    /// The default before names.
    public static func < (left: Self, right: Self) -> Bool {
        switch (left, right) {
        case (.byDefault, .named): true
        case (.named(let one), .named(let other)): one < other
        case (_, .byDefault): false
        }
    }
}

extension QuotaEntity: Comparable {
    /// By user, then client id, then address; what is absent comes first.
    public static func < (left: QuotaEntity, right: QuotaEntity) -> Bool {
        for part in [\QuotaEntity.user, \.clientID, \.address] where left[keyPath: part] != right[keyPath: part] {
            guard let one = left[keyPath: part] else { return true }
            guard let other = right[keyPath: part] else { return false }
            return one < other
        }
        return false
    }
}

/// What a client quota limits. The raw values are Kafka's names.
public enum QuotaKey: String, CaseIterable, Comparable, Sendable, Codable {
    /// Bytes a second of produce requests.
    case producerByteRate = "producer_byte_rate"
    /// Bytes a second of fetch responses.
    case consumerByteRate = "consumer_byte_rate"
    /// Processor time in percent of one shard (KIP-124); 200 is two shards fully used.
    case requestPercentage = "request_percentage"
    /// Partitions a second created and deleted (KIP-599).
    case controllerMutationRate = "controller_mutation_rate"
    /// Connections a second from one address (KIP-612).
    case connectionCreationRate = "connection_creation_rate"

    public static func < (left: QuotaKey, right: QuotaKey) -> Bool { left.rawValue < right.rawValue }
}
