// SPDX-License-Identifier: Apache-2.0

import Coordinator
import Groups
import Primitives
import StorageEngine
import Transactions

/// Clients that carry the input over to the output exactly once, zombies that try to do it twice, walkers that leave
/// transactions open, and readers of what is committed.
final class TransactionWorkload {
    unowned let scene: ReplicaScene
    let ledger: TransactionLedger
    let outputs: [PartitionIndex]
    let stateCount: Int32
    private var readers: [StableReader] = []
    /// The living ones of each partition of the input, oldest first.
    private var copiers: [PartitionIndex: [CopyingClient]] = [:]
    private var walkers: [CopyingClient] = []
    private var clientCount: Int64 = 0

    static let group = GroupID("copiers")
    static let topic = "receipts"

    init(scene: ReplicaScene) {
        self.scene = scene
        ledger = TransactionLedger(world: scene.world)
        outputs = (0..<Int32(scene.world.streams.workload.number(in: 1...3))).map { PartitionIndex($0) }
        stateCount = Int32(scene.world.streams.workload.number(in: 1...2))
    }

    static func output(_ index: PartitionIndex) -> TopicPartition { TopicPartition(topic: topic, partition: index) }

    func begin() {
        readers = outputs.compactMap { scene.partitionID(of: Self.output($0)) }.enumerated().map { number, partition in
            StableReader(number: Int64(number), partition: partition, scene: scene, ledger: ledger)
        }
        for reader in readers { reader.work() }
        for input in scene.partitionIndexes { supervise(input) }
        sendWalkers()
    }

    /// One that ended is followed by another; sometimes another comes while one is still there.
    private func supervise(_ input: PartitionIndex) {
        let world = scene.world
        world.after(world.streams.workload.span(.milliseconds(300), .seconds(2))) { [self] in
            let living = copiers[input, default: []].filter(\.isAlive)
            copiers[input] = living
            let isDoubled = world.isDisturbed && world.streams.workload.chance(1, in: 8) && living.count < 3
            if living.isEmpty || isDoubled {
                let fresh = client(TransactionalID("copier-\(input)"), input, isWalker: false)
                copiers[input, default: []].append(fresh)
                fresh.begin()
            }
            supervise(input)
        }
    }

    private func sendWalkers() {
        let world = scene.world
        world.after(world.streams.workload.span(.seconds(2), .seconds(12))) { [self] in
            guard world.isDisturbed else { return }
            walkers.removeAll { !$0.isAlive }
            let input = world.streams.workload.pick(scene.partitionIndexes)
            let walker = client(TransactionalID("walker-\(clientCount)"), input, isWalker: true)
            walkers.append(walker)
            walker.begin()
            sendWalkers()
        }
    }

    private func client(_ id: TransactionalID, _ input: PartitionIndex, isWalker: Bool) -> CopyingClient {
        clientCount += 1
        return CopyingClient(number: clientCount, id: id, input: input, isWalker: isWalker, in: self)
    }

    // MARK: The end

    private var inputEnds: [PartitionIndex: Int64] {
        var ends: [PartitionIndex: Int64] = [:]
        for input in scene.partitionIndexes {
            ends[input] = scene.partitionID(input).map { scene.checker(of: $0).committedEnd } ?? 0
        }
        return ends
    }

    /// Everything is carried over, its offsets are committed, readers have it all, and no transaction is open anywhere.
    var hasRecovered: Bool { missing == nil }

    var missing: String? {
        let ends = inputEnds
        let total = ends.values.reduce(0, +)
        if ledger.seenCount < total { return "\(ledger.seenCount) of \(total) carried over; \(clients)" }
        for (input, end) in ends.sorted(by: { $0.key < $1.key }) {
            let offset = committedOffset(of: input) ?? .zero
            if offset.rawValue != end { return "offset of \(input): \(offset) of \(end)" }
        }
        for partition in readers.map(\.partition) + [scene.offsetsPartition] {
            let end = scene.checker(of: partition).committedEnd
            guard let replica = leader(of: partition), replica.readableEnd.rawValue == end else {
                return "no leader of \(partition) has \(end)"
            }
            if replica.stableEnd.rawValue < end {
                return "open in \(partition): \(replica.log.openTransactions)"
            }
        }
        for reader in readers where reader.next.rawValue < scene.checker(of: reader.partition).committedEnd {
            return "a reader of \(reader.partition) is at \(reader.next)"
        }
        for partition in scene.statePartitions {
            guard let count = leader(of: partition)?.transactions?.openCount else {
                return "no coordinator at \(partition)"
            }
            if count > 0 { return "\(count) transactions open at \(partition)" }
        }
        return nil
    }

    private var clients: [String] { scene.partitionIndexes.flatMap { copiers[$0, default: []].map(\.description) } }

    private func leader(of partition: PartitionID) -> ReplicaPartition? {
        scene.leader(of: partition).flatMap { scene.broker($0)?.partition(partition) }
    }

    private func committedOffset(of input: PartitionIndex) -> Offset? {
        leader(of: scene.offsetsPartition)?.host?.committedOffset(
            of: Self.group, in: TopicPartition(topic: ReplicaScene.name, partition: input))
    }

    func checkHistory() { ledger.checkHistory(inputEnds: inputEnds) }
}
