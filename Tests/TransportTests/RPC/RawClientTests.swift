// SPDX-License-Identifier: Apache-2.0

import Primitives
import Testing
import Transport
import WireProtocol

@Suite("RPC calls without tasks", .serialized, .timeLimit(.minutes(1)))
struct RawClientTests {
    @Test("items go both ways in order and the answer ends the call")
    func mirror() async throws {
        try await Bench.with { bench in
            let told = try await Self.onLoop(bench) { client, done in Echoes(count: 500, client: client, done).start() }
            #expect(told.items == (0..<500).map(Int64.init))
            #expect(try told.end?.get().decoded(as: Note.self).number == 500)
        }
    }

    @Test("a reader that takes nothing stops the sender at the credit of the stream")
    func credit() async throws {
        try await Bench.with { bench in
            let loop = bench.group.loops[1]
            let heard = Counter()
            loop.execute {
                let stream = bench.client.openRaw(Echo.pour, Payload(Note.with { $0.number = -1 })) { event in
                    if case .item = event { heard.add(1) }
                }
                loop.schedule(afterMilliseconds: 300) { stream.cancel() }
            }
            let isFull = try await heard.reaches(16)
            #expect(isFull)
            try await Task.sleep(for: .milliseconds(100))
            #expect(heard.value == 16)
        }
    }

    @Test("cancelling tells a sender that waits and says nothing to the observer")
    func cancel() async throws {
        try await Bench.with { bench in
            let loop = bench.group.loops[1]
            let (refused, ended) = (Counter(), Counter())
            loop.execute {
                let stream = bench.client.openRaw(Echo.ignore, Payload(Note())) { _ in ended.add(1) }
                // The connection is not there yet, so the item waits.
                stream.send(Payload(Note())) { error in if error?.code == .cancelled { refused.add(1) } }
                #expect(stream.isOpen)
                stream.cancel()
                #expect(!stream.isOpen)
            }
            let isTold = try await refused.reaches(1)
            #expect(isTold)
            #expect(ended.value == 0)
        }
    }

    @Test("a node that is not there and a deadline end the call with their error")
    func failures() async throws {
        try await Bench.with { bench in
            let late = try await Self.onLoop(bench) { client, done in
                _ = client.openRaw(Echo.wait, Payload(Note()), deadlineMilliseconds: 30) { event in
                    if case .ended(let result) = event { done(Told(end: result)) }
                }
            }
            guard case .failure(let lateError)? = late.end else { return #expect(Bool(false), "nobody answers that") }
            #expect(lateError.code == .deadlineExceeded)
            await bench.client.close()
            let closed = try await Self.onLoop(bench) { client, done in
                _ = client.openRaw(Echo.raw, Payload(Note())) { event in
                    if case .ended(let result) = event { done(Told(end: result)) }
                }
            }
            guard case .failure(let error)? = closed.end else {
                return #expect(Bool(false), "a closed client answered")
            }
            #expect(error.code == .unavailable)
        }
    }

    private static func onLoop(
        _ bench: Bench, _ body: @escaping @Sendable (RPCClient, @escaping @Sendable (Told) -> Void) -> Void
    ) async throws -> Told {
        await withCheckedContinuation { continuation in
            bench.group.loops[1].execute { body(bench.client) { continuation.resume(returning: $0) } }
        }
    }
}

/// What an observer was told.
struct Told: Sendable {
    var items: [Int64] = []
    var end: Result<Payload, RPCError>?
}

/// Sends numbers one after the other and notes what comes back.
private final class Echoes {
    private let count: Int64
    private let client: RPCClient
    private let done: (Told) -> Void
    private var told = Told()
    private var stream: RPCRawStream?

    init(count: Int64, client: RPCClient, _ done: @escaping (Told) -> Void) {
        self.count = count
        self.client = client
        self.done = done
    }

    func start() {
        let stream = client.openRaw(Echo.mirror, Payload(Note())) { event in
            switch event {
            case .item(let payload, let cost):
                self.told.items.append((try? payload.decoded(as: Note.self).number) ?? -1)
                self.stream?.taken(cost)
            case .ended(let result):
                self.told.end = result
                self.stream = nil
                self.done(self.told)
            }
        }
        self.stream = stream
        send(0)
    }

    private func send(_ number: Int64) {
        guard number < count else { return stream?.finish() ?? () }
        stream?.send(Payload(Note.with { $0.number = number }, attachments: [Echo.chunk])) { error in
            if error == nil { self.send(number + 1) }
        }
    }
}
