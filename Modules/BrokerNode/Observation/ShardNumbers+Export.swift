// SPDX-License-Identifier: Apache-2.0

internal import Groups
internal import KafkaProtocol
internal import Primitives
internal import StorageEngine
internal import Telemetry
internal import Transactions
internal import Transport

extension ShardNumbers {
    /// Adds what this shard knows, but its partitions.
    func add(to set: inout MetricSet, dataDirectory: String) {
        addRequests(to: &set)
        addConnections(to: &set)
        addThrottles(to: &set)
        addDisk(to: &set, dataDirectory)
        replication.add(to: &set)
        partitions.map(\.standing).add(to: &set)
        for group in groups { group.add(to: &set) }
        for coordinator in transactions { coordinator.add(to: &set) }
        cleaner?.add(to: &set)
        let shard = String(index)
        set.add(Int64(transport.roundCount), to: MetricCatalogue.shardRounds, shard)
        set.add(Int64(backlog), to: MetricCatalogue.shardBacklog, shard)
        set.add(imageOffset.rawValue, to: MetricCatalogue.metadataOffset)
        set.add(Int64(topicCount), to: MetricCatalogue.topics)
    }

    private func addRequests(to set: inout MetricSet) {
        for api in APIKey.allCases {
            let place = APIPlace.of(api)
            for code in ErrorPlace.names.indices {
                let count = metrics.answerCounts[place * ErrorPlace.count + code]
                guard let name = ErrorPlace.names[code], count > 0 || code == ErrorPlace.of(0) else { continue }
                set.add(Int64(count), to: MetricCatalogue.requests, api.name, name)
            }
            let latency = metrics.latencies[place]
            set.add(
                bucketCounts: latency.counts, sumNanoseconds: latency.sumNanoseconds,
                to: MetricCatalogue.requestDuration, api.name)
        }
        for (code, count) in metrics.rejectedBatchCounts.enumerated() where count > 0 {
            guard let name = ErrorPlace.names[code] else { continue }
            set.add(Int64(count), to: MetricCatalogue.rejectedBatches, name)
        }
        set.add(Int64(fetchSessionCount), to: MetricCatalogue.fetchSessions)
        set.add(Int64(metrics.waitingFetchCount), to: MetricCatalogue.waitingFetches)
    }

    private func addThrottles(to set: inout MetricSet) {
        set.add(Int64(mutedConnectionCount), to: MetricCatalogue.mutedConnections)
        for (place, key) in QuotaKey.allCases.enumerated() where key != .connectionCreationRate {
            set.add(Int64(metrics.throttledCounts[place]), to: MetricCatalogue.throttledRequests, key.rawValue)
            set.add(metrics.throttledNanoseconds[place], to: MetricCatalogue.throttleTime, key.rawValue)
        }
    }

    private func addConnections(to set: inout MetricSet) {
        set.add(Int64(transport.receivedByteCount), to: MetricCatalogue.receivedBytes)
        set.add(Int64(transport.sentByteCount), to: MetricCatalogue.sentBytes)
        set.add(Int64(transport.openCount), to: MetricCatalogue.connections)
        set.add(Int64(transport.acceptedCount), to: MetricCatalogue.acceptedConnections)
        let rejected = [
            ("total", transport.rejectedByTotalCount), ("address", transport.rejectedByAddressCount),
            ("address_rate", transport.rejectedByRateCount),
            ("accept", transport.acceptFailureCount),
        ]
        for (reason, count) in rejected { set.add(Int64(count), to: MetricCatalogue.rejectedConnections, reason) }
        let cut = [
            ("idle", transport.idleCount), ("slow", transport.slowCount), ("stalled", transport.stallCount),
            ("overflow", transport.overflowCount),
        ]
        for (reason, count) in cut { set.add(Int64(count), to: MetricCatalogue.cutConnections, reason) }
        set.add(Int64(transport.delayedCount), to: MetricCatalogue.delayedConnections)
        set.add(Int64(transport.heldByteCount), to: MetricCatalogue.heldRequestBytes)
        set.add(Int64(transport.invalidFrameCount), to: MetricCatalogue.rejectedFrames, "bad_size")
        for (reason, count) in zip(RejectReason.allCases, metrics.rejectedFrameCounts) {
            set.add(Int64(count), to: MetricCatalogue.rejectedFrames, reason.rawValue)
        }
    }

    private func addDisk(to set: inout MetricSet, _ dataDirectory: String) {
        for state in [DirectoryHealth.healthy, .full, .failed] {
            set.add(state == directory ? 1 : 0, to: MetricCatalogue.logDirectoryState, dataDirectory, state.label)
        }
        // Each shard asks the same file system.
        if index == 0, let freeByteCount {
            set.add(freeByteCount, to: MetricCatalogue.logDirectoryFreeBytes, dataDirectory)
        }
        let latency = metrics.synchronizeLatency[0]
        set.add(
            bucketCounts: latency.counts, sumNanoseconds: latency.sumNanoseconds, to: MetricCatalogue.syncDuration)
        set.add(Int64(metrics.failedSynchronizeCount), to: MetricCatalogue.failedSyncs)
        let read = [
            ("cached", metrics.readCachedByteCount), ("sendfile", metrics.readSendfileByteCount),
            ("cold", metrics.readColdByteCount),
        ]
        for (source, count) in read { set.add(Int64(count), to: MetricCatalogue.readBytes, source) }
        set.add(metrics.recoveryNanoseconds, to: MetricCatalogue.recoveryDuration)
        set.add(Int64(metrics.recoveredByteCount), to: MetricCatalogue.recoveryScannedBytes)
        set.add(Int64(metrics.cutByteCount), to: MetricCatalogue.recoveryCutBytes)
        set.add(Int64(repairs.foundCount), to: MetricCatalogue.damagesFound)
        set.add(Int64(repairs.mendedCount), to: MetricCatalogue.damagesMended)
        set.add(Int64(repairs.mendedByteCount), to: MetricCatalogue.mendedBytes)
        set.add(Int64(repairs.failedCount), to: MetricCatalogue.failedRepairs)
        set.add(Int64(metrics.retentionByteCount), to: MetricCatalogue.retentionBytes)
        set.add(Int64(metrics.retentionSegmentCount), to: MetricCatalogue.retentionSegments)
        let appendedBytes = partitions.reduce(metrics.departedByteCount) { $0 + $1.appendedByteCount }
        let appendedRecords = partitions.reduce(metrics.departedRecordCount) { $0 + $1.appendedRecordCount }
        set.add(Int64(appendedBytes), to: MetricCatalogue.appendedBytes, String(index))
        set.add(Int64(appendedRecords), to: MetricCatalogue.appendedRecords, String(index))
        let failedCount = partitions.count { $0.isFailed }
        set.add(Int64(partitions.count - failedCount), to: MetricCatalogue.partitions, "online")
        set.add(Int64(failedCount), to: MetricCatalogue.partitions, "failed")
        set.add(Int64(metrics.unopened.count), to: MetricCatalogue.partitions, "unopened")
    }
}

