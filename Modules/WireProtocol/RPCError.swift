// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// What went wrong, in a form that a program can switch on. Numbers below 100 end one call, from 100 on the connection.
public enum RPCErrorCode: UInt32, MessageEnum {
    /// Not said, or a code of a newer peer.
    case unspecified = 0
    /// The caller gave up.
    case cancelled = 1
    /// The deadline passed, at either end; the work may or may not have been done.
    case deadlineExceeded = 2
    /// The node is starting, draining or gone; another node or a later try may serve.
    case unavailable = 3
    /// A named limit is reached: streams, bytes, queue.
    case overloaded = 4
    /// The message does not decode or asks for something illegal.
    case invalidRequest = 5
    /// The topic, partition, group or resource does not exist.
    case notFound = 6
    /// Something of that name exists.
    case alreadyExists = 7
    /// Lawful, but not in this state: the group has members, the policy says no.
    case refused = 8
    /// The caller's identity may not do this.
    case unauthorized = 9
    /// The method is known but this node does not serve it.
    case notSupported = 10
    /// The node's own fault, logged there.
    case internalFault = 11
    /// Only the active controller does this.
    case notController = 12
    /// Only the leader of the partition does this.
    case notLeader = 13
    /// A disk failed or is full.
    case storageFault = 14
    /// The first bytes are not of this protocol.
    case wrongMagic = 100
    /// No frame version or feature level that both ends speak.
    case unsupportedVersion = 101
    /// The header was damaged.
    case headerChecksumMismatch = 102
    /// The payload was damaged.
    case payloadChecksumMismatch = 103
    /// The type byte names no frame.
    case unknownFrameType = 104
    /// The method is in no catalogue.
    case unknownMethod = 105
    /// A length above the limit, or lengths that contradict each other.
    case invalidLength = 106
    /// A frame that the state of its stream or connection does not allow.
    case unexpectedFrame = 107
    /// More bytes than were granted.
    case creditExceeded = 108
    /// The peer belongs to another cluster.
    case wrongCluster = 109
    /// The peer is not what the caller looked for.
    case wrongRole = 110
    /// No hello in time.
    case handshakeTimeout = 111
    /// A ping was not answered in time.
    case peerSilent = 112
    /// The connection ended while calls were open.
    case connectionLost = 113
    /// Nobody listens at the address.
    case connectionRefused = 114
    /// The address does not resolve or does not answer.
    case unreachable = 115
}

/// Why a call, one item of a call, or a whole connection failed. Travels as a message; thrown as an error.
public struct RPCError: Message, Error {
    /// What went wrong.
    public var code = RPCErrorCode.unspecified
    /// One sentence for people: what was wrong, with its values.
    public var message = ""
    /// What to do next; empty where nobody can know.
    public var remedy = ""
    /// Kafka's name of the error (`UNKNOWN_TOPIC_OR_PARTITION`) where Kafka has one.
    public var reason = ""
    /// The same call may succeed later.
    public var isRetryable = false
    /// How long to wait before that; 0 leaves it to the caller.
    public var retryAfterMilliseconds: UInt32 = 0

    public init() {}

    public mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
        try visitor.field(1, "code", &code)
        try visitor.field(2, "message", &message)
        try visitor.field(3, "remedy", &remedy)
        try visitor.field(4, "reason", &reason)
        try visitor.field(5, "isRetryable", &isRetryable)
        try visitor.field(6, "retryAfterMilliseconds", &retryAfterMilliseconds)
    }
}
