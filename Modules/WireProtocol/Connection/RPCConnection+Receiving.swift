// SPDX-License-Identifier: Apache-2.0

public import Primitives

extension RPCConnection {
    /// Takes what a read delivered, cut anywhere.
    public mutating func receive(_ bytes: SharedBytes, at now: Instant) {
        guard phase != .closed, !bytes.isEmpty else { return }
        lastHeard = now
        pingedAt = nil
        assembler.append(bytes)
        do throws(RPCError) {
            while phase != .closed, let frame = try nextFrame() { try step(frame, at: now) }
        } catch {
            close(error)
        }
        checkUnflushed()
    }

    /// Takes the end of the stream of bytes.
    public mutating func receiveEnd() {
        let isOrderly = peerIsLeaving && streams.isEmpty
        end(isOrderly ? nil : RPCError(.connectionLost, "the \(peer?.peerName ?? "peer") closed the connection"))
    }

    private mutating func nextFrame() throws(RPCError) -> Frame? {
        let payloadBytesMax = phase == .open ? limits.frameBytesMax : limits.handshakeFrameBytesMax
        return try assembler.next(payloadBytesMax: payloadBytesMax, messageBytesMax: limits.messageBytesMax)
    }

    private mutating func step(_ frame: Frame, at now: Instant) throws(RPCError) {
        let header = frame.header
        try check(header)
        switch header.type {
        case .hello: try receiveHello(try decode(frame))
        case .request: try receiveRequest(frame, at: now)
        case .response: receiveResponse(frame)
        case .error: receiveError(try decode(frame), on: header.stream)
        case .data: try receiveData(frame)
        case .credit: receiveCredit(try decode(frame), on: header.stream)
        case .cancel: receiveCancel(header.stream)
        case .ping: receivePing(try decode(frame), isAnswer: header.flags.contains(.acknowledgement))
        case .goaway: receiveGoaway(try decode(frame))
        }
    }

    /// The rules of the table of frame types in docs/formats/rpc.md.
    private func check(_ header: FrameHeader) throws(RPCError) {
        let isOfConnection = header.stream == .connection
        let isRight: Bool =
            switch header.type {
            case .hello: isOfConnection && header.flags == [] && phase != .open
            case .request: side == .server && !isOfConnection && header.flags.isSubset(of: .end) && phase == .open
            case .response: side == .client && !isOfConnection && header.flags == [] && phase == .open
            case .error: (isOfConnection || side == .client && phase == .open) && header.flags == []
            case .data: !isOfConnection && dataFlagsAreRight(header) && phase == .open
            case .credit: header.flags == [] && phase == .open
            case .cancel:
                side == .server && !isOfConnection && header.flags == [] && header.payloadByteCount == 0
                    && phase == .open
            case .ping: isOfConnection && header.flags.isSubset(of: .acknowledgement) && phase == .open
            case .goaway: isOfConnection && header.flags == [] && phase == .open
            }
        let fieldsAreRight =
            header.type == .request || header.method == MethodID(0) && header.deadlineMilliseconds == 0
        guard isRight, fieldsAreRight else {
            throw RPCError(
                .unexpectedFrame,
                "a \(header.type) frame on stream \(header.stream) is not allowed "
                    + (phase == .open ? "here" : "before the handshake"))
        }
        guard header.type == .request || header.stream <= lastStream else {
            throw RPCError(
                .unexpectedFrame, "a \(header.type) frame on stream \(header.stream), which was never opened")
        }
    }

    private func dataFlagsAreRight(_ header: FrameHeader) -> Bool {
        header.flags == [] || header.flags == .end && side == .server && header.payloadByteCount == 0
    }

    private func decode<Content: Message>(_ frame: Frame) throws(RPCError) -> Content {
        do throws(DecodeError) {
            return try frame.payload.decoded()
        } catch {
            throw RPCError(.unexpectedFrame, "the \(Content.name) of a \(frame.header.type) frame is damaged: \(error)")
        }
    }

    // MARK: Connection

    private mutating func receiveHello(_ theirs: Hello) throws(RPCError) {
        try checkHello(theirs)
        peer = theirs
        featureLevel = min(theirs.featureLevel, hello.featureLevel)
        sending = SendWindow(credit: Int(theirs.connectionCredit))
        if side == .server {
            var answer = hello
            if theirs.wantedRole != .unspecified { answer.role = theirs.wantedRole }
            write(.hello, Payload(answer))
        }
        phase = .open
        events.append(.handshakeCompleted(peer: theirs))
    }

    private func checkHello(_ theirs: Hello) throws(RPCError) {
        guard theirs.featureLevelMin <= hello.featureLevel, hello.featureLevelMin <= theirs.featureLevel else {
            throw RPCError(
                .unsupportedVersion,
                "feature levels \(theirs.featureLevelMin) to \(theirs.featureLevel) of the "
                    + "\(theirs.peerName) and \(hello.featureLevelMin) to \(hello.featureLevel) of the "
                    + "\(hello.peerName) have none in common", remedy: "Upgrade the older one.")
        }
        guard theirs.clusterID == hello.clusterID || theirs.clusterID.isEmpty || hello.clusterID.isEmpty else {
            throw RPCError(
                .wrongCluster,
                "the \(hello.peerName) belongs to cluster \(hello.clusterID), the \(theirs.peerName) to "
                    + "cluster \(theirs.clusterID)", remedy: "Check the address and the cluster id.")
        }
        let (wanted, offered) = side == .server ? (theirs.wantedRole, roles) : (hello.wantedRole, [theirs.role])
        guard wanted == .unspecified || offered.contains(wanted) else {
            let names = offered.map { "\($0)" }.joined(separator: ", ")
            throw RPCError(.wrongRole, "a \(wanted) was looked for; this is a \(names)", remedy: "Check the address.")
        }
    }

