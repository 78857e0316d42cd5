// SPDX-License-Identifier: Apache-2.0

import Glibc
import Primitives
import Testing
import Transport

@Suite("Frame listener")
struct FrameListenerTests {
    @Test(
        "frames come back whole whatever their size",
        arguments: [8, 9, 511, 4_096, 65_536, 262_140, 262_141, 1_500_000])
    func echoes(size: Int) async throws {
        try await withListener { listener, _, journal in
            let client = try TestClient(port: listener.address.port)
            await client.sendFrame(pattern(size))
            #expect(await client.receiveFrame() == pattern(size))
            await client.sendFrame(pattern(size, seed: 7))
            #expect(await client.receiveFrame() == pattern(size, seed: 7))
            #expect(journal.now.frames.map(\.count) == [size, size])
        }
    }

    @Test("many frames of mixed sizes sent at once arrive in order")
    func pipelines() async throws {
        try await withListener { listener, _, journal in
            let client = try TestClient(port: listener.address.port)
            let sizes = (0..<100).map { index in
                8 + (index * index * 37) % (index % 9 == 0 ? 300_000 : 5_000)
            }
            let sender = Task {
                for (index, size) in sizes.enumerated() { await client.sendFrame(pattern(size, seed: index)) }
            }
            for (index, size) in sizes.enumerated() {
                #expect(await client.receiveFrame() == pattern(size, seed: index))
            }
            await sender.value
            #expect(journal.now.frames.count == 100)
        }
    }

    @Test("a frame cut at any byte of its prefix and payload is put together")
    func reassembles() async throws {
        try await withListener { listener, _, journal in
            let client = try TestClient(port: listener.address.port)
            let frame = TestClient.prefix(12) + pattern(12)
            for cut in 1..<frame.count {
                await client.send(Array(frame[..<cut]))
                try await Task.sleep(for: .milliseconds(2))
                await client.send(Array(frame[cut...]))
                #expect(await client.receiveFrame() == pattern(12))
            }
            #expect(journal.now.frames.allSatisfy { $0 == pattern(12) })
        }
    }

    @Test("a frame kept by its handler does not change when more arrives")
    func keepsFrames() async throws {
        let kept = Journal()
        let keeping: HandlerMaker = { connection, journal in
            var frames: [SharedBytes] = []
            return ScriptedHandler(connection, journal) { connection, frame in
                frames.append(frame)
                guard frames.count == 64 else { return }
                let arrays = frames.map(\.array)
                kept.add { $0.frames = arrays }
                connection.write(frames[0].slice(from: 0, count: 4))
            }
        }
        try await withListener(handler: keeping) { listener, _, _ in
            let client = try TestClient(port: listener.address.port)
            for index in 0..<64 { await client.sendFrame(pattern(20_000, seed: index)) }
            #expect(await client.receive(4).count == 4)
            #expect(kept.now.frames == (0..<64).map { pattern(20_000, seed: $0) })
        }
    }

    @Test(
        "a bad size prefix closes the connection and is counted",
        arguments: [Int32(-1), 0, 7, 1_001, .max, .min])
    func refusesSize(size: Int32) async throws {
        var limits = ConnectionLimits()
        limits.frameByteCountMax = 1_000
        try await withListener(limits: limits) { listener, group, journal in
            let client = try TestClient(port: listener.address.port)
            await client.sendFrame(pattern(1_000))
            await client.send(TestClient.prefix(Int(size)) + pattern(100))
            #expect(await client.receiveFrame() == pattern(1_000))
            #expect(await client.isEnded())
            #expect(await journal.wait { $0.closed == [.frameSizeInvalid(size)] })
            #expect(journal.now.frames.count == 1)
            #expect(await counters(of: group).invalidFrameCount == 1)
        }
    }

    @Test("a connection's own frame limit can be smaller")
    func lowersLimit() async throws {
        let narrow: HandlerMaker = { connection, journal in
            connection.frameByteCountMax = 64
            return EchoHandler(connection, journal)
        }
        try await withListener(handler: narrow) { listener, _, journal in
            let client = try TestClient(port: listener.address.port)
            await client.sendFrame(pattern(65))
            #expect(await client.isEnded())
            #expect(await journal.wait { $0.closed == [.frameSizeInvalid(65)] })
        }
    }

