// SPDX-License-Identifier: Apache-2.0

import Coordinator
import Primitives
import RecordBatch

/// A producer with idempotence (KIP-98): several batches of one partition under way, sent again in order until
/// answered.
final class ProducingClient {
    private struct Outstanding {
        let batch: Batch
        let number: Int
        var isSent = false
    }

    let address: NodeAddress
    private unowned let scene: ReplicaScene
    private let partition: PartitionID
    private let producer: ProducerID
    private let inFlightMax: Int
    private var sequence: Int32 = 0
    private var batchCount = 0
    private var outstanding: [Outstanding] = []
    /// Tells answers to what was sent now from those to what was sent before.
    private var attempt = 0
    private(set) var acknowledged: [(end: Int64, content: UInt64)] = []
    private let compressor = Compressor()

    init(number: Int64, partition: PartitionID, scene: ReplicaScene) {
        address = NodeAddress(.client, number)
        self.scene = scene
        self.partition = partition
        producer = ProducerID(1000 + number)
        inFlightMax = scene.world.streams.workload.number(in: 1...5)
    }

    var isDone: Bool { outstanding.isEmpty }

    func work() {
        let world = scene.world
        world.after(world.streams.workload.span(.milliseconds(10), .milliseconds(400))) { [self] in
            guard scene.wantsMore else { return }
            // Counted from the oldest without an answer: the broker knows the last five again, and no more.
            if batchCount - (outstanding.first?.number ?? batchCount) < inFlightMax {
                outstanding.append(Outstanding(batch: nextBatch(), number: batchCount))
                batchCount += 1
            }
            send()
            work()
        }
    }

    private func nextBatch() -> Batch {
        var builder = BatchBuilder(
            producer: BatchProducer(id: producer, epoch: ProducerEpoch(0), baseSequence: sequence))
        let count = scene.world.streams.workload.number(in: 1...4)
        for _ in 0..<count {
            var value = ByteWriter()
            value.writeInteger(scene.world.streams.workload.next())
            value.writeZeros(scene.world.streams.workload.index(below: 300))
            builder.append(timestamp: Timestamp(1_750_000_000_000), value: value.shared)
        }
        // Sequences go from the largest number on to 0.
        sequence = Int32((Int64(sequence) + Int64(count)) % (Int64(Int32.max) + 1))
        return builder.build(using: compressor)
    }

    private func send() {
        guard let leader = scene.leaderAsAnyoneKnows(of: partition) else { return retryLater() }
        for place in outstanding.indices where !outstanding[place].isSent {
            outstanding[place].isSent = true
            request(outstanding[place].batch, at: leader)
        }
        if !outstanding.isEmpty { expire() }
    }

    private func request(_ batch: Batch, at leader: NodeID) {
        let (scene, partition, address, attempt) = (scene, partition, address, attempt)
        let target = scene.machine(leader).address
        scene.network.send(from: address, to: target) { [weak self] in
            guard let broker = scene.broker(leader) else { return }
            broker.produce(partition, batch) { answer in
                broker.world.note("answers", target, answer.code, Int64(batch.header.baseSequence))
                scene.network.reply(from: target, to: address) { self?.answered(answer, batch, attempt) }
            }
        }
    }

    private func answered(_ answer: ProduceAnswer, _ batch: Batch, _ number: Int) {
        switch answer {
        case .stored(let end, let epoch):
            guard let place = outstanding.firstIndex(where: { $0.batch.header.checksum == batch.header.checksum })
            else {
                return
            }
            outstanding.remove(at: place)
            let content = (end.rawValue, UInt64(batch.header.checksum))
            acknowledged.append(content)
            scene.checker(of: partition).acknowledged(content)
            scene.checker(of: partition).acknowledged(upTo: end, in: epoch)
        case .notLeader, .notEnoughReplicas, .outOfOrder, .fenced, .failed:
            if number == attempt { retryLater() }
        }
    }

    /// Looks once more for something that was acknowledged.
    func check(_ entry: (end: Int64, content: UInt64)) { scene.checker(of: partition).acknowledged(entry) }

    private func retryLater() {
        attempt += 1
        let number = attempt
        let span = scene.world.streams.workload.span(.milliseconds(50), .milliseconds(300))
        scene.world.after(span) { [self] in
            guard number == attempt else { return }
            for place in outstanding.indices { outstanding[place].isSent = false }
            send()
        }
    }

    private func expire() {
        let number = attempt
        scene.world.after(.milliseconds(1500)) { [self] in
            if number == attempt, outstanding.contains(where: \.isSent) { retryLater() }
        }
    }
}

/// A consumer that reads one partition from its beginning, from whoever has it.
final class ConsumingClient {
    let address: NodeAddress
    private unowned let scene: ReplicaScene
    private let partition: PartitionID
    private(set) var next = Offset.zero

    init(number: Int64, partition: PartitionID, scene: ReplicaScene) {
        address = NodeAddress(.client, number)
        self.scene = scene
        self.partition = partition
    }

    var isDone: Bool { next.rawValue == scene.checker(of: partition).committedEnd }

    func work() {
        let world = scene.world
        world.after(world.streams.workload.span(.milliseconds(20), .milliseconds(500))) { [self] in
            if scene.world.streams.workload.chance(1, in: 8) { askEnd() } else { fetch() }
            work()
        }
    }

    /// ListOffsets: the end that is told covers all that was acknowledged by this leader and those before.
    private func askEnd() {
        guard let chosen = scene.leaderAsAnyoneKnows(of: partition) else { return }
        let (scene, partition, address) = (scene, partition, address)
        let checker = scene.checker(of: partition)
        let floors = checker.acknowledgedEnds
        let target = scene.machine(chosen).address
        scene.network.send(from: address, to: target) {
            guard let replica = scene.broker(chosen)?.partition(partition), let end = replica.toldEnd else { return }
            let epoch = replica.epoch
            scene.network.reply(from: target, to: address) { checker.told(end: end, in: epoch, after: floors) }
        }
    }

    private func fetch() {
        let replicas = scene.replicas(of: partition)
        guard !replicas.isEmpty else { return }
        // From the leader mostly, from a follower now and then (KIP-392).
        let any = scene.world.streams.workload.pick(replicas)
        let chosen =
            scene.world.streams.workload.chance(1, in: 4) ? any : scene.leaderAsAnyoneKnows(of: partition) ?? any
        let (scene, partition, address, start) = (scene, partition, address, next)
        let target = scene.machine(chosen).address
        scene.network.send(from: address, to: target) { [weak self] in
            guard let broker = scene.broker(chosen), let replica = broker.partition(partition) else { return }
            guard let bytes = replica.read(from: start, below: replica.readableEnd, byteCountMax: 2000) else { return }
            scene.network.reply(from: target, to: address) { self?.took(bytes, from: start) }
        }
    }

    private func took(_ bytes: SharedBytes, from start: Offset) {
        guard start == next else { return }
        var batches = Batches(bytes)
        do throws(BatchesError) {
            while let batch = try batches.next() {
                scene.world.check(
                    batch.header.baseOffset <= next, "a reader misses nothing",
                    "\(batch.header.baseOffset) after \(next)")
                scene.checker(of: partition).read((batch.header.nextOffset.rawValue, UInt64(batch.computedChecksum)))
                next = max(next, batch.header.nextOffset)
            }
        } catch { scene.world.fail("a reader gets whole batches", "\(error)") }
    }
}
