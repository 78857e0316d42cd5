// SPDX-License-Identifier: Apache-2.0

import Coordinator
import KafkaProtocol
import Primitives
import RecordBatch

/// What every client of one partition does: finds the leader, and keeps a connection to it.
class PartitionClient {
    let process: SimulatedProcess
    unowned let scene: BrokersScene
    let partition: Int32
    private var session: (broker: NodeID, session: KafkaSession)?
    private(set) var leader: NodeID?
    private(set) var leaderEpoch: Int32 = -1

    var world: World { scene.world }
    var history: RecordHistory { scene.history(of: PartitionIndex(partition)) }

    init(number: Int64, partition: Int32, scene: BrokersScene) {
        process = scene.newClient(number)
        self.partition = partition
        self.scene = scene
    }

    /// A connection to a broker, the one that is open if it is to this one.
    func session(to broker: NodeID) -> KafkaSession {
        if let session, session.broker == broker, session.session.isOpen { return session.session }
        disconnect()
        let made = KafkaSession(from: process, to: broker, in: scene)
        session = (broker, made)
        return made
    }

    /// What is under way has no answer.
    func disconnect() {
        let old = session
        session = nil
        old?.session.end()
    }

    func leaderIsUnknown() { leader = nil }

    /// Asks any broker who leads; `done` comes whether one has said it or not.
    func findLeader(then done: @escaping () -> Void) {
        var topic = MetadataRequest.MetadataRequestTopic()
        topic.name = BrokersScene.topic
        var request = MetadataRequest()
        request.topics = [topic]
        request.allowAutoTopicCreation = false
        ask(request, version: 12, of: scene.anyBroker()) { [weak self] response in
            guard let self else { return }
            let found = response?.topics.first?.partitions.first { $0.partitionIndex == self.partition }
            // News of an older epoch are none (KIP-320).
            if let found, found.errorCode == 0, found.leaderID >= 0, found.leaderEpoch >= leaderEpoch {
                leader = NodeID(found.leaderID)
                leaderEpoch = found.leaderEpoch
            }
            done()
        }
    }

    /// Puts one question over a connection of its own.
    func ask<Request: ProtocolRequest>(
        _ request: Request, version: Int16, of broker: NodeID, answered: @escaping (Request.Response?) -> Void
    ) {
        let session = KafkaSession(from: process, to: broker, in: scene)
        session.call(request, version: version) { response in
            answered(response)
            session.end()
        }
        process.after(.seconds(2)) { session.end() }
    }
}

/// A producer with idempotence: several batches under way, sent again in order until each is acknowledged.
final class KafkaProducer: PartitionClient {
    private final class Outstanding {
        let batch: Batch
        let number: Int
        var isSent = false

        init(batch: Batch, number: Int) { (self.batch, self.number) = (batch, number) }
    }

    private let inFlightMax: Int
    private var producer: BatchProducer?
    private var sequence: Int32 = 0
    private var batchCount = 0
    private var outstanding: [Outstanding] = []
    private var attempt = 0
    private var isPreparing = false
    private let compressor = Compressor()
    /// Answers after which what is under way is sent again: the broker does not lead, cannot now, or took too long.
    private static let passing: Set<ErrorCode> = [
        .notLeaderOrFollower, .unknownTopicOrPartition, .leaderNotAvailable, .requestTimedOut, .notEnoughReplicas,
        .notEnoughReplicasAfterAppend, .kafkaStorageError, .outOfOrderSequenceNumber, .fencedLeaderEpoch,
        .unknownTopicID, .networkException,
    ]

    override init(number: Int64, partition: Int32, scene: BrokersScene) {
        inFlightMax = scene.world.streams.workload.number(in: 1...5)
        super.init(number: number, partition: partition, scene: scene)
    }

    var isDone: Bool { outstanding.isEmpty }
    var missing: String { "\(process.address): \(outstanding.count) of \(batchCount) for \(leader ?? .none)" }

    func work() {
        world.after(world.streams.workload.span(.milliseconds(10), .milliseconds(400))) { [self] in
            guard scene.wantsMore else { return }
            // Counted from the oldest without an answer: the broker knows the last five again, and no more.
            if producer != nil, batchCount - (outstanding.first?.number ?? batchCount) < inFlightMax {
                outstanding.append(Outstanding(batch: nextBatch(), number: batchCount))
                batchCount += 1
            }
            send()
            work()
        }
    }