    @Test("connections beyond the limits are closed at once and counted")
    func limitsConnections() async throws {
        var limits = ConnectionLimits()
        limits.connectionCountPerAddressMax = 2
        try await withListener(limits: limits) { listener, group, journal in
            var clients = [
                try TestClient(port: listener.address.port), try TestClient(port: listener.address.port),
            ]
            #expect(await journal.wait { $0.opened.count == 2 })
            let refused = try TestClient(port: listener.address.port)
            #expect(await refused.isEnded())
            #expect(await counters(of: group).rejectedByAddressCount == 1)
            clients.removeLast()
            #expect(await journal.wait { $0.closed == [.peerClosed] })
            while listener.connectionCount > 1 { try await Task.sleep(for: .milliseconds(2)) }
            let next = try TestClient(port: listener.address.port)
            await next.sendFrame(pattern(8))
            #expect(await next.receiveFrame() == pattern(8))
        }
        limits = ConnectionLimits()
        limits.connectionCountMax = 0
        try await withListener(limits: limits) { listener, group, _ in
            let refused = try TestClient(port: listener.address.port)
            #expect(await refused.isEnded())
            #expect(await counters(of: group).rejectedByTotalCount == 1)
        }
    }

    @Test("connections are dealt out to all loops")
    func spreads() async throws {
        try await withListener(loopCount: 3) { listener, _, journal in
            let clients = try (0..<9).map { _ in try TestClient(port: listener.address.port) }
            #expect(await journal.wait { $0.loopIndexes.count == 9 })
            #expect((0..<3).allSatisfy { loop in journal.now.loopIndexes.count { $0 == loop } >= 2 })
            #expect(Set(journal.now.opened).count == clients.count)
        }
    }

    @Test("a port that is taken is named in the error")
    func namesTakenPort() async throws {
        try await withListener { listener, group, _ in
            let address = NetworkAddress(host: "127.0.0.1", port: listener.address.port)
            await #expect(throws: ListenerFault.portInUse(address)) {
                _ = try await FrameListener.bind(host: address.host, port: address.port, group: group) {
                    EchoHandler($0, Journal())
                }
            }
            let foreign = NetworkAddress(host: "192.0.2.1", port: 0)
            await #expect(throws: ListenerFault.addressUnusable(foreign)) {
                _ = try await FrameListener.bind(host: foreign.host, port: 0, group: group) {
                    EchoHandler($0, Journal())
                }
            }
        }
    }

    @Test("a reserved port refuses everybody, is nobody else's, and accepts once it is opened")
    func reserves() async throws {
        let group = ShardLoopGroup(count: 1)
        let journal = Journal()
        let listener = try await FrameListener.reserve(host: "127.0.0.1", port: 0, group: group) {
            EchoHandler($0, journal)
        }
        let port = listener.address.port
        #expect(port > 0)
        #expect(throws: TestClientError.connectFailed(ECONNREFUSED)) { try TestClient(port: port) }
        try await listener.open()
        try await listener.open()
        let client = try TestClient(port: port)
        await client.sendFrame(pattern(10))
        #expect(await client.receiveFrame() == pattern(10))
        await listener.drain(withinMilliseconds: 1_000)
        #expect(throws: TestClientError.connectFailed(ECONNREFUSED)) { try TestClient(port: port) }
        await group.shutDown()
    }

    @Test("a listener that is stopped before it was opened gives its port back, and stays closed")
    func stopsUnopened() async throws {
        let group = ShardLoopGroup(count: 1)
        let listener = try await FrameListener.reserve(host: "127.0.0.1", port: 0, group: group) {
            EchoHandler($0, Journal())
        }
        let port = listener.address.port
        await listener.stopAccepting()
        try await listener.open()
        #expect(throws: TestClientError.connectFailed(ECONNREFUSED)) { try TestClient(port: port) }
        let next = try await FrameListener.bind(host: "127.0.0.1", port: port, group: group) {
            EchoHandler($0, Journal())
        }
        await next.stopAccepting()
        await group.shutDown()
    }

    @Test("draining tells the handlers, waits for their output and cuts who does not finish")
    func drains() async throws {
        try await withListener { listener, _, journal in
            let client = try TestClient(port: listener.address.port)
            await client.sendFrame(pattern(100))
            #expect(await client.receiveFrame() == pattern(100))
            await listener.drain(withinMilliseconds: 5_000)
            #expect(journal.now.drainCount == 1)
            #expect(journal.now.closed == [.closedHere])
            #expect(await client.isEnded())
            #expect(listener.connectionCount == 0)
        }
    }

    func counters(of group: ShardLoopGroup) async -> TransportCounters {
        await withCheckedContinuation { done in
            let loop = group.loops[0]
            loop.execute { done.resume(returning: loop.counters) }
        }
    }
}
