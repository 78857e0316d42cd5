// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// What serves one connection. Every call comes on the connection's loop.
///
/// Calls come in the order `opened`, then any number of the others, then `closed`, which is the last.
public protocol FrameHandler: AnyObject {
    /// The connection stands and can be written to.
    func opened(_ connection: FrameConnection)

    /// One complete frame, without its size prefix.
    ///
    /// It shares the memory of the whole read (up to 256 KiB, or the frame alone when it is larger): copy what outlives
    /// the request, else a small frame keeps much memory.
    func received(_ frame: SharedBytes)

    /// All frames that one read completed have been delivered.
    func receivedAll()

    /// The peer reads slower than we write (false), or has caught up (true): a good time to pause and resume reading.
    func writabilityChanged(_ isWritable: Bool)

    /// The listener is closing: take no new work, finish what is in progress, then `close` the connection.
    func draining()

    /// The connection is gone; writes go nowhere from here on.
    func closed(_ reason: CloseReason)
}

/// Why a connection ended.
public enum CloseReason: Hashable, Sendable {
    /// The peer ended it, in order.
    case peerClosed
    /// `close` or `abort` was called.
    case closedHere
    /// The size prefix was negative, smaller than the least frame or larger than the limit.
    case frameSizeInvalid(Int32)
    /// Nothing was received for the idle time and nothing waited to be sent.
    case idle
    /// The first whole frame did not come in time, or a frame that had begun came too slowly.
    case tooSlow
    /// More waited to be sent than the limit allows.
    case outputOverflow
    /// The peer took no byte of what waited to be sent for the time allowed.
    case outputStalled
    /// The system reported an error, by its number: reset, unreachable, timed out; 0 where it has none.
    case failed(errno: Int32)
}

/// Bounds of one connection and of all of them together.
public struct ConnectionLimits: Hashable, Sendable {
    /// Largest payload a size prefix may announce.
    public var frameByteCountMax = 100 << 20
    /// Smallest payload a size prefix may announce: a Kafka request header has 8 bytes before its client id.
    public var frameByteCountMin = 8
    /// Bytes that may wait to be sent before the connection is cut. Files count with their length.
    public var outputByteCountMax = 256 << 20
    /// `writabilityChanged(false)` above the first, `(true)` below the second.
    public var outputHighWatermark = 1 << 20
    public var outputLowWatermark = 256 << 10
    /// Time without a received byte after which a connection is closed, unless something waits to be sent
    /// (Kafka's `connections.max.idle.ms`).
    public var idleMilliseconds: Int64 = 600_000
    /// Time in which a peer must have taken some of what waits to be sent. The kernel asks for more only when about a
    /// third of its send buffer (up to 4 MiB) is free, so a peer must read about that much in this time.
    public var stallMilliseconds: Int64 = 30_000
    /// Time from the start of a connection in which its first whole frame must come.
    public var firstFrameMilliseconds: Int64 = 30_000
    /// Time from its first byte in which a frame must be complete.
    public var frameMilliseconds: Int64 = 60_000
    /// Least bytes a second of a frame that has begun, looked at once it is `frameGraceMilliseconds` old.
    public var frameRateMin = 1_024
    public var frameGraceMilliseconds: Int64 = 10_000
    /// Bytes that one loop holds in frames that have begun or are not answered. Past that, frames of more than
    /// `smallFrameByteCount` are not read on, in the hope that others end first; their time goes on.
    public var heldByteCountMax = 64 << 20
    public var smallFrameByteCount = 64 << 10
    /// Open connections of one listener, and of one address on it. More are closed at once and counted.
    public var connectionCountMax = 10_000
    public var connectionCountPerAddressMax = 1_000
    /// Addresses with a number of their own.
    public var connectionCountMaxByAddress: [String: Int] = [:]
    /// Connections a second of one listener that are served as they come; further ones wait their turn, unread.
    public var connectionRateMax = Int(Int32.max)

    /// The defaults, each of which can be changed.
    public init() {}
}
