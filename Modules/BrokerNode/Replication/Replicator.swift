// SPDX-License-Identifier: Apache-2.0

internal import ControllerNode
internal import Coordinator
internal import Primitives
internal import Replication
internal import StorageEngine
internal import WireProtocol

/// A broker that follows partitions of this shard, and the link to it.
final class FollowingBroker {
    enum Link {
        /// Opened again at the time of the timer.
        case down
        /// Opened, and the other end has not said who it is.
        case opening
        case open(isWritable: Bool)
    }

    let id: NodeID
    var link = Link.down
    /// Partitions led here that it follows.
    var followed: [PartitionID: Partition] = [:]
    /// Those with something to send, each once, in turn.
    var due: [Partition] = []
    /// Those of them that it is not in sync with. They have frames of their own, and come last: whoever waits for an
    /// acknowledgement does not wait until what is copied is durable.
    var copies: [Partition] = []
    /// Copied and not answered, as far as known.
    var copying: [PartitionID: Partition] = [:]
    /// Bytes appended here, of partitions that move to it, when they were looked at last.
    var appendedByteCounts: [PartitionID: Int64] = [:]
    var dueIDs: Set<PartitionID> = []
    /// The registration of the broker at the other end of the link.
    var brokerEpoch: Int64 = -1
    /// Of `follower.replication.throttled.rate`, for what is throttled.
    var quota = ReplicationQuota(bytesPerSecond: nil, at: Instant(nanoseconds: 0))
    /// Until when copying waits for a quota; what is waited for twice counts once.
    var throttledUntil = Instant(nanoseconds: 0)
    /// Pause before the next attempt to connect; doubles.
    var pauseMilliseconds = Replicator.pauseMillisecondsMin
    var isConnectScheduled = false

    init(id: NodeID) { self.id = id }

    var isWritable: Bool {
        if case .open(let isWritable) = link { return isWritable }
        return false
    }

    /// Bytes that were copied to it and that it has not answered.
    var copyingByteCount: Int {
        copying = copying.filter { $1.leader?.inFlightByteCount(to: id) ?? 0 > 0 && followed[$0] === $1 }
        return copying.values.reduce(0) { $0 + ($1.leader?.inFlightByteCount(to: id) ?? 0) }
    }
}

/// A partition that moves here, as it was when its leader sent something last.
struct MoveArrival {
    var highWatermark: Offset
    /// On average, of the last batches.
    var recordByteCount: Int64 = 0
}

/// What the replicator of a shard counts.
struct ReplicationCounters: Sendable {
    /// Record bytes sent to followers.
    var replicatedByteCount: UInt64 = 0
    /// Record bytes that leaders sent here.
    var receivedByteCount: UInt64 = 0
    var inSyncShrinkCount: UInt64 = 0
    var inSyncExpandCount: UInt64 = 0
    var leadershipCount: UInt64 = 0
    /// Of those, by an order that may have lost records.
    var uncleanLeadershipCount: UInt64 = 0
    /// For which copying waited for a quota, by follower.
    var throttledNanoseconds: [NodeID: Int64] = [:]
    /// Record bytes copied to replicas that moves add.
    var moveSentByteCount: UInt64 = 0
    var moveReceivedByteCount: UInt64 = 0
    /// Times that there was more to copy for moves than the pace allowed.
    var moveHeldBackCount: UInt64 = 0
    /// Of leaders for this broker, where it is in sync.
    var leaderWaits = Waits()
    /// Of the whole broker, on the shard that sets the pace.
    var moveRate: Int64?
    var moveSlowdownCount: UInt64 = 0

    mutating func inSyncChanged(from old: Int, to new: Int) {
        if new < old { inSyncShrinkCount += 1 }
        if new > old { inSyncExpandCount += 1 }
    }
}

