// SPDX-License-Identifier: Apache-2.0

internal import Governance
internal import KafkaProtocol
internal import Primitives
internal import StorageEngine

extension BrokerShard {
    func fetch(_ request: FetchRequest, _ context: RequestContext) {
        // Replicas fetch over our own RPC; a client that claims to be one gets nothing (CVE-2018-1288).
        guard request.replicaID < 0, request.replicaState.replicaID < 0 else {
            return refuseFetch(.clusterAuthorizationFailed, context)
        }
        let usesTopicIDs = context.version >= 13
        let targets = request.topics.flatMap { topic in
            topic.partitions.map { FetchTarget($0, of: topic, usesTopicID: usesTopicIDs) }
        }
        let forgotten = request.forgottenTopicsData.flatMap { topic in
            topic.partitions.map {
                (usesTopicIDs ? FetchTopic.id(topic.topicID) : .name(topic.topic), PartitionIndex($0))
            }
        }
        do throws(FetchSessions.Refusal) {
            let fetch =
                context.version < 7
                ? .sessionless(targets)
                : try sessions.begin(
                    session: request.sessionID, epoch: request.sessionEpoch, targets: targets, forgotten: forgotten,
                    usesTopicIDs: usesTopicIDs, at: now)
            let poll = LongPoll(shard: self, context: context, request: request, fetch: fetch)
            poll.read()
        } catch {
            refuseFetch(error.kafkaCode, context)
        }
    }

    private func refuseFetch(_ code: ErrorCode, _ context: RequestContext) {
        var response = FetchResponse()
        response.errorCode = code.rawValue
        respond(response, records: [], to: context)
    }
}

extension FetchTarget {
    init(
        _ partition: FetchRequest.FetchPartition, of topic: FetchRequest.FetchTopic, usesTopicID: Bool
    ) {
        self.init(
            topic: usesTopicID ? .id(topic.topicID) : .name(topic.topic), index: PartitionIndex(partition.partition),
            fetchOffset: Offset(partition.fetchOffset), byteCountMax: max(0, Int(partition.partitionMaxBytes)),
            currentLeaderEpoch: LeaderEpoch(partition.currentLeaderEpoch),
            lastFetchedEpoch: LeaderEpoch(partition.lastFetchedEpoch))
    }
}

/// One fetch request that is answered when enough bytes are there or its time is up.
final class LongPoll {
    private typealias Outcome = Result<PartitionRead, ReadFailure>

    private let shard: BrokerShard
    private let context: RequestContext
    private let request: FetchRequest
    private let fetch: FetchSessions.Fetch
    private let addresses: [Addressed]
    private var deadlineTimer: TimerID?
    private var deadline: Instant
    private var isDone = false
    /// True while a read is under way; records that arrive meanwhile are seen by looking again.
    private var isReading = false
    private var mustLookAgain = false
    /// Watches set on the shards, to be taken off at the end.
    private var watches: [(shard: Int, watch: UInt64, partitions: [PartitionID])] = []
    private var isWatching = false

    init(shard: BrokerShard, context: RequestContext, request: FetchRequest, fetch: FetchSessions.Fetch) {
        self.shard = shard
        self.context = context
        self.request = request
        self.fetch = fetch
        addresses = fetch.targets.map { target in
            switch target.topic {
            case .id(let id): shard.address(id, target.index.rawValue)
            case .name(let name): shard.address(name, target.index.rawValue)
            }
        }
        let wait = min(Int64(max(0, request.maxWaitMs)), shard.limits.fetchWaitMillisecondsMax)
        deadline = shard.now.advanced(byMilliseconds: wait)
    }

    /// Since version 11 a consumer says where it is, and takes records from a follower (KIP-392).
    private var reader: RecordReader {
        guard context.version >= 11 else {
            return RecordReader(mayReadFollower: false, readsCommitted: readsCommitted, rack: nil)
        }
        return RecordReader(
            mayReadFollower: true, readsCommitted: readsCommitted, rack: request.rackID.isEmpty ? nil : request.rackID)
    }

