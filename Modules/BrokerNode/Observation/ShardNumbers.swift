// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import Groups
internal import Primitives
internal import StorageEngine
internal import Transactions
internal import Transport

/// All numbers of one shard, as of about the same moment.
struct ShardNumbers: Sendable {
    let index: Int
    let metrics: ShardMetrics
    let repairs: RepairCounters
    let transport: TransportCounters
    let backlog: Int
    let fetchSessionCount: Int
    let mutedConnectionCount: Int
    let topicCount: Int
    let imageOffset: Offset
    let directory: DirectoryHealth
    /// Nil where the file system does not say.
    let freeByteCount: Int64?
    let replication: ReplicationCounters
    /// Present on the shard that looks after compaction.
    let cleaner: CleanerNumbers?
    var partitions: [PartitionNumbers] = []
    var groups: [GroupNumbers] = []
    var transactions: [TransactionNumbers] = []
}

/// What is told of compaction.
struct CleanerNumbers: Sendable {
    let counts: CleanerCounts
    let uncleanable: [UncleanablePartition]
}

/// What is told of one partition.
struct PartitionNumbers: Sendable {
    let topic: String
    let index: PartitionIndex
    let isInternal: Bool
    let isFailed: Bool
    let byteCount: Int64
    let logStartOffset: Offset
    let logEndOffset: Offset
    let appendedByteCount: UInt64
    let appendedRecordCount: UInt64
    let appendedBatchCount: UInt64
    let fetchedByteCount: UInt64
    let damages: [LogDamage.Evidence]
    let standing: PartitionStanding
    /// Nil when its topic is not compacted.
    let dirtyByteCount: Int64?

    init(_ partition: Partition, _ standing: PartitionStanding, at wall: Timestamp) {
        self.standing = standing
        dirtyByteCount = partition.compactionStanding(at: wall)?.dirtyByteCount
        topic = partition.topic
        index = partition.id.index
        isInternal = partition.settings.isInternal
        if case .failed = partition.log.state { isFailed = true } else { isFailed = false }
        byteCount = partition.log.byteCount
        logStartOffset = partition.log.logStartOffset
        logEndOffset = partition.log.logEndOffset
        appendedByteCount = partition.appendedByteCount
        appendedRecordCount = partition.appendedRecordCount
        appendedBatchCount = partition.appendedBatchCount
        fetchedByteCount = partition.fetchedByteCount
        damages = partition.log.damages.map(\.evidence)
    }
}

/// What is told of the groups of one partition of `__consumer_offsets`.
struct GroupNumbers: Sendable {
    /// In the order of `GroupState.allCases`.
    private(set) var counts = [Int](repeating: 0, count: GroupState.allCases.count)
    private(set) var memberCount = 0
    let completedRebalanceCount: Int

    init(_ coordinator: GroupCoordinator) {
        completedRebalanceCount = coordinator.counts.completedRebalances
        for group in coordinator.groupIDs {
            guard let summary = coordinator.summary(of: group),
                let place = GroupState.allCases.firstIndex(of: summary.state)
            else { continue }
            counts[place] += 1
            memberCount += summary.memberCount
        }
    }
}

/// What is told of the transactions of one partition of `__transaction_state`.
struct TransactionNumbers: Sendable {
    let countByState: [TransactionState: Int]
    let counts: TransactionCounts
    let markerBacklog: Int
    /// 0 where no transaction is open.
    let oldestMilliseconds: Int64

    init(_ shell: TransactionShell, at wall: Timestamp) {
        countByState = shell.coordinator.countByState
        counts = shell.coordinator.counts
        markerBacklog = shell.deliveryCount
        oldestMilliseconds = shell.coordinator.oldestOpen.map { max(0, wall.rawValue - $0.startedAt.rawValue) } ?? 0
    }
}

extension ShardSet {
    /// Partitions looked at in one turn of a loop.
    private static let partitionsPerTurn = 500

    /// Everything of one shard, gathered in several turns of its loop so that no scrape holds it up.
    func numbers(of index: Int, by deadline: ContinuousClock.Instant) async -> ShardNumbers? {
        let loop = loops[index]
        let first = await value(of: index, by: deadline) { shard in
            (shard.numbers(loop), Array(shard.partitions.keys), Array(shard.groups.keys))
        }
        guard case (var numbers, var partitions, let groups)? = first else { return nil }
        while !partitions.isEmpty {
            let turn = Array(partitions.prefix(Self.partitionsPerTurn))
            partitions.removeFirst(turn.count)
            let found = await value(of: index, by: deadline) { shard in
                turn.compactMap { id in
                    shard.partitions[id].map { PartitionNumbers($0, shard.standing(of: $0), at: shard.wallClock) }
                }
            }
            guard let found else { return nil }
            numbers.partitions += found
        }
        for group in groups {
            let found = await value(of: index, by: deadline) { shard in
                shard.groups[group].map { GroupNumbers($0.coordinator) }
            }
            guard let found else { return nil }
            if let found { numbers.groups.append(found) }
        }
        let transactions = await value(of: index, by: deadline) { shard in
            shard.transactions.values.map { TransactionNumbers($0, at: shard.wallClock) }
        }
        guard let transactions else { return nil }
        numbers.transactions = transactions
        return numbers
    }
}

extension BrokerShard {
    fileprivate func numbers(_ loop: ShardLoop) -> ShardNumbers {
        ShardNumbers(
            index: index, metrics: metrics, repairs: repairer.metrics, transport: loop.counters,
            backlog: loop.mailboxBacklog.count,
            fetchSessionCount: sessions.count, mutedConnectionCount: mutedConnections.count,
            topicCount: image.topicCount, imageOffset: imageOffset,
            directory: directory, freeByteCount: try? disk.freeByteCount(),
            replication: replicator.metrics,
            cleaner: cleaner.map { CleanerNumbers(counts: $0.counts, uncleanable: $0.schedule.uncleanable) })
    }
}
