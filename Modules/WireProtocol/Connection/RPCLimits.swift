// SPDX-License-Identifier: Apache-2.0

/// Bounds of one connection. What happens at each: docs/formats/rpc.md, "Limits".
public struct RPCLimits: Equatable, Sendable {
    /// Calls the other end may have open.
    public var streamCountMax = 256
    /// Request payloads of all open calls.
    public var requestBytesMax = 32 << 20
    /// Payload of one frame, attachment included.
    public var frameBytesMax = 16 << 20
    /// Message of one frame.
    public var messageBytesMax = 4 << 20
    /// Payload of one frame before hello: there is nothing but hello to say.
    public var handshakeFrameBytesMax = 4 << 10
    /// Items of one call that were sent but not taken; one frame may overdraw it.
    public var streamCredit = 1 << 20
    /// The same for all calls.
    public var connectionCredit = 16 << 20
    /// Above this many bytes waiting for the socket, items wait with their senders.
    public var unflushedBytesHighWater = 1 << 20
    /// Above this many the other end is not reading: the connection is given up.
    public var unflushedBytesMax = 64 << 20
    public var handshakeMilliseconds: Int64 = 5_000
    /// Silence after which this end asks for a sign of life.
    public var pingAfterMilliseconds: Int64 = 15_000
    /// Further silence after which the other end counts as gone.
    public var pingTimeoutMilliseconds: Int64 = 10_000

    public init() {}
}
