// SPDX-License-Identifier: Apache-2.0

internal import Primitives
internal import StorageEngine

extension BrokerShard {
    /// Partitions of this shard that are due, and those that were but failed, in no order.
    func compactionCandidates() -> [CompactionCandidate] {
        guard directory != .failed else { return [] }
        let wall = wallClock
        return partitions.values.compactMap { partition in
            guard let standing = partition.compactionStanding(at: wall), standing.isDue else { return nil }
            return CompactionCandidate(
                partition: partition.id, topic: partition.topic, isInternal: partition.settings.isInternal,
                standing: standing)
        }
    }

    /// One pass over a partition of this shard; its work is done elsewhere, its segments are exchanged here.
    func compact(
        _ id: PartitionID, with worker: CleanerWorker, _ limits: CompactionLimits,
        reply: @escaping (CompactionOutcome) -> Void
    ) {
        guard let partition = partitions[id], !isDraining else { return reply(.gone) }
        aborted(in: partition) { [self] found in
            guard partitions[id] === partition, !isDraining else { return reply(.gone) }
            switch found {
            case .success(let aborted): begin(partition, aborted, with: worker, limits, reply: reply)
            case .failure(.disk(let fault)): reply(.failed(.log(.disk(fault))))
            case .failure(.closed): reply(.failed(.log(.closed)))
            // Many indexes are on the device; the next attempt finds those that were read here.
            case .failure(.cold): reply(.nothing)
            case .failure(.damaged), .failure(.offsetOutOfRange): reply(.nothing)
            }
        }
    }

    /// The aborted transactions of the whole log as far as it may be compacted.
    private func aborted(
        in partition: Partition, reply: @escaping (Result<[AbortedTransaction], ReadRefusal>) -> Void
    ) {
        warming(
            { [self] () throws(ReadRefusal) in
                let bound = partition.lastStableOffset
                return try partition.withLog { log throws(ReadRefusal) in
                    try log.abortedTransactions(from: .zero, to: bound, on: disk)
                }
            }, reply: reply)
    }

    private func begin(
        _ partition: Partition, _ aborted: [AbortedTransaction], with worker: CleanerWorker, _ limits: CompactionLimits,
        reply: @escaping (CompactionOutcome) -> Void
    ) {
        do throws(CompactionTrouble) {
            guard let pass = try plan(partition, aborted, limits) else { return reply(.nothing) }
            advance(CompactionJob(pass), of: partition, with: worker, reply: reply)
        } catch { reply(.failed(error)) }
    }

    private func plan(
        _ partition: Partition, _ aborted: [AbortedTransaction], _ limits: CompactionLimits
    ) throws(CompactionTrouble) -> LogCompaction? {
        var generator = SystemRandomNumberGenerator()
        let secret: (UInt64, UInt64) = (generator.next(), generator.next())
        do throws(LogFault) {
            try partition.withLog { log throws(LogFault) in
                // While records are on their way to the device it is only taken; the next look finds it written.
                if log.compactionNeedsCheckpoint { _ = try log.writeCheckpoint(on: disk) }
            }
        } catch {
            noteFault(error)
            throw CompactionTrouble.log(error)
        }
        let bound = partition.lastStableOffset
        do throws(CompactionFault) {
            return try partition.withLog { log throws(CompactionFault) in
                try log.beginCompaction(
                    at: wallClock, below: bound, aborted: aborted, limits: limits, secret: secret)
            }
        } catch { throw CompactionTrouble.pass(error) }
    }

    private func advance(
        _ job: CompactionJob, of partition: Partition, with worker: CleanerWorker,
        reply: @escaping (CompactionOutcome) -> Void
    ) {
        let id = partition.id
        let carried = LoopConfined((partition, reply), home: index)
        worker.advance(job, for: index) { shard, step in
            let (partition, reply) = carried.value(on: shard)
            guard shard.partitions[id] === partition else {
                worker.abandon(job)
                return reply(.gone)
            }
            switch step {
            case .cleaned(let segment):
                if let ended = shard.exchange(segment, in: partition) {
                    worker.abandon(job)
                    return reply(ended)
                }
                shard.advance(job, of: partition, with: worker, reply: reply)
            case .finished: reply(shard.finish(job, in: partition))
            case .failed(let trouble):
                // Records that are trimmed away under the pass take their files with them.
                reply(partition.log.stillHolds(job.pass) ? .failed(trouble) : .nothing)
            case .stopped: reply(.gone)
            }
        }
    }

    /// - Returns: How the pass ends, when it cannot go on.
    private func exchange(_ segment: CleanedSegment, in partition: Partition) -> CompactionOutcome? {
        do throws(LogFault) {
            let isDone = try partition.withLog { log throws(LogFault) in
                try log.replace(with: segment, at: wallClock, on: disk)
            }
            return isDone ? nil : .nothing
        } catch {
            noteFault(error)
            return .failed(.log(error))
        }
    }

    private func finish(_ job: CompactionJob, in partition: Partition) -> CompactionOutcome {
        do throws(LogFault) {
            try partition.withLog { log throws(LogFault) in try log.finish(job.pass, on: disk) }
            return .finished(job.pass.counts)
        } catch {
            noteFault(error)
            return .failed(.log(error))
        }
    }
}

extension Partition {
    /// Nil when the topic is not compacted.
    func compactionStanding(at wall: Timestamp) -> CompactionStanding? {
        log.compactionStanding(at: wall, below: lastStableOffset)
    }
}
