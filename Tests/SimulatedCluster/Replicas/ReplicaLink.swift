// SPDX-License-Identifier: Apache-2.0

import Coordinator
import Primitives
import RecordBatch
import Replication
import Simulation
import StorageEngine

/// The connection over which one broker pushes what it leads to one that follows; made anew whenever it breaks.
final class ReplicaLink {
    private unowned let broker: ReplicaBroker
    private let follower: NodeID
    private var connection: Connection?
    /// Registration at the other end; nil until it has greeted.
    private(set) var followerEpoch: Int64?

    init(from broker: ReplicaBroker, to follower: NodeID) {
        (self.broker, self.follower) = (broker, follower)
    }

    func connect() {
        let (broker, follower) = (broker, follower)
        broker.scene.network.connect(
            from: broker.process, to: broker.scene.machine(follower).address,
            accepted: { _, connection in
                guard let other = broker.scene.broker(follower) else { return }
                other.whenRegistered { [weak other] in
                    guard let other, let epoch = other.epoch else { return }
                    connection.send(from: other.process) { [weak broker] in
                        broker?.link(to: follower)?.greeted(over: connection, epoch.rawValue)
                    }
                }
            },
            opened: { [weak self] connection in
                guard let self else { return }
                guard let connection else { return connect() }
                self.connection = connection
                connection.onLoss(at: broker.process) { [weak self] in self?.lost() }
            })
    }

    private func greeted(over connection: Connection, _ epoch: Int64) {
        self.connection = connection
        followerEpoch = epoch
        broker.linkUp(to: follower, epoch: epoch)
    }

    private func lost() {
        (connection, followerEpoch) = (nil, nil)
        broker.linkLost(to: follower)
        connect()
    }

    /// Sends all that a partition has for the follower.
    func send(_ partition: ReplicaPartition) {
        let byteCountMax = broker.scene.frameByteCountMax
        while true {
            let epochs = partition.epochs
            let plan = partition.withLeader { $0.nextAppend(to: follower, byteCountMax: byteCountMax, epochs: epochs) }
            guard let plan, let plan else { break }
            guard plan.byteCountMax > 0 else {
                push(partition.id, plan.header, .empty)
                continue
            }
            guard transmit(plan, of: partition) else { return }
        }
        let epochs = partition.epochs
        let news = partition.withLeader { $0.announcement(to: follower, epochs: epochs) }
        if let news, let news { push(partition.id, news, .empty) }
    }

    private func transmit(_ plan: AppendPlan, of partition: ReplicaPartition) -> Bool {
        let start = plan.header.previous.offset
        let bytes = partition.read(from: start, below: partition.log.writtenOffset, byteCountMax: plan.byteCountMax)
        guard let bytes, let end = Self.end(of: bytes) else {
            partition.withLeader { $0.notSent(plan, to: follower) }
            return false
        }
        partition.withLeader { $0.sent(plan, to: follower, through: end, byteCount: bytes.count) }
        push(partition.id, plan.header, bytes)
        return true
    }

    static func end(of bytes: SharedBytes) -> Offset? {
        var batches = Batches(bytes)
        var end: Offset?
        do throws(BatchesError) { while let batch = try batches.next() { end = batch.header.nextOffset } } catch {}
        return end
    }

    private func push(_ id: PartitionID, _ header: AppendHeader, _ bytes: SharedBytes) {
        guard let connection else { return }
        let (leader, follower) = (broker, follower)
        connection.send(from: broker.process) { [weak leader] in
            guard let scene = leader?.scene, let other = scene.broker(follower) else { return }
            other.receive(id, header, bytes) { [weak other] answer in
                guard let other else { return }
                connection.send(from: other.process) {
                    leader?.answered(id, answer, in: header.leaderEpoch, from: follower)
                }
            }
        }
    }
}
