// SPDX-License-Identifier: Apache-2.0

/// What the connections of one loop have done since it started. All only grow but `openCount` and `heldByteCount`.
public struct TransportCounters: Hashable, Sendable {
    public var openCount = 0
    public var acceptedCount: UInt64 = 0
    /// Refused because the listener, or the peer's address, has its most connections open.
    public var rejectedByTotalCount: UInt64 = 0
    public var rejectedByAddressCount: UInt64 = 0
    /// Refused because the peer's address made too many connections a second.
    public var rejectedByRateCount: UInt64 = 0
    /// Let in later than they came, because there were too many a second.
    public var delayedCount: UInt64 = 0
    /// The system could not accept: mostly no descriptor was free.
    public var acceptFailureCount: UInt64 = 0
    public var frameCount: UInt64 = 0
    /// Size prefixes and payloads as they arrived.
    public var receivedByteCount: UInt64 = 0
    /// Handed to the socket's queue, files included.
    public var sentByteCount: UInt64 = 0
    /// Connections closed because of a bad size prefix, silence, too much output, a peer that stopped reading.
    public var invalidFrameCount: UInt64 = 0
    public var idleCount: UInt64 = 0
    public var slowCount: UInt64 = 0
    public var overflowCount: UInt64 = 0
    public var stallCount: UInt64 = 0
    /// Bytes in frames that have begun or are not answered, now.
    public var heldByteCount = 0
    /// Rounds of work; bytes or frames per round tell how well the load coalesces.
    public var roundCount: UInt64 = 0

    public init() {}

    mutating func count(_ reason: CloseReason) {
        switch reason {
        case .peerClosed, .closedHere, .failed: break
        case .frameSizeInvalid: invalidFrameCount += 1
        case .idle: idleCount += 1
        case .tooSlow: slowCount += 1
        case .outputOverflow: overflowCount += 1
        case .outputStalled: stallCount += 1
        }
    }
}
