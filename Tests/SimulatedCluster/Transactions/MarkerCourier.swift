// SPDX-License-Identifier: Apache-2.0

import Coordinator
import Primitives
import StorageEngine
import Transactions

/// Brings the markers of one ended transaction to the leaders of its partitions, however often they move, until each
/// partition has its own.
///
/// Markers of version 2 may come late and twice. Version 1 cannot tell a late marker from that of the next transaction
/// (KIP-890), so what its courier has given up does not arrive, as on a connection that was closed.
final class MarkerCourier {
    private let markers: TransactionMarkers
    private unowned let broker: ReplicaBroker
    private let onDone: () -> Void
    /// What each partition that has no marker yet waits for.
    private var attempts: [TopicPartition: Int]

    init(_ markers: TransactionMarkers, from broker: ReplicaBroker, onDone: @escaping () -> Void) {
        (self.markers, self.broker, self.onDone) = (markers, broker, onDone)
        attempts = Dictionary(uniqueKeysWithValues: markers.partitions.map { ($0, 0) })
    }

    func begin() { for partition in markers.partitions { send(to: partition) } }

    private var marker: TransactionMarker {
        TransactionMarker(
            producerID: markers.producer.producerID, producerEpoch: markers.producer.producerEpoch,
            committed: markers.isCommit, coordinatorEpoch: markers.coordinatorEpoch.rawValue,
            transactionVersion: markers.version.rawValue)
    }

    private func send(to partition: TopicPartition) {
        guard let before = attempts[partition] else { return }
        let attempt = before + 1
        attempts[partition] = attempt
        let span = broker.world.streams.network.span(.milliseconds(300), .seconds(3))
        broker.process.after(span) { [weak self] in
            if let self, attempts[partition] == attempt { send(to: partition) }
        }
        let (scene, me, marker, mayBeLate) = (broker.scene, broker.process, marker, markers.version.bumpsEpoch)
        guard let id = scene.partitionID(of: partition), let leader = broker.image.partition(id)?.leader,
            leader != .none
        else { return }
        let target = scene.machine(leader).address
        scene.network.send(from: me.address, to: target) { [weak self] in
            guard mayBeLate || self?.attempts[partition] == attempt else { return }
            scene.broker(leader)?.write(marker, to: id) { answer in
                scene.network.send(from: target, to: me.address) {
                    guard me.isAlive else { return }
                    self?.answered(answer, by: partition, attempt)
                }
            }
        }
    }

    private func answered(_ answer: ProduceAnswer, by partition: TopicPartition, _ attempt: Int) {
        guard attempts[partition] == attempt else { return }
        switch answer {
        // A later epoch of the producer has written there, so nothing of this transaction is open.
        case .stored, .fenced:
            attempts[partition] = nil
            if attempts.isEmpty { onDone() }
        case .notLeader, .notEnoughReplicas, .outOfOrder, .failed: break
        }
    }
}
