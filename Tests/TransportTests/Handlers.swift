// SPDX-License-Identifier: Apache-2.0

import Primitives
import Synchronization
import Transport

/// What the handlers of one listener saw, for the test's thread.
final class Journal: Sendable {
    struct Entries: Sendable {
        var opened: [ConnectionID] = []
        var loopIndexes: [Int] = []
        var frames: [[UInt8]] = []
        var frameCountPerRead: [Int] = []
        var closed: [CloseReason] = []
        var writability: [Bool] = []
        var drainCount = 0
        var frameCountWhilePaused = 0
    }

    private let entries = Mutex(Entries())

    func add(_ change: @Sendable (inout Entries) -> Void) { entries.withLock { change(&$0) } }
    var now: Entries { entries.withLock { $0 } }

    /// Waits until `condition` holds, ten seconds at most; whether it does.
    func wait(until condition: (Entries) -> Bool) async -> Bool {
        for _ in 0..<2_000 {
            if condition(now) { return true }
            try? await Task.sleep(for: .milliseconds(5))
        }
        return condition(now)
    }
}

/// Writes every frame back and tells a journal.
class EchoHandler: FrameHandler {
    let connection: FrameConnection
    let journal: Journal
    private var frameCount = 0

    init(_ connection: FrameConnection, _ journal: Journal) {
        self.connection = connection
        self.journal = journal
    }

    func opened(_ connection: FrameConnection) {
        connection.loop.preconditionCurrent()
        journal.add {
            $0.opened.append(connection.id)
            $0.loopIndexes.append(connection.loop.index)
        }
    }

    func received(_ frame: SharedBytes) {
        frameCount += 1
        journal.add { $0.frames.append(frame.array) }
        connection.write(TestClient.prefix(frame.count))
        connection.write(frame)
    }

    func receivedAll() {
        let count = frameCount
        frameCount = 0
        journal.add { $0.frameCountPerRead.append(count) }
    }

    func writabilityChanged(_ isWritable: Bool) { journal.add { $0.writability.append(isWritable) } }

    func draining() {
        journal.add { $0.drainCount += 1 }
        connection.close()
    }

    func closed(_ reason: CloseReason) { journal.add { $0.closed.append(reason) } }
}

/// Runs `onFrame` for each frame.
final class ScriptedHandler: EchoHandler {
    private let onFrame: (FrameConnection, SharedBytes) -> Void

    init(
        _ connection: FrameConnection, _ journal: Journal,
        onFrame: @escaping (FrameConnection, SharedBytes) -> Void
    ) {
        self.onFrame = onFrame
        super.init(connection, journal)
    }

    override func received(_ frame: SharedBytes) { onFrame(connection, frame) }
}

typealias HandlerMaker = @Sendable (FrameConnection, Journal) -> any FrameHandler

/// A listener on a free port of loopback, for the time of `body`.
func withListener(
    loopCount: Int = 1, limits: ConnectionLimits = ConnectionLimits(),
    handler: HandlerMaker? = nil,
    _ body: (FrameListener, ShardLoopGroup, Journal) async throws -> Void
) async throws {
    let group = ShardLoopGroup(count: loopCount)
    let journal = Journal()
    let make = handler ?? { EchoHandler($0, $1) }
    let listener = try await FrameListener.bind(
        host: "127.0.0.1", port: 0, group: group, limits: limits
    ) {
        make($0, journal)
    }
    try await body(listener, group, journal)
    await listener.stopAccepting()
    await group.shutDown()
}
