// SPDX-License-Identifier: Apache-2.0

public import Primitives
import Synchronization
public import WireProtocol

/// One item of a call: its message and the raw bytes that came beside it.
public struct RPCItem<Content: Message>: Sendable {
    public let message: Content
    /// Shares the memory it was received in; keeping it keeps up to eight times as much alive.
    public let attachment: SharedBytes
}

/// The items that the other end sends, in order. Ends when that end has said so; throws when the call is over.
///
/// What is not read yet waits in memory, at most the credit of a stream and one frame; reading grants more. One reader at a
/// time.
public struct RPCItems<Content: Message>: AsyncSequence, Sendable {
    public typealias Element = RPCItem<Content>
    public typealias Failure = RPCError

    private let inbox: RPCInbox
    /// Keeps the call open as long as somebody may read.
    private let owner: RPCCallOwner?

    init(_ inbox: RPCInbox, keeping owner: RPCCallOwner? = nil) {
        self.inbox = inbox
        self.owner = owner
    }

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(inbox: inbox, owner: owner) }

    public struct AsyncIterator: AsyncIteratorProtocol {
        let inbox: RPCInbox
        let owner: RPCCallOwner?

        public mutating func next(isolation actor: isolated (any Actor)?) async throws(RPCError) -> RPCItem<Content>? {
            guard let payload = try await inbox.next() else { return nil }
            do throws(DecodeError) {
                return RPCItem(message: try payload.decoded(), attachment: payload.attachment)
            } catch {
                throw RPCError(.invalidRequest, "the \(Content.name) does not decode: \(error)")
            }
        }

        public mutating func next() async throws(RPCError) -> RPCItem<Content>? {
            try await next(isolation: nil)
        }
    }
}

/// Hands items from the loop to one reader.
final class RPCInbox: Sendable {
    fileprivate struct State {
        var items: [(payload: Payload, cost: Int)] = []
        /// Index of the next item: taking from the front of an array would move the rest each time.
        var head = 0
        /// Read and not yet granted back; told in one go, since each telling is a hop to the loop.
        var takenCost = 0
        var end: Result<Void, RPCError>?
        var reader: CheckedContinuation<Result<Payload?, RPCError>, Never>?
    }

    fileprivate static let grantByteCount = 128 << 10

    private let state = Mutex(State())
    /// Grants the sender more; callable from anywhere.
    private let grant: @Sendable (Int) -> Void

    init(grant: @escaping @Sendable (Int) -> Void) { self.grant = grant }

    /// Adds an item, on the loop.
    func append(_ payload: Payload, cost: Int) {
        let reader: CheckedContinuation<Result<Payload?, RPCError>, Never>? = state.withLock { state in
            guard let reader = state.reader else {
                state.items.append((payload, cost))
                return nil
            }
            state.reader = nil
            state.takenCost += cost
            return reader
        }
        reader?.resume(returning: .success(payload))
    }

    /// No more items come. The first end counts; items that are there are read before it.
    func finish(_ result: Result<Void, RPCError>) {
        let reader: CheckedContinuation<Result<Payload?, RPCError>, Never>? = state.withLock { state in
            guard state.end == nil else { return nil }
            state.end = result
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume(returning: result.map { nil })
    }

    func next() async throws(RPCError) -> Payload? {
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in take(continuation) }
        } onCancel: {
            finish(.failure(RPCError(.cancelled, "the reading task was cancelled")))
        }
        return try result.get()
    }

    private func take(_ continuation: CheckedContinuation<Result<Payload?, RPCError>, Never>) {
        let (result, granted): (Result<Payload?, RPCError>?, Int) = state.withLock { state in
            if state.head < state.items.count { return (.success(state.pop()), state.takeGrant(ifWorthAHop: true)) }
            if let end = state.end { return (end.map { nil }, 0) }
            precondition(state.reader == nil, "two readers of one call's items")
            state.reader = continuation
            return (nil, state.takeGrant(ifWorthAHop: false))
        }
        if granted > 0 { grant(granted) }
        if let result { continuation.resume(returning: result) }
    }
}

extension RPCInbox.State {
    fileprivate mutating func pop() -> Payload {
        let (payload, cost) = items[head]
        items[head].payload = Payload()
        head += 1
        if head == items.count {
            items.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= 256 {
            items.removeFirst(head)
            head = 0
        }
        takenCost += cost
        return payload
    }

    /// What to grant now. A reader that waits grants all; one that has more to read only what is worth a hop.
    fileprivate mutating func takeGrant(ifWorthAHop isPicky: Bool) -> Int {
        guard !isPicky || takenCost >= RPCInbox.grantByteCount else { return 0 }
        defer { takenCost = 0 }
        return takenCost
    }
}

/// Sends items to the other end. `send` returns when there was credit and room for it; one at a time.
public struct RPCItemWriter<Content: Message>: Sendable {
    private let sendPayload: @Sendable (Payload, @escaping @Sendable (RPCError?) -> Void) -> Void

    /// Ends a wait for credit that nobody waits for any more.
    private let giveUp: @Sendable () -> Void

    init(_ call: RPCCall) {
        sendPayload = { payload, done in call.send(payload, done) }
        giveUp = { call.fail(RPCError(.cancelled, "the handler was cancelled")) }
    }

    init(_ call: RPCClientCall) {
        sendPayload = { payload, done in call.send(payload, done) }
        giveUp = { call.cancel() }
    }

    /// Sends one item, waiting for credit. Cancelling the task ends the call.
    ///
    /// - Parameter attachments: raw bytes that travel beside the message, sent back to back.
    /// - Throws: why the call is over; `.invalidLength` when the item is too large for the other end.
    public func send(_ message: Content, attachments: [SharedBytes] = []) async throws(RPCError) {
        let payload = Payload(message, attachments: attachments)
        let error: RPCError? = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                sendPayload(payload) { continuation.resume(returning: $0) }
            }
        } onCancel: {
            giveUp()
        }
        if let error { throw error }
    }
}
