// SPDX-License-Identifier: Apache-2.0

import Primitives
import Testing
import WireProtocol

@Suite("Calls")
struct ConnectionTests {
    @Test("one request, one response")
    func unary() throws {
        var pair = Pair.open()
        let id = try pair.client.open(Pair.unary.descriptor, .text("question"), at: pair.now)
        pair.exchange()
        #expect(
            pair.takeServerEvents() == [
                .requestReceived(id, Pair.unary.id, .text("question"), deadline: .distantFuture)
            ])
        pair.server.respond(.text("answer"), on: id)
        pair.exchange()
        #expect(pair.takeClientEvents() == [.responseReceived(id, .text("answer"))])
        #expect(pair.client.streamCount == 0 && pair.server.streamCount == 0)
    }

    @Test("items flow both ways between request and response, in order")
    func bidirectional() throws {
        var pair = Pair.open()
        let id = try pair.client.open(Pair.chat.descriptor, .text("hello"), at: pair.now)
        #expect(try pair.client.send(.text("1"), on: id))
        #expect(try pair.client.send(.text("2"), on: id))
        pair.client.sendEnd(on: id)
        pair.exchange()
        let server = pair.takeServerEvents()
        #expect(server.dropFirst().prefix(2).map(\.itemText) == ["1", "2"])
        #expect(server.last == .endReceived(id))
        #expect(try pair.server.send(.text("3"), on: id))
        pair.server.respond(.text("done"), on: id)
        pair.exchange()
        let client = pair.takeClientEvents()
        #expect(client.first?.itemText == "3")
        #expect(client.last == .responseReceived(id, .text("done")))
    }

    @Test("an error says what, why and whether to try again")
    func errors() throws {
        var pair = Pair.open()
        let id = try pair.client.open(Pair.unary.descriptor, .text(""), at: pair.now)
        pair.exchange()
        pair.server.fail(Samples.error, on: id)
        pair.exchange()
        #expect(pair.takeClientEvents() == [.streamFailed(id, Samples.error)])
        #expect(!Samples.error.isRetryable)
        #expect(RPCError(.notController, "").isRetryable)
    }

    @Test("a cancelled call is over at both ends and what was under way is dropped")
    func cancelByClient() throws {
        var pair = Pair.open()
        let id = try pair.client.open(Pair.chat.descriptor, .text(""), at: pair.now)
        pair.exchange()
        #expect(try pair.server.send(.text("crosses the cancel"), on: id))
        pair.client.cancel(id)
        pair.exchange()
        #expect(pair.takeServerEvents().last?.code == .cancelled)
        #expect(pair.takeClientEvents().isEmpty)
        pair.server.respond(.text("too late"), on: id)
        pair.exchange()
        #expect(pair.takeClientEvents().isEmpty)
        #expect(throws: RPCError.self) { try pair.server.send(.text("too late"), on: id) }
        #expect(pair.client.isOpen && pair.server.isOpen)
        #expect(pair.client.heldByteCount == 0)
    }

    @Test("a server that fails a call stops the client's items without losing credit")
    func failByServer() throws {
        var pair = Pair.open()
        let id = try pair.client.open(Pair.upload.descriptor, .text(""), at: pair.now)
        pair.exchange()
        #expect(try pair.client.send(.zeros(1000), on: id))
        pair.server.fail(RPCError(.storageFault, "disk full"), on: id)
        pair.exchange()
        #expect(pair.takeClientEvents().last?.code == .storageFault)
        #expect(throws: RPCError.self) { try pair.client.send(.zeros(1), on: id) }
        #expect(pair.server.heldByteCount == 0)
    }

    @Test("a deadline is told as what is left, rounded up, and ends the call at both ends")
    func deadlines() throws {
        var pair = Pair.open()
        let deadline = Instant(nanoseconds: pair.now.nanoseconds + 10_500_001)
        let id = try pair.client.open(Pair.unary.descriptor, .text(""), deadline: deadline, at: pair.now)
        pair.exchange()
        guard case .requestReceived(_, _, _, let told)? = pair.takeServerEvents().first else {
            return #expect(Bool(false))
        }
        #expect(told == pair.now.advanced(byMilliseconds: 11))
        #expect(pair.client.nextWakeup == deadline)
        #expect(pair.server.nextWakeup == told)
        pair.advance(milliseconds: 10)
        #expect(pair.client.streamCount == 1)
        pair.advance(milliseconds: 1)
        #expect(
            pair.takeClientEvents() == [
                .streamFailed(id, RPCError(.deadlineExceeded, "the deadline passed before the answer was there"))
            ])
        #expect(pair.takeServerEvents().map(\.code) == [.deadlineExceeded])
        #expect(pair.client.isOpen && pair.server.isOpen)
    }

    @Test("the server keeps the deadline even when the client does not")
    func serverDeadline() throws {
        var pair = Pair.open()
        let deadline = pair.now.advanced(byMilliseconds: 20)
        _ = try pair.client.open(Pair.unary.descriptor, .text(""), deadline: deadline, at: pair.now)
        pair.exchange()
        pair.serverEvents = []
        pair.server.advance(to: deadline)
        pair.exchange()
        #expect(pair.serverEvents.map(\.code) == [.deadlineExceeded])
        #expect(pair.clientEvents.map(\.code) == [.deadlineExceeded])
    }

    @Test("a call whose deadline has passed is not sent")
    func pastDeadline() {
        var pair = Pair.open()
        let error = #expect(throws: RPCError.self) {
            try pair.client.open(Pair.unary.descriptor, .text(""), deadline: pair.now, at: pair.now)
        }
        #expect(error?.code == .deadlineExceeded)
        #expect(pair.client.takeOutput().isEmpty)
    }

    @Test("a method newer than the peer is refused by the caller, with what to do")
    func newerMethod() {
        var pair = Pair.open()
        let error = #expect(throws: RPCError.self) {
            try pair.client.open(Pair.newer.descriptor, .text(""), at: pair.now)
        }
        #expect(error?.code == .notSupported)
        #expect(error?.message == "Newer needs feature level 2; the broker 1 is at 1")
        #expect(pair.client.takeOutput().isEmpty)
    }

    @Test("a method outside the catalogue ends the connection")
    func unknownMethod() throws {
        var pair = Pair.open()
        let stranger = UnaryMethod<BytesSample, BytesSample>.declared(0x7fff, "Stranger")
        let id = try pair.client.open(stranger.descriptor, .text(""), at: pair.now)
        pair.exchange()
        #expect(pair.serverEvents.map(\.code) == [.unknownMethod])
        #expect(pair.clientEvents.map(\.code) == [.unknownMethod, .unknownMethod])
        #expect(pair.clientEvents.first == .streamFailed(id, pair.clientEvents.first?.error ?? RPCError()))
    }

    @Test("more calls than the limit are refused, one by one, and the connection goes on")
    func streamLimit() throws {
        var limits = RPCLimits()
        limits.streamCountMax = 3
        var pair = Pair.open(serverLimits: limits)
        for _ in 0..<3 { _ = try pair.client.open(Pair.unary.descriptor, .text(""), at: pair.now) }
        let error = #expect(throws: RPCError.self) {
            try pair.client.open(Pair.unary.descriptor, .text(""), at: pair.now)
        }
        #expect(error?.code == .overloaded)
        // A client that does not count is answered all the same.
        pair.exchange()
        pair.server.receive(try Vectors.request(4), at: pair.now)
        var assembler = FrameAssembler()
        for piece in pair.server.takeOutput() { assembler.append(piece) }
        let answer = try #require(try assembler.next(payloadBytesMax: 1000, messageBytesMax: 1000))
        #expect(answer.header.type == .error && answer.header.stream == StreamID(4))
        #expect(try answer.payload.decoded(as: RPCError.self).code == .overloaded)
        #expect(pair.server.isOpen && pair.server.streamCount == 3)
        pair.server.respond(.text(""), on: StreamID(1))
        pair.exchange()
        #expect(pair.client.streamCount == 2)
    }

    @Test("requests that together are too large are refused until others are answered")
    func requestBytes() throws {
        var limits = RPCLimits()
        limits.requestBytesMax = 1000
        var pair = Pair.open(serverLimits: limits)
        let first = try pair.client.open(Pair.unary.descriptor, .zeros(800), at: pair.now)
        let second = try pair.client.open(Pair.unary.descriptor, .zeros(300), at: pair.now)
        pair.exchange()
        #expect(pair.takeClientEvents().map(\.code) == [.overloaded])
        #expect(pair.server.streamCount == 1 && second == StreamID(2))
        pair.server.respond(.text(""), on: first)
        _ = try pair.client.open(Pair.unary.descriptor, .zeros(300), at: pair.now)
        pair.exchange()
        #expect(pair.server.streamCount == 1)
    }

    @Test("an answer too large for a frame becomes an error that says so")
    func largeAnswer() throws {
        var limits = RPCLimits()
        limits.frameBytesMax = 1000
        var pair = Pair.open(clientLimits: limits)
        let id = try pair.client.open(Pair.unary.descriptor, .text(""), at: pair.now)
        pair.exchange()
        pair.server.respond(.zeros(1001), on: id)
        pair.exchange()
        let error = pair.takeClientEvents().first?.error
        #expect(error?.code == .overloaded)
        #expect(error?.remedy == "Ask for fewer items at once.")
    }
}

extension RPCConnection.Event {
    var itemText: String? {
        guard case .itemReceived(_, let payload, _) = self, let sample: BytesSample = try? payload.decoded() else {
            return nil
        }
        return String(decoding: sample.bytes.array, as: UTF8.self)
    }

    var error: RPCError? {
        switch self {
        case .streamFailed(_, let error): error
        case .closed(let error): error
        default: nil
        }
    }
}

extension Vectors {
    /// A request of `Pair.unary` without payload.
    static func request(_ stream: UInt64) throws -> SharedBytes {
        var writer = ByteWriter()
        FrameHeader(.request, flags: .end, method: Pair.unary.id, stream: StreamID(stream)).write(to: &writer)
        return writer.shared
    }
}
