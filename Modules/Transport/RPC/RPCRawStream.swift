// SPDX-License-Identifier: Apache-2.0

internal import Primitives
public import WireProtocol

/// An open call at the client for what is hot: plain calls and callbacks on the loop of the client, no task.
///
/// Every method is called on that loop. Dropping the stream does not end the call: `cancel` does.
public final class RPCRawStream {
    /// What happens to the call, in order.
    public enum Event: Sendable {
        /// The node sent an item. It counts against the credit until `taken(cost)`.
        case item(Payload, cost: Int)
        /// The node answered or the call failed. Nothing follows.
        case ended(Result<Payload, RPCError>)
    }

    private let call: RPCClientCall

    init(_ call: RPCClientCall) { self.call = call }

    /// Whether the call has neither been answered nor failed nor been given up.
    public var isOpen: Bool { !call.isOver }

    /// Tells that items worth `cost` left memory, so that the node may send more.
    public func taken(_ cost: Int) { call.taken(cost) }

    /// Sends an item; what is sent before the connection is made waits for it.
    ///
    /// - Parameter done: nil when the item was accepted and the next may follow, possibly before this returns; else why
    ///   the call is over.
    /// - Precondition: the `send` before was accepted.
    public func send(_ item: Payload, _ done: @escaping (RPCError?) -> Void) { call.offer(item, done) }

    /// Says that no more items will come.
    public func finish() { call.finish() }

    /// Gives the call up. Its observer hears no more; a `send` that waits is told.
    public func cancel() {
        call.forgetObserver()
        call.cancel()
    }
}

extension RPCClient {
    /// Opens a call whose items and answer go to `observer`, on the loop of the client. Call it there.
    ///
    /// - Parameters:
    ///   - request: The encoded request of the method.
    ///   - deadlineMilliseconds: For the whole call; nil has no deadline.
    ///   - observer: Called on the loop, possibly before this returns when the client is closed.
    public func openRaw<Request, Response, ClientItem, ServerItem>(
        _ method: Method<Request, Response, ClientItem, ServerItem>, _ request: Payload,
        deadlineMilliseconds: Int64? = nil, observer: @escaping (RPCRawStream.Event) -> Void
    ) -> RPCRawStream {
        loop.preconditionCurrent()
        let deadline = deadlineMilliseconds.map { loop.now.advanced(byMilliseconds: $0) } ?? .distantFuture
        let call = RPCClientCall(
            loop: loop, method: method.descriptor, request: request, deadline: deadline, observer: observer)
        start(call)
        return RPCRawStream(call)
    }
}
