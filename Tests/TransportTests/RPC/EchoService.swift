// SPDX-License-Identifier: Apache-2.0

import Primitives
import Synchronization
import Transport
import WireProtocol

/// Text and a number.
struct Note: Message {
    var text = ""
    var number: Int64 = 0

    mutating func fields<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(DecodeError) {
        try visitor.field(1, "text", &text)
        try visitor.field(2, "number", &number)
    }
}

/// Methods that show one thing each.
enum Echo {
    /// Answers what it was asked, on the loop.
    static let raw = UnaryMethod<Note, Note>.declared(0x7101, "EchoRaw")
    /// The same in a task.
    static let say = UnaryMethod<Note, Note>.declared(0x7102, "Echo")
    /// Sends `number` items of 64 KiB, or items for ever when negative.
    static let pour = ServerStreamingMethod<Note, Note, Note>.declared(0x7103, "Pour")
    /// Adds the bytes of the items.
    static let drink = ClientStreamingMethod<Note, Note, Note>.declared(0x7104, "Drink")
    /// Sends every item back.
    static let mirror = Method<Note, Note, Note, Note>.declared(0x7105, "Mirror")
    /// Never answers; counts who gives up.
    static let wait = UnaryMethod<Note, Note>.declared(0x7106, "Wait")
    /// Fails.
    static let fail = UnaryMethod<Note, Note>.declared(0x7107, "Fail")
    /// Reads no item and never answers.
    static let ignore = ClientStreamingMethod<Note, Note, Note>.declared(0x7109, "Ignore")
    /// In the catalogue, not served.
    static let absent = UnaryMethod<Note, Note>.declared(0x7108, "Absent")

    static let chunk = SharedBytes([UInt8](repeating: 7, count: 64 << 10))

    static func service(abandoned: Counter, poured: Counter) -> RPCService {
        var service = RPCService()
        service.raw(raw) { $0.respond($0.request) }
        service.on(say) { note, _ in note }
        service.on(pour) { note, writer, _ in
            var sent: Int64 = 0
            while note.number < 0 || sent < note.number {
                try await writer.send(.with { $0.number = sent }, attachments: [chunk])
                poured.add(1)
                sent += 1
            }
            return .with { $0.number = sent }
        }
        service.on(drink) { _, items, _ in
            var byteCount = 0
            for try await item in items { byteCount += item.attachment.count }
            return .with { $0.number = Int64(byteCount) }
        }
        service.on(mirror) { note, items, writer, _ in
            var count: Int64 = 0
            for try await item in items {
                try await writer.send(item.message, attachments: [item.attachment])
                count += 1
            }
            return .with { ($0.text, $0.number) = (note.text, count) }
        }
        service.on(wait) { note, _ in
            do {
                try await Task.sleep(for: .seconds(60))
            } catch {
                abandoned.add(1)
                throw error
            }
            return note
        }
        service.on(ignore) { note, _, _ in
            do {
                try await Task.sleep(for: .seconds(60))
            } catch {
                abandoned.add(1)
                throw error
            }
            return note
        }
        service.on(fail) { note, _ in
            throw RPCError(.refused, "no \(note.text) today", remedy: "Come back tomorrow.")
        }
        return service
    }
}

/// Counts from any thread.
final class Counter: Sendable {
    private let count = Atomic(0)

    func add(_ number: Int) { count.add(number, ordering: .relaxed) }
    var value: Int { count.load(ordering: .relaxed) }

    /// Waits until the count is at least `target`; false after ten seconds.
    func reaches(_ target: Int) async throws -> Bool {
        for _ in 0..<2000 {
            if value >= target { return true }
            try await Task.sleep(for: .milliseconds(5))
        }
        return false
    }
}

/// A server on loopback and a client of it.
struct Bench {
    let group: ShardLoopGroup
    let server: RPCServer
    let client: RPCClient
    let abandoned = Counter()
    let poured = Counter()

    static func with<Result>(
        loops: Int = 2, hello: Hello = .client(), limits: RPCLimits = RPCLimits(), port: Int = 0,
        _ body: (Bench) async throws -> Result
    ) async throws -> Result {
        let bench = try await Bench(loops: loops, hello: hello, limits: limits, port: port)
        do {
            let result = try await body(bench)
            await bench.stop()
            return result
        } catch {
            await bench.stop()
            throw error
        }
    }

    private init(loops: Int, hello: Hello, limits: RPCLimits, port: Int) async throws {
        group = ShardLoopGroup(count: loops)
        server = try await RPCServer.bind(
            host: "127.0.0.1", port: port, group: group,
            hello: .node(NodeID(1), role: .broker, clusterID: "mY8ZmQ3ySqWbC0TzJ1k4Vw"),
            service: Echo.service(abandoned: abandoned, poured: poured),
            catalogue: Admin.methods + [Echo.absent.descriptor], limits: limits)
        client = RPCClient(address: server.address, hello: hello, limits: limits, loop: group.loops[loops - 1])
    }

    private func stop() async {
        await client.close()
        await server.drain(withinMilliseconds: 200)
        await group.shutDown()
    }
}
