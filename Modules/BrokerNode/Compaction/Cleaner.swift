// SPDX-License-Identifier: Apache-2.0

internal import ControllerNode
internal import Coordinator
internal import Primitives
internal import StorageEngine

/// Keeps a broker's compacted partitions compacted: finds out which is next, one pass at a time, and never gives up.
///
/// Lives on the shard that also looks after the data folder; passes belong to the partitions' shards, their work to
/// `CleanerWorker`.
final class Cleaner {
    private unowned(safe) let shard: BrokerShard
    let worker: CleanerWorker
    private(set) var schedule: CleanerSchedule
    private(set) var counts = CleanerCounts()
    private let backoffMilliseconds: Int64
    private let limits: CompactionLimits

    init(shard: BrokerShard, worker: CleanerWorker) {
        self.shard = shard
        self.worker = worker
        let settings = shard.node.settings
        backoffMilliseconds = max(1, Int64(settings[.cleanerBackoffMilliseconds]))
        schedule = CleanerSchedule(restMilliseconds: backoffMilliseconds)
        limits = CompactionLimits(
            mapByteCountMax: settings[.cleanerMapBytesMax],
            mapLoadFactor: min(0.95, max(0.05, settings[.cleanerMapLoadFactor])))
    }

    /// Looks for work after the usual pause.
    func start() {
        shard.schedule(afterMilliseconds: backoffMilliseconds) { [self] in look() }
    }

    private func look() {
        guard !shard.isDraining else { return }
        shard.askAll({ shard, reply in reply(shard.compactionCandidates()) }) {
            [self] (found: [[CompactionCandidate]]) in
            guard let next = schedule.next(of: found.flatMap(\.self), at: shard.now) else { return start() }
            compact(next)
        }
    }

    private func compact(_ candidate: CompactionCandidate) {
        let (worker, limits) = (worker, limits)
        let begin = shard.now
        shard.ask(
            shard.shard(of: candidate.partition),
            { shard, reply in shard.compact(candidate.partition, with: worker, limits, reply: reply) },
            then: { [self] (outcome: CompactionOutcome) in
                schedule.ended(candidate, outcome, at: shard.now)
                counts.note(outcome, nanoseconds: shard.now.nanoseconds - begin.nanoseconds)
                report(outcome, of: candidate)
                shard.schedule(afterMilliseconds: 1) { [self] in look() }
            })
    }

    private func report(_ outcome: CompactionOutcome, of candidate: CompactionCandidate) {
        switch outcome {
        case .finished(let counts):
            shard.logger.info(
                "\(candidate.name): compacted, \(counts.keptRecordCount) of \(counts.readRecordCount) records kept")
        case .failed(let reason):
            shard.logger.error(
                "\(candidate.name) cannot be compacted, and is tried again later: \(reason.sentence)",
                limitedBy: "compaction of \(candidate.name)")
        case .nothing, .gone: break
        }
    }
}

/// What compaction has done since the start.
struct CleanerCounts: Sendable {
    private(set) var passCount: UInt64 = 0
    private(set) var failureCount: UInt64 = 0
    private(set) var readByteCount: UInt64 = 0
    private(set) var writtenByteCount: UInt64 = 0
    private(set) var removedRecordCount: UInt64 = 0
    private(set) var busyNanoseconds: UInt64 = 0
    /// Of the largest pass.
    private(set) var mapByteCountMax = 0

    mutating func note(_ outcome: CompactionOutcome, nanoseconds: Int64) {
        busyNanoseconds += UInt64(max(0, nanoseconds))
        switch outcome {
        case .finished(let counts):
            passCount += 1
            readByteCount += UInt64(counts.readByteCount)
            writtenByteCount += UInt64(counts.writtenByteCount)
            removedRecordCount += UInt64(counts.readRecordCount - counts.keptRecordCount)
            mapByteCountMax = max(mapByteCountMax, counts.mapByteCount)
        case .failed: failureCount += 1
        case .nothing, .gone: break
        }
    }
}

extension CompactionTrouble {
    /// For people, without a full stop.
    var sentence: String {
        switch self {
        case .pass(.damaged(let damage)):
            "segment \(damage.segment) is damaged at byte \(damage.position), and compacting over damage would hide it"
        case .pass(.disk(let fault)), .log(.disk(let fault)), .log(.failed(let fault)), .noDisk(let fault):
            "\(fault.operation) of \(fault.target) failed with error \(fault.errno)"
        case .pass(.unreadable(let offset)): "the records of the batch at offset \(offset) cannot be read"
        case .pass(.tooLarge(let segment)): "what replaces segment \(segment) would be larger than 2 GiB"
        case .log(.closed): "its log is closed"
        }
    }
}