    private func nextBatch() -> Batch {
        guard let producer else { preconditionFailure("no producer id") }
        var builder = BatchBuilder(
            producer: BatchProducer(id: producer.id, epoch: producer.epoch, baseSequence: sequence))
        let count = world.streams.workload.number(in: 1...4)
        for _ in 0..<count {
            var value = ByteWriter()
            value.writeInteger(world.streams.workload.next())
            let isLarge = world.streams.workload.chance(1, in: 8)
            value.writeZeros(world.streams.workload.index(below: isLarge ? scene.valueByteCountMax : 300))
            // Within a day of every clock: brokers forget producers that have been silent for longer.
            builder.append(timestamp: Timestamp(1_750_000_000_000), value: value.shared)
        }
        sequence += Int32(count)
        let batch = builder.build(using: compressor)
        history.willSend(batch)
        return batch
    }

    private func send() {
        guard producer != nil, let leader else { return prepare() }
        let session = session(to: leader)
        for entry in outstanding where !entry.isSent {
            entry.isSent = true
            request(entry.batch, over: session)
        }
    }

    /// Gets what sending needs: an id, and who leads.
    private func prepare() {
        guard !isPreparing else { return }
        isPreparing = true
        guard producer != nil else {
            var request = InitProducerIdRequest()
            request.transactionalID = nil
            return ask(request, version: 4, of: scene.anyBroker()) { [weak self] response in
                self?.isPreparing = false
                guard let self, let response, response.errorCode == 0 else { return }
                let id = ProducerID(response.producerID)
                scene.gave(id)
                producer = BatchProducer(id: id, epoch: ProducerEpoch(response.producerEpoch), baseSequence: 0)
            }
        }
        findLeader { [weak self] in
            self?.isPreparing = false
            guard let self, leader == nil else { return self?.send() ?? () }
            retryLater()
        }
    }

    private func request(_ batch: Batch, over session: KafkaSession) {
        var data = ProduceRequest.PartitionProduceData()
        data.index = partition
        data.records = batch.bytes
        var topic = ProduceRequest.TopicProduceData()
        topic.name = BrokersScene.topic
        topic.partitionData = [data]
        var request = ProduceRequest()
        request.acks = -1
        request.timeoutMs = 1_500
        request.topicData = [topic]
        let number = attempt
        session.call(request, version: 11) { [weak self] response in
            self?.answered(response?.responses.first?.partitionResponses.first, batch, number)
        }
        process.after(.seconds(3)) { [weak self] in
            guard let self, number == attempt, outstanding.contains(where: { $0.batch == batch }) else { return }
            failed(number)
        }
    }

    private func answered(
        _ answer: ProduceResponse.PartitionProduceResponse?, _ batch: Batch, _ number: Int
    ) {
        guard let answer else { return failed(number) }
        let code = ErrorCode(rawValue: answer.errorCode)
        switch code {
        case .none?:
            guard let place = outstanding.firstIndex(where: { $0.batch == batch }) else { return }
            outstanding.remove(at: place)
            history.acknowledged(batch, at: Offset(answer.baseOffset), by: process.address)
        case .duplicateSequenceNumber?:
            outstanding.removeAll { $0.batch == batch }
        case let code? where Self.passing.contains(code): failed(number)
        default:
            world.fail("producers are refused for a reason", "\(process.address): code \(answer.errorCode)")
        }
    }

    private func failed(_ number: Int) {
        guard number == attempt else { return }
        leaderIsUnknown()
        retryLater()
    }

    private func retryLater() {
        attempt += 1
        disconnect()
        for entry in outstanding { entry.isSent = false }
        let number = attempt
        world.after(world.streams.workload.span(.milliseconds(50), .milliseconds(300))) { [weak self] in
            if let self, number == attempt { send() }
        }
    }
}

