// SPDX-License-Identifier: Apache-2.0

internal import DequeModule
internal import KafkaProtocol
internal import Primitives
public import RecordBatch

/// How a producer works.
public struct ProducerSettings: Equatable, Sendable {
    /// Whose copy counts as stored.
    public enum Acknowledgement: Int16, Sendable {
        /// The leader's, in its page cache.
        case leader = 1
        /// Nobody's: a record counts when it has left, is sent once, and nobody learns its offset.
        case nobody = 0
        /// All in-sync replicas', durable unless the topic says otherwise.
        case all = -1
    }

    public var acknowledgement = Acknowledgement.all
    public var codec = Codec.none
    /// A batch is not made larger than this, before compression, unless a single record is.
    public var batchByteCountMax = 512 << 10
    /// Records that wait; above it `send` waits.
    public var bufferByteCountMax = 32 << 20
    /// From the time a batch leaves the queue until it is given up.
    public var deliveryMillisecondsMax: Int64 = 120_000
    /// How long the broker may take over one request.
    public var requestMilliseconds: Int64 = 30_000
    /// Makes the producer write in transactions only. Of all producers with one id the latest may write (KIP-98).
    public var transactionalID: String?
    /// A transaction that is open for longer is aborted by its coordinator.
    public var transactionMilliseconds: Int32 = 60_000

    public init() {}
}

