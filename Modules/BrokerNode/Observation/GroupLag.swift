// SPDX-License-Identifier: Apache-2.0

internal import Groups
internal import Primitives
internal import RecordBatch
internal import StorageEngine

/// A committed offset, and where the records are that it speaks of.
struct CommittedPosition: Sendable {
    let group: String
    let topic: String
    let partition: PartitionID
    /// Shard that owns the partition.
    let owner: Int
    let offset: Offset
}

/// How far one group is behind in one partition.
struct Lag: Sendable {
    enum Time: Sendable, Equatable {
        case upToDate
        /// Since the time of the first record that is not committed.
        case since(Timestamp)
        case unknown
    }

    let position: CommittedPosition
    let recordCount: Int64
    let time: Time
}

/// A record whose time is, or was, wanted.
struct RecordPlace: Hashable, Sendable {
    let partition: PartitionID
    let offset: Offset
}

/// Lags of all groups, within bounds.
struct LagReport: Sendable {
    /// In the order of the offsets topic's partitions, then by group, topic and partition.
    var lags: [Lag] = []
    /// Groups that are missing in `lags`, or some of whose partitions are.
    var leftOutGroupCount = 0
    /// Lags whose time is not known, because it takes a read too many or the record cannot be read.
    var leftOutTimeCount = 0
    /// Shards that did not answer in time: what only they know is missing.
    var unansweredShards: Set<Int> = []
    /// Times of the records in `lags`, for the next report: a record's time does not change.
    var times: [RecordPlace: Timestamp] = [:]
}

/// Works out how far groups are behind: committed offsets from the shards that coordinate, high watermarks and record
/// times from those that own the partitions.
struct LagSurvey: Sendable {
    struct Limits: Sendable {
        /// Most lags in one report.
        var lagCountMax = 5_000
        /// Most records that are looked up in logs for one report.
        var readCountMax = 500
    }

    let shards: ShardSet
    let limits: Limits
    let deadline: ContinuousClock.Instant
    /// Of the report before.
    let knownTimes: [RecordPlace: Timestamp]

    func report() async -> LagReport {
        var report = LagReport()
        let positions = await committedPositions(into: &report)
        let bounds = await bounds(of: positions, into: &report)
        var readCount = 0
        for position in positions {
            // A partition that is gone takes its lag with it.
            guard let bound = bounds[position.partition] else { continue }
            let recordCount = max(0, bound.highWatermark.distance(from: position.offset))
            let time = await time(of: position, bound, &readCount, &report)
            report.lags.append(Lag(position: position, recordCount: recordCount, time: time))
        }
        return report
    }

    // MARK: What groups have committed

    private func committedPositions(into report: inout LagReport) async -> [CommittedPosition] {
        var coordinators: [(partition: PartitionIndex, shard: Int)] = []
        for (shard, partitions) in await shards.values(by: deadline, { Array($0.groups.keys) }).enumerated() {
            if partitions == nil { report.unansweredShards.insert(shard) }
            coordinators += (partitions ?? []).map { ($0, shard) }
        }
        var positions: [CommittedPosition] = []
        for coordinator in coordinators.sorted(by: { $0.partition < $1.partition }) {
            let countMax = limits.lagCountMax - positions.count
            let found = await shards.value(of: coordinator.shard, by: deadline) {
                $0.committedPositions(of: coordinator.partition, countMax: countMax)
            }
            guard let found else {
                report.unansweredShards.insert(coordinator.shard)
                continue
            }
            positions += found.positions
            report.leftOutGroupCount += found.leftOutGroupCount
        }
        return positions
    }

    // MARK: Where the partitions stand

    private struct Bounds: Sendable {
        let logStartOffset: Offset
        let highWatermark: Offset
    }

