// SPDX-License-Identifier: Apache-2.0

internal import Primitives
import Synchronization
public import WireProtocol

/// An open call at the client. Dropping it, and whatever reads its items, gives the call up.
public struct RPCClientStream<Response: Message, ClientItem: Message, ServerItem: Message>: Sendable {
    private let owner: RPCCallOwner

    init(_ call: RPCClientCall) { owner = RPCCallOwner(call) }

    /// What the node sends, until it answers.
    public var items: RPCItems<ServerItem> { RPCItems(owner.call.inbox, keeping: owner) }

    /// Sends items to the node.
    public var writer: RPCItemWriter<ClientItem> { RPCItemWriter(owner.call) }

    /// Says that no more items will come.
    public func finish() { owner.call.finish() }

    /// Gives the call up; `items` and `response` throw `.cancelled`.
    public func cancel() { owner.call.cancel() }

    /// Waits for the answer that closes the call. A node that has items to send answers only when they are read.
    ///
    /// Cancelling the task gives the call up.
    public func response() async throws(RPCError) -> Response {
        let payload = try await owner.call.response()
        do throws(DecodeError) {
            return try payload.decoded()
        } catch {
            throw RPCError(.invalidRequest, "the \(Response.name) does not decode: \(error)")
        }
    }
}

/// Gives a call up when nobody can ask for its answer any more.
final class RPCCallOwner: Sendable {
    let call: RPCClientCall

    init(_ call: RPCClientCall) { self.call = call }

    deinit { call.cancel() }
}

/// The state of a call at the client.
final class RPCClientCall: @unchecked Sendable {
    // Proof of @unchecked: `outcome` is a mutex, the `let`s are immutable, the rest is touched on `loop` only.
    private struct Outcome {
        var result: Result<Payload, RPCError>?
        var waiter: CheckedContinuation<Result<Payload, RPCError>, Never>?
    }

    let method: MethodDescriptor
    let request: Payload
    let deadline: Instant
    private(set) var inbox: RPCInbox! = nil
    private let loop: ShardLoop
    private let outcome = Mutex(Outcome())
    private(set) var isOver = false
    /// Keeps the client alive while the call is open.
    var client: RPCClient?
    private var timer: ShardTimer?
    private var link: RPCClientLink?
    private var id = StreamID.connection
    /// Asked for before the call was sent.
    private var isFinished = false
    /// An item that waits for the connection or for credit, and whom to tell.
    private var waiting: (item: Payload, done: (RPCError?) -> Void)?
    /// Gets items and the end instead of the inbox and whoever waits for the response.
    private var observer: ((RPCRawStream.Event) -> Void)?

    init(
        loop: ShardLoop, method: MethodDescriptor, request: Payload, deadline: Instant,
        observer: ((RPCRawStream.Event) -> Void)? = nil
    ) {
        self.loop = loop
        self.method = method
        self.request = request
        self.deadline = deadline
        self.observer = observer
        inbox = RPCInbox { [weak self] cost in self?.onLoop { $0.taken(cost) } }
    }

    // MARK: From anywhere

    func response() async throws(RPCError) -> Payload {
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in wait(continuation) }
        } onCancel: {
            cancel()
        }
        return try result.get()
    }

    private func wait(_ continuation: CheckedContinuation<Result<Payload, RPCError>, Never>) {
        let result: Result<Payload, RPCError>? = outcome.withLock { outcome in
            guard outcome.result == nil else { return outcome.result }
            precondition(outcome.waiter == nil, "two tasks wait for the response of \(method.name)")
            outcome.waiter = continuation
            return nil
        }
        if let result { continuation.resume(returning: result) }
    }

    func send(_ item: Payload, _ done: @escaping @Sendable (RPCError?) -> Void) {
        onLoop { $0.offer(item, done) }
    }

    func finish() {
        onLoop { call in
            call.isFinished = true
            guard let link = call.link, !call.isOver else { return }
            link.link.command { $0.sendEnd(on: call.id) }
        }
    }

    /// Says no more to the observer of a call that is given up.
    func forgetObserver() {
        loop.preconditionCurrent()
        observer = nil
    }

    func cancel() {
        onLoop { call in
            guard !call.isOver else { return }
            let (link, id) = (call.link, call.id)
            call.fail(RPCError(.cancelled, "the call was given up"))
            link?.cancel(id)
        }
    }

    private func onLoop(_ work: @escaping @Sendable (RPCClientCall) -> Void) {
        if loop.isCurrent { work(self) } else { loop.execute { work(self) } }
    }

    // MARK: On the loop

    /// While it waits for a connection; afterwards the connection keeps the deadline.
    func failAtDeadline() {
        guard deadline != .distantFuture else { return }
        timer = loop.schedule(at: deadline) { [weak self] in
            self?.fail(RPCError(.deadlineExceeded, "no connection before the deadline"))
        }
    }

    func begin(_ id: StreamID, on link: RPCClientLink) {
        timer?.cancel()
        self.id = id
        self.link = link
        if let (item, done) = waiting {
            waiting = nil
            offer(item, done)
        }
        if isFinished { link.link.command { $0.sendEnd(on: id) } }
    }

    func report(_ event: RPCConnection.Event) {
        switch event {
        case .itemReceived(_, let item, let cost):
            if let observer { observer(.item(item, cost: cost)) } else { inbox.append(item, cost: cost) }
        case .responseReceived(_, let response): end(.success(response))
        case .streamFailed(_, let error): end(.failure(error))
        case .writable:
            guard let (item, done) = waiting else { return }
            waiting = nil
            offer(item, done)
        case .handshakeCompleted, .requestReceived, .endReceived, .peerIsLeaving, .closed:
            preconditionFailure("\(event) is no event of a call at the client")
        }
    }

    func fail(_ error: RPCError) { end(.failure(error)) }

    private func end(_ result: Result<Payload, RPCError>) {
        guard !isOver else { return }
        isOver = true
        timer?.cancel()
        link = nil
        client = nil
        if let (_, done) = waiting {
            waiting = nil
            done(result.failure ?? RPCError(.cancelled, "the call is over"))
        }
        if let observer {
            self.observer = nil
            return observer(.ended(result))
        }
        inbox.finish(result.map { _ in () })
        let waiter: CheckedContinuation<Result<Payload, RPCError>, Never>? = outcome.withLock { outcome in
            outcome.result = result
            defer { outcome.waiter = nil }
            return outcome.waiter
        }
        waiter?.resume(returning: result)
    }

    func taken(_ cost: Int) {
        loop.preconditionCurrent()
        guard let link, !isOver else { return }
        let id = id
        link.link.command { $0.taken(cost, on: id) }
    }

    func offer(_ item: Payload, _ done: @escaping (RPCError?) -> Void) {
        loop.preconditionCurrent()
        precondition(waiting == nil, "two items of one \(method.name) at once")
        guard !isOver else { return done(failure ?? RPCError(.cancelled, "the call is over")) }
        guard let link else { return waiting = (item, done) }
        let id = id
        do throws(RPCError) {
            let isSent = try link.link.perform { connection throws(RPCError) in try connection.send(item, on: id) }
            if isSent { done(nil) } else { waiting = (item, done) }
        } catch {
            done(error)
        }
    }

    private var failure: RPCError? { outcome.withLock { $0.result?.failure } }
}

extension Result where Failure == RPCError {
    fileprivate var failure: RPCError? {
        switch self {
        case .success: nil
        case .failure(let error): error
        }
    }
}
