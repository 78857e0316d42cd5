// SPDX-License-Identifier: Apache-2.0

internal import ControllerNode
internal import Coordinator
internal import Groups
internal import Primitives
internal import StorageEngine
internal import Telemetry
internal import Transactions
internal import WireProtocol

/// What one shard tells the doctor.
struct ShardFacts: Sendable {
    /// `topic-index` of partitions whose log could not be opened.
    let unopened: [String]
    /// Partitions of `__consumer_offsets` that are not loaded.
    let unloadedCoordinators: [PartitionIndex]
    /// Partitions of `__transaction_state` that are not loaded.
    let unloadedTransactionCoordinators: [PartitionIndex]
    /// Transactions that are open for longer than their time-out allows, however often they are ended.
    let overdueTransactions: [OverdueTransaction]
    /// Partitions that are due and cannot be compacted, and why, on the shard that knows.
    let uncleanable: [(partition: String, reason: String)]
    /// Durations of synchronizes by bucket of `Metric.histogramBounds`, not cumulative.
    let synchronizeCounts: [UInt64]

    init(_ shard: BrokerShard) {
        unopened = shard.metrics.unopened.values.sorted()
        unloadedCoordinators = shard.groups.filter { !$0.value.isLoaded }.map(\.key).sorted()
        let transactions = shard.transactions.sorted { $0.key < $1.key }.map(\.value)
        unloadedTransactionCoordinators = shard.transactions.filter { !$0.value.isLoaded }.map(\.key).sorted()
        let wall = shard.wallClock
        overdueTransactions = transactions.filter(\.isLoaded).flatMap { $0.coordinator.overdue(at: wall) }
            .map { OverdueTransaction(id: $0.transactionalID.rawValue, state: $0.metadata.state.description) }
        uncleanable = (shard.cleaner?.schedule.uncleanable ?? []).map { ($0.name, $0.reason.sentence) }
        synchronizeCounts = Array(shard.metrics.synchronizeLatency[0].counts)
    }
}

/// A transaction that should have ended and has not.
struct OverdueTransaction: Sendable {
    let id: String
    let state: String
}

/// A partition whose youngest record is younger than now.
struct FutureRecord: Sendable {
    let partition: String
    let timestamp: Timestamp
}

/// A group without members that has records to read.
struct IdleGroup: Sendable {
    let id: String
    let recordLag: Int64
    let timeLagMilliseconds: Int64
}

/// Everything the checks look at, gathered first, so that a check is a plain function of it.
struct DoctorFacts: Sendable {
    var view: NodeView
    var shards: [ShardFacts]
    var scrub: ScrubNumbers
    var scrubIntervalMilliseconds: Int64
    /// Nil where the file system did not say.
    var freeByteCount: Int64?
    /// Nil on a disk that has but one mechanism.
    var diskChoice: DiskChoice?
    /// The metadata log is out of service.
    var controllerFault: DiskFault?
    var futureRecords: [FutureRecord] = []
    var idleGroups: [IdleGroup] = []
    /// How the controllers stand; nil where nobody asked.
    var quorum: Result<Controller.QuorumInfoResponse, SubmitRefusal>?
}

extension AdminService {
    /// - Parameters:
    ///   - deep: Also reads records: times of the youngest, lag of groups.
    ///   - localOnly: Asks nobody else.
    func doctorFacts(deep: Bool, localOnly: Bool) async -> DoctorFacts {
        let view = localOnly ? await ownView() : await view(includingPartitions: false)
        let shards: [ShardFacts] = await ask { shard, reply in
            shard.askAll({ $1(ShardFacts($0)) }, then: reply)
        }
        let (scrub, interval) = (observer.scrub, observer.scrubIntervalMilliseconds)
        var facts: DoctorFacts = await ask { shard, reply in
            reply(
                DoctorFacts(
                    view: view, shards: shards, scrub: scrub, scrubIntervalMilliseconds: interval,
                    freeByteCount: shard.freeByteCount,
                    diskChoice: (shard.disk as? FileDisk)?.choice, controllerFault: shard.controller?.fault))
        }
        if !localOnly { facts.quorum = await quorumInfo() }
        guard deep else { return facts }
        facts.futureRecords = await futureRecords()
        facts.idleGroups = await idleGroups()
        return facts
    }

    private func futureRecords() async -> [FutureRecord] {
        await ask { shard, reply in
            shard.askAll({ $0.futureRecords(reply: $1) }) { (found: [[FutureRecord]]) in
                reply(found.flatMap(\.self).sorted { $0.partition < $1.partition })
            }
        }
    }

    private func idleGroups() async -> [IdleGroup] {
        // Groups that are still loading are the business of another check.
        do throws(RPCError) {
            let listed = try await listedGroups().filter { $0.state == .empty }
            var idle: [IdleGroup] = []
            for group in await describe(listed.map(\.group)) where group.refusal == nil && group.members.isEmpty {
                let lag = try await lag(of: group, topics: [])
                guard lag.recordLag > 0 else { continue }
                idle.append(
                    IdleGroup(
                        id: lag.groupID, recordLag: lag.recordLag, timeLagMilliseconds: lag.timeLagMilliseconds))
            }
            return idle
        } catch {
            return []
        }
    }
}

extension BrokerShard {
    /// Looks for records younger than now, one partition a turn of the loop.
    fileprivate func futureRecords(reply: @escaping ([FutureRecord]) -> Void) {
        lookForFuture(in: partitions.keys.sorted()[...], [], reply: reply)
    }

    private func lookForFuture(
        in rest: ArraySlice<PartitionID>, _ found: [FutureRecord], reply: @escaping ([FutureRecord]) -> Void
    ) {
        guard let id = rest.first else { return reply(found) }
        let goOn = { [self] (found: [FutureRecord]) in
            schedule(afterMilliseconds: 0) { [self] in lookForFuture(in: rest.dropFirst(), found, reply: reply) }
            return
        }
        guard let partition = partitions[id] else { return goOn(found) }
        let limit = wallClock.advanced(byMilliseconds: Doctor.clockToleranceMilliseconds)
        let bound = partition.highWatermark
        warming({ [self] () throws(ReadRefusal) in
            try partition.withLog { log throws(ReadRefusal) in try log.maxTimestamp(below: bound, on: disk) }
        }) { youngest in
            guard case .success(let record?) = youngest, record.timestamp > limit else { return goOn(found) }
            goOn(
                found + [
                    FutureRecord(partition: "\(partition.topic)-\(id.index)", timestamp: record.timestamp)
                ])
        }
    }
}
