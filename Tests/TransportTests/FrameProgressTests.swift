// SPDX-License-Identifier: Apache-2.0

import Primitives
import Testing
import Transport

@Suite("senders that are too slow")
struct FrameProgressTests {
    private let limits = ConnectionLimits()

    private func time(_ seconds: Int64) -> Instant { Instant(nanoseconds: (1_000 + seconds) * 1_000_000_000) }

    @Test("the first whole frame is due in thirty seconds, however much of it is there")
    func first() {
        var progress = FrameProgress(openedAt: time(0))
        #expect(!progress.isTooSlow(at: time(29), limits))
        #expect(progress.isTooSlow(at: time(30), limits))
        progress.noteRead(begunByteCount: 1 << 20, completedSome: false, at: time(25))
        #expect(!progress.isTooSlow(at: time(29), limits))
        #expect(progress.isTooSlow(at: time(30), limits))
    }

    @Test("after its first frame a silent peer is idle, not slow")
    func silence() {
        var progress = FrameProgress(openedAt: time(0))
        progress.noteRead(begunByteCount: 0, completedSome: true, at: time(1))
        #expect(!progress.isTooSlow(at: time(10_000), limits))
    }

    @Test("a byte a second is too slow after ten seconds, a KiB a second is not")
    func rate() {
        var dripping = FrameProgress(openedAt: time(0))
        var slow = dripping
        for second in 1...10 {
            dripping.noteRead(begunByteCount: second, completedSome: second == 1, at: time(Int64(second)))
            slow.noteRead(begunByteCount: second << 10, completedSome: second == 1, at: time(Int64(second)))
        }
        #expect(!dripping.isTooSlow(at: time(10), limits))
        #expect(dripping.isTooSlow(at: time(11), limits))
        #expect(!slow.isTooSlow(at: time(11), limits))
    }

    @Test("a first frame that begins late has its ten seconds from then on")
    func late() {
        var progress = FrameProgress(openedAt: time(0))
        progress.noteRead(begunByteCount: 5, completedSome: false, at: time(15))
        #expect(!progress.isTooSlow(at: time(24), limits))
        #expect(progress.isTooSlow(at: time(25), limits))
    }

    @Test("a frame is due in sixty seconds, however fast it comes")
    func whole() {
        var progress = FrameProgress(openedAt: time(0))
        progress.noteRead(begunByteCount: 50 << 20, completedSome: true, at: time(0))
        #expect(!progress.isTooSlow(at: time(59), limits))
        #expect(progress.isTooSlow(at: time(60), limits))
    }

    @Test("whoever was held up from here begins anew")
    func restart() {
        var progress = FrameProgress(openedAt: time(0))
        progress.noteRead(begunByteCount: 5, completedSome: true, at: time(0))
        progress.restart(at: time(100))
        #expect(!progress.isTooSlow(at: time(109), limits))
        #expect(progress.isTooSlow(at: time(110), limits))
    }

    @Test("each frame has its own time")
    func next() {
        var progress = FrameProgress(openedAt: time(0))
        progress.noteRead(begunByteCount: 5, completedSome: true, at: time(0))
        progress.noteRead(begunByteCount: 7, completedSome: true, at: time(9))
        #expect(!progress.isTooSlow(at: time(18), limits))
        #expect(progress.heldByteCount == 7)
    }
}

@Suite("who may connect")
struct AdmissionTests {
    @Test("an address with a number of its own may have that many connections")
    func overrides() async throws {
        var limits = ConnectionLimits()
        limits.connectionCountPerAddressMax = 5
        limits.connectionCountMaxByAddress = ["127.0.0.1": 1]
        try await withListener(limits: limits) { listener, _, _ in
            let first = try TestClient(port: listener.address.port)
            await first.sendFrame(pattern(20))
            #expect(await first.receiveFrame() == pattern(20))
            let second = try TestClient(port: listener.address.port)
            #expect(await second.isEnded())
        }
    }

    @Test("an address that connects too often is closed, and another quota lets it in again")
    func addressRate() async throws {
        try await withListener { listener, _, _ in
            listener.limit(AddressRates(byAddress: ["127.0.0.1": 0.001], ofOthers: 1_000))
            var served = 0
            for _ in 0..<5 {
                let client = try TestClient(port: listener.address.port)
                await client.sendFrame(pattern(20))
                if await client.receiveFrame() == pattern(20) { served += 1 }
            }
            #expect(served == 1)
            listener.limit(AddressRates())
            let client = try TestClient(port: listener.address.port)
            await client.sendFrame(pattern(20))
            #expect(await client.receiveFrame() == pattern(20))
        }
    }

    @Test("connections beyond the listener's rate are served later, and none is lost")
    func delay() async throws {
        var limits = ConnectionLimits()
        limits.connectionRateMax = 4
        try await withListener(limits: limits) { listener, _, _ in
            let start = ContinuousClock.now
            let clients = try (0..<6).map { _ in try TestClient(port: listener.address.port) }
            for client in clients {
                await client.sendFrame(pattern(20))
                #expect(await client.receiveFrame() == pattern(20))
            }
            // Four at once, two a quarter of a second apart.
            #expect(ContinuousClock.now - start >= .milliseconds(400))
        }
    }

    @Test("a peer that sends nothing, or a byte now and then, is cut; one that has said something is not")
    func slow() async throws {
        var limits = ConnectionLimits()
        // Long enough for a machine that is slow and busy to be in time.
        limits.firstFrameMilliseconds = 3_000
        limits.frameGraceMilliseconds = 1_500
        try await withListener(limits: limits) { listener, _, journal in
            let silent = try TestClient(port: listener.address.port)
            let talking = try TestClient(port: listener.address.port)
            await talking.sendFrame(pattern(20))
            #expect(await talking.receiveFrame() == pattern(20))
            let dripping = try TestClient(port: listener.address.port)
            await dripping.send(TestClient.prefix(1_000) + [1])
            #expect(await dripping.isEnded())
            #expect(await silent.isEnded())
            await talking.sendFrame(pattern(20))
            #expect(await talking.receiveFrame() == pattern(20))
            #expect(await journal.wait { $0.closed.count { $0 == .tooSlow } == 2 })
        }
    }
}
