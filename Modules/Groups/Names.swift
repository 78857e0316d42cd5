// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// Text that names one kind of thing, compared byte by byte.
///
/// `String` calls canonically equal Unicode texts equal; to Kafka they are two groups.
public protocol Name: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible,
    ExpressibleByStringLiteral
where RawValue == String {
    init(rawValue: String)
}

extension Name {
    public init(_ text: String) { self.init(rawValue: text) }
    public init(stringLiteral value: String) { self.init(rawValue: value) }
    public var description: String { rawValue }
    /// How many bytes the name takes on the wire, without its length.
    public var byteCount: Int { rawValue.utf8.count }

    public static func == (left: Self, right: Self) -> Bool { left.rawValue.utf8.elementsEqual(right.rawValue.utf8) }
    public static func < (left: Self, right: Self) -> Bool {
        left.rawValue.utf8.lexicographicallyPrecedes(right.rawValue.utf8)
    }
    public func hash(into hasher: inout Hasher) {
        var text = rawValue
        text.withUTF8 { unsafe hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        hasher.combine(0xff as UInt8)
    }
}

/// Name of a group (`group.id`); the empty one names no group.
public struct GroupID: Name {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
}

/// What the coordinator called one incarnation of a member; empty until it has given one.
public struct MemberID: Name {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    /// What a member sends that has no id yet.
    public static let unknown = MemberID("")
}

/// What a static member calls itself, across restarts (`group.instance.id`, KIP-345).
public struct GroupInstanceID: Name {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
}

/// Counts the completed rebalances of a group; −1 from a client outside any generation.
public struct GenerationID: Number {
    public let rawValue: Int32
    @inlinable public init(rawValue: Int32) { self.rawValue = rawValue }
    public static let none = GenerationID(-1)
    public static let zero = GenerationID(0)
}

/// The shell's name for one request; each gets exactly one `.reply`.
public struct RequestToken: Number {
    public let rawValue: Int64
    @inlinable public init(rawValue: Int64) { self.rawValue = rawValue }
}

/// Names one `.append`; later ones are greater.
public struct AppendTicket: Number {
    public let rawValue: Int64
    @inlinable public init(rawValue: Int64) { self.rawValue = rawValue }
}

/// One partition by the name of its topic, as consumers commit it.
public struct TopicPartition: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let topic: String
    public let partition: PartitionIndex

    public init(topic: String, partition: PartitionIndex) {
        self.topic = topic
        self.partition = partition
    }

    public static func < (left: TopicPartition, right: TopicPartition) -> Bool {
        (left.topic, left.partition) < (right.topic, right.partition)
    }

    public var description: String { "\(topic)-\(partition)" }
}
