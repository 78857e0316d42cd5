// SPDX-License-Identifier: Apache-2.0

public import Primitives

extension RPCConnection {
    /// When `advance` has something to do, unless bytes or commands come first.
    public var nextWakeup: Instant {
        switch phase {
        case .awaitingHello(let deadline): deadline
        case .open: min(earliestDeadline, silenceEnds)
        case .closed: .distantFuture
        }
    }

    private var silenceEnds: Instant {
        if let pingedAt { return pingedAt.advanced(byMilliseconds: limits.pingTimeoutMilliseconds) }
        return lastHeard.advanced(byMilliseconds: limits.pingAfterMilliseconds)
    }

    /// Does what is due: gives up handshakes, deadlines and silent peers, sends pings.
    public mutating func advance(to now: Instant) {
        switch phase {
        case .awaitingHello(let deadline):
            guard now >= deadline else { return }
            close(
                RPCError(
                    .handshakeTimeout, "no hello within \(limits.handshakeMilliseconds) ms",
                    remedy: "Check that the address is an RPC port and the node is not overloaded."))
        case .open:
            if now >= earliestDeadline { expireStreams(at: now) }
            if now >= silenceEnds { breakSilence(at: now) }
        case .closed: break
        }
    }

    private mutating func expireStreams(at now: Instant) {
        earliestDeadline = .distantFuture
        for id in streams.keys.sorted() {
            guard let deadline = streams[id]?.deadline else { continue }
            guard deadline <= now else {
                earliestDeadline = min(earliestDeadline, deadline)
                continue
            }
            let error = RPCError(.deadlineExceeded, "the deadline passed before the answer was there")
            events.append(.streamFailed(id, error))
            switch side {
            case .client: cancel(id)
            case .server: fail(error, on: id)
            }
        }
    }

    private mutating func breakSilence(at now: Instant) {
        guard pingedAt == nil else {
            let milliseconds = now.milliseconds(since: lastHeard)
            return close(
                RPCError(.peerSilent, "nothing was heard from the \(peer?.peerName ?? "peer") for \(milliseconds) ms"))
        }
        pingedAt = now
        pingNonce += 1
        write(.ping, Payload(Ping.with { $0.nonce = pingNonce }))
    }
}