    private mutating func receiveError(_ error: RPCError, on id: StreamID) {
        guard id != .connection else { return end(error) }
        guard streams[id] != nil else { return }
        events.append(.streamFailed(id, error))
        remove(id)
    }

    private mutating func receivePing(_ ping: Ping, isAnswer: Bool) {
        if !isAnswer { write(.ping, Payload(ping), flags: .acknowledgement) }
    }

    private mutating func receiveGoaway(_ goaway: Goaway) {
        peerIsLeaving = true
        events.append(.peerIsLeaving(reason: goaway.reason))
        guard side == .client else { return }
        for id in streams.keys.sorted() where id.rawValue > goaway.lastStreamID {
            let error = RPCError(.unavailable, "the \(peer?.peerName ?? "peer") is leaving: \(goaway.reason)")
            events.append(.streamFailed(id, error))
            remove(id)
        }
    }

    private mutating func receiveCredit(_ credit: Credit, on id: StreamID) {
        if id == .connection {
            sending.grant(Int(credit.byteCount))
        } else {
            streams[id]?.sending.grant(Int(credit.byteCount))
        }
        wakeBlocked()
    }

    // MARK: Calls

    private mutating func receiveRequest(_ frame: Frame, at now: Instant) throws(RPCError) {
        let header = frame.header
        guard header.stream > lastStream else {
            throw RPCError(.unexpectedFrame, "a request on stream \(header.stream) after \(lastStream)")
        }
        guard let method = methods[header.method] else {
            throw RPCError(.unknownMethod, "no method has id \(header.method)")
        }
        let hasItems = method.shape == .clientStreaming || method.shape == .bidirectional
        guard header.flags.contains(.end) != hasItems else {
            throw RPCError(.unexpectedFrame, "\(method.name) is \(method.shape), which its request contradicts")
        }
        lastStream = header.stream
        let deadline =
            header.deadlineMilliseconds == 0
            ? Instant.distantFuture : now.advanced(byMilliseconds: Int64(header.deadlineMilliseconds))
        if let refusal = refusal(of: frame) {
            write(.error, Payload(refusal), stream: header.stream)
            return
        }
        streams[header.stream] = makeStream(
            method, deadline: deadline, requestByteCount: frame.payload.byteCount, clientHasEnded: !hasItems)
        requestByteCount += frame.payload.byteCount
        earliestDeadline = min(earliestDeadline, deadline)
        events.append(.requestReceived(header.stream, method.id, frame.payload, deadline: deadline))
    }

    /// Why a call that is well formed is not begun.
    private func refusal(of frame: Frame) -> RPCError? {
        if isLeaving {
            return RPCError(.unavailable, "the \(hello.peerName) is leaving", remedy: "Ask another node.")
        }
        if streams.count >= limits.streamCountMax {
            return RPCError(.overloaded, "\(limits.streamCountMax) calls are open on this connection")
        }
        if requestByteCount + frame.payload.byteCount > limits.requestBytesMax {
            return RPCError(
                .overloaded,
                "the open calls of this connection have \(requestByteCount) bytes of requests; at most "
                    + "\(limits.requestBytesMax) are held")
        }
        return nil
    }

    private mutating func receiveResponse(_ frame: Frame) {
        guard streams[frame.header.stream] != nil else { return }
        events.append(.responseReceived(frame.header.stream, frame.payload))
        remove(frame.header.stream)
    }

    private mutating func receiveData(_ frame: Frame) throws(RPCError) {
        let id = frame.header.stream
        if frame.header.flags.contains(.end) { return try receiveEndMark(on: id) }
        let cost = frame.header.frameByteCount
        guard receiving.receive(cost) else {
            throw RPCError(.creditExceeded, "\(cost) bytes of items beyond the connection's credit")
        }
        guard var stream = streams[id] else { return grantConnection(cost) }
        try checkItemIsAllowed(stream, id)
        guard stream.receiving.receive(cost) else {
            throw RPCError(.creditExceeded, "\(cost) bytes of items beyond the credit of stream \(id)")
        }
        streams[id] = stream
        events.append(.itemReceived(id, frame.payload, cost: cost))
    }

    private func checkItemIsAllowed(_ stream: Stream, _ id: StreamID) throws(RPCError) {
        let isAllowed =
            switch side {
            case .server: !stream.clientHasEnded
            case .client: stream.method.shape == .serverStreaming || stream.method.shape == .bidirectional
            }
        guard isAllowed else {
            throw RPCError(.unexpectedFrame, "an item of \(stream.method.name) on stream \(id), where none is due")
        }
    }

    private mutating func receiveEndMark(on id: StreamID) throws(RPCError) {
        guard var stream = streams[id] else { return }
        guard !stream.clientHasEnded else {
            throw RPCError(.unexpectedFrame, "a second end mark on stream \(id)")
        }
        stream.clientHasEnded = true
        streams[id] = stream
        events.append(.endReceived(id))
    }

    private mutating func receiveCancel(_ id: StreamID) {
        guard streams[id] != nil else { return }
        events.append(.streamFailed(id, RPCError(.cancelled, "the caller gave up")))
        remove(id)
    }
}