    private var readsCommitted: Bool { request.isolationLevel == 1 }

    private var byteCountMax: Int {
        let asked = min(max(0, Int(request.maxBytes)), shard.limits.fetchByteCountMax)
        // More than its quota allows at once is never sent at once, a first batch excepted.
        guard let fetch = context.rates?.fetch else { return asked }
        return Int(min(Double(asked), fetch.limit.burst))
    }
    private var byteCountMin: Int { min(Int(request.minBytes), byteCountMax) }

    /// Reads what is there, and answers or waits for more.
    func read() {
        isReading = true
        mustLookAgain = false
        var places = Array(repeating: [Int](), count: shard.node.shardCount)
        for (place, address) in addresses.enumerated() {
            places[address.id.map { shard.shard(of: $0) } ?? shard.index].append(place)
        }
        let involved = places.indices.filter { !places[$0].isEmpty }
        guard !involved.isEmpty else { return finish([]) }
        let gathering = Gathering<[Outcome]>(count: involved.count) { [self] answers in
            isReading = false
            var outcomes = Array(repeating: Outcome.failure(.unknownPartition), count: addresses.count)
            for (target, answer) in zip(involved, answers) {
                for (place, outcome) in zip(places[target], answer) { outcomes[place] = outcome }
            }
            decide(outcomes)
        }
        for (order, target) in involved.enumerated() {
            let asked = places[target].map { (addresses[$0], fetch.targets[$0]) }
            let budget = byteCountMax
            let reader = reader
            let rate = target == shard.index ? nil : context.rates?.request
            shard.ask(
                target,
                { shard, reply in
                    shard.charging(rate) { shard.readAll(asked, for: reader, byteCountMax: budget, reply: reply) }
                }
            ) {
                gathering.set($0, at: order)
            }
        }
    }

    private func decide(_ outcomes: [Outcome]) {
        guard !isDone else { return }
        guard context.connection.isOpen else { return finish([]) }
        var byteCount = 0
        var mustAnswer = shard.now >= deadline || shard.isDraining
        for outcome in outcomes {
            switch outcome {
            case .success(let read):
                byteCount += read.records.byteCount
                if read.divergence != nil || read.preferredReplica != nil { mustAnswer = true }
            case .failure: mustAnswer = true
            }
        }
        if mustAnswer || byteCount >= byteCountMin { return finish(outcomes) }
        if mustLookAgain { return read() }
        wait(outcomes)
    }

    // MARK: Waiting

    private func wait(_ outcomes: [Outcome]) {
        guard !isWatching else { return }
        isWatching = true
        shard.metrics.waitingFetchCount += 1
        deadlineTimer = shard.schedule(at: deadline) { [self] in lookAgain() }
        var partitions = Array(repeating: [(PartitionID, Offset)](), count: shard.node.shardCount)
        for (address, outcome) in zip(addresses, outcomes) {
            guard let id = address.id, case .success(let read) = outcome else { continue }
            partitions[shard.shard(of: id)].append((id, readsCommitted ? read.lastStableOffset : read.highWatermark))
        }
        let home = shard.index
        let readsCommitted = readsCommitted
        for (target, watched) in partitions.enumerated() where !watched.isEmpty {
            let carried = LoopConfined(self, home: home)
            shard.ask(
                target,
                { shard, reply in
                    reply(
                        shard.watch(watched, readsCommitted: readsCommitted) {
                            shard.ask(home, { origin, done in done(carried.value(on: origin).lookAgain()) }) {
                                (_: Void) in
                            }
                        })
                },
                then: { [self] watch in watchSet(watch, on: target, of: watched.map(\.0)) })
        }
    }

    private func watchSet(_ watch: UInt64, on target: Int, of partitions: [PartitionID]) {
        watches.append((target, watch, partitions))
        if isDone { unwatch() }
    }

    /// Something that was waited for has happened: records, or the end of the time.
    private func lookAgain() {
        guard !isDone else { return }
        if isReading { mustLookAgain = true } else { read() }
    }

