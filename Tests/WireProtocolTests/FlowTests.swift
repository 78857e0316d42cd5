// SPDX-License-Identifier: Apache-2.0

import Primitives
import Testing
import WireProtocol

@Suite("Credit, liveness, leaving")
struct FlowTests {
    private static func limits(stream: Int = 1 << 20, connection: Int = 16 << 20) -> RPCLimits {
        var limits = RPCLimits()
        limits.streamCredit = stream
        limits.connectionCredit = connection
        return limits
    }

    @Test("a sender stops when its credit is used up and one frame may overdraw it")
    func streamCredit() throws {
        var pair = Pair.open(serverLimits: Self.limits(stream: 1000))
        let id = try pair.client.open(Pair.upload.descriptor, .text(""), at: pair.now)
        #expect(try pair.client.send(.zeros(964), on: id) == true)
        #expect(try pair.client.send(.zeros(1), on: id) == false)
        pair.exchange()
        #expect(pair.server.heldByteCount == 1000)
        var overdrawing = Pair.open(serverLimits: Self.limits(stream: 1000))
        let large = try overdrawing.client.open(Pair.upload.descriptor, .text(""), at: pair.now)
        #expect(try overdrawing.client.send(.zeros(963), on: large) == true)
        #expect(try overdrawing.client.send(.zeros(5000), on: large) == true)
        #expect(try overdrawing.client.send(.zeros(1), on: large) == false)
        overdrawing.exchange()
        #expect(overdrawing.server.isOpen)
        #expect(overdrawing.server.heldByteCount == 999 + 5036)
    }

    @Test("credit comes back when the reader has taken half of the window, and wakes the sender once")
    func grants() throws {
        var pair = Pair.open(serverLimits: Self.limits(stream: 1000))
        let id = try pair.client.open(Pair.upload.descriptor, .text(""), at: pair.now)
        while try pair.client.send(.zeros(64), on: id) {}
        pair.exchange()
        pair.server.taken(400, on: id)
        pair.exchange()
        #expect(pair.takeClientEvents().isEmpty)
        pair.server.taken(100, on: id)
        pair.exchange()
        #expect(pair.takeClientEvents() == [.writable(id)])
        var sent = 0
        while try pair.client.send(.zeros(64), on: id) { sent += 1 }
        #expect(sent == 5)
    }

    @Test("a stalled call leaves the others their credit, up to that of the connection")
    func connectionCredit() throws {
        var pair = Pair.open(serverLimits: Self.limits(stream: 1000, connection: 2500))
        let ids = try (0..<3).map { _ in try pair.client.open(Pair.upload.descriptor, .text(""), at: pair.now) }
        var sent = [0, 0, 0]
        for index in 0..<3 { while try pair.client.send(.zeros(64), on: ids[index]) { sent[index] += 1 } }
        #expect(sent == [10, 10, 5])
        pair.exchange()
        #expect(pair.server.heldByteCount == 2500)
        pair.server.taken(1000, on: ids[0])
        pair.exchange()
        #expect(pair.takeClientEvents() == [.writable(ids[0]), .writable(ids[2])])
        #expect(try !pair.client.send(.zeros(64), on: ids[1]))
    }

    @Test("readers that stall on most of the connection's credit do not stop the others")
    func stalledReaders() throws {
        var pair = Pair.open(serverLimits: Self.limits(stream: 1000, connection: 4000))
        for _ in 0..<3 {
            let stalled = try pair.client.open(Pair.upload.descriptor, .text(""), at: pair.now)
            while try pair.client.send(.zeros(64), on: stalled) {}
        }
        let lively = try pair.client.open(Pair.upload.descriptor, .text(""), at: pair.now)
        for _ in 0..<1000 {
            try #require(try pair.client.send(.zeros(64), on: lively))
            pair.exchange()
            pair.server.taken(100, on: lively)
            pair.exchange()
        }
        #expect(pair.server.heldByteCount == 3000)
    }

    @Test("who sends beyond its credit is cut off")
    func exceeded() throws {
        // The client believes in more credit than the server grants.
        var pair = Pair.open(serverLimits: Self.limits(stream: 100))
        let id = try pair.client.open(Pair.upload.descriptor, .text(""), at: pair.now)
        #expect(try pair.client.send(.zeros(64), on: id))
        pair.exchange()
        var writer = ByteWriter()
        FrameHeader(.data, stream: id).write(to: &writer)
        pair.server.receive(writer.shared, at: pair.now)
        pair.collect()
        #expect(pair.server.takeOutput().isEmpty == false)
        #expect(pair.serverEvents.last?.code == .creditExceeded)
    }

    @Test("what a closed call still had in memory is granted back to the connection")
    func closedCallsGiveBack() throws {
        var pair = Pair.open(serverLimits: Self.limits(stream: 1000, connection: 1000))
        for _ in 0..<50 {
            let id = try pair.client.open(Pair.upload.descriptor, .text(""), at: pair.now)
            while try pair.client.send(.zeros(200), on: id) {}
            pair.exchange()
            pair.client.cancel(id)
            pair.exchange()
            #expect(pair.server.heldByteCount == 0)
        }
    }

