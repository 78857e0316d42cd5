// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import KafkaProtocol
internal import Primitives
internal import Replication

/// Sets the pace at which this broker copies for moves, by what its shards say of those who wait.
///
/// Runs on the shard that keeps the broker in its cluster.
/// - SeeAlso: docs/decisions/0023-moves-give-way.md
final class MovePacer {
    private static let windowMilliseconds: Int64 = 1_000

    private unowned let shard: BrokerShard
    private var pace: MovePace?
    /// By shard.
    private var before: [MoveFacts] = []
    private var isLooking = false

    init(shard: BrokerShard) { self.shard = shard }

    func begin() {
        shard.schedule(afterMilliseconds: Self.windowMilliseconds) { [weak self] in
            guard let self else { return }
            begin()
            look()
        }
    }

    private func look() {
        guard !isLooking, shard.image.brokers().count > 1 else { return }
        isLooking = true
        shard.askAll({ shard, reply in reply(shard.moveFacts) }) { [weak self] (found: [MoveFacts]) in
            self?.isLooking = false
            self?.decide(on: found)
        }
    }

    private func decide(on facts: [MoveFacts]) {
        let windows = zip(facts, before.isEmpty ? facts : before).map { $0.window(since: $1) }
        before = facts
        let settings = shard.configs.settings
        let (least, greatest) = (Int64(settings[.moveRateMin]), Int64(settings[.moveRateMax]))
        var pace = pace ?? MovePace(least: least, greatest: greatest)
        pace.change(least: least, greatest: greatest)
        pace.ended(windows.reduce(MovePace.Window(), +))
        self.pace = pace
        shard.replicator.metrics.moveRate = pace.bytesPerSecond
        shard.replicator.metrics.moveSlowdownCount = pace.slowdownCount
        share(pace.bytesPerSecond, among: windows)
    }

    /// Shards that copy share the rate; one that begins gets its part of the whole until the next look.
    private func share(_ rate: Int64, among windows: [MovePace.Window]) {
        let copying = Int64(windows.count { $0.isCopying })
        for (index, window) in windows.enumerated() {
            let share = max(1, rate / (window.isCopying ? copying : Int64(windows.count)))
            shard.ask(index, { shard, reply in reply(shard.replicator.moveRate = share) }, then: { (_: Void) in })
        }
    }
}

/// What a shard has counted that says how fast moves may copy.
struct MoveFacts: Sendable {
    fileprivate var producers = Waits()
    fileprivate var leaders = Waits()
    fileprivate var copiedByteCount: UInt64 = 0
    fileprivate var heldBackCount: UInt64 = 0
    fileprivate var isHeldBack = false

    fileprivate func window(since before: MoveFacts) -> MovePace.Window {
        MovePace.Window(
            producers: producers - before.producers, leaders: leaders - before.leaders,
            copiedByteCount: Int64(copiedByteCount - before.copiedByteCount),
            isHeldBack: isHeldBack || heldBackCount > before.heldBackCount)
    }
}

extension BrokerShard {
    fileprivate var moveFacts: MoveFacts {
        let produced = metrics.latencies[APIPlace.of(.produce)]
        let replication = replicator.metrics
        return MoveFacts(
            producers: Waits(
                count: produced.counts.reduce(0) { $0 + Int64($1) }, nanoseconds: produced.sumNanoseconds),
            leaders: replication.leaderWaits,
            copiedByteCount: replication.moveSentByteCount + replication.moveReceivedByteCount,
            heldBackCount: replication.moveHeldBackCount, isHeldBack: replicator.isHeldBack(at: now))
    }
}
