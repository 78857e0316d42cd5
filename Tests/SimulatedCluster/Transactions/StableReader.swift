// SPDX-License-Identifier: Apache-2.0

import Coordinator
import Primitives
import RecordBatch
import StorageEngine

/// Reads a partition of the output from its beginning, committed records only, from whoever has it.
final class StableReader {
    let partition: PartitionID
    private let address: NodeAddress
    private unowned let scene: ReplicaScene
    private unowned let ledger: TransactionLedger
    private(set) var next = Offset.zero
    private let decompressor = Decompressor()

    init(number: Int64, partition: PartitionID, scene: ReplicaScene, ledger: TransactionLedger) {
        (self.partition, self.scene, self.ledger) = (partition, scene, ledger)
        address = NodeAddress(.client, 1500 + number)
    }

    func work() {
        let world = scene.world
        world.after(world.streams.workload.span(.milliseconds(20), .milliseconds(400))) { [self] in
            if scene.world.streams.workload.chance(1, in: 6) { askEnd() } else { fetch() }
            work()
        }
    }

    /// ListOffsets of committed records.
    private func askEnd() {
        guard let chosen = scene.leaderAsAnyoneKnows(of: partition) else { return }
        let (scene, partition, address) = (scene, partition, address)
        let checker = scene.checker(of: partition)
        let floors = checker.stableEnds
        let target = scene.machine(chosen).address
        scene.network.send(from: address, to: target) {
            guard let replica = scene.broker(chosen)?.partition(partition), replica.toldEnd != nil else { return }
            let (end, epoch) = (replica.stableEnd, replica.epoch)
            scene.network.reply(from: target, to: address) { checker.told(stable: end, in: epoch, after: floors) }
        }
    }

    private func fetch() {
        let replicas = scene.replicas(of: partition)
        guard !replicas.isEmpty else { return }
        // From the leader mostly, from a follower now and then (KIP-392).
        let any = scene.world.streams.workload.pick(replicas)
        let chosen =
            scene.world.streams.workload.chance(1, in: 3) ? any : scene.leaderAsAnyoneKnows(of: partition) ?? any
        let (scene, partition, address, start) = (scene, partition, address, next)
        let byteCountMax = scene.world.streams.workload.pick([1, 1000, 1 << 16])
        let target = scene.machine(chosen).address
        scene.network.send(from: address, to: target) { [weak self] in
            guard let replica = scene.broker(chosen)?.partition(partition),
                let found = replica.readStable(from: start, byteCountMax: byteCountMax)
            else { return }
            scene.network.reply(from: target, to: address) { self?.took(found.bytes, found.aborted, from: start) }
        }
    }

    /// As clients do it: an aborted transaction begins with its first offset and ends with its marker.
    private func took(_ bytes: SharedBytes, _ aborted: [AbortedTransaction], from start: Offset) {
        guard start == next else { return }
        var coming = aborted.sorted { ($0.firstOffset, $0.producerID) < ($1.firstOffset, $1.producerID) }[...]
        var passedOver: Set<ProducerID> = []
        var batches = Batches(bytes)
        do {
            while let batch = try batches.next() {
                let header = batch.header
                while let first = coming.first, first.firstOffset < header.nextOffset {
                    passedOver.insert(first.producerID)
                    coming.removeFirst()
                }
                if header.isFiller {
                    next = max(next, header.nextOffset)
                    continue
                }
                if header.isControl {
                    passedOver.remove(header.producerID)
                } else {
                    let isVisible = !header.isTransactional || !passedOver.contains(header.producerID)
                    scene.checker(of: partition).read(before: header.nextOffset.rawValue, isVisible: isVisible)
                    if isVisible { try show(batch) }
                }
                next = max(next, header.nextOffset)
            }
        } catch { scene.world.fail("a reader gets whole batches", "\(error)") }
    }

    private func show(_ batch: Batch) throws {
        var records = try Records(batch, using: decompressor)
        for record in try records.remaining() {
            guard let value = record.value else { continue }
            var reader = ByteReader(value)
            let number = Int(try reader.readInt64())
            let partition = PartitionIndex(try reader.readInt32())
            ledger.saw(InputRecord(partition: partition, offset: try reader.readInt64()), ofTransaction: number)
        }
    }
}
