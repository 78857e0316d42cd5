// SPDX-License-Identifier: Apache-2.0

/// A number that means one thing, so that the compiler keeps it apart from every other number.
public protocol Number: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible
where RawValue: FixedWidthInteger & SignedInteger & Sendable {
    init(rawValue: RawValue)
}

extension Number {
    @inlinable public init(_ value: RawValue) { self.init(rawValue: value) }
    @inlinable public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    @inlinable public static func == (left: Self, right: Self) -> Bool { left.rawValue == right.rawValue }
    /// The next greater number; traps at the largest one.
    @inlinable public var next: Self { Self(rawValue: rawValue + 1) }
    public var description: String { String(rawValue) }
}

/// Position of a record in a partition, from 0. `logEndOffset` is the one the next record gets.
public struct Offset: Number {
    public let rawValue: Int64
    @inlinable public init(rawValue: Int64) { self.rawValue = rawValue }
    public static let zero = Offset(0)

    /// The offset `count` records further on.
    @inlinable public static func + (offset: Offset, count: Int64) -> Offset { Offset(offset.rawValue + count) }
    /// The offset `count` records before.
    @inlinable public static func - (offset: Offset, count: Int64) -> Offset { Offset(offset.rawValue - count) }
    /// How many offsets lie from `start` up to `self`.
    @inlinable public func distance(from start: Offset) -> Int64 { rawValue - start.rawValue }
}

/// Counts the leaders a partition has had; −1 where no epoch is known (KIP-101).
public struct LeaderEpoch: Number {
    public let rawValue: Int32
    @inlinable public init(rawValue: Int32) { self.rawValue = rawValue }
    public static let none = LeaderEpoch(-1)
    public static let zero = LeaderEpoch(0)
}

/// Counts every change of a partition's leader, replicas or in-sync set.
public struct PartitionEpoch: Number {
    public let rawValue: Int32
    @inlinable public init(rawValue: Int32) { self.rawValue = rawValue }
    public static let zero = PartitionEpoch(0)
}

/// Index of a partition in its topic, from 0.
public struct PartitionIndex: Number {
    public let rawValue: Int32
    @inlinable public init(rawValue: Int32) { self.rawValue = rawValue }
}

/// A process of the cluster: broker or controller.
public struct NodeID: Number {
    public let rawValue: Int32
    @inlinable public init(rawValue: Int32) { self.rawValue = rawValue }
    public static let none = NodeID(-1)
}

/// Raft term; also the controller epoch that Kafka clients see.
public struct Term: Number {
    public let rawValue: Int64
    @inlinable public init(rawValue: Int64) { self.rawValue = rawValue }
    public static let zero = Term(0)
}

/// Identity of an idempotent producer, −1 where there is none (KIP-98).
public struct ProducerID: Number {
    public let rawValue: Int64
    @inlinable public init(rawValue: Int64) { self.rawValue = rawValue }
    public static let none = ProducerID(-1)
}

/// Counts the incarnations of one producer id, −1 where there is none (KIP-98).
public struct ProducerEpoch: Number {
    public let rawValue: Int16
    @inlinable public init(rawValue: Int16) { self.rawValue = rawValue }
    public static let none = ProducerEpoch(-1)
}

/// A size in bytes.
public struct ByteCount: Number {
    public let rawValue: Int
    @inlinable public init(rawValue: Int) { self.rawValue = rawValue }
    public static let zero = ByteCount(0)
    @inlinable public static func kibibytes(_ count: Int) -> ByteCount { ByteCount(count << 10) }
    @inlinable public static func mebibytes(_ count: Int) -> ByteCount { ByteCount(count << 20) }
    @inlinable public static func + (left: ByteCount, right: ByteCount) -> ByteCount {
        ByteCount(left.rawValue + right.rawValue)
    }
    @inlinable public static func - (left: ByteCount, right: ByteCount) -> ByteCount {
        ByteCount(left.rawValue - right.rawValue)
    }
}
