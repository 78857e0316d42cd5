// SPDX-License-Identifier: Apache-2.0

public import Primitives

extension RPCConnection {
    /// At the client: opens a call.
    ///
    /// - Parameter deadline: when to give up; `distantFuture` for never.
    /// - Throws: `.unavailable` before the handshake or while leaving, `.overloaded` at the peer's limit of calls,
    ///   `.deadlineExceeded` when it has passed already, `.notSupported` when the peer is too old for the method,
    ///   `.invalidLength` when the request is too large. Nothing was sent.
    public mutating func open(
        _ method: MethodDescriptor, _ request: Payload, deadline: Instant = .distantFuture, at now: Instant
    ) throws(RPCError) -> StreamID {
        precondition(side == .client, "a server opens no calls")
        guard phase == .open, let peer else { throw RPCError(.unavailable, "the connection is not open") }
        guard !isLeaving, !peerIsLeaving else {
            throw RPCError(.unavailable, "the \(peer.peerName) is leaving", remedy: "Connect again.")
        }
        guard streams.count < Int(peer.streamCountMax) else {
            throw RPCError(.overloaded, "\(streams.count) calls are open, as many as the \(peer.peerName) takes")
        }
        guard method.since <= featureLevel else {
            throw RPCError(
                .notSupported,
                "\(method.name) needs feature level \(method.since); the \(peer.peerName) is at "
                    + "\(peer.featureLevel)", remedy: "Upgrade that node first.")
        }
        try checkSize(request, of: method.name)
        let milliseconds = try remaining(until: deadline, at: now)
        let hasItems = method.shape == .clientStreaming || method.shape == .bidirectional
        lastStream = lastStream.next
        streams[lastStream] = makeStream(method, deadline: deadline, requestByteCount: 0, clientHasEnded: !hasItems)
        earliestDeadline = min(earliestDeadline, deadline)
        write(
            .request, request, flags: hasItems ? [] : .end, method: method.id, stream: lastStream,
            deadlineMilliseconds: milliseconds)
        return lastStream
    }

    /// Sends an item; false when it has to wait for `.writable`: nothing was sent then and nothing is kept.
    ///
    /// - Throws: `.cancelled` when the call is over, `.invalidLength` when the item is too large for the peer.
    public mutating func send(_ item: Payload, on id: StreamID) throws(RPCError) -> Bool {
        guard var stream = streams[id] else { throw RPCError(.cancelled, "the call is over") }
        precondition(side == .server || !stream.clientHasEnded, "an item after the end mark of call \(id)")
        try checkSize(item, of: stream.method.name)
        guard canSend(on: stream) else {
            if !blocked.contains(id) { blocked.append(id) }
            return false
        }
        let cost = FrameHeader.frameByteCount(payload: item.byteCount)
        stream.sending.spend(cost)
        streams[id] = stream
        sending.spend(cost)
        write(.data, item, stream: id)
        return true
    }

    /// At the client: says that no more items will come. Calls that are over are ignored.
    public mutating func sendEnd(on id: StreamID) {
        precondition(side == .client, "a server ends a call by its response")
        guard var stream = streams[id], !stream.clientHasEnded else { return }
        stream.clientHasEnded = true
        streams[id] = stream
        write(.data, flags: .end, stream: id)
    }

    /// At the server: answers and closes a call. Calls that are over are ignored.
    ///
    /// A response too large for a frame becomes the error `.overloaded`.
    public mutating func respond(_ response: Payload, on id: StreamID) {
        precondition(side == .server, "a client does not respond")
        guard let stream = streams[id] else { return }
        do throws(RPCError) {
            try checkSize(response, of: stream.method.name)
        } catch {
            return fail(RPCError(.overloaded, error.message, remedy: "Ask for fewer items at once."), on: id)
        }
        write(.response, response, stream: id)
        remove(id)
        checkUnflushed()
    }

    /// At the server: ends a call with an error. Calls that are over are ignored.
    public mutating func fail(_ error: RPCError, on id: StreamID) {
        precondition(side == .server, "a client cancels")
        guard streams[id] != nil else { return }
        write(.error, Payload(error), stream: id)
        remove(id)
        checkUnflushed()
    }

    /// At the client: gives a call up. Calls that are over are ignored; no event follows.
    public mutating func cancel(_ id: StreamID) {
        precondition(side == .client, "a server fails calls")
        guard streams[id] != nil else { return }
        write(.cancel, stream: id)
        remove(id)
    }

    /// Tells that items worth `cost` left memory, so that the sender may send more.
    public mutating func taken(_ cost: Int, on id: StreamID) {
        // The items of a call that is over were granted back when it ended.
        guard var stream = streams[id] else { return }
        let grant = stream.receiving.take(cost)
        streams[id] = stream
        if grant > 0 { writeCredit(grant, on: id) }
        grantConnection(cost)
    }

    /// Takes no new calls, finishes the open ones, then ends with `.closed(nil)`.
    public mutating func leave(reason: String) {
        guard phase != .closed, !isLeaving else { return }
        isLeaving = true
        guard phase == .open else { return end(nil) }
        let last = side == .server ? lastStream : .connection
        write(.goaway, Payload(Goaway.with { ($0.lastStreamID, $0.reason) = (last.rawValue, reason) }))
        endIfDrained()
    }

    func makeStream(
        _ method: MethodDescriptor, deadline: Instant, requestByteCount: Int, clientHasEnded: Bool
    ) -> Stream {
        Stream(
            method: method, deadline: deadline, requestByteCount: requestByteCount,
            sending: SendWindow(credit: Int(peer?.streamCredit ?? 0)),
            receiving: ReceiveWindow(size: limits.streamCredit), clientHasEnded: clientHasEnded)
    }

    /// What the peer said it takes, and what every receiver takes as a message.
    private func checkSize(_ payload: Payload, of name: String) throws(RPCError) {
        let frameBytesMax = Int(peer?.frameBytesMax ?? 0)
        guard payload.byteCount <= frameBytesMax else {
            throw RPCError(
                .invalidLength, "\(name) has a payload of \(payload.byteCount) bytes; at most \(frameBytesMax) fit")
        }
        guard payload.message.count <= limits.messageBytesMax else {
            throw RPCError(
                .invalidLength,
                "\(name) has a message of \(payload.message.count) bytes; at most \(limits.messageBytesMax) fit")
        }
    }

    /// What is left as a frame says it: rounded up, so that the server never gives up before the caller.
    private func remaining(until deadline: Instant, at now: Instant) throws(RPCError) -> UInt32 {
        guard deadline != .distantFuture else { return 0 }
        guard deadline > now else { throw RPCError(.deadlineExceeded, "the deadline passed before the call was sent") }
        let (nanoseconds, overflow) = deadline.nanoseconds.subtractingReportingOverflow(now.nanoseconds)
        guard !overflow else { return .max }
        return UInt32(clamping: (nanoseconds - 1) / 1_000_000 + 1)
    }
}
