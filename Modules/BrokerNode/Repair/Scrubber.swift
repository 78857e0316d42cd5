// SPDX-License-Identifier: Apache-2.0

internal import ControllerNode
internal import Coordinator
internal import Primitives
internal import StorageEngine
import Synchronization
internal import Transport

/// What the scrubber has done and still has to do.
struct ScrubNumbers: Sendable {
    /// Since the start of the process.
    var verifiedByteCount: Int64 = 0
    /// Of the pass that is under way, as its beginning counted them.
    var pendingByteCount: Int64 = 0
    /// When the last pass that came to its end began: no byte that was there then was verified before. `.none`: never.
    var lastPassStart = Timestamp.none
    /// Since when this process scrubs.
    var since = Timestamp.none
    /// Segments that could not be read to their end.
    var faultCount: Int64 = 0
}

/// Reads all logs of a broker again and again, slowly, and tells their shards what does not check.
///
/// Runs on a thread of its own with a disk of its own, so that no shard waits for it; a segment is verified as a value, and
/// its shard takes note of the result. The pass goes on where it was when the broker is started again.
/// - SeeAlso: docs/decisions/0016-repair.md
final class Scrubber: @unchecked Sendable {
    // Proof of @unchecked: `numbers` is a mutex, the `let`s are immutable; the rest is touched on `loop` only.
    /// Bytes between two pauses.
    private static let stepByteCount = 256 << 10
    private static let storeMilliseconds: Int64 = 10_000

    let numbers: Mutex<ScrubNumbers>
    let intervalMilliseconds: Int64
    private let bytesPerSecond: Int64
    private let shards: ShardSet
    private let disk: any Disk
    private let log: EventLog
    private let group = ShardLoopGroup(count: 1)
    private var loop: ShardLoop { group.loops[0] }

    private var position: ScrubPosition
    private var pass: ScrubPass?
    private var scrub: SegmentScrub?
    private var storedAt: Instant?
    private var isStopped = false
    private let hasBeenStopped = Mutex(false)
    /// A shard has been asked and has not answered.
    private var isAsking = false
    /// What is left to do when it answers.
    private var finish: (() -> Void)?
    /// The shard of each partition of the pass.
    private var owners: [PartitionID: Int] = [:]

    /// - Parameter disk: Used by the scrubber's thread only, from now on.
    init(_ shards: ShardSet, settings: BrokerSettings, disk: any Disk, log: EventLog) {
        self.shards = shards
        self.disk = disk
        self.log = log
        intervalMilliseconds = Int64(settings[.scrubIntervalMilliseconds])
        bytesPerSecond = Int64(settings[.scrubBytesPerSecond])
        position = ScrubPosition.load(from: disk)
        numbers = Mutex(
            ScrubNumbers(lastPassStart: position.lastPassStart, since: shards.loops[0].wallClock))
    }

    func start() { loop.execute { [self] in beginWhenDue() } }

    /// Returns when nothing of it touches a shard or the disk any more; at once when it was called before.
    func stop() async {
        guard
            hasBeenStopped.withLock({ been in
                defer { been = true }
                return !been
            })
        else { return }
        await withCheckedContinuation { done in
            loop.execute { [self] in
                isStopped = true
                finish = { [self] in
                    scrub?.close(on: disk)
                    scrub = nil
                    store()
                    done.resume()
                }
                if !isAsking { finish?() }
            }
        }
        await group.shutDown()
    }

    /// Puts a question to a shard; the answer comes back to the scrubber's thread.
    private func ask<Answer: Sendable>(
        _ shard: Int, _ question: @escaping @Sendable (BrokerShard) -> Answer,
        then continuation: @escaping @Sendable (Answer) -> Void
    ) {
        isAsking = true
        shards.loops[shard].execute { [self] in
            let answer = question(shards[shard])
            loop.execute { [self] in
                isAsking = false
                if let finish { finish() } else { continuation(answer) }
            }
        }
    }

    // MARK: Passes

