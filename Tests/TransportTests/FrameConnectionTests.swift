// SPDX-License-Identifier: Apache-2.0

import Glibc
import Primitives
import Testing
import Transport

@Suite("Frame connection")
struct FrameConnectionTests {
    @Test("files and pieces leave in the order they were written, and the caller's descriptor stays open")
    func ordersFiles() async throws {
        let path = "/tmp/myelin-transport-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        defer { Glibc.close(descriptor) }
        unlink(path)
        let content = pattern(500_000)
        #expect(content.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) } == content.count)
        let sending: HandlerMaker = { connection, journal in
            ScriptedHandler(connection, journal) { connection, frame in
                // A duplicate of the test's own, closed at once: the edge must not need it any longer.
                let lent = dup(descriptor)
                connection.write([1, 2, 3])
                #expect(throws: Never.self) {
                    let lease = try DescriptorLease(duplicating: lent)
                    connection.writeFile(lease, position: 5, count: 499_990)
                    connection.write(frame)
                    connection.writeFile(lease, position: 0, count: 0)
                    connection.writeFile(lease, position: 0, count: 10)
                }
                connection.write([9])
                Glibc.close(lent)
            }
        }
        try await withListener(handler: sending) { listener, _, _ in
            let client = try TestClient(port: listener.address.port)
            await client.sendFrame(pattern(10))
            let expected = [1, 2, 3] + content[5..<499_995] + pattern(10) + content[..<10] + [9]
            #expect(await client.receive(expected.count) == expected)
            #expect(fcntl(descriptor, F_GETFD) >= 0)
        }
    }

    @Test("a closed descriptor cannot be leased")
    func reportsClosedDescriptor() {
        #expect(throws: DescriptorFault(errno: EBADF)) { try DescriptorLease(duplicating: 1_000_000) }
    }

    @Test("close sends what was written first and hears no more frames")
    func closesAfterFlush() async throws {
        let closing: HandlerMaker = { connection, journal in
            ScriptedHandler(connection, journal) { connection, frame in
                journal.add { $0.frames.append(frame.array) }
                connection.write(flood(1_000_000))
                connection.close()
                connection.write([1])
            }
        }
        try await withListener(handler: closing) { listener, _, journal in
            let client = try TestClient(port: listener.address.port)
            await client.send(TestClient.prefix(8) + pattern(8) + TestClient.prefix(8) + pattern(8))
            #expect(await client.receive(1_000_000) == flood(1_000_000))
            #expect(await client.isEnded())
            #expect(await journal.wait { $0.closed == [.closedHere] })
            #expect(journal.now.frames.count == 1)
        }
    }

    @Test("a paused connection takes no frames until it is resumed")
    func pauses() async throws {
        let pausing: HandlerMaker = { connection, journal in
            ScriptedHandler(connection, journal) { connection, frame in
                journal.add { $0.frames.append(frame.array) }
                guard journal.now.frames.count == 1 else { return }
                connection.pauseReading()
                connection.write([1])
                connection.loop.schedule(afterMilliseconds: 100) {
                    journal.add { $0.frameCountWhilePaused = $0.frames.count }
                    connection.resumeReading()
                }
            }
        }
        try await withListener(handler: pausing) { listener, _, journal in
            let client = try TestClient(port: listener.address.port)
            await client.sendFrame(pattern(10))
            #expect(await client.receive(1) == [1])
            for index in 0..<5 { await client.sendFrame(pattern(10, seed: index)) }
            #expect(await journal.wait { $0.frames.count == 6 })
            #expect(journal.now.frameCountWhilePaused == 1)
        }
    }

    @Test("a peer that stops reading is told of, cut after the time for no progress and counted")
    func cutsStalledPeer() async throws {
        var limits = ConnectionLimits()
        limits.stallMilliseconds = 300
        let flooding: HandlerMaker = { connection, journal in
            ScriptedHandler(connection, journal) { connection, _ in connection.write(flood(16 << 20)) }
        }
        try await withListener(limits: limits, handler: flooding) { listener, group, journal in
            let client = try TestClient(port: listener.address.port, receiveBufferByteCount: 4096)
            await client.sendFrame(pattern(10))
            #expect(await journal.wait { $0.closed == [.outputStalled] })
            #expect(journal.now.writability.first == false)
            #expect(await counters(of: group.loops[0]).stallCount == 1)
        }
    }

    @Test("a peer that reads slowly, but reads, is not cut")
    func sparesSlowPeer() async throws {
        var limits = ConnectionLimits()
        limits.stallMilliseconds = 5_000
        let flooding: HandlerMaker = { connection, journal in
            ScriptedHandler(connection, journal) { connection, _ in connection.write(flood(4 << 20)) }
        }
        try await withListener(limits: limits, handler: flooding) { listener, _, journal in
            let client = try TestClient(port: listener.address.port)
            await client.sendFrame(pattern(10))
            for _ in 0..<16 {
                #expect(await client.receive(256 << 10).count == 256 << 10)
                try await Task.sleep(for: .milliseconds(200))
            }
            #expect(journal.now.closed.isEmpty)
            #expect(journal.now.writability == [false, true])
        }
    }

    @Test("output beyond its limit cuts the connection")
    func cutsOverflow() async throws {
        var limits = ConnectionLimits()
        limits.outputByteCountMax = 8 << 20
        let flooding: HandlerMaker = { connection, journal in
            ScriptedHandler(connection, journal) { connection, _ in
                for _ in 0..<32 {
                    connection.write(flood(1 << 20))
                    connection.flush()
                }
            }
        }
        try await withListener(limits: limits, handler: flooding) { listener, group, journal in
            let client = try TestClient(port: listener.address.port, receiveBufferByteCount: 4096)
            await client.sendFrame(pattern(10))
            #expect(await journal.wait { $0.closed == [.outputOverflow] })
            #expect(await counters(of: group.loops[0]).overflowCount == 1)
        }
    }

    @Test("a silent connection is closed after its idle time, a talking one is not")
    func closesIdle() async throws {
        var limits = ConnectionLimits()
        limits.idleMilliseconds = 4_000
        try await withListener(limits: limits) { listener, _, journal in
            let silent = try TestClient(port: listener.address.port)
            let talking = try TestClient(port: listener.address.port)
            for _ in 0..<12 {
                await talking.sendFrame(pattern(8))
                #expect(await talking.receiveFrame() == pattern(8))
                try await Task.sleep(for: .milliseconds(500))
            }
            #expect(journal.now.closed == [.idle])
            #expect(await silent.isEnded())
        }
    }

    @Test("responses to frames that came together leave after all of them were handled")
    func coalesces() async throws {
        try await withListener { listener, group, journal in
            let client = try TestClient(port: listener.address.port)
            await client.send((0..<100).flatMap { TestClient.prefix(20) + pattern(20, seed: $0) })
            for index in 0..<100 { #expect(await client.receiveFrame() == pattern(20, seed: index)) }
            let counts = await counters(of: group.loops[0])
            #expect(counts.frameCount == 100)
            #expect(counts.receivedByteCount == 2_400)
            #expect(counts.sentByteCount == 2_400)
            #expect(journal.now.frameCountPerRead.reduce(0, +) == 100)
            #expect(journal.now.frameCountPerRead.count < 10)
        }
    }

    func counters(of loop: ShardLoop) async -> TransportCounters {
        await withCheckedContinuation { done in loop.execute { done.resume(returning: loop.counters) } }
    }
}
