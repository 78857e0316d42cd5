// SPDX-License-Identifier: Apache-2.0

internal import DequeModule
internal import KafkaProtocol
public import Primitives
internal import RecordBatch

/// Reads records, of partitions that it is given or as a member of a group.
///
/// ```swift
/// let consumer = Consumer(client, group: "billing")
/// await consumer.subscribe(["orders"])
/// for try await record in consumer.records { print(record.offset, record.value ?? .empty) }
/// ```
///
/// Records are handed out at least once: what an earlier `poll` gave counts as worked on when `poll` is called again, and is
/// then committed every `commitMilliseconds`. At most one answer of each broker is in memory: who does not ask is not sent.
public actor Consumer {
    /// What is known of a partition that is read.
    private struct Place {
        /// nil until it was looked up.
        var next: Offset?
        /// Nothing is handed out from here on; nil: there is no end.
        var end: Offset?
        /// When it is said that the partition cannot be read; nil while it can.
        var deadline: Deadline?
        /// A fetch is under way or has left something that was not handed out.
        var isBusy = false

        var isAtEnd: Bool { if let next, let end { next >= end } else { false } }
    }

    private let cluster: Cluster
    private let settings: ConsumerSettings
    /// Where `fetch` asks; a group has a lane of its own.
    private let lane: Lane
    /// nil without a group.
    private var membership: Membership?
    private var places: [TopicPartition: Place] = [:]
    /// Raised with each new assignment: answers to fetches of an earlier one are dropped.
    private var assignmentNumber = 0
    private var arrived: Deque<Result<FetchedRun, ClientError>> = []
    private var arrivalWaiter: CheckedContinuation<Void, Never>?
    private var mustJoin = false
    private var heartbeats: Task<Void, Never>?
    /// What was handed out and not committed.
    private var uncommitted: [TopicPartition: Offset] = [:]
    private var commitDeadline: Deadline?
    private var pollDeadline: Deadline
    private var isClosed = false

    /// - Parameters:
    ///   - client: Whose connections it shares.
    ///   - group: Whose member `subscribe` makes it, and where `commit` commits; nil for neither.
    ///   - settings: Kept for as long as it lives.
    public init(_ client: MyelinClient, group: String? = nil, settings: ConsumerSettings = ConsumerSettings()) {
        cluster = client.cluster
        self.settings = settings
        lane = client.cluster.makeLane()
        membership = group.map { Membership(group: $0, settings: settings, lane: client.cluster.makeLane()) }
        pollDeadline = Deadline(afterMilliseconds: Int64(settings.pollMillisecondsMax))
    }

    // MARK: What to read

    /// Reads these partitions, each from its offset; nil begins at the committed offset, or where `offsetReset` says.
    ///
    /// - Parameters:
    ///   - partitions: Instead of all that it read before.
    ///   - ends: Where to stop, exclusive; a partition without an end is read for ever. `MyelinClient.offsets` tells where
    ///     partitions end now.
    public func assign(_ partitions: [TopicPartition: Offset?], upTo ends: [TopicPartition: Offset] = [:]) {
        var places: [TopicPartition: Place] = [:]
        for (partition, next) in partitions { places[partition] = Place(next: next, end: ends[partition]) }
        takeAssignment(places)
    }

    /// Whether every partition that is read has come to its end; `poll` then has nothing more.
    public var hasReachedEnd: Bool { !places.isEmpty && places.values.allSatisfy(\.isAtEnd) }

    /// Shares the partitions of these topics with the other members of the group, from the next `poll` on.
    ///
    /// - Precondition: the consumer has a group.
    public func subscribe(_ topics: [String]) {
        precondition(membership != nil, "a consumer without a group subscribes to \(topics)")
        membership?.topics = topics
        mustJoin = true
    }

    /// The partitions that are read now, ascending.
    public var assignment: [TopicPartition] { places.keys.sorted() }

    private func takeAssignment(_ places: [TopicPartition: Place]) {
        assignmentNumber += 1
        self.places = places
        arrived = []
        uncommitted = [:]
    }

    // MARK: Reading

    /// Records as they come; ends when every partition has come to its end, the task is cancelled or the consumer closed.
    public nonisolated var records: ConsumerRecords { ConsumerRecords(consumer: self) }

    /// Waits for records; an empty list when `fetchWaitMilliseconds` passed without any.
    ///
    /// - Throws: what cannot be helped by trying again until `requestMilliseconds`; `.damaged` for a batch that cannot be read,
    ///   until `assign` goes on behind it. A member of a group waits for a partition without a leader.
    public func poll() async throws(ClientError) -> [ConsumerRecord] {
        guard !isClosed else { throw .closed }
        pollDeadline = Deadline(afterMilliseconds: Int64(settings.pollMillisecondsMax))
        try await commitIfDue()
        if mustJoin { try await join() }
        try await lookUpPlaces()
        guard !hasReachedEnd else { return [] }
        startFetches()
        if arrived.isEmpty { await waitForArrival() }
        guard !isClosed else { throw .closed }
        guard let first = arrived.popFirst() else { return [] }
        let run = try first.get()
        places[run.partition]?.isBusy = false
        let (records, next) = try run.records(upTo: places[run.partition]?.end)
        places[run.partition]?.next = next
        if !records.isEmpty { uncommitted[run.partition] = next }
        // The next answer travels while the caller works on this one.
        startFetches()
        return records
    }

    private func waitForArrival() async {
        let patience = Int64(settings.fetchWaitMilliseconds)
        let alarm = Task {
            try? await Task.sleep(for: .milliseconds(patience))
            if !Task.isCancelled { wake() }
        }
        await withCheckedContinuation { arrivalWaiter = $0 }
        alarm.cancel()
    }

    private func wake() {
        arrivalWaiter?.resume()
        arrivalWaiter = nil
    }

    /// Asks each leader for those of its partitions of which nothing is here or under way.
    ///
    /// Once all that is here was handed out, so that one request asks for all partitions of a leader: a second one would wait
    /// as long as the first finds nothing.
    private func startFetches() {
        guard arrived.isEmpty else { return }
        let idle = places.filter { !$0.value.isBusy && !$0.value.isAtEnd && $0.value.next != nil }.keys.sorted()
        guard !idle.isEmpty else { return }
        for partition in idle { places[partition]?.isBusy = true }
        let number = assignmentNumber
        Task { await fetch(idle, number) }
    }

    private func fetch(_ partitions: [TopicPartition], _ number: Int) async {
        var byLeader: [NodeID: [TopicPartition]] = [:]
        var leaderless: (partitions: [TopicPartition], error: ClientError)?
        for partition in partitions {
            do throws(ClientError) {
                byLeader[try await cluster.someLeader(of: partition), default: []].append(partition)
            } catch {
                leaderless = ((leaderless?.partitions ?? []) + [partition], error)
            }
        }
        await withTaskGroup { group in
            for (leader, partitions) in byLeader {
                group.addTask { await self.fetch(partitions, from: leader, number) }
            }
        }
        if let (partitions, error) = leaderless { await postpone(partitions, after: error, number) }
    }

    private func fetch(_ partitions: [TopicPartition], from leader: NodeID, _ number: Int) async {
        guard number == assignmentNumber else { return }
        let asked = Dictionary(
            uniqueKeysWithValues: partitions.compactMap { partition in
                places[partition]?.next.map { (partition, $0) }
            })
        do throws(ClientError) {
            let session = try await cluster.session(with: leader, lane)
            let response = try await session.call(
                fetchRequest(asked), newest: 12,
                withinMilliseconds: Int64(settings.fetchWaitMilliseconds) + settings.requestMilliseconds)
            guard response.errorCode == 0 else { throw ClientError(code: response.errorCode, "broker \(leader)") }
            await take(response, asked, number)
        } catch {
            guard !error.isRetriable, error.reason != .timedOut else {
                return await postpone(partitions, after: error, number)
            }
            for partition in partitions where number == assignmentNumber { places[partition]?.isBusy = false }
            arrive(.failure(error), number)
        }
    }

    private func fetchRequest(_ asked: [TopicPartition: Offset]) -> FetchRequest {
        var request = FetchRequest()
        request.maxWaitMs = settings.fetchWaitMilliseconds
        request.minBytes = settings.fetchByteCountMin
        request.maxBytes = settings.fetchByteCountMax
        request.isolationLevel = settings.isolationLevel.rawValue
        request.rackID = settings.rack
        request.topics = Dictionary(grouping: asked.keys, by: \.topic).sorted { $0.key < $1.key }.map { topic, group in
            var entry = FetchRequest.FetchTopic()
            entry.topic = topic
            entry.partitions = group.sorted().map { partition in
                var place = FetchRequest.FetchPartition()
                place.partition = partition.partition.rawValue
                place.fetchOffset = asked[partition]?.rawValue ?? 0
                place.partitionMaxBytes = settings.partitionByteCountMax
                return place
            }
            return entry
        }
        return request
    }

    private func take(_ response: FetchResponse, _ asked: [TopicPartition: Offset], _ number: Int) async {
        guard number == assignmentNumber else { return }
        for topic in response.responses {
            for answer in topic.partitions {
                let partition = TopicPartition(topic: topic.topic, partition: PartitionIndex(answer.partitionIndex))
                guard let offset = asked[partition] else { continue }
                await take(answer, of: partition, from: offset, number)
            }
        }
    }

    private func take(
        _ answer: FetchResponse.PartitionData, of partition: TopicPartition, from offset: Offset, _ number: Int
    ) async {
        switch ErrorCode(rawValue: answer.errorCode) {
        case ErrorCode.none?:
            places[partition]?.deadline = nil
            guard case .inline(let bytes) = answer.records, !bytes.isEmpty else {
                places[partition]?.isBusy = false
                return
            }
            arrive(
                .success(
                    FetchedRun(
                        partition: partition, fetchOffset: offset, bytes: bytes,
                        aborted: answer.abortedTransactions ?? [])), number)
        case .offsetOutOfRange where settings.offsetReset != .none:
            places[partition] = Place(end: places[partition]?.end)
        default:
            let error = ClientError(code: answer.errorCode, "\(partition)")
            guard !error.isRetriable else { return await postpone([partition], after: error, number) }
            places[partition]?.isBusy = false
            arrive(.failure(error), number)
        }
    }

    private func arrive(_ result: Result<FetchedRun, ClientError>, _ number: Int) {
        guard number == assignmentNumber else { return }
        arrived.append(result)
        wake()
    }

    /// Lets partitions be asked for again, elsewhere if need be, a little later.
    private func postpone(_ partitions: [TopicPartition], after error: ClientError, _ number: Int) async {
        for topic in Set(partitions.map(\.topic)) { await cluster.forget(topic) }
        try? await Task.sleep(for: .milliseconds(100))
        guard number == assignmentNumber else { return }
        for partition in partitions {
            places[partition]?.isBusy = false
            guard membership == nil else { continue }
            let deadline = places[partition]?.deadline ?? Deadline(afterMilliseconds: settings.requestMilliseconds)
            places[partition]?.deadline = deadline.hasPassed ? nil : deadline
            if deadline.hasPassed { arrive(.failure(.timedOut("reading \(partition)", after: error)), number) }
        }
    }

    // MARK: Where to begin

    /// Finds the first offset of partitions that have none: the committed one, else what `offsetReset` says.
    private func lookUpPlaces() async throws(ClientError) {
        let unknown = places.filter { $0.value.next == nil && !$0.value.isBusy }.keys.sorted()
        guard !unknown.isEmpty else { return }
        let number = assignmentNumber
        let cluster = cluster
        let deadline = Deadline(afterMilliseconds: settings.requestMilliseconds)
        var found: [TopicPartition: Offset] = [:]
        if let member = membership {
            found = try await retrying("reading the offsets of group \(member.group)", until: deadline) {
                () async throws(ClientError) in try await member.committed(unknown, through: cluster)
            }
        }
        let missing = unknown.filter { found[$0] == nil }
        if let first = missing.first {
            guard settings.offsetReset != .none else {
                throw ClientError(code: ErrorCode.offsetOutOfRange.rawValue, "\(first)")
            }
            let ends = try await cluster.offsets(
                of: missing, at: settings.offsetReset == .earliest ? .earliest : .latest, settings.isolationLevel, lane,
                until: deadline)
            found.merge(ends) { $1 }
        }
        guard number == assignmentNumber else { return }
        for (partition, offset) in found { places[partition]?.next = offset }
    }

    // MARK: The group

    /// Commits what was handed out by earlier calls of `poll`, now.
    ///
    /// - Precondition: the consumer has a group.
    public func commit() async throws(ClientError) {
        guard let member = membership else { preconditionFailure("a consumer without a group commits") }
        guard !uncommitted.isEmpty else { return }
        let offsets = uncommitted
        let cluster = cluster
        try await retrying(
            "committing for group \(member.group)", until: Deadline(afterMilliseconds: settings.requestMilliseconds)
        ) { () async throws(ClientError) in try await member.commit(offsets, through: cluster) }
        for (partition, offset) in offsets where uncommitted[partition] == offset {
            uncommitted[partition] = nil
        }
        commitDeadline = settings.commitMilliseconds.map { Deadline(afterMilliseconds: $0) }
    }

    /// The member, and what was handed out and is not committed, for the transaction that commits it.
    func standing() throws(ClientError) -> (member: Membership, offsets: [TopicPartition: Offset]) {
        guard let member = membership else {
            throw ClientError(.invalidArgument, "a consumer without a group has no offsets to commit")
        }
        guard settings.commitMilliseconds == nil else {
            throw ClientError(
                .invalidArgument,
                "the consumer commits by itself; set commitMilliseconds to nil where transactions commit")
        }
        return (member, uncommitted)
    }

    /// A transaction has committed what was handed out.
    func committed() { uncommitted = [:] }

    /// A transaction was aborted: reads again from what was committed before.
    func rewind() { takeAssignment(places.mapValues { Place(end: $0.end) }) }

    private func commitIfDue() async throws(ClientError) {
        guard membership != nil, let interval = settings.commitMilliseconds, !uncommitted.isEmpty else { return }
        guard commitDeadline?.hasPassed ?? false || mustJoin else {
            if commitDeadline == nil { commitDeadline = Deadline(afterMilliseconds: interval) }
            return
        }
        do throws(ClientError) {
            try await commit()
        } catch {
            // The group has moved on: the records go to another member, and the next join tells which are ours.
            guard error.endsMembership else { throw error }
            mustJoin = mustJoin || membership?.topics.isEmpty == false
        }
    }

    private func join() async throws(ClientError) {
        heartbeats?.cancel()
        let cluster = cluster
        let deadline = Deadline(afterMilliseconds: Int64(settings.pollMillisecondsMax))
        while var member = membership {
            do throws(ClientError) {
                let joining = member
                let joined = try await retrying("joining group \(member.group)", until: deadline) {
                    () async throws(ClientError) in try await joining.join(through: cluster)
                }
                member.take(joined)
                membership = member
                mustJoin = false
                takeAssignment(Dictionary(uniqueKeysWithValues: joined.assigned.map { ($0, Place()) }))
                heartbeats = Task { [weak self] in
                    await Self.beat(for: self, every: member.settings.heartbeatMilliseconds)
                }
                return
            } catch {
                guard error.endsMembership, !deadline.hasPassed else { throw error }
                if error.reason != .refused("REBALANCE_IN_PROGRESS") {
                    member.forget()
                    membership = member
                }
            }
        }
    }

    /// Beats until the group says to join again; lets go of the consumer between beats.
    private static func beat(for consumer: Consumer?, every milliseconds: Int64) async {
        weak let consumer = consumer
        while !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(milliseconds))
            guard !Task.isCancelled, await consumer?.beatOnce() == true else { return }
        }
    }

    /// Whether the next beat is due: the member is still one.
    private func beatOnce() async -> Bool {
        guard let member = membership, !mustJoin, !isClosed else { return false }
        guard !pollDeadline.hasPassed else {
            // Whoever works longer than agreed lets others have its partitions.
            mustJoin = true
            try? await member.leave(through: cluster)
            membership?.forget()
            return false
        }
        do throws(ClientError) {
            try await member.heartbeat(through: cluster)
            return true
        } catch {
            guard error.endsMembership else { return true }
            mustJoin = true
            if error.reason != .refused("REBALANCE_IN_PROGRESS") { membership?.forget() }
            wake()
            return false
        }
    }

    /// Commits what was handed out, leaves the group and takes no more calls.
    public func close() async throws(ClientError) {
        guard !isClosed else { return }
        heartbeats?.cancel()
        defer {
            isClosed = true
            wake()
        }
        await cluster.close(lane)
        guard let member = membership else { return }
        if settings.commitMilliseconds != nil { try await commit() }
        try await member.leave(through: cluster)
        await cluster.close(member.lane)
    }
}

