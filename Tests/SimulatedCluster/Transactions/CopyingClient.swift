// SPDX-License-Identifier: Apache-2.0

import Coordinator
import Groups
import Primitives
import RecordBatch
import Transactions

/// Reads a partition of the input, writes each record to the output, and commits how far it came, all in one transaction
/// after the other. Now and then it aborts, stalls, or ends in the middle; another with its id may work at the same time.
final class CopyingClient {
    private struct Work {
        let number: Int
        let range: Range<Int64>
        let isCommit: Bool
        var steps: [Step]
        /// When it begins anew, with no answer to what it asks.
        let deadline: Nanoseconds
    }

    private enum Step {
        case add([TopicPartition])
        case write(PartitionIndex, ArraySlice<Int64>)
        case commitOffsets
        case end
    }

    let id: TransactionalID
    private unowned let workload: TransactionWorkload
    private unowned let scene: ReplicaScene
    private let process: SimulatedProcess
    private let input: PartitionIndex
    private let version: TransactionVersion
    private let timeoutMilliseconds: Int32
    /// Never ends a transaction: only its time does.
    private let isWalker: Bool
    /// Who it is; nil until the coordinator has said so.
    private var identity: ProducerIdentity?
    private var sequences: [PartitionIndex: Int32] = [:]
    private var position: Int64 = 0
    private var work: Work?
    private var lastCall = 0
    /// The call that waits for its answer, if any.
    private var awaited: Int?
    private let compressor = Compressor()

    init(number: Int64, id: TransactionalID, input: PartitionIndex, isWalker: Bool, in workload: TransactionWorkload) {
        (self.id, self.input, self.isWalker, self.workload) = (id, input, isWalker, workload)
        scene = workload.scene
        let world = scene.world
        version = world.streams.workload.pick([.classic, .bumping])
        timeoutMilliseconds = Int32(world.streams.workload.number(in: 2000...10_000))
        world.lives += 1
        let address = NodeAddress(.client, 2000 + number)
        process = SimulatedProcess(world: world, address: address, life: world.lives, wallOffset: 0)
        scene.network.join(process)
    }

    var isAlive: Bool { process.isAlive }

    var description: String {
        "\(process.address): \(id), \(identity.map { "\($0)" } ?? "unknown"), at \(position), \(work?.steps.count ?? -1)"
    }

    func begin() { initialize() }

    private func end() {
        scene.world.note("client ends", process.address, Int64(lastCall))
        process.end()
    }

    // MARK: Calls

    /// One question to a broker; nil when there is no answer in time. What a client of version 1 has given up does not
    /// arrive, as on a connection that was closed: the protocol could not tell it from the next transaction's.
    private func call<Answer>(
        _ node: NodeID?, _ request: @escaping (ReplicaBroker, @escaping (Answer) -> Void) -> Void,
        _ done: @escaping (Answer?) -> Void
    ) {
        lastCall += 1
        let number = lastCall
        awaited = number
        process.after(.milliseconds(1500)) { [weak self] in self?.answered(number) { done(nil) } }
        guard let node else { return }
        let (scene, me, target, mayBeLate) = (scene, process, scene.machine(node).address, version.bumpsEpoch)
        scene.network.send(from: me.address, to: target) { [weak self] in
            guard mayBeLate || self?.awaited == number, let broker = scene.broker(node) else { return }
            request(broker) { answer in
                scene.network.reply(from: target, to: me.address) {
                    me.run { self?.answered(number) { done(answer) } }
                }
            }
        }
    }

    private func answered(_ number: Int, _ body: () -> Void) {
        guard awaited == number else { return }
        awaited = nil
        body()
    }

    private func ask(_ request: TransactionRequest, _ done: @escaping (TransactionReply?) -> Void) {
        let id = id
        call(
            scene.leaderAsAnyoneKnows(of: scene.statePartition(of: id)),
            { broker, reply in broker.ask(request, of: id, reply: reply) }, done)
    }

    /// Does it once more, unless the transaction takes too long.
    private func again(_ body: @escaping () -> Void) {
        process.after(scene.world.streams.workload.span(.milliseconds(50), .milliseconds(300))) { [self] in
            if let work, scene.world.now > work.deadline { return initialize() }
            body()
        }
    }

