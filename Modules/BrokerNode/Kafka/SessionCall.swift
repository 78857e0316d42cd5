// SPDX-License-Identifier: Apache-2.0

internal import DequeModule
internal import Primitives
internal import Transport
internal import WireProtocol

/// A Kafka connection that travels inside a `Clients.session` call instead of a socket of its own.
///
/// Bounds: requests that wait are held by their credit, which goes back when the connection has taken them; answers that
/// wait stop the connection from taking more, as a slow socket does; a client that grants no credit for
/// `stallMilliseconds` is given up.
/// - SeeAlso: docs/decisions/0022-native-client.md
final class SessionCall: ClientStream, @unchecked Sendable {
    // Proof of @unchecked: the `let`s are immutable; all else is touched on `call.loop` only, where `begin`, the call's
    // events and the connection run.

    /// Answer bytes that may wait before the connection is told to stop, and when it may go on.
    private static let outputHighWatermark = 1 << 20
    private static let outputLowWatermark = 256 << 10
    /// How long answers may wait for credit: as long as a socket may take nothing.
    private static let stallMilliseconds: Int64 = 60_000

    fileprivate enum Piece {
        case bytes(SharedBytes)
        case file(DescriptorLease, position: Int64, count: Int)
    }

    let peerHost: String
    let peerPort: Int
    let localHost: String
    let localPort: Int
    private let call: RPCCall
    private let connection: KafkaConnection
    private var output: Deque<Piece> = []
    private(set) var pendingOutputByteCount = 0
    private var isAboveHighWatermark = false
    /// Requests that came while the connection wanted none.
    private var held: Deque<(request: SharedBytes, cost: Int)> = []
    private var isPaused = false
    private var isSending = false
    private var isSendScheduled = false
    private var isClosing = false
    private var isOver = false
    private var stallTimer: ShardTimer?

    /// - Precondition: the loop of the call is one of the shards'.
    init(_ call: RPCCall, shards: ShardSet) {
        self.call = call
        peerHost = call.peerAddress?.host ?? ""
        peerPort = call.peerAddress?.port ?? 0
        localHost = call.localAddress?.host ?? ""
        localPort = call.localAddress?.port ?? 0
        connection = KafkaConnection(shard: shards[call.loop.index])
    }

    var isRPC: Bool { true }

    /// Requests of a call are bounded by its credit.
    func hold(_ byteCount: Int) {}

    func begin() {
        call.observe { [self] event in receive(event) }
        connection.opened(on: self)
    }

    // MARK: Requests

    private func receive(_ event: RPCCall.Event) {
        switch event {
        case .item(let item, let cost):
            held.append((item.attachment, cost))
            takeHeld()
        case .end: connection.draining()
        case .abandoned: end(.peerClosed)
        }
    }

    private func takeHeld() {
        while !isPaused, !isClosing, let next = held.popFirst() {
            connection.received(next.request)
            call.taken(next.cost)
        }
    }

    func pauseReading() { isPaused = true }

    func resumeReading() {
        isPaused = false
        takeHeld()
    }

    // MARK: Answers

    func write(_ bytes: [UInt8]) { append(.bytes(SharedBytes(bytes)), byteCount: bytes.count) }

    func write(_ bytes: SharedBytes) { append(.bytes(bytes), byteCount: bytes.count) }

    func writeFile(_ lease: DescriptorLease, position: Int64, count: Int) {
        append(.file(lease, position: position, count: count), byteCount: count)
    }

    func close() {
        isClosing = true
        scheduleSend()
    }

    private func append(_ piece: Piece, byteCount: Int) {
        guard !isOver, byteCount > 0 else { return }
        output.append(piece)
        pendingOutputByteCount += byteCount
        if pendingOutputByteCount > Self.outputHighWatermark, !isAboveHighWatermark {
            isAboveHighWatermark = true
            connection.writabilityChanged(false)
        }
        scheduleSend()
    }

    /// Lets the pieces of one answer, and of all answers of this round, leave together.
    private func scheduleSend() {
        guard !isSendScheduled else { return }
        isSendScheduled = true
        call.loop.execute { [self] in
            isSendScheduled = false
            sendNext()
        }
    }

    private func sendNext() {
        guard !isSending, !isOver else { return }
        guard !output.isEmpty else { return finishIfClosing() }
        let (pieces, byteCount) = takeItem()
        guard let pieces else { return fail(RPCError(.internalFault, "a log could not be read for an answer")) }
        isSending = true
        armStallTimer()
        call.send(Payload(Clients.SessionItem(), attachments: pieces)) { [self] error in
            isSending = false
            stallTimer?.cancel()
            guard error == nil else { return end(.peerClosed) }
            pendingOutputByteCount -= byteCount
            if isAboveHighWatermark, pendingOutputByteCount < Self.outputLowWatermark {
                isAboveHighWatermark = false
                connection.writabilityChanged(true)
            }
            scheduleSend()
        }
    }

    /// The bytes of the next item; nil pieces when a file has fewer bytes than were promised.
    private func takeItem() -> (pieces: [SharedBytes]?, byteCount: Int) {
        var pieces: [SharedBytes] = []
        var byteCount = 0
        while byteCount < Clients.itemByteCountMax, let piece = output.popFirst() {
            let room = Clients.itemByteCountMax - byteCount
            let (now, later) = piece.split(at: room)
            if let later { output.prepend(later) }
            guard let bytes = now.bytes else { return (nil, byteCount) }
            pieces.append(bytes)
            byteCount += bytes.count
        }
        return (pieces, byteCount)
    }

    private func armStallTimer() {
        stallTimer = call.loop.schedule(afterMilliseconds: Self.stallMilliseconds) { [weak self] in
            let seconds = Self.stallMilliseconds / 1000
            self?.fail(RPCError(.overloaded, "the client took no answer for \(seconds) s", remedy: "Read faster."))
        }
    }

    private func finishIfClosing() {
        guard isClosing else { return }
        call.respond(Payload(Clients.SessionResponse()))
        end(.closedHere)
    }

    private func fail(_ error: RPCError) {
        call.fail(error)
        end(.closedHere)
    }

    private func end(_ reason: CloseReason) {
        guard !isOver else { return }
        isOver = true
        stallTimer?.cancel()
        output = []
        held = []
        connection.closed(reason)
    }
}

extension SessionCall.Piece {
    /// The first `byteCount` bytes and what is left, if anything.
    fileprivate func split(at byteCount: Int) -> (now: Self, later: Self?) {
        switch self {
        case .bytes(let bytes):
            guard bytes.count > byteCount else { return (self, nil) }
            let rest = bytes.slice(from: byteCount, count: bytes.count - byteCount)
            return (.bytes(bytes.slice(from: 0, count: byteCount)), .bytes(rest))
        case .file(let lease, let position, let count):
            guard count > byteCount else { return (self, nil) }
            return (
                .file(lease, position: position, count: byteCount),
                .file(lease, position: position + Int64(byteCount), count: count - byteCount)
            )
        }
    }

    /// The bytes themselves, read from the page cache where they are in a file; nil when they are not all there.
    fileprivate var bytes: SharedBytes? {
        switch self {
        case .bytes(let bytes): return bytes
        case .file(let lease, let position, let count): return lease.bytes(at: position, count: count)
        }
    }
}
