// SPDX-License-Identifier: Apache-2.0

package import Primitives

/// What drives a shard: an event loop in production, the scheduler of the simulator in tests.
///
/// A driver calls a shard from one thread only, and ends each burst of calls with `BrokerShard.endRound()`.
package protocol ShardDriver: AnyObject {
    var now: Instant { get }
    var wallClock: Timestamp { get }
    /// Runs `work` on another shard, after all that was posted there before.
    func post(_ work: [ShardWork], to shard: Int)
    /// Calls `BrokerShard.timePassed()` at `deadline` or soon after; an earlier call replaces a later one.
    func wake(at deadline: Instant)
}

/// Work that one shard hands to another; carries sendable values only.
///
/// A closure in a structure: in an array of closures each would get an allocation of its own besides.
package struct ShardWork: Sendable {
    let run: @Sendable (BrokerShard) -> Void
}

/// Something that only its own loop touches, carried through another loop unseen.
struct LoopConfined<Value>: @unchecked Sendable {
    // Proof of @unchecked: `value` is read only by the shard that made it, which `home` checks.
    private let stored: Value
    private let home: Int

    init(_ value: Value, home: Int) {
        stored = value
        self.home = home
    }

    func value(on shard: BrokerShard) -> Value {
        precondition(shard.index == home, "shard \(shard.index) opens what belongs to shard \(home)")
        return stored
    }
}