/// A consumer that reads one partition from its beginning, from the leader or a replica in its rack.
final class KafkaReader: PartitionClient {
    private var next = Offset.zero
    /// Tells the fetch that is under way from those before.
    private var fetchCount = 0
    private let rack: String
    /// A replica that the leader sent it to (KIP-392).
    private var preferred: NodeID?
    private static let passing: Set<ErrorCode> = [
        .notLeaderOrFollower, .unknownTopicOrPartition, .offsetNotAvailable, .fencedLeaderEpoch, .unknownLeaderEpoch,
        .kafkaStorageError, .leaderNotAvailable, .offsetOutOfRange, .corruptMessage,
    ]

    override init(number: Int64, partition: Int32, scene: BrokersScene) {
        rack = scene.world.streams.workload.chance(1, in: 2) ? "rack\(scene.anyBroker())" : ""
        super.init(number: number, partition: partition, scene: scene)
    }

    var isDone: Bool { next >= history.end }
    var missing: String { "\(process.address): \(next) of \(history.end) from \(preferred ?? leader ?? .none)" }

    func work() {
        world.after(world.streams.workload.span(.milliseconds(20), .milliseconds(300))) { [weak self] in
            guard let self else { return }
            guard let leader else { return findLeader { [weak self] in self?.work() } }
            if world.streams.workload.chance(1, in: 8) { askEnd(of: leader) } else { fetch(from: preferred ?? leader) }
        }
    }

    private func failed() {
        if preferred == nil { leaderIsUnknown() }
        preferred = nil
        disconnect()
        work()
    }

    private func fetch(from broker: NodeID) {
        var wanted = FetchRequest.FetchPartition()
        wanted.partition = partition
        wanted.fetchOffset = next.rawValue
        wanted.partitionMaxBytes = 100_000
        var topic = FetchRequest.FetchTopic()
        topic.topic = BrokersScene.topic
        topic.partitions = [wanted]
        var request = FetchRequest()
        request.maxBytes = 1 << 20
        request.minBytes = 1
        request.maxWaitMs = 300
        request.rackID = rack
        request.topics = [topic]
        let start = next
        fetchCount += 1
        let number = fetchCount
        let session = session(to: broker)
        session.call(request, version: 12) { [weak self] response in
            guard let self else { return }
            guard let part = response?.responses.first?.partitions.first else { return failed() }
            took(part, from: start, at: broker)
        }
        process.after(.seconds(3)) { [weak self] in
            if let self, number == fetchCount { session.end() }
        }
    }

    private func took(_ part: FetchResponse.PartitionData, from start: Offset, at broker: NodeID) {
        fetchCount += 1
        let code = ErrorCode(rawValue: part.errorCode)
        guard code == ErrorCode.none else {
            world.check(
                code.map(Self.passing.contains) ?? false, "readers are refused for a reason",
                "\(process.address): code \(part.errorCode)")
            return failed()
        }
        if part.preferredReadReplica >= 0 {
            preferred = NodeID(part.preferredReadReplica)
            return work()
        }
        if case .inline(let bytes) = part.records { take(bytes, at: broker) }
        work()
    }

    private func take(_ bytes: SharedBytes, at broker: NodeID) {
        var batches = Batches(bytes)
        do throws(BatchesError) {
            while let batch = try batches.next() {
                world.check(
                    batch.header.baseOffset <= next, "a reader misses nothing",
                    "partition \(partition): \(batch.header.baseOffset) after \(next), from broker \(broker)")
                history.read(batch, by: "\(process.address) at broker \(broker)")
                next = max(next, batch.header.nextOffset)
            }
        } catch { world.fail("readers get whole batches", "\(process.address): \(error)") }
    }

    /// ListOffsets: the end that is told covers all that this leader and those before have told.
    private func askEnd(of broker: NodeID) {
        var wanted = ListOffsetsRequest.ListOffsetsPartition()
        wanted.partitionIndex = partition
        wanted.timestamp = -1
        var topic = ListOffsetsRequest.ListOffsetsTopic()
        topic.name = BrokersScene.topic
        topic.partitions = [wanted]
        var request = ListOffsetsRequest()
        request.replicaID = -1
        request.topics = [topic]
        let floors = history.toldEnds
        ask(request, version: 7, of: broker) { [weak self] response in
            guard let self else { return }
            let part = response?.topics.first?.partitions.first
            if let part, part.errorCode == 0 {
                history.told(end: Offset(part.offset), in: LeaderEpoch(part.leaderEpoch), after: floors)
            } else {
                leaderIsUnknown()
            }
            work()
        }
    }
}