    // MARK: Beginning

    private func initialize() {
        work = nil
        // As a producer that recovers (KIP-360), or as a new one that ends whatever the one before has begun.
        let expected = scene.world.streams.workload.chance(1, in: 2) ? identity : nil
        let request = InitializeRequest(id, timeoutMilliseconds: timeoutMilliseconds, expected: expected)
        ask(.initialize(request)) { [self] reply in
            guard case .initialize(let result)? = reply else { return again(initialize) }
            switch result {
            case .success(let given):
                became(given)
                fetchOffset()
            case .failure(let refusal): refused(StepAnswer(refusal), initialize)
            }
        }
    }

    private func became(_ given: ProducerIdentity) {
        scene.world.note(
            "is producer", process.address, given.producerID.rawValue, Int64(given.producerEpoch.rawValue),
            Int64(version.rawValue))
        if identity != given { sequences = [:] }
        identity = given
    }

    private func refused(_ answer: StepAnswer, _ body: @escaping () -> Void) {
        switch answer {
        // A leader that was replaced and does not know it may lack what the batch follows.
        case .done, .again, .outOfOrder: again(body)
        case .fenced: end()
        case .abortable: initialize()
        }
    }

    /// A coordinator of groups that was replaced and does not know it tells old offsets, and nothing in the protocol says
    /// so: here it gives no answer.
    private func fetchOffset() {
        let (scene, ledger, input) = (scene, workload.ledger, input)
        let floor = ledger.committedEnd(of: input)
        let partition = TopicPartition(topic: ReplicaScene.name, partition: input)
        let request = OffsetFetchRequest(
            group: TransactionWorkload.group, partitions: [.init(partition)], requiresStable: true)
        call(
            scene.leaderAsAnyoneKnows(of: scene.offsetsPartition),
            { broker, reply in
                broker.ask(.fetchOffsets([request]), of: scene.offsetsPartition) { found, epoch in
                    if epoch == scene.leaderEpoch(of: scene.offsetsPartition) { reply(found) }
                }
            },
            { [self] (reply: GroupReply?) in
                guard case .fetchOffsets(let groups)? = reply, let found = groups.first, found.refusal == nil,
                    let one = found.partitions.first, !one.isUnstable
                else { return again(fetchOffset) }
                position = one.committed?.offset.rawValue ?? 0
                ledger.fetched(position, of: input, after: floor)
                read()
            })
    }

    // MARK: Reading

    private func read() {
        guard let id = scene.partitionID(input) else { return again(read) }
        let start = Offset(position)
        // Once the faults have ended, what has piled up is carried over in few transactions.
        let byteCountMax = scene.world.isDisturbed ? scene.world.streams.workload.pick([500, 8000, 1 << 16]) : 1 << 16
        call(
            scene.leaderAsAnyoneKnows(of: id),
            { broker, reply in
                guard let replica = broker.partition(id) else { return }
                reply(replica.read(from: start, below: replica.readableEnd, byteCountMax: byteCountMax) ?? .empty)
            },
            { [self] (bytes: SharedBytes?) in
                guard let end = bytes.flatMap(ReplicaLink.end(of:)), end > start else { return again(read) }
                begin(start.rawValue..<end.rawValue)
            })
    }

    private func begin(_ range: Range<Int64>) {
        let number = workload.ledger.begin(input, range)
        var steps: [Step] = []
        var touched: [PartitionIndex] = []
        for output in workload.outputs {
            // Few enough for the smallest segments.
            var rest = range.filter { $0 % Int64(workload.outputs.count) == Int64(output.rawValue) }[...]
            if !rest.isEmpty { touched.append(output) }
            while !rest.isEmpty {
                steps.append(.write(output, rest.prefix(30)))
                rest = rest.dropFirst(30)
            }
        }
        steps += [.commitOffsets, .end]
        if !version.bumpsEpoch {
            let offsets = TopicPartition(topic: OffsetsTopic.name, partition: scene.offsetsPartition.index)
            steps.insert(.add(touched.map(TransactionWorkload.output) + [offsets]), at: 0)
        }
        let isCommit = !scene.world.isDisturbed || !scene.world.streams.workload.chance(1, in: 6)
        work = Work(
            number: number, range: range, isCommit: isCommit, steps: steps, deadline: scene.world.now + .seconds(8))
        goOn()
    }