/// Pushes what this shard's partitions lead to the brokers that follow them: one link for each broker, many partitions
/// in a frame.
///
/// What is due is collected during a round and sent when it ends, so one frame carries what the round wrote. Records go
/// out as they lie in the log; what is not in the page cache is read by the disk first.
/// - SeeAlso: docs/decisions/0014-replication.md
package final class Replicator {
    /// Partitions in one frame: with the records' bound, what a frame costs at the other end is bounded.
    static let framePartitionCountMax = 2_000
    /// Batches in one frame of copies: what is behind it waits for no more than their writing.
    static let copyFrameByteCountMax = 256 << 10
    /// Copies under way to one broker, without answers.
    static let copyingByteCountMax = 2 << 20
    /// Between two looks whether an answer may go that the pace of moves holds back.
    static let holdMilliseconds: Int64 = 50
    static let pauseMillisecondsMin: Int64 = 50
    static let pauseMillisecondsMax: Int64 = 1_000
    /// How long a follower may be behind in knowing the high watermark while there is nothing else to send.
    static let highWatermarkMilliseconds: Int64 = 5
    /// How often leaders look for followers that fell behind, and for appends whose time is up.
    static let tickMilliseconds: Int64 = 200

    unowned let shard: BrokerShard
    /// Of `leader.replication.throttled.rate`, for what is throttled.
    var quota = ReplicationQuota(bytesPerSecond: nil, at: Instant(nanoseconds: 0))
    /// For replicas that moves add, as far as this shard sends to them.
    var moveQuota = ReplicationQuota(
        bytesPerSecond: nil, bucketMilliseconds: 125, grain: copyFrameByteCountMax, at: Instant(nanoseconds: 0))
    /// For replicas that moves add here.
    var arrivalQuota = ReplicationQuota(bytesPerSecond: nil, bucketMilliseconds: 125, at: Instant(nanoseconds: 0))
    /// Bytes a second that this shard may copy for moves; nil until it is told.
    var moveRate: Int64?
    /// Partitions that move here.
    var arrivals: [PartitionID: MoveArrival] = [:]
    package var links: (any ReplicaLinks)?
    private(set) var brokers: [NodeID: FollowingBroker] = [:]
    /// Partitions whose followers should hear of a higher high watermark.
    private var risen: [PartitionID: Partition] = [:]
    private var isRisenScheduled = false
    var isTicking = false
    /// Partitions whose in-sync set may have to change; looked at when the round ends.
    var proposing: [PartitionID: Partition] = [:]
    var metrics = ReplicationCounters()

    init(shard: BrokerShard) { self.shard = shard }

    // MARK: Who is led

    /// Takes up a partition that this broker leads, or whose replicas changed.
    func lead(_ partition: Partition) {
        guard let leader = partition.leader else { preconditionFailure("\(partition.folder) is not led here") }
        let followers = leader.views.map(\.node)
        partition.replicator = followers.isEmpty ? nil : self
        for broker in brokers.values where !followers.contains(broker.id) {
            if broker.followed.removeValue(forKey: partition.id) != nil { disconnectIfIdle(broker) }
        }
        for follower in followers { serve(follower, with: partition) }
        if !followers.isEmpty { tick() }
    }

    private func serve(_ follower: NodeID, with partition: Partition) {
        let broker = brokers[follower] ?? adopt(follower)
        let before = broker.followed.updateValue(partition, forKey: partition.id)
        // A link that is up is news to a leader of this epoch; one that comes up tells all its partitions.
        if before == nil, case .open = broker.link {
            _ = partition.withLeader { $0.linkUp(to: follower, brokerEpoch: broker.brokerEpoch) }
        }
        becomeDue(partition, at: broker)
        connect(broker)
    }

    /// Gives a partition up that this broker does not lead any more.
    func forget(_ id: PartitionID) {
        risen[id] = nil
        proposing[id] = nil
        arrivals[id] = nil
        for broker in brokers.values where broker.followed.removeValue(forKey: id) != nil {
            broker.appendedByteCounts[id] = nil
            disconnectIfIdle(broker)
        }
    }

    private func adopt(_ id: NodeID) -> FollowingBroker {
        let broker = FollowingBroker(id: id)
        brokers[id] = broker
        return broker
    }

    private func disconnectIfIdle(_ broker: FollowingBroker) {
        guard broker.followed.isEmpty else { return }
        links?.close(broker.id)
        brokers[broker.id] = nil
    }

    /// Ends all links. Nothing may be sent afterwards.
    func close() {
        for id in brokers.keys { links?.close(id) }
        brokers = [:]
        links = nil
    }

    // MARK: What is due

    /// The partition has something new: records, or a place that a follower must be asked for.
    func becomeDue(_ partition: Partition) {
        for broker in brokers.values where broker.followed[partition.id] != nil { becomeDue(partition, at: broker) }
    }

    func becomeDue(_ partition: Partition, at broker: FollowingBroker) {
        guard broker.dueIDs.insert(partition.id).inserted else { return }
        if partition.leader?.assignment.inSync.contains(broker.id) == true {
            broker.due.append(partition)
        } else {
            broker.copies.append(partition)
        }
    }

    /// The high watermark rose: followers hear of it with the next records, or a little later without.
    func highWatermarkRose(_ partition: Partition) {
        risen[partition.id] = partition
        guard !isRisenScheduled else { return }
        isRisenScheduled = true
        shard.schedule(afterMilliseconds: Self.highWatermarkMilliseconds) { [unowned self] in
            isRisenScheduled = false
            let due = risen.values
            risen.removeAll(keepingCapacity: true)
            for partition in due { becomeDue(partition) }
        }
    }

    // MARK: Links

    private func connect(_ broker: FollowingBroker) {
        guard case .down = broker.link, !broker.isConnectScheduled, let links else { return }
        guard let known = shard.image.broker(broker.id), let rpc = known.rpc, !known.isFenced else {
            return connectLater(broker)
        }
        broker.link = .opening
        links.open(to: broker.id, host: rpc.host, port: Int(rpc.port))
    }

    /// The other end has said who it is: every partition's logs are compared before anything is sent.
    private func opened(_ broker: FollowingBroker, brokerEpoch: Int64) {
        broker.brokerEpoch = brokerEpoch
        broker.pauseMilliseconds = Self.pauseMillisecondsMin
        for partition in broker.followed.values {
            _ = partition.withLeader { $0.linkUp(to: broker.id, brokerEpoch: brokerEpoch) }
            becomeDue(partition, at: broker)
        }
    }

    private func connectLater(_ broker: FollowingBroker) {
        broker.isConnectScheduled = true
        let pause = broker.pauseMilliseconds
        broker.pauseMilliseconds = min(2 * pause, Self.pauseMillisecondsMax)
        shard.schedule(afterMilliseconds: pause) { [unowned self, weak broker] in
            guard let broker, brokers[broker.id] === broker else { return }
            broker.isConnectScheduled = false
            connect(broker)
        }
    }

    /// Takes what happened on a link.
    package func happened(_ event: ReplicaLinkEvent) {
        switch event {
        case .writable(let id):
            guard let broker = brokers[id], case .open = broker.link else { return }
            broker.link = .open(isWritable: true)
        case .lost(let id):
            guard let broker = brokers[id] else { return }
            broker.link = .down
            for partition in broker.followed.values { _ = partition.withLeader { $0.linkLost(to: id) } }
            connectLater(broker)
        case .answered(let id, let reply):
            guard let broker = brokers[id] else { return }
            take(reply, from: broker)
        }
    }

    private func take(_ payload: Payload, from broker: FollowingBroker) {
        let reply: Replicas.AppendFrameReply
        do throws(DecodeError) {
            reply = try payload.decoded()
        } catch {
            shard.logger.error("broker \(broker.id) answers what does not decode: \(error)", limitedBy: "replication")
            links?.close(broker.id)
            return happened(.lost(broker.id))
        }
        if case .opening = broker.link {
            broker.link = .open(isWritable: true)
            opened(broker, brokerEpoch: reply.brokerEpoch)
        } else if reply.brokerEpoch != broker.brokerEpoch {
            // It registered again, as the cluster had forgotten it.
            opened(broker, brokerEpoch: reply.brokerEpoch)
        }
        let now = shard.now
        for answer in reply.answers {
            guard let partition = broker.followed[answer.partition] else { continue }
            partition.acknowledged(answer, by: broker.id, at: now)
            if partition.leader?.hasNext(for: broker.id) == true { becomeDue(partition, at: broker) }
            consider(partition)
        }
    }

    /// Makes sure that the round's end looks whether the in-sync set of the partition has to change.
    func consider(_ partition: Partition) { proposing[partition.id] = partition }
}
