// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import Groups
internal import Primitives
internal import RecordBatch
internal import StorageEngine
internal import WireProtocol

/// A committed offset, and where the records are that it speaks of.
struct CommittedPosition: Sendable {
    let group: String
    let topic: String
    let partition: PartitionID
    /// Shard that owns the partition, where it is led here.
    let owner: Int
    /// Broker that leads the partition.
    let leader: NodeID
    let offset: Offset
}

/// How far one group is behind in one partition.
struct Lag: Sendable {
    enum Time: Sendable, Equatable {
        case upToDate
        /// Since the time of the first record that is not committed.
        case since(Timestamp)
        case unknown

        /// Nil where it is not known: the record may also be without a time. A producer's clock may be ahead of ours: an
        /// age is never negative.
        func milliseconds(at wall: Timestamp) -> Int64? {
            switch self {
            case .upToDate: 0
            case .since(let time) where time >= Timestamp(0): max(0, wall.rawValue - time.rawValue)
            case .since, .unknown: nil
            }
        }
    }

    let position: CommittedPosition
    let recordCount: Int64
    let time: Time
}

extension PartitionAnswer {
    /// Records between a committed offset and the high watermark.
    func recordLag(of committed: Offset) -> Int64 { max(0, highWatermark.distance(from: committed)) }

    /// The first record that a group has not committed and can still read; nil when it has committed all.
    func firstUnread(after committed: Offset) -> Offset? {
        let next = max(committed, logStartOffset)
        return next < highWatermark ? next : nil
    }
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

/// Works out how far groups are behind that are coordinated here: committed offsets from the shards, high watermarks and
/// record times from the leaders of the partitions, here or on other brokers.
struct LagSurvey: Sendable {
    struct Limits: Sendable {
        /// Most lags in one report.
        var lagCountMax = 5_000
        /// Most records that are looked up in logs for one report.
        var readCountMax = 500
    }

    let shards: ShardSet
    let peers: PeerBrokers
    let node: NodeID
    let limits: Limits
    let deadline: ContinuousClock.Instant
    /// Of the report before.
    let knownTimes: [RecordPlace: Timestamp]

    func report() async -> LagReport {
        var report = LagReport()
        let positions = await committedPositions(into: &report)
        let bounds = await bounds(of: positions.filter { $0.leader == node }, into: &report)
        var readCount = 0
        let elsewhere = await answers(about: positions.filter { $0.leader != node }, &readCount)
        var missing: Set<String> = []
        for position in positions {
            let place = RecordPlace(partition: position.partition, offset: position.offset)
            // A partition that is gone takes its lag with it.
            guard let answer = position.leader == node ? bounds[position.partition] : elsewhere[place] else {
                if position.leader != node { missing.insert(position.group) }
                continue
            }
            let time =
                position.leader == node
                ? await time(of: position, answer, &readCount, &report) : time(of: position, answer, &report)
            report.lags.append(
                Lag(position: position, recordCount: answer.recordLag(of: position.offset), time: time))
        }
        report.leftOutGroupCount += missing.count
        return report
    }

    // MARK: What other brokers lead

    /// What the leaders say that answer in time, with the times of records that are not known from before.
    private func answers(
        about positions: [CommittedPosition], _ readCount: inout Int
    ) async -> [RecordPlace: PartitionAnswer] {
        guard !positions.isEmpty else { return [:] }
        let image = await shards.value(of: BrokerShard.controllerShard, by: deadline) { $0.image }
        guard let image else { return [:] }
        var asked: [NodeID: [RecordPlace]] = [:]
        var timed: Set<RecordPlace> = []
        for position in positions {
            let place = RecordPlace(partition: position.partition, offset: position.offset)
            asked[position.leader, default: []].append(place)
            guard knownTimes[place] == nil, readCount < limits.readCountMax, timed.insert(place).inserted else {
                continue
            }
            readCount += 1
        }
        let (lookups, wanted) = (asked, timed)
        let left = ContinuousClock.now.duration(to: deadline) / .milliseconds(1)
        let leaders = lookups.keys.filter { image.broker($0)?.isFenced == false }.sorted()
        let found = await peers.askEach(
            leaders, in: image, Admin.offsetLookup,
            withinMilliseconds: max(1, min(Int64(left), PeerBrokers.answerMilliseconds))
        ) { leader in
            .with { request in
                request.lookups = (lookups[leader] ?? []).map { place in
                    .with {
                        $0.topic = image.topic(place.partition.topic)?.name ?? ""
                        $0.partition = place.partition.index
                        if wanted.contains(place) { $0.offset = place.offset }
                    }
                }
            }
        }
        var answers: [RecordPlace: PartitionAnswer] = [:]
        for (leader, result) in found {
            guard case .success(let response) = result, let places = lookups[leader] else { continue }
            for (place, answer) in zip(places, response.answers) where answer.error == nil {
                answers[place] = PartitionAnswer(
                    logStartOffset: answer.logStartOffset, highWatermark: answer.highWatermark,
                    timestamp: answer.timestamp)
            }
        }
        return answers
    }

    private func time(of position: CommittedPosition, _ answer: PartitionAnswer, _ report: inout LagReport) -> Lag.Time
    {
        guard answer.firstUnread(after: position.offset) != nil else { return .upToDate }
        let place = RecordPlace(partition: position.partition, offset: position.offset)
        guard let time = answer.timestamp ?? knownTimes[place] else {
            report.leftOutTimeCount += 1
            return .unknown
        }
        report.times[place] = time
        return .since(time)
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

    private func bounds(
        of positions: [CommittedPosition], into report: inout LagReport
    ) async -> [PartitionID: PartitionAnswer] {
        var wanted = [Set<PartitionID>](repeating: [], count: shards.loops.count)
        for position in positions { wanted[position.owner].insert(position.partition) }
        let asked = wanted
        let answers = await shards.each { index in
            await shards.value(of: index, by: deadline) { shard in
                asked[index].compactMap { id in
                    shard.partitions[id].map {
                        (id, PartitionAnswer(logStartOffset: $0.log.logStartOffset, highWatermark: $0.highWatermark))
                    }
                }
            }
        }
        report.unansweredShards.formUnion(answers.indices.filter { answers[$0] == nil })
        return Dictionary(uniqueKeysWithValues: answers.flatMap { $0 ?? [] })
    }

    private func time(
        of position: CommittedPosition, _ bounds: PartitionAnswer, _ readCount: inout Int, _ report: inout LagReport
    ) async -> Lag.Time {
        guard let next = bounds.firstUnread(after: position.offset) else { return .upToDate }
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
            leader: image.partition(id)?.leader ?? .none, offset: committed.offset)
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