    // MARK: Steps

    private func goOn() {
        let world = scene.world
        // Its open transaction would be one more to wait for.
        if isWalker, !world.isDisturbed { return end() }
        if world.isDisturbed, world.streams.workload.chance(1, in: 40) {
            process.pause(for: world.streams.workload.span(.milliseconds(100), .seconds(8)))
        }
        if world.isDisturbed, world.streams.workload.chance(1, in: 80) { return end() }
        process.run { [self] in take() }
    }

    private func take() {
        guard let work, let identity, let step = work.steps.first else { return }
        let producer = TransactionalProducer(id: id, identity: identity, version: version)
        switch step {
        case .add(let partitions):
            ask(.addPartitions(AddPartitionsRequest(id, identity, partitions, version: version))) { [self] reply in
                guard case .addPartitions(let refusal)? = reply else { return again(take) }
                settle(refusal.map(StepAnswer.init) ?? .done)
            }
        case .write(let output, let offsets): write(offsets, to: output, producer)
        case .commitOffsets: commitOffsets(work.range.upperBound, producer)
        case .end: isWalker ? end() : end(work, producer)
        }
    }

    private func settle(_ answer: StepAnswer?) {
        guard answer == .done else { return refused(answer ?? .again, take) }
        work?.steps.removeFirst()
        goOn()
    }

    private func write(_ offsets: ArraySlice<Int64>, to output: PartitionIndex, _ producer: TransactionalProducer) {
        guard let work, let id = scene.partitionID(of: TransactionWorkload.output(output)) else { return again(take) }
        let sequence = sequences[output, default: 0]
        var builder = BatchBuilder(
            producer: BatchProducer(
                id: producer.identity.producerID, epoch: producer.identity.producerEpoch, baseSequence: sequence),
            isTransactional: true)
        for offset in offsets {
            var value = ByteWriter()
            value.writeInt64(Int64(work.number))
            value.writeInt32(input.rawValue)
            value.writeInt64(offset)
            builder.append(timestamp: Timestamp(1_750_000_000_000), key: key(of: offset), value: value.shared)
        }
        let batch = builder.build(using: compressor)
        call(
            scene.leaderAsAnyoneKnows(of: id),
            { broker, reply in broker.produce(batch, of: producer, to: id, reply: reply) },
            { [self] (answer: StepAnswer?) in
                if answer == .done {
                    sequences[output] = sequence + Int32(offsets.count)
                    scene.world.note(
                        "writes", process.address, Int64(output.rawValue), Int64(sequence), Int64(work.number))
                }
                settle(answer)
            })
    }

    /// Another for each record of the input: of an output that is compacted, every committed record stays.
    private func key(of offset: Int64) -> SharedBytes {
        var key = ByteWriter()
        key.writeInt32(input.rawValue)
        key.writeInt64(offset)
        return key.shared
    }

    private func commitOffsets(_ end: Int64, _ producer: TransactionalProducer) {
        let partition = TopicPartition(topic: ReplicaScene.name, partition: input)
        let request = OffsetCommitRequest(
            group: TransactionWorkload.group, partitions: [.init(partition, offset: Offset(end))])
        call(
            scene.leaderAsAnyoneKnows(of: scene.offsetsPartition),
            { broker, reply in broker.commit(request, of: producer, reply: reply) },
            { [self] (answer: StepAnswer?) in settle(answer) })
    }

    private func end(_ work: Work, _ producer: TransactionalProducer) {
        if work.isCommit { workload.ledger.commitAsked(work.number) }
        ask(.end(EndRequest(id, producer.identity, isCommit: work.isCommit, version: version))) { [self] reply in
            guard case .end(let result)? = reply else { return again(take) }
            switch result {
            case .success(let next):
                workload.ledger.ended(work.number, isCommit: work.isCommit)
                scene.world.note("ends", process.address, Int64(work.number), work.isCommit ? 1 : 0)
                if work.isCommit { position = work.range.upperBound }
                self.work = nil
                became(next)
                read()
            case .failure(let refusal): refused(StepAnswer(refusal), take)
            }
        }
    }
}