    private func unwatch() {
        for (target, watch, partitions) in watches {
            shard.ask(target, { shard, done in done(shard.unwatch(watch, partitions)) }) { (_: Void) in }
        }
        watches = []
    }

    // MARK: Answering

    private func finish(_ outcomes: [Outcome]) {
        isDone = true
        if isWatching { shard.metrics.waitingFetchCount -= 1 }
        if let deadlineTimer { shard.cancel(deadlineTimer) }
        unwatch()
        guard context.connection.isOpen else { return }
        var answer = FetchAnswer(byteCountMax: byteCountMax)
        for (place, outcome) in outcomes.enumerated() {
            add(fetch.targets[place], at: addresses[place], outcome, to: &answer)
        }
        var response = FetchResponse()
        response.nodeEndpoints = answer.leaders.endpoints(reachedBy: context.connection, on: shard)
            .map { FetchResponse.NodeEndpoint($0) }
        response.sessionID = fetch.session
        response.responses = answer.topics
        shard.respond(response, records: answer.records, to: context)
    }

    private func add(
        _ target: FetchTarget, at address: Addressed, _ outcome: Outcome, to answer: inout FetchAnswer
    ) {
        var partition = FetchResponse.PartitionData()
        partition.partitionIndex = target.index.rawValue
        var records = FetchedRecords.none
        var state = FetchedState()
        var aborted: [FetchResponse.AbortedTransaction] = []
        switch outcome {
        case .success(let read):
            state = FetchedState(
                highWatermark: read.highWatermark, lastStableOffset: read.lastStableOffset,
                logStartOffset: read.logStartOffset)
            partition.highWatermark = read.highWatermark.rawValue
            partition.lastStableOffset = read.lastStableOffset.rawValue
            partition.logStartOffset = read.logStartOffset.rawValue
            if let preferred = read.preferredReplica { partition.preferredReadReplica = preferred.rawValue }
            if let divergence = read.divergence, context.version >= 12 {
                partition.divergingEpoch.epoch = divergence.epoch.rawValue
                partition.divergingEpoch.endOffset = divergence.endOffset.rawValue
            }
            if answer.hasRoom(for: read.records.byteCount) {
                records = read.records
                aborted = read.abortedTransactions.map { FetchResponse.AbortedTransaction($0) }
            } else if case .incremental(let session, _) = fetch {
                shard.sessions.ended(session: session, exhaustedAt: target.topic, target.index)
            }
        case .failure(let failure):
            partition.errorCode = failure.kafkaCode.rawValue
            partition.highWatermark = -1
            if context.version >= 16,
                let leader = answer.leaders.leader(of: address, refused: failure.kafkaCode, by: shard)
            {
                partition.currentLeader = FetchResponse.LeaderIdAndEpoch(leader)
            }
        }
        if fetch.session != 0 {
            let hasNews = shard.sessions.hasNews(
                session: fetch.session, target.topic, target.index, state: state, recordByteCount: records.byteCount,
                failed: partition.errorCode != 0 || partition.preferredReadReplica >= 0)
            if case .incremental = fetch, !hasNews { return }
        }
        partition.abortedTransactions = readsCommitted ? aborted : nil
        answer.add(partition, records, of: target.topic)
    }
}

/// A fetch response as it is put together.
private struct FetchAnswer {
    private(set) var topics: [FetchResponse.FetchableTopicResponse] = []
    private(set) var records: [FetchedRecords] = []
    var leaders = CurrentLeaders()
    private var byteCount = 0
    private var lastTopic: FetchTopic?
    private let byteCountMax: Int

    init(byteCountMax: Int) { self.byteCountMax = byteCountMax }

    /// The first records always fit, so that a consumer gets past a batch that is larger than its limit (KIP-74).
    func hasRoom(for count: Int) -> Bool { byteCount == 0 || byteCount + count <= byteCountMax }

