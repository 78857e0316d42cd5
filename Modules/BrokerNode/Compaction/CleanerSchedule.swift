// SPDX-License-Identifier: Apache-2.0

package import Primitives
package import StorageEngine

/// A partition that could be compacted, as its shard sees it.
package struct CompactionCandidate: Sendable {
    package let partition: PartitionID
    package let topic: String
    package let isInternal: Bool
    package let standing: CompactionStanding

    package init(partition: PartitionID, topic: String, isInternal: Bool, standing: CompactionStanding) {
        self.partition = partition
        self.topic = topic
        self.isInternal = isInternal
        self.standing = standing
    }
}

/// Why a partition is not compacted although it is due.
package struct UncleanablePartition: Sendable {
    package let partition: PartitionID
    package let topic: String
    package let reason: CompactionTrouble
    package let attemptCount: Int
}

/// How a pass ended.
package enum CompactionOutcome: Sendable {
    case finished(CompactionCounts)
    /// There was nothing to do, or the records were cut off or trimmed meanwhile.
    case nothing
    /// The partition is not here any more.
    case gone
    case failed(CompactionTrouble)
}

package enum CompactionTrouble: Error, Sendable {
    case pass(CompactionFault)
    case log(LogFault)
    /// The worker has no disk of its own.
    case noDisk(DiskFault)
}

/// Which partition is compacted next. A partition that fails waits longer each time, and never holds up the others.
package struct CleanerSchedule {
    private struct Failure {
        var topic: String
        var reason: CompactionTrouble
        var attemptCount: Int
        var retry: Instant
    }

    /// Between two attempts at a partition: this, doubled with each failure, up to the other.
    package static let retryMillisecondsMin: Int64 = 15_000
    package static let retryMillisecondsMax: Int64 = 600_000

    private var failures: [PartitionID: Failure] = [:]
    /// Partitions of which the last attempt found nothing to do.
    private var resting: [PartitionID: Instant] = [:]

    /// How long a partition rests where there was nothing to do (`log.cleaner.backoff.ms`).
    private let restMilliseconds: Int64

    package init(restMilliseconds: Int64 = 15_000) { self.restMilliseconds = restMilliseconds }

    /// Partitions that are due and fail, by name.
    package var uncleanable: [UncleanablePartition] {
        failures.map {
            UncleanablePartition(
                partition: $0.key, topic: $0.value.topic, reason: $0.value.reason, attemptCount: $0.value.attemptCount)
        }.sorted { ($0.topic, $0.partition) < ($1.topic, $1.partition) }
    }

    /// Internal topics first, as coordinators replay them; then who waits longer than `max.compaction.lag.ms`; then by dirty
    /// ratio.
    package mutating func next(of candidates: [CompactionCandidate], at now: Instant) -> CompactionCandidate? {
        let known = Set(candidates.map(\.partition))
        failures = failures.filter { known.contains($0.key) }
        resting = resting.filter { $0.value > now }
        return candidates.filter { isReady($0.partition, at: now) }.min { $0.comesBefore($1) }
    }

    private func isReady(_ partition: PartitionID, at now: Instant) -> Bool {
        resting[partition] == nil && failures[partition].map { $0.retry <= now } ?? true
    }

    package mutating func ended(_ candidate: CompactionCandidate, _ outcome: CompactionOutcome, at now: Instant) {
        switch outcome {
        case .finished, .gone: failures[candidate.partition] = nil
        case .nothing: resting[candidate.partition] = now.advanced(byMilliseconds: restMilliseconds)
        case .failed(let reason):
            let attemptCount = (failures[candidate.partition]?.attemptCount ?? 0) + 1
            let pause = Self.retryMillisecondsMin << Int64(min(attemptCount - 1, 10))
            failures[candidate.partition] = Failure(
                topic: candidate.topic, reason: reason, attemptCount: attemptCount,
                retry: now.advanced(byMilliseconds: min(pause, Self.retryMillisecondsMax)))
        }
    }
}

extension UncleanablePartition {
    /// For people.
    var name: String { "\(topic)-\(partition.index)" }
}

extension CompactionCandidate {
    /// For people.
    var name: String { "\(topic)-\(partition.index)" }

    func comesBefore(_ other: CompactionCandidate) -> Bool {
        if isInternal != other.isInternal { return isInternal }
        if standing.isOverdue != other.standing.isOverdue { return standing.isOverdue }
        if standing.dirtyRatio != other.standing.dirtyRatio { return standing.dirtyRatio > other.standing.dirtyRatio }
        return partition < other.partition
    }
}
