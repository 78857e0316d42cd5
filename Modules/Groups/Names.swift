// SPDX-License-Identifier: Apache-2.0

public import Primitives

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
