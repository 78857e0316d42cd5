// SPDX-License-Identifier: Apache-2.0

public import Primitives
public import WireProtocol

/// One call at the server: who asks what, until when, and the ways to answer.
///
/// The answer may come later and from any thread. Exactly one of `respond` and `fail` ends the call; either is ignored when
/// nobody waits any more.
public final class RPCCall: @unchecked Sendable {
    // Proof of @unchecked: the `let`s are immutable; the rest is touched on `loop` only, which each entry checks.

    /// What happens to a call while it is open.
    public enum Event: Sendable {
        /// An item came. Tell `taken(cost)` when it is out of memory.
        case item(Payload, cost: Int)
        /// No more items will come.
        case end
        /// Nobody waits for the answer any more: cancelled, deadline passed, connection lost. Nothing follows.
        case abandoned(RPCError)
    }

    /// The loop of the connection.
    public let loop: ShardLoop
    public let method: MethodID
    public let request: Payload
    /// Who asks, as its hello said.
    public let peer: Hello
    /// What both ends speak.
    public let featureLevel: FeatureLevel
    /// When the caller stops waiting; `distantFuture` for never.
    public let deadline: Instant

    private let id: StreamID
    private let link: RPCLink
    private var onEvent: ((Event) -> Void)?
    /// An item that waits for credit, and whom to tell.
    private var waiting: (item: Payload, done: (RPCError?) -> Void)?
    private var isOver = false
    private let onAnswer: (RPCCall) -> Void

    init(
        _ id: StreamID, _ method: MethodID, _ request: Payload, deadline: Instant, link: RPCLink, peer: Hello,
        onAnswer: @escaping (RPCCall) -> Void
    ) {
        loop = link.loop
        featureLevel = link.connection.featureLevel
        self.id = id
        self.method = method
        self.request = request
        self.deadline = deadline
        self.link = link
        self.peer = peer
        self.onAnswer = onAnswer
    }

    /// The end of the connection that is ours, and the caller's; nil once it is closed. On `loop`.
    public var localAddress: NetworkAddress? { link.localAddress }
    public var peerAddress: NetworkAddress? { link.peerAddress }

    /// Registers for what happens. Set it in the handler, before it returns; called on `loop`.
    public func observe(_ body: @escaping (Event) -> Void) {
        loop.preconditionCurrent()
        onEvent = body
    }

    /// Tells that items worth `cost` left memory. Callable from anywhere.
    public func taken(_ cost: Int) {
        onLoop { call in call.link.command { $0.taken(cost, on: call.id) } }
    }

    /// Sends an item to the caller. Callable from anywhere; `done` is called on `loop`.
    ///
    /// - Parameter done: nil when the item was accepted and the next may follow; else why the call is over.
    /// - Precondition: the `send` before was accepted.
    public func send(_ item: Payload, _ done: @escaping @Sendable (RPCError?) -> Void) {
        onLoop { call in
            precondition(call.waiting == nil, "two items of call \(call.id) at once")
            call.offer(item, done)
        }
    }

    /// Answers. Callable from anywhere.
    public func respond(_ response: Payload) {
        answer { $0.respond(response, on: $1) }
    }

    /// Refuses. Callable from anywhere.
    public func fail(_ error: RPCError) {
        answer { $0.fail(error, on: $1) }
    }

    // MARK: On the loop

    func report(_ event: RPCConnection.Event) {
        switch event {
        case .itemReceived(_, let item, let cost): onEvent?(.item(item, cost: cost))
        case .endReceived: onEvent?(.end)
        case .streamFailed(_, let error): abandon(error)
        case .writable:
            guard let (item, done) = waiting else { return }
            waiting = nil
            offer(item, done)
        case .handshakeCompleted, .requestReceived, .responseReceived, .peerIsLeaving, .closed:
            preconditionFailure("\(event) is no event of a call at the server")
        }
    }

    private func abandon(_ error: RPCError) {
        isOver = true
        releaseSender(error)
        onEvent?(.abandoned(error))
        onEvent = nil
    }

    /// Tells who waits for credit that it will not come.
    private func releaseSender(_ error: RPCError) {
        guard let (_, done) = waiting else { return }
        waiting = nil
        done(error)
    }

    private func offer(_ item: Payload, _ done: @escaping (RPCError?) -> Void) {
        guard !isOver else { return done(RPCError(.cancelled, "the call is over")) }
        do throws(RPCError) {
            let isSent = try link.perform { connection throws(RPCError) in try connection.send(item, on: id) }
            if isSent { done(nil) } else { waiting = (item, done) }
        } catch {
            done(error)
        }
    }

    private func answer(_ write: @escaping @Sendable (inout RPCConnection, StreamID) -> Void) {
        onLoop { call in
            guard !call.isOver else { return }
            call.isOver = true
            call.onEvent = nil
            call.onAnswer(call)
            call.link.command { write(&$0, call.id) }
            call.releaseSender(RPCError(.cancelled, "the call is over"))
        }
    }

    private func onLoop(_ work: @escaping @Sendable (RPCCall) -> Void) {
        if loop.isCurrent { work(self) } else { loop.execute { work(self) } }
    }

    var streamID: StreamID { id }
}

extension RPCLink {
    /// `perform` for what cannot fail.
    func command(_ body: (inout RPCConnection) -> Void) {
        do throws(RPCError) {
            try perform { connection throws(RPCError) in body(&connection) }
        } catch {
            preconditionFailure("a command that cannot fail gave \(error)")
        }
    }
}