    private func bounds(
        of positions: [CommittedPosition], into report: inout LagReport
    ) async -> [PartitionID: Bounds] {
        var wanted = [Set<PartitionID>](repeating: [], count: shards.loops.count)
        for position in positions { wanted[position.owner].insert(position.partition) }
        let asked = wanted
        let answers = await shards.each { index in
            await shards.value(of: index, by: deadline) { shard in
                asked[index].compactMap { id in
                    shard.partitions[id].map {
                        (id, Bounds(logStartOffset: $0.log.logStartOffset, highWatermark: $0.highWatermark))
                    }
                }
            }
        }
        report.unansweredShards.formUnion(answers.indices.filter { answers[$0] == nil })
        return Dictionary(uniqueKeysWithValues: answers.flatMap { $0 ?? [] })
    }

    private func time(
        of position: CommittedPosition, _ bounds: Bounds, _ readCount: inout Int, _ report: inout LagReport
    ) async -> Lag.Time {
        let next = max(position.offset, bounds.logStartOffset)
        guard next < bounds.highWatermark else { return .upToDate }
        let place = RecordPlace(partition: position.partition, offset: next)
        var time = knownTimes[place] ?? report.times[place]
        if time == nil, readCount < limits.readCountMax {
            readCount += 1
            time =
                await shards.answer(of: position.owner, by: deadline) { shard, reply in
                    shard.time(of: place, reply: reply)
                } ?? nil
        }
        guard let time else {
            report.leftOutTimeCount += 1
            return .unknown
        }
        report.times[place] = time
        return .since(time)
    }
}

extension BrokerShard {
    /// Committed offsets of the groups that one partition of `__consumer_offsets` holds, by group, topic and partition.
    fileprivate func committedPositions(
        of coordinator: PartitionIndex, countMax: Int
    ) -> (positions: [CommittedPosition], leftOutGroupCount: Int) {
        guard let shell = groups[coordinator], shell.isLoaded else { return ([], 0) }
        var positions: [CommittedPosition] = []
        var leftOutGroupCount = 0
        for group in shell.coordinator.groupIDs {
            guard positions.count < countMax else {
                leftOutGroupCount += 1
                continue
            }
            let committed = shell.coordinator.committedOffsets(of: group) ?? []
            let found = committed.compactMap { position(of: $0.1, in: $0.0, group: group) }
            if found.count > countMax - positions.count { leftOutGroupCount += 1 }
            positions += found.prefix(countMax - positions.count)
        }
        return (positions, leftOutGroupCount)
    }

    private func position(
        of committed: CommittedOffset, in partition: TopicPartition, group: GroupID
    ) -> CommittedPosition? {
        guard committed.offset >= .zero, let id = address(partition.topic, partition.partition.rawValue).id,
            // A topic of the same name that was made later has nothing to do with this offset.
            committed.topicID == .zero || committed.topicID == id.topic
        else { return nil }
        return CommittedPosition(
            group: group.rawValue, topic: partition.topic, partition: id, owner: shard(of: id),
            offset: committed.offset)
    }

    /// The time of the first record at or after a place; nil when there is none or it cannot be read.
    fileprivate func time(of place: RecordPlace, reply: @escaping (Timestamp?) -> Void) {
        guard let partition = partitions[place.partition] else { return reply(nil) }
        warming({ [self] () throws(ReadRefusal) in
            try partition.withLog { log throws(ReadRefusal) in
                // One batch, however large.
                try log.locate(
                    from: place.offset, byteCountMax: 1, below: partition.highWatermark, minOneBatch: true, on: disk)
            }
        }) { [self] located in
            guard case .success(let slice?) = located else { return reply(nil) }
            let ticket = nextTicket()
            awaitDisk(ticket) { [self] outcome in
                guard case .read(let bytes) = outcome else { return reply(nil) }
                reply(time(of: place, in: bytes))
            }
            disk.submitRead(slice.file, at: slice.position, count: slice.byteCount, ticket: ticket)
        }
    }

    private func time(of place: RecordPlace, in bytes: SharedBytes) -> Timestamp? {
        var batches = Batches(bytes)
        do {
            guard let batch = try batches.next() else { return nil }
            if batch.header.timestampType == .logAppendTime { return batch.header.maxTimestamp }
            return try codecs.records(of: batch).first { $0.offset >= place.offset }?.timestamp
        } catch {
            // What cannot be read here is reported where a consumer asks for it.
            return nil
        }
    }
}
