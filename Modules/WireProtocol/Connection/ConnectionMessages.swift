// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// What a process is in the cluster.
public enum NodeRole: UInt32, MessageEnum {
    /// Not said; as `wantedRole`: any.
    case unspecified = 0
    /// A tool or an application.
    case client = 1
    case broker = 2
    case controller = 3
    case portal = 4
}

/// Who one end is and what it can take: the first message each way.
public struct Hello: Message {
    /// Empty at a client that does not know it: any cluster will do.
    public var clusterID = ""
    /// −1 at a client.
    public var nodeID = NodeID(0)
    public var role = NodeRole.unspecified
    /// Highest level this end speaks.
    public var featureLevel = FeatureLevel(0)
    /// Lowest level this end speaks.
    public var featureLevelMin = FeatureLevel(0)
    /// Who a client wants to reach.
    public var wantedRole = NodeRole.unspecified
    /// Bytes of items the other end may send on a new call before it is granted more.
    public var streamCredit: UInt32 = 0
    /// The same for all calls together.
    public var connectionCredit: UInt32 = 0
    /// Largest payload this end takes.
    public var frameBytesMax: UInt32 = 0
    /// How many calls the other end may have open.
    public var streamCountMax: UInt32 = 0
    /// Name and version, for logs: `myelin 0.1.0`.
    public var software = ""

    public init() {}

    public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
        try visitor.field(1, "clusterID", &clusterID)
        try visitor.field(2, "nodeID", &nodeID)
        try visitor.field(3, "role", &role)
        try visitor.field(4, "featureLevel", &featureLevel)
        try visitor.field(5, "featureLevelMin", &featureLevelMin)
        try visitor.field(6, "wantedRole", &wantedRole)
        try visitor.field(7, "streamCredit", &streamCredit)
        try visitor.field(8, "connectionCredit", &connectionCredit)
        try visitor.field(9, "frameBytesMax", &frameBytesMax)
        try visitor.field(10, "streamCountMax", &streamCountMax)
        try visitor.field(11, "software", &software)
    }
}

extension Hello {
    /// The hello of a tool that takes any node of any cluster, unless told which.
    public static func client(clusterID: String = "", wants role: NodeRole = .unspecified) -> Hello {
        node(.none, role: .client, clusterID: clusterID, wants: role)
    }

    /// The hello of a process of the cluster, at this build's feature levels. A connection fills in its limits.
    public static func node(
        _ nodeID: NodeID, role: NodeRole, clusterID: String, wants wantedRole: NodeRole = .unspecified
    ) -> Hello {
        .with {
            $0.clusterID = clusterID
            $0.nodeID = nodeID
            $0.role = role
            $0.wantedRole = wantedRole
            $0.featureLevel = .current
            $0.featureLevelMin = .first
        }
    }

    /// `broker 2`, `client`.
    public var peerName: String { nodeID.rawValue < 0 ? "\(role)" : "\(role) \(nodeID)" }
}

/// Bytes granted on top of what is left.
public struct Credit: Message {
    public var byteCount: UInt32 = 0

    public init() {}

    public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
        try visitor.field(1, "byteCount", &byteCount)
    }
}

/// Asks for a sign of life; the answer carries the same number.
public struct Ping: Message {
    public var nonce: UInt64 = 0

    public init() {}

    public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
        try visitor.field(1, "nonce", &nonce)
    }
}

/// The sender is leaving.
public struct Goaway: Message {
    /// Calls above it are not served.
    public var lastStreamID: UInt64 = 0
    /// One sentence for people.
    public var reason = ""

    public init() {}

    public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
        try visitor.field(1, "lastStreamID", &lastStreamID)
        try visitor.field(2, "reason", &reason)
    }
}
