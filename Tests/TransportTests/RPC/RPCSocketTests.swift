// SPDX-License-Identifier: Apache-2.0

import Primitives
import Testing
import Transport
import WireProtocol

@Suite("RPC over sockets", .serialized, .timeLimit(.minutes(2)))
struct RPCSocketTests {
    @Test("one request, one response, from the loop and from a task")
    func unary() async throws {
        try await Bench.with { bench in
            let note = Note.with { ($0.text, $0.number) = ("hello", -5) }
            let answer = try await bench.client.call(Echo.raw, note)
            #expect(answer == note)
            let secondAnswer = try await bench.client.call(Echo.say, note)
            #expect(secondAnswer == note)
        }
    }

    @Test("a hundred streams share a connection and keep their order")
    func manyStreams() async throws {
        try await Bench.with { bench in
            try await withThrowingTaskGroup(of: Int64.self) { group in
                for stream in 0..<Int64(100) {
                    group.addTask { try await mirror(50, stream, bench.client) }
                }
                var total: Int64 = 0
                for try await count in group { total += count }
                #expect(total == 5000)
            }
            #expect(bench.server.connectionCount == 1)
        }
    }

    @Test("an error arrives with its code, sentence and what to do")
    func errors() async throws {
        try await Bench.with { bench in
            let refused = await #expect(throws: RPCError.self) {
                try await bench.client.call(Echo.fail, .with { $0.text = "cake" })
            }
            #expect(refused == RPCError(.refused, "no cake today", remedy: "Come back tomorrow."))
            let absent = await #expect(throws: RPCError.self) { try await bench.client.call(Echo.absent, Note()) }
            #expect(absent?.code == .notSupported)
            let answer = try await bench.client.call(Echo.say, Note())
            #expect(answer == Note())
        }
    }

    @Test("a deadline ends the call at the caller and the task of the handler")
    func deadline() async throws {
        try await Bench.with { bench in
            // With the connection made, all of the time is for the handler to be reached.
            _ = try await bench.client.call(Echo.say, Note())
            let error = await #expect(throws: RPCError.self) {
                try await bench.client.call(Echo.wait, Note(), deadlineMilliseconds: 500)
            }
            #expect(error?.code == .deadlineExceeded)
            let isReached = try await bench.abandoned.reaches(1)
            #expect(isReached)
        }
    }

    @Test("cancelling the caller's task cancels the handler's")
    func cancellation() async throws {
        try await Bench.with { bench in
            let task = Task { try await bench.client.call(Echo.wait, Note()) }
            _ = try await bench.client.call(Echo.say, Note())
            task.cancel()
            let result = await task.result
            #expect(throws: RPCError.self) { try result.get() }
            let isReached = try await bench.abandoned.reaches(1)
            #expect(isReached)
        }
    }

    @Test("cancelling a task that waits for credit ends its call at both ends")
    func cancelledSender() async throws {
        try await Bench.with { bench in
            let sent = Counter()
            let task = Task<Void, any Error> {
                let stream = bench.client.open(Echo.ignore, Note())
                while true {
                    try await stream.writer.send(Note(), attachments: [Echo.chunk])
                    sent.add(1)
                }
            }
            let isFull = try await sent.reaches(16)
            #expect(isFull)
            try await Task.sleep(for: .milliseconds(50))
            #expect(sent.value == 16)
            task.cancel()
            let result: Result<Void, any Error> = await task.result
            #expect(throws: RPCError.self) { try result.get() }
            let isAbandoned = try await bench.abandoned.reaches(1)
            #expect(isAbandoned)
        }
    }

    @Test("dropping a stream gives its call up")
    func dropping() async throws {
        try await Bench.with { bench in
            do {
                var items = bench.client.open(Echo.pour, .with { $0.number = -1 }).items.makeAsyncIterator()
                for _ in 0..<3 { _ = try await items.next() }
            }
            // The pouring handler notices: it sends no more.
            try await Task.sleep(for: .milliseconds(100))
            let before = bench.poured.value
            try await Task.sleep(for: .milliseconds(100))
            #expect(bench.poured.value == before)
        }
    }

    @Test("a slow reader stops the sender at its credit, and what is sent in the end is complete")
    func slowReader() async throws {
        var limits = RPCLimits()
        limits.streamCredit = 256 << 10
        try await Bench.with(limits: limits) { bench in
            let stream = bench.client.open(Echo.pour, .with { $0.number = 100 })
            let isReached = try await bench.poured.reaches(4)
            #expect(isReached)
            try await Task.sleep(for: .milliseconds(100))
            // 256 KiB are four items; a fifth would begin with credit left only if frames cost nothing.
            #expect(bench.poured.value == 4)
            var count: Int64 = 0
            for try await item in stream.items {
                #expect(item.message.number == count)
                #expect(item.attachment.count == 64 << 10)
                count += 1
            }
            #expect(count == 100)
            let response = try await stream.response()
            #expect(response.number == 100)
        }
    }

    @Test("items to the server wait for its credit too")
    func upload() async throws {
        try await Bench.with { bench in
            let stream = bench.client.open(Echo.drink, Note())
            for _ in 0..<200 { try await stream.writer.send(Note(), attachments: [Echo.chunk, Echo.chunk]) }
            stream.finish()
            let response = try await stream.response()
            #expect(response.number == 200 * 128 << 10)
        }
    }

    @Test("a server that stops in the middle fails the calls, and the next call connects again")
    func serverStops() async throws {
        let port = try await Bench.with { bench in
            let stream = bench.client.open(Echo.pour, .with { $0.number = -1 })
            var items = stream.items.makeAsyncIterator()
            _ = try await items.next()
            await bench.server.drain(withinMilliseconds: 20)
            var failure: RPCError?
            do throws(RPCError) {
                while try await items.next() != nil {}
            } catch { failure = error }
            #expect(failure?.code == .connectionLost || failure?.code == .cancelled)
            #expect(failure?.code != .cancelled || bench.poured.value > 0)
            let refused = await #expect(throws: RPCError.self) { try await bench.client.call(Echo.say, Note()) }
            #expect(refused?.code == .connectionRefused)
            #expect(refused?.message == "nothing listens at \(bench.server.address)")
            let again = try await RPCServer.bind(
                host: "127.0.0.1", port: bench.server.address.port, group: bench.group,
                hello: .node(NodeID(1), role: .broker, clusterID: ""),
                service: Echo.service(abandoned: Counter(), poured: Counter()))
            let answer = try await bench.client.call(Echo.say, Note())
            #expect(answer == Note())
            await again.drain(withinMilliseconds: 20)
            return bench.server.address.port
        }
        #expect(port > 0)
    }

    @Test("a client that nobody holds closes its connection")
    func droppedClient() async throws {
        try await Bench.with { bench in
            try await echoOnce(to: bench)
            for _ in 0..<2000 where bench.server.connectionCount > 0 { try await Task.sleep(for: .milliseconds(5)) }
            #expect(bench.server.connectionCount == 0)
        }
    }

    private func echoOnce(to bench: Bench) async throws {
        let client = RPCClient(address: bench.server.address, loop: bench.group.loops[0])
        let answer = try await client.call(Echo.say, Note())
        #expect(answer == Note())
        #expect(bench.server.connectionCount == 1)
    }

    @Test("a refused handshake reaches the call with its sentence")
    func handshake() async throws {
        try await Bench.with(hello: .client(wants: .controller)) { bench in
            let error = await #expect(throws: RPCError.self) { try await bench.client.call(Echo.say, Note()) }
            #expect(error?.code == .wrongRole)
            #expect(error?.message == "a controller was looked for; this is a broker")
        }
    }

    @Test("the Kafka port ends the call at once: our magic is an impossible size there")
    func foreignPort() async throws {
        let group = ShardLoopGroup(count: 1)
        let listener = try await FrameListener.bind(host: "127.0.0.1", port: 0, group: group) { _ in Mute() }
        let client = RPCClient(address: listener.address, loop: group.loops[0])
        let error = await #expect(throws: RPCError.self) { try await client.call(Echo.say, Note()) }
        #expect(error?.code == .connectionLost)
        await client.close()
        await listener.drain(withinMilliseconds: 0)
        await group.shutDown()
    }

    @Test("addresses are read as people write them")
    func addresses() {
        #expect(NetworkAddress(parsing: "broker") == NetworkAddress(host: "broker", port: 9190))
        #expect(NetworkAddress(parsing: "10.0.0.1:7") == NetworkAddress(host: "10.0.0.1", port: 7))
        #expect(NetworkAddress(parsing: "[::1]:7") == NetworkAddress(host: "::1", port: 7))
        #expect(NetworkAddress(parsing: "[::1]") == NetworkAddress(host: "::1", port: 9190))
        for wrong in ["", ":1", "a:", "a:0", "a:65536", "a:b", "a:1:2", "[::1", "[::1]7", "[]:1"] {
            #expect(NetworkAddress(parsing: wrong) == nil, "\(wrong)")
        }
    }
}

/// Takes frames and says nothing.
private final class Mute: FrameHandler {
    func opened(_ connection: FrameConnection) {}
    func received(_ frame: SharedBytes) {}
    func receivedAll() {}
    func writabilityChanged(_ isWritable: Bool) {}
    func draining() {}
    func closed(_ reason: CloseReason) {}
}

/// Sends `count` items, expects each back in order, and returns how many the server saw.
private func mirror(_ count: Int64, _ stream: Int64, _ client: RPCClient) async throws -> Int64 {
    let call = client.open(Echo.mirror, .with { $0.text = "\(stream)" }, deadlineMilliseconds: 60_000)
    let attachment = SharedBytes([UInt8](repeating: UInt8(stream), count: 3000))
    async let heard: Int64 = {
        var heard: Int64 = 0
        for try await item in call.items {
            try #require(item.message.number == heard && item.attachment == attachment)
            heard += 1
        }
        return heard
    }()
    for number in 0..<count { try await call.writer.send(.with { $0.number = number }, attachments: [attachment]) }
    call.finish()
    let response = try await call.response()
    #expect(response.text == "\(stream)")
    let total = try await heard
    #expect(total == count)
    return response.number
}