    private func beginWhenDue() {
        guard !isStopped else { return }
        let began = position.passStart != .none ? .none : position.lastPassStart
        let wait = began == .none ? 0 : began.rawValue + intervalMilliseconds - loop.wallClock.rawValue
        // A wall clock that jumped must not put the next pass off for ever.
        let pause = min(max(0, wait), intervalMilliseconds)
        loop.schedule(afterMilliseconds: pause) { [self] in
            owners = [:]
            list(0, 0)
        }
    }

    /// Asks one shard after the other for its partitions.
    private func list(_ shard: Int, _ byteCount: Int64) {
        guard !isStopped else { return }
        guard shard < shards.loops.count else { return begin(byteCount) }
        ask(shard) {
            $0.partitions.values.map { (id: $0.id, byteCount: $0.log.byteCount) }
        } then: { [self] logs in
            for log in logs { owners[log.id] = shard }
            list(shard + 1, logs.reduce(byteCount) { $0 + $1.byteCount })
        }
    }

    private func begin(_ byteCount: Int64) {
        let resume = position.partition.map { ($0, position.segment) }
        if position.passStart == .none { position.passStart = loop.wallClock }
        pass = ScrubPass(Array(owners.keys), resume: resume)
        numbers.withLock { $0.pendingByteCount = byteCount }
        nextSegment()
    }

    private func end() {
        pass = nil
        var next = ScrubPosition()
        next.lastPassStart = position.passStart
        position = next
        numbers.withLock { ($0.pendingByteCount, $0.lastPassStart) = (0, next.lastPassStart) }
        store()
        beginWhenDue()
    }

    // MARK: Segments

    private func nextSegment() {
        guard !isStopped, let pass else { return }
        guard let id = pass.partition, let owner = owners[id] else { return end() }
        let segment = pass.segment
        ask(owner) {
            $0.partitions[id]?.log.scrub(after: segment)
        } then: { [self] next in
            begin(next, of: id, on: owner)
        }
    }

    private func begin(_ next: SegmentScrub?, of id: PartitionID, on owner: Int) {
        guard !isStopped else { return }
        guard let next else {
            pass?.partitionEnded()
            return nextSegment()
        }
        scrub = next
        verify(of: id, on: owner)
    }

    private func verify(of id: PartitionID, on owner: Int) {
        guard !isStopped, var scrub else { return }
        self.scrub = nil
        let before = scrub.verifiedByteCount
        do throws(DiskFault) {
            try scrub.verifyNext(byteCountMax: Self.stepByteCount, on: disk)
        } catch {
            // Retention may have taken the file away; anything else is told.
            if error.errno != 2 {
                numbers.withLock { $0.faultCount += 1 }
                log.error(
                    "scrub: \(error.operation) of \(error.target) failed with error \(error.errno)", limitedBy: "scrub")
            }
            scrub.close(on: disk)
            return segmentEnded(scrub, of: id, on: owner)
        }
        let byteCount = scrub.verifiedByteCount - before
        let pause = pass?.read(byteCount, bytesPerSecond: bytesPerSecond) ?? 0
        numbers.withLock {
            $0.verifiedByteCount += byteCount
            $0.pendingByteCount = max(0, $0.pendingByteCount - byteCount)
        }
        if scrub.isDone {
            loop.schedule(afterMilliseconds: pause) { [self] in segmentEnded(scrub, of: id, on: owner) }
        } else {
            self.scrub = scrub
            loop.schedule(afterMilliseconds: pause) { [self] in verify(of: id, on: owner) }
        }
    }

    private func segmentEnded(_ scrub: SegmentScrub, of id: PartitionID, on owner: Int) {
        guard !isStopped else { return }
        // The partition enrols itself for repair when its log has damage.
        ask(owner) {
            $0.partitions[id]?.note(scrub)
        } then: { [self] (_: Void?) in
            pass?.verified(scrub.segment)
            (position.partition, position.segment) = (id, scrub.segment)
            if storedAt.map({ loop.now >= $0.advanced(byMilliseconds: Self.storeMilliseconds) }) ?? true { store() }
            nextSegment()
        }
    }

    private func store() {
        storedAt = loop.now
        do throws(DiskFault) {
            try position.store(on: disk)
        } catch {
            log.warning("the place of the scrub cannot be noted: error \(error.errno)", limitedBy: "scrub")
        }
    }
}