    @Test("items wait while the socket takes nothing, and go on when it does")
    func socketBackPressure() throws {
        var limits = RPCLimits()
        limits.unflushedBytesHighWater = 1000
        var pair = Pair.open(clientLimits: limits)
        let id = try pair.client.open(Pair.upload.descriptor, .text(""), at: pair.now)
        while try pair.client.send(.zeros(100), on: id) {}
        #expect((1000..<1136).contains(pair.client.unflushedByteCount))
        pair.exchange()
        #expect(pair.takeClientEvents() == [.writable(id)])
    }

    @Test("a peer that asks and never reads its answers is given up")
    func neverReads() throws {
        var limits = RPCLimits()
        limits.unflushedBytesMax = 10_000
        var pair = Pair.open(serverLimits: limits)
        var count = 0
        while !pair.server.isClosed {
            let id = try pair.client.open(Pair.unary.descriptor, .text(""), at: pair.now)
            pair.deliverToServer()
            pair.server.respond(.zeros(1000), on: id)
            _ = pair.server.takeOutput()
            pair.client.cancel(id)
            count += 1
        }
        #expect(count == 10)
        #expect(pair.server.takeEvents().last?.code == .overloaded)
    }

    @Test("a quiet peer is asked for a sign of life and an answer is enough")
    func ping() {
        var pair = Pair.open()
        for _ in 0..<10 { pair.advance(milliseconds: 15_000) }
        #expect(pair.client.isOpen && pair.server.isOpen)
        #expect(pair.clientEvents.isEmpty && pair.serverEvents.isEmpty)
    }

    @Test("a peer that does not answer a ping is gone after 10 s")
    func silence() {
        var pair = Pair.open()
        #expect(pair.client.nextWakeup == pair.now.advanced(byMilliseconds: 15_000))
        pair.now = pair.now.advanced(byMilliseconds: 15_000)
        pair.client.advance(to: pair.now)
        #expect(pair.client.nextWakeup == pair.now.advanced(byMilliseconds: 10_000))
        pair.now = pair.now.advanced(byMilliseconds: 10_000)
        pair.client.advance(to: pair.now)
        #expect(pair.client.takeEvents().last?.code == .peerSilent)
    }

    @Test("a node that leaves finishes what it has and sends the rest elsewhere")
    func goaway() throws {
        var pair = Pair.open()
        let kept = try pair.client.open(Pair.unary.descriptor, .text("kept"), at: pair.now)
        pair.exchange()
        let late = try pair.client.open(Pair.unary.descriptor, .text("crosses"), at: pair.now)
        pair.server.leave(reason: "the node is stopping")
        pair.exchange()
        let events = pair.takeClientEvents()
        #expect(events.first == .peerIsLeaving(reason: "the node is stopping"))
        #expect(events.dropFirst().first?.code == .unavailable)
        #expect(events.dropFirst().first?.error?.isRetryable == true)
        #expect(late == StreamID(2))
        #expect(throws: RPCError.self) { try pair.client.open(Pair.unary.descriptor, .text(""), at: pair.now) }
        #expect(!pair.server.isClosed)
        pair.server.respond(.text("answer"), on: kept)
        pair.exchange()
        #expect(pair.takeServerEvents().last == .closed(nil))
        #expect(pair.takeClientEvents() == [.responseReceived(kept, .text("answer"))])
        pair.client.receiveEnd()
        #expect(pair.client.takeEvents() == [.closed(nil)])
    }

    @Test("a lost connection fails every open call, in order")
    func lost() throws {
        var pair = Pair.open()
        let ids = try (0..<5).map { _ in try pair.client.open(Pair.unary.descriptor, .text(""), at: pair.now) }
        pair.client.receiveEnd()
        let events = pair.client.takeEvents()
        #expect(events.prefix(5).map(\.code) == Array(repeating: .connectionLost, count: 5))
        for (event, id) in zip(events, ids) { #expect(event == .streamFailed(id, event.error ?? RPCError())) }
        #expect(events.last?.code == .connectionLost)
    }

    @Test(
        "frames that the state does not allow end the connection",
        arguments: [
            FrameHeader(.data, stream: StreamID(9)), FrameHeader(.cancel, stream: StreamID(9)),
            FrameHeader(.response, stream: StreamID(1)),
            FrameHeader(.request, method: Pair.unary.id, stream: StreamID(1)),
            FrameHeader(.request, flags: .end, method: Pair.upload.id, stream: StreamID(2)),
            FrameHeader(.request, method: Pair.unary.id, stream: StreamID(2)),
            FrameHeader(.data, stream: StreamID(1)), FrameHeader(.data, flags: .end, stream: StreamID(1)),
            FrameHeader(.ping, flags: .end, stream: .connection), FrameHeader(.goaway, stream: StreamID(1)),
            FrameHeader(.ping, stream: .connection, deadlineMilliseconds: 1), FrameHeader(.error, stream: StreamID(1)),
        ])
    func unexpected(header: FrameHeader) throws {
        var pair = Pair.open()
        _ = try pair.client.open(Pair.unary.descriptor, .text(""), at: pair.now)
        pair.exchange()
        pair.serverEvents = []
        var writer = ByteWriter()
        header.write(to: &writer)
        pair.server.receive(writer.shared, at: pair.now)
        pair.collect()
        #expect(pair.serverEvents.last?.code == .unexpectedFrame)
        #expect(pair.server.isClosed)
    }
}