extension ClientError {
    /// Whether the group has gone on without this member, which must join again.
    fileprivate var endsMembership: Bool {
        switch reason {
        case .refused("REBALANCE_IN_PROGRESS"), .refused("ILLEGAL_GENERATION"), .refused("UNKNOWN_MEMBER_ID"): true
        default: false
        }
    }
}

/// The records of a consumer, one after the other.
public struct ConsumerRecords: AsyncSequence, Sendable {
    fileprivate let consumer: Consumer

    public struct Iterator: AsyncIteratorProtocol {
        fileprivate let consumer: Consumer
        fileprivate var batch: ArraySlice<ConsumerRecord> = []

        /// - Throws: as `Consumer.poll`. nil at the end, once the task is cancelled, or the consumer closed.
        public mutating func next() async throws(ClientError) -> ConsumerRecord? {
            while batch.isEmpty {
                guard !Task.isCancelled else { return nil }
                do throws(ClientError) {
                    batch = try await consumer.poll()[...]
                    if batch.isEmpty, await consumer.hasReachedEnd { return nil }
                } catch {
                    guard error.reason != .closed else { return nil }
                    throw error
                }
            }
            return batch.removeFirst()
        }
    }

    public func makeAsyncIterator() -> Iterator { Iterator(consumer: consumer) }
}