/// Writes records, each exactly once into its partition's log and in the order of `send` within a partition.
///
/// Idempotence (KIP-98) is always on. One batch of a partition is under way at a time; others fill meanwhile, so order needs
/// no further care and a busy partition sends large batches. Memory is bounded by `bufferByteCountMax`: `send` waits.
public actor Producer {
    /// From version 12 on a batch adds its partition to the transaction by itself (KIP-890).
    private static let produceVersion: Int16 = 12

    let cluster: Cluster
    let settings: ProducerSettings
    let lane: Lane
    private var partitioner = Partitioner()
    private var accumulator: Accumulator<BatchReceipt>
    private let onBatch: (@Sendable (BatchOutcome) -> Void)?
    /// Partitions that a task is emptying.
    private var draining: Set<TopicPartition> = []
    private var roomWaiters: Deque<CheckedContinuation<Void, Never>> = []
    private var idleWaiters: [CheckedContinuation<Void, Never>] = []
    private(set) var identity: BatchProducer?
    /// The identity is to be confirmed by the coordinator, which then also aborts what it left open (KIP-360).
    var mustInitialize = false
    private var nextSequences: [TopicPartition: Int32] = [:]
    private(set) var isClosed = false
    private var isAbandoned = false
    /// nil without a transactional id.
    var progress: TransactionProgress?

    /// - Precondition: a producer with a transactional id asks for acknowledgements.
    /// - Parameters:
    ///   - client: Whose connections it shares.
    ///   - settings: Kept for as long as it lives.
    ///   - onBatch: Told of each batch when it is stored or given up, in the order of its partition, before its records'
    ///     deliveries are: for progress and measurements. It holds the producer up while it runs.
    public init(
        _ client: MyelinClient, settings: ProducerSettings = ProducerSettings(),
        onBatch: (@Sendable (BatchOutcome) -> Void)? = nil
    ) {
        precondition(
            settings.transactionalID == nil || settings.acknowledgement != .nobody,
            "transactions of \(settings.transactionalID ?? "") without acknowledgements")
        cluster = client.cluster
        self.onBatch = onBatch
        lane = client.cluster.makeLane()
        self.settings = settings
        progress = settings.transactionalID.map { TransactionProgress($0) }
        accumulator = Accumulator(
            batchByteCountMax: settings.batchByteCountMax, codec: settings.codec, isTransactional: progress != nil)
    }

    /// Accepts a record; waits while the buffer is full.
    ///
    /// Records of one partition are stored in the order in which calls return.
    /// - Throws: when the topic is unknown, the partition does not exist, the producer is closed, or writes in transactions.
    public func send(_ record: ProducerRecord) async throws(ClientError) -> Delivery {
        guard progress == nil else { throw .outsideTransaction }
        return try await accept(record)
    }

    /// Accepts records in this order, as if each was sent alone; those that come together share batches.
    public func send(_ records: [ProducerRecord]) async throws(ClientError) -> [Delivery] {
        guard progress == nil else { throw .outsideTransaction }
        var deliveries: [Delivery] = []
        deliveries.reserveCapacity(records.count)
        var topic = (name: "", partitionCount: 0)
        for record in records {
            if topic.name != record.topic { topic = (record.topic, try await partitionCount(of: record.topic)) }
            deliveries.append(try await enqueue(record, count: topic.partitionCount))
        }
        return deliveries
    }

    func accept(_ record: ProducerRecord) async throws(ClientError) -> Delivery {
        try await enqueue(record, count: try await partitionCount(of: record.topic))
    }

    private func partitionCount(of topic: String) async throws(ClientError) -> Int {
        let cluster = cluster
        return try await retrying(
            "asking for topic \(topic)", until: Deadline(afterMilliseconds: settings.requestMilliseconds),
            afterFailure: { _ in await cluster.forget(topic) }
        ) { () async throws(ClientError) in
            guard !isClosed else { throw .closed }
            return try await cluster.topic(topic).partitions.count
        }
    }

    /// Suspends only while there is no room.
    private func enqueue(_ record: ProducerRecord, count: Int) async throws(ClientError) -> Delivery {
        if let partition = record.partition, !(0..<count).contains(Int(partition.rawValue)) {
            throw ClientError(
                .invalidArgument, "topic \(record.topic) has \(count) partitions, and none is \(partition)")
        }
        while accumulator.byteCount >= settings.bufferByteCountMax, !isClosed {
            await withCheckedContinuation { roomWaiters.append($0) }
        }
        guard !isClosed else { throw .closed }
        let stored = Record(
            timestamp: record.timestamp ?? cluster.wallClock, key: record.key, value: record.value,
            headers: record.headers)
        let partition = choosePartition(of: record, stored, count: count)
        let (receipt, place) = accumulator.append(stored, to: partition) { BatchReceipt(partition) }
        if draining.insert(partition).inserted { Task { await drain(partition) } }
        return Delivery(batch: receipt, place: place)
    }

    /// Where the record says or its key; without either in the batch that records without keys share, while it has room.
    private func choosePartition(of record: ProducerRecord, _ stored: Record, count: Int) -> TopicPartition {
        func chosen() -> TopicPartition {
            TopicPartition(
                topic: record.topic,
                partition: record.partition
                    ?? partitioner.partition(forKey: record.key, of: record.topic, count: count))
        }
        if record.key == nil, record.partition == nil, !accumulator.hasRoom(for: stored, in: chosen()) {
            partitioner.turn(record.topic)
        }
        return chosen()
    }

    /// Accepts a record and waits until it is stored.
    public func produce(_ record: ProducerRecord) async throws(ClientError) -> RecordPosition {
        try await send(record).position()
    }

    /// Waits until everything that was accepted is stored or given up.
    public func flush() async {
        while !draining.isEmpty { await withCheckedContinuation { idleWaiters.append($0) } }
        guard settings.acknowledgement == .nobody else { return }
        await cluster.settle(lane, withinMilliseconds: settings.requestMilliseconds)
    }

    /// Gives up what is not stored, and takes nothing more. Deliveries that wait throw `.closed`: what was under way may have
    /// been stored.
    public func abandon() async {
        isClosed = true
        isAbandoned = true
        wake(&roomWaiters)
        await cluster.close(lane)
    }

    /// Flushes, then takes nothing more.
    public func close() async {
        await flush()
        isClosed = true
        wake(&roomWaiters)
        await cluster.close(lane)
    }

    // MARK: Sending

    private func drain(_ partition: TopicPartition) async {
        while let batch = accumulator.take(partition) {
            let outcome: BatchReceipt.Outcome
            var byteCount = 0
            do throws(ClientError) {
                if let failure = progress?.failure { throw failure }
                outcome = .success(try await deliver(batch.builder, to: partition, &byteCount))
            } catch {
                giveUp(error)
                outcome = .failure(error)
            }
            accumulator.release(batch)
            onBatch?(
                BatchOutcome(
                    partition: partition, recordCount: Int(batch.builder.recordCount), byteCount: byteCount,
                    elapsed: batch.receipt.began.duration(to: .now), result: outcome))
            batch.receipt.complete(outcome)
            wake(&roomWaiters)
        }
        draining.remove(partition)
        guard draining.isEmpty else { return }
        let waiters = idleWaiters
        idleWaiters = []
        for waiter in waiters { waiter.resume() }
    }

    private func wake(_ waiters: inout Deque<CheckedContinuation<Void, Never>>) {
        while let waiter = waiters.popFirst() { waiter.resume() }
    }

    /// A batch may or may not be stored, so what follows cannot carry on its numbers.
    private func giveUp(_ error: ClientError) {
        guard progress == nil else {
            progress?.note(error)
            mustInitialize = true
            return
        }
        identity = nil
        nextSequences = [:]
    }

    /// Goes on as another producer, or in another epoch of the same.
    func become(_ identity: BatchProducer) {
        self.identity = identity
        mustInitialize = false
        nextSequences = [:]
    }

    /// - Parameter byteCount: Becomes the size of the batch as it travels.
    private func deliver(
        _ builder: BatchBuilder, to partition: TopicPartition, _ byteCount: inout Int
    ) async throws(ClientError) -> Offset? {
        let deadline = Deadline(afterMilliseconds: settings.deliveryMillisecondsMax)
        let (cluster, lane) = (cluster, lane)
        var builder = builder
        let isAnswered = settings.acknowledgement != .nobody
        // Without answers nobody would notice that a batch is missing, but the broker would refuse those behind it.
        if isAnswered {
            builder.producer = try await nextNumbers(for: partition, builder.recordCount, until: deadline)
        }
        noteWrite()
        let bytes = await Self.encode(builder)
        byteCount = bytes.count
        let request = request(bytes, for: partition)
        return try await retrying(
            "writing to \(partition)", until: deadline, afterFailure: { _ in await cluster.forget(partition.topic) }
        ) { () async throws(ClientError) in
            guard !isAbandoned else { throw .closed }
            let session = try await cluster.leader(of: partition, lane)
            guard isAnswered else {
                try await session.post(request, newest: Self.produceVersion)
                return nil
            }
            let response = try await session.call(
                request, newest: Self.produceVersion,
                withinMilliseconds: min(settings.requestMilliseconds + 1_000, deadline.remainingMilliseconds))
            return try Self.answer(response, partition)
        }
    }

    /// Builds and compresses away from the actor, so that other partitions go on.
    @concurrent private static func encode(_ builder: BatchBuilder) async -> SharedBytes {
        builder.build(using: Compressor()).bytes
    }

    private func request(_ bytes: SharedBytes, for partition: TopicPartition) -> ProduceRequest {
        var data = ProduceRequest.PartitionProduceData()
        data.index = partition.partition.rawValue
        data.records = bytes
        var topic = ProduceRequest.TopicProduceData()
        topic.name = partition.topic
        topic.partitionData = [data]
        var request = ProduceRequest()
        request.transactionalID = settings.transactionalID
        request.acks = settings.acknowledgement.rawValue
        request.timeoutMs = Int32(clamping: settings.requestMilliseconds)
        request.topicData = [topic]
        return request
    }

    private static func answer(_ response: ProduceResponse, _ partition: TopicPartition) throws(ClientError) -> Offset?
    {
        guard let answer = response.responses.first?.partitionResponses.first else {
            throw ClientError(.malformedAnswer, "the answer names no partition")
        }
        switch ErrorCode(rawValue: answer.errorCode) {
        case ErrorCode.none?: return Offset(answer.baseOffset)
        // An earlier try was stored and its answer lost.
        case .duplicateSequenceNumber: return nil
        default: throw ClientError(code: answer.errorCode, "\(partition)", detail: answer.errorMessage)
        }
    }

    // MARK: Idempotence

    /// The producer id and the sequence numbers of the next batch of a partition.
    private func nextNumbers(
        for partition: TopicPartition, _ recordCount: Int32, until deadline: Deadline
    ) async throws(ClientError) -> BatchProducer {
        let identity = try await currentIdentity(until: deadline)
        let base = nextSequences[partition, default: 0]
        // Sequence numbers are 31 bits and go round (KIP-98).
        nextSequences[partition] = (base &+ recordCount) & Int32.max
        return BatchProducer(id: identity.id, epoch: identity.epoch, baseSequence: base)
    }

    func currentIdentity(until deadline: Deadline) async throws(ClientError) -> BatchProducer {
        if let identity, !mustInitialize { return identity }
        let before = identity
        let (cluster, lane, settings) = (cluster, lane, settings)
        let response: InitProducerIdResponse
        do throws(ClientError) {
            response = try await retrying("asking for a producer id", until: deadline) {
                () async throws(ClientError) in
                let session =
                    if let id = settings.transactionalID {
                        try await cluster.coordinator(of: .transactions(of: id), lane)
                    } else {
                        try await cluster.anySession()
                    }
                let response = try await session.call(
                    Self.question(before, settings), newest: 4,
                    withinMilliseconds: min(settings.requestMilliseconds, deadline.remainingMilliseconds))
                guard response.errorCode == 0 else { throw ClientError(code: response.errorCode, "a producer id") }
                return response
            }
        } catch {
            progress?.note(error)
            throw error
        }
        // Another partition may have asked at the same time: one id for all.
        if let identity, !mustInitialize { return identity }
        let found = BatchProducer(
            id: ProducerID(response.producerID), epoch: ProducerEpoch(response.producerEpoch), baseSequence: 0)
        become(found)
        return found
    }

    private static func question(_ before: BatchProducer?, _ settings: ProducerSettings) -> InitProducerIdRequest {
        var request = InitProducerIdRequest()
        request.transactionalID = settings.transactionalID
        request.transactionTimeoutMs = settings.transactionalID == nil ? Int32.max : settings.transactionMilliseconds
        if let before, settings.transactionalID != nil {
            request.producerID = before.id.rawValue
            request.producerEpoch = before.epoch.rawValue
        }
        return request
    }
}