extension PartitionNumbers {
    func add(to set: inout MetricSet) {
        let partition = String(index.rawValue)
        set.add(byteCount, to: MetricCatalogue.logSize, topic, partition)
        set.add(logStartOffset.rawValue, to: MetricCatalogue.logStartOffset, topic, partition)
        set.add(logEndOffset.rawValue, to: MetricCatalogue.logEndOffset, topic, partition)
        if let dirtyByteCount { set.add(dirtyByteCount, to: MetricCatalogue.dirtyBytes, topic, partition) }
        for evidence in damages { set.add(1, to: MetricCatalogue.damagedRanges, evidence.label) }
        set.add(Int64(fetchedByteCount), to: MetricCatalogue.fetchedBytes, topic)
        // Only the broker writes to internal topics.
        guard !isInternal else { return }
        set.add(Int64(appendedByteCount), to: MetricCatalogue.producedBytes, topic)
        set.add(Int64(appendedRecordCount), to: MetricCatalogue.producedRecords, topic)
        set.add(Int64(appendedBatchCount), to: MetricCatalogue.producedBatches, topic)
    }
}

extension ScrubNumbers {
    func add(to set: inout MetricSet, at now: Timestamp) {
        set.add(verifiedByteCount, to: MetricCatalogue.scrubbedBytes)
        set.add(pendingByteCount, to: MetricCatalogue.scrubPendingBytes)
        set.add(age(at: now) * 1_000_000, to: MetricCatalogue.scrubAge)
        set.add(faultCount, to: MetricCatalogue.scrubFaults)
    }

    /// Milliseconds since the last whole pass began, or since the start where there was none.
    func age(at now: Timestamp) -> Int64 {
        max(0, now.rawValue - (lastPassStart == .none ? since : lastPassStart).rawValue)
    }
}

extension CleanerNumbers {
    func add(to set: inout MetricSet) {
        set.add(Int64(counts.passCount), to: MetricCatalogue.cleanerPasses, "finished")
        set.add(Int64(counts.failureCount), to: MetricCatalogue.cleanerPasses, "failed")
        set.add(Int64(counts.readByteCount), to: MetricCatalogue.cleanerReadBytes)
        set.add(Int64(counts.writtenByteCount), to: MetricCatalogue.cleanerWrittenBytes)
        set.add(Int64(counts.removedRecordCount), to: MetricCatalogue.cleanerRemovedRecords)
        set.add(Int64(counts.busyNanoseconds), to: MetricCatalogue.cleanerDuration)
        set.add(Int64(counts.mapByteCountMax), to: MetricCatalogue.cleanerMapBytes)
        for found in uncleanable {
            set.add(
                1, to: MetricCatalogue.uncleanablePartitions, found.topic, String(found.partition.index.rawValue))
        }
    }
}

extension GroupNumbers {
    func add(to set: inout MetricSet) {
        for (state, count) in zip(GroupState.allCases, counts) {
            set.add(Int64(count), to: MetricCatalogue.groups, state.rawValue)
        }
        set.add(Int64(memberCount), to: MetricCatalogue.groupMembers)
        set.add(Int64(completedRebalanceCount), to: MetricCatalogue.rebalances)
    }
}

extension TransactionNumbers {
    func add(to set: inout MetricSet) {
        for state in TransactionState.allCases {
            set.add(Int64(countByState[state] ?? 0), to: MetricCatalogue.transactionalIDs, state.description)
        }
        set.add(Int64(counts.committed), to: MetricCatalogue.transactions, "committed")
        set.add(Int64(counts.aborted), to: MetricCatalogue.transactions, "aborted")
        set.add(Int64(counts.timedOut), to: MetricCatalogue.transactions, "timed_out")
        set.add(Int64(markerBacklog), to: MetricCatalogue.transactionMarkerBacklog)
        set.add(oldestMilliseconds * 1_000_000, to: MetricCatalogue.oldestTransaction)
    }
}

extension DirectoryHealth {
    var label: String {
        switch self {
        case .healthy: "online"
        case .full: "full"
        case .failed: "offline"
        }
    }
}

extension LogDamage.Evidence {
    static let allKinds: [Self] = [.noBatch, .checksumMismatch, .wrongPlace, .zeros, .missing]

    var label: String {
        switch self {
        case .noBatch: "no_batch"
        case .checksumMismatch: "checksum_mismatch"
        case .wrongPlace: "wrong_place"
        case .zeros: "zeros"
        case .missing: "missing"
        }
    }
}
