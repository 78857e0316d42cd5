// SPDX-License-Identifier: Apache-2.0

internal import Primitives
internal import Transport

/// Drives one shard with a real event loop.
final class LoopDriver: ShardDriver {
    private let loop: ShardLoop
    private let shards: ShardSet
    private var timer: ShardTimer?
    private var deadline = Instant.distantFuture

    init(loop: ShardLoop, shards: ShardSet) {
        self.loop = loop
        self.shards = shards
    }

    var now: Instant { loop.now }
    var wallClock: Timestamp { loop.wallClock }

    func post(_ work: [ShardWork], to shard: Int) {
        let shards = shards
        shards.loops[shard].execute { shards[shard].receive(work) }
    }

    func wake(at deadline: Instant) {
        // A timer that fires too early finds nothing due and is set again, so only an earlier deadline needs a new one.
        if let timer, timer.isPending, self.deadline <= deadline { return }
        timer?.cancel()
        self.deadline = deadline
        let shards = shards
        let index = loop.index
        timer = loop.schedule(at: deadline) { shards[index].timePassed() }
    }
}

/// The shards of one broker with their loops.
final class ShardSet: @unchecked Sendable {
    // Proof of @unchecked: `shards` is filled once, by `add`, before the loops get any work for it; each shard is then
    // handed out on its own loop only, which the subscript checks.
    let loops: [ShardLoop]
    private var shards: [BrokerShard] = []

    init(loops: [ShardLoop]) { self.loops = loops }

    func add(_ shard: BrokerShard) {
        precondition(shard.index == shards.count, "shard \(shard.index) is added as \(shards.count)")
        shards.append(shard)
    }

    subscript(index: Int) -> BrokerShard {
        loops[index].preconditionCurrent()
        return shards[index]
    }

    /// Runs `body` on a shard's loop and gives its value back.
    func run<Value: Sendable>(
        on index: Int, _ body: @escaping @Sendable (BrokerShard) throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { done in
            loops[index].execute { done.resume(with: Result { try body(self[index]) }) }
        }
    }
}
