// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import Primitives
internal import Replication
internal import Telemetry

/// How a partition stands with its replicas, as its shard sees it.
struct PartitionStanding: Sendable {
    var isLed = false
    var isOffline = false
    var isUnderReplicated = false
    var isUnderMinInSync = false
    var isAtMinInSync = false
    var isReassigning = false
    var followers: [FollowerLag] = []
}

/// How far a follower is behind in one partition.
struct FollowerLag: Sendable {
    let follower: NodeID
    let recordCount: Int64
    /// 0 while it has everything.
    let nanoseconds: Int64
}

extension BrokerShard {
    func standing(of partition: Partition) -> PartitionStanding {
        var standing = PartitionStanding()
        guard let image = image.partition(partition.id) else { return standing }
        standing.isOffline = image.isOffline
        guard let leader = partition.leader else { return standing }
        let inSyncMin = min(partition.settings.inSyncReplicasMin, image.replicas.count)
        standing.isLed = true
        standing.isUnderReplicated = image.isUnderReplicated
        standing.isUnderMinInSync = image.inSyncReplicas.count < inSyncMin
        standing.isAtMinInSync =
            image.inSyncReplicas.count == inSyncMin && image.inSyncReplicas.count < image.replicas.count
        standing.isReassigning = image.isReassigning
        let now = now
        standing.followers = leader.views.map { view in
            let since = view.lastCaughtUp ?? partition.leadingSince
            return FollowerLag(
                follower: view.node, recordCount: max(0, view.lag),
                nanoseconds: view.lag > 0 ? max(0, now.nanoseconds - since.nanoseconds) : 0)
        }
        return standing
    }
}

extension [PartitionStanding] {
    func add(to set: inout MetricSet) {
        set.add(Int64(count(where: \.isLed)), to: MetricCatalogue.ledPartitions)
        set.add(Int64(count(where: \.isOffline)), to: MetricCatalogue.offlinePartitions)
        set.add(Int64(count(where: \.isUnderReplicated)), to: MetricCatalogue.underReplicated)
        set.add(Int64(count(where: \.isUnderMinInSync)), to: MetricCatalogue.underMinInSync)
        set.add(Int64(count(where: \.isAtMinInSync)), to: MetricCatalogue.atMinInSync)
        set.add(Int64(count(where: \.isReassigning)), to: MetricCatalogue.reassigningPartitions)
        // One series a follower, not one a partition: of each the worst.
        var worst: [NodeID: (records: Int64, nanoseconds: Int64)] = [:]
        for lag in lazy.flatMap(\.followers) {
            let known = worst[lag.follower] ?? (0, 0)
            worst[lag.follower] = (
                Swift.max(known.records, lag.recordCount), Swift.max(known.nanoseconds, lag.nanoseconds)
            )
        }
        for (follower, lag) in worst.sorted(by: { $0.key < $1.key }) {
            set.add(lag.records, to: MetricCatalogue.followerLagRecords, "\(follower)")
            set.add(lag.nanoseconds, to: MetricCatalogue.followerLagSeconds, "\(follower)")
        }
    }
}

extension ReplicationCounters {
    func add(to set: inout MetricSet) {
        set.add(Int64(inSyncShrinkCount), to: MetricCatalogue.inSyncShrinks)
        set.add(Int64(inSyncExpandCount), to: MetricCatalogue.inSyncExpands)
        set.add(Int64(leadershipCount), to: MetricCatalogue.leaderElections)
        set.add(Int64(uncleanLeadershipCount), to: MetricCatalogue.uncleanElections)
        set.add(Int64(replicatedByteCount), to: MetricCatalogue.replicationSentBytes)
        set.add(Int64(receivedByteCount), to: MetricCatalogue.replicationReceivedBytes)
        set.add(Int64(moveSentByteCount), to: MetricCatalogue.moveCopiedBytes, "sent")
        set.add(Int64(moveReceivedByteCount), to: MetricCatalogue.moveCopiedBytes, "received")
        if let moveRate {
            set.add(moveRate, to: MetricCatalogue.moveRate)
            set.add(Int64(moveSlowdownCount), to: MetricCatalogue.moveSlowdowns)
        }
        for (follower, nanoseconds) in throttledNanoseconds.sorted(by: { $0.key < $1.key }) {
            set.add(nanoseconds, to: MetricCatalogue.throttledTime, "\(follower)")
        }
    }
}
