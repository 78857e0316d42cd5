// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// One end of a connection of the framed RPC: bytes and commands go in, events and bytes come out.
///
/// Knows no socket, clock or thread. The driver calls `receive` with what it read, `advance` at `nextWakeup`, and after
/// every call takes `takeEvents()` and `takeOutput()`; it reports written bytes with `flushed`. An event `.closed` is
/// the last one: the driver writes the remaining output and closes the socket.
public struct RPCConnection: Sendable {
    /// Which end this is. Only the client opens calls.
    public enum Side: Sendable {
        case client
        case server
    }

    /// What the other end did, or failed to do.
    public enum Event: Equatable, Sendable {
        /// Calls can be opened (client) or will come (server).
        case handshakeCompleted(peer: Hello)
        /// At the server: a call was opened. `deadline` is `distantFuture` when the caller gave none.
        case requestReceived(StreamID, MethodID, Payload, deadline: Instant)
        /// An item came. Report `cost` with `taken(_:on:)` once it is out of memory, or the sender runs out of credit.
        case itemReceived(StreamID, Payload, cost: Int)
        /// At the server: no more items will come.
        case endReceived(StreamID)
        /// At the client: the call is over, successfully.
        case responseReceived(StreamID, Payload)
        /// The call is over. At the client: why it failed. At the server: why nobody waits for its answer any more.
        case streamFailed(StreamID, RPCError)
        /// A `send` that returned false may be tried again.
        case writable(StreamID)
        /// The other end takes no new calls.
        case peerIsLeaving(reason: String)
        /// The connection is over; nil after an orderly goaway.
        case closed(RPCError?)
    }

    enum Phase: Equatable, Sendable {
        case awaitingHello(until: Instant)
        case open
        case closed
    }

    struct Stream: Sendable {
        let method: MethodDescriptor
        let deadline: Instant
        let requestByteCount: Int
        var sending: SendWindow
        var receiving: ReceiveWindow
        /// At the client: this end sent its end mark; at the server: the other end did.
        var clientHasEnded: Bool
    }

    public let side: Side
    public let limits: RPCLimits
    let hello: Hello
    /// Roles a server serves: more than one where one process has several.
    let roles: [NodeRole]
    let methods: [MethodID: MethodDescriptor]

    var phase: Phase
    /// Who is at the other end; nil before its hello.
    public internal(set) var peer: Hello?
    /// What both ends speak; meaningful once `peer` is known.
    public internal(set) var featureLevel = FeatureLevel.first

    var streams: [StreamID: Stream] = [:]
    /// Highest id opened here (client) or seen (server).
    var lastStream = StreamID.connection
    var requestByteCount = 0
    /// No stream's deadline is earlier.
    var earliestDeadline = Instant.distantFuture
    /// Streams whose `send` was refused, in that order.
    var blocked: [StreamID] = []

    var sending = SendWindow(credit: 0)
    var receiving: ReceiveWindow

    /// This end sent goaway.
    public internal(set) var isLeaving = false
    /// The other end sent goaway.
    public internal(set) var peerIsLeaving = false

    var lastHeard: Instant
    var pingedAt: Instant?
    var pingNonce: UInt64 = 0

    var assembler = FrameAssembler()
    var events: [Event] = []
    var outbox: [SharedBytes] = []
    var tail = ByteWriter()
    /// Written into the outbox and not yet reported by `flushed`.
    public internal(set) var unflushedByteCount = 0

    /// A fresh connection; a client's hello is at once in the output.
    ///
    /// - Parameters:
    ///   - roles: At a server: which `wantedRole` it answers to. Empty means the role in `hello`.
    ///   - methods: The catalogue. A request for a method outside it is damage.
    public init(
        _ side: Side, hello: Hello, roles: [NodeRole] = [], methods: [MethodDescriptor],
        limits: RPCLimits = RPCLimits(),
        at now: Instant
    ) {
        self.side = side
        self.limits = limits
        self.roles = roles.isEmpty ? [hello.role] : roles
        self.methods = Dictionary(uniqueKeysWithValues: methods.map { ($0.id, $0) })
        var own = hello
        own.streamCredit = UInt32(clamping: limits.streamCredit)
        own.connectionCredit = UInt32(clamping: limits.connectionCredit)
        own.frameBytesMax = UInt32(clamping: limits.frameBytesMax)
        own.streamCountMax = UInt32(clamping: limits.streamCountMax)
        self.hello = own
        receiving = ReceiveWindow(size: limits.connectionCredit, isShared: true)
        phase = .awaitingHello(until: now.advanced(byMilliseconds: limits.handshakeMilliseconds))
        lastHeard = now
        if side == .client { write(.hello, Payload(own)) }
    }

    /// No byte or command changes anything any more.
    public var isClosed: Bool { phase == .closed }

    /// Hellos were exchanged and the connection is not over.
    public var isOpen: Bool { phase == .open }

    /// Calls that are open.
    public var streamCount: Int { streams.count }

    /// Bytes of items received and not yet reported as taken: at most the connection's credit and one frame.
    public var heldByteCount: Int { receiving.heldByteCount }

    /// Bytes of frames that are not complete yet.
    public var partialFrameByteCount: Int { assembler.byteCount }

    /// What happened since the last call, oldest first.
    public mutating func takeEvents() -> [Event] {
        guard !events.isEmpty else { return [] }
        defer { events.removeAll(keepingCapacity: true) }
        return events
    }

    /// Bytes to send, in order.
    public mutating func takeOutput() -> [SharedBytes] {
        flushTail()
        defer { outbox = [] }
        return outbox
    }

    /// Tells that the socket took `byteCount` bytes of the output.
    public mutating func flushed(_ byteCount: Int) {
        precondition(byteCount <= unflushedByteCount, "flushed \(byteCount) of \(unflushedByteCount)")
        unflushedByteCount -= byteCount
        wakeBlocked()
    }
}