    mutating func add(_ partition: FetchResponse.PartitionData, _ run: FetchedRecords, of topic: FetchTopic) {
        var partition = partition
        switch run {
        case .none: partition.records = .inline(.empty)
        case .bytes, .file:
            partition.records = .external(byteCount: run.byteCount)
            records.append(run)
        }
        byteCount += run.byteCount
        if lastTopic != topic {
            var response = FetchResponse.FetchableTopicResponse()
            switch topic {
            case .id(let id): response.topicID = id
            case .name(let name): response.topic = name
            }
            topics.append(response)
            lastTopic = topic
        }
        topics[topics.count - 1].partitions.append(partition)
    }
}

// MARK: On the partitions' shard

extension BrokerShard {
    /// Reads partitions one after the other until `byteCountMax` is used up; the rest is told its offsets only.
    func readAll(
        _ asked: [(Addressed, FetchTarget)], for reader: RecordReader, byteCountMax: Int,
        reply: @escaping ([Result<PartitionRead, ReadFailure>]) -> Void
    ) {
        var outcomes: [Result<PartitionRead, ReadFailure>] = []
        outcomes.reserveCapacity(asked.count)
        readNext(asked, for: reader, byteCountLeft: byteCountMax, isFirst: true, outcomes, reply: reply)
    }

    private func readNext(
        _ asked: [(Addressed, FetchTarget)], for reader: RecordReader, byteCountLeft: Int, isFirst: Bool,
        _ outcomes: [Result<PartitionRead, ReadFailure>],
        reply: @escaping ([Result<PartitionRead, ReadFailure>]) -> Void
    ) {
        var outcomes = outcomes
        var byteCountLeft = byteCountLeft
        var isFirst = isFirst
        while outcomes.count < asked.count {
            let (address, target) = asked[outcomes.count]
            guard case .known(let id) = address, let partition = partitions[id] else {
                outcomes.append(.failure(address.isUnknownTopicID ? .unknownTopicID : .unknownPartition))
                continue
            }
            var immediate: Result<PartitionRead, ReadFailure>?
            var isImmediate = true
            read(
                partition, target, for: reader, byteCountMax: min(target.byteCountMax, byteCountLeft),
                minOneBatch: isFirst
            ) { [self] outcome in
                if isImmediate {
                    immediate = outcome
                } else {
                    // The device answered later: go on from here.
                    let found = outcome.recordByteCount
                    readNext(
                        asked, for: reader, byteCountLeft: max(0, byteCountLeft - found),
                        isFirst: isFirst && found == 0, outcomes + [outcome], reply: reply)
                }
            }
            isImmediate = false
            guard let outcome = immediate else { return }
            byteCountLeft = max(0, byteCountLeft - outcome.recordByteCount)
            isFirst = isFirst && outcome.recordByteCount == 0
            outcomes.append(outcome)
        }
        reply(outcomes)
    }

    /// Calls `wake`, at least once, when one of the partitions has a high watermark above the given one, or a last stable
    /// offset.
    func watch(
        _ watched: [(PartitionID, Offset)], readsCommitted: Bool = false, wake: @escaping () -> Void
    ) -> UInt64 {
        let watch = nextWatch()
        for (id, seen) in watched {
            guard let partition = partitions[id] else {
                wake()
                continue
            }
            partition.watch(watch, readsCommitted: readsCommitted, wake: wake)
            let reached = readsCommitted ? partition.lastStableOffset : partition.highWatermark
            if reached > seen { wake() } else { markAwaited(partition) }
        }
        return watch
    }

    func unwatch(_ watch: UInt64, _ watched: [PartitionID]) {
        for id in watched { partitions[id]?.unwatch(watch) }
    }
}

extension FetchResponse.AbortedTransaction {
    fileprivate init(_ aborted: AbortedTransaction) {
        self.init()
        producerID = aborted.producerID.rawValue
        firstOffset = aborted.firstOffset.rawValue
    }
}

extension Addressed {
    var isUnknownTopicID: Bool {
        if case .unknownTopicID = self { return true }
        return false
    }
}

extension Result where Success == PartitionRead, Failure == ReadFailure {
    fileprivate var recordByteCount: Int {
        if case .success(let read) = self { return read.records.byteCount }
        return 0
    }
}
