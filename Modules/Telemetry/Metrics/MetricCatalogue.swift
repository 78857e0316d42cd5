// SPDX-License-Identifier: Apache-2.0

/// Every metric there is. `docs/operations/metrics.md` and the dashboards are checked against this table.
public enum MetricCatalogue {
    // Requests.
    public static let requests = Metric(
        "myelin_requests_total", .counter, .one, ["api", "error"],
        help: "Kafka requests answered, by API and by the first error code in the response (NONE without one).")
    public static let requestDuration = Metric(
        "myelin_request_duration_seconds", .histogram, .seconds, ["api"],
        help: "Time from the arrival of a whole request until its response was ready, waiting of long polls included."
    )
    public static let receivedBytes = Metric(
        "myelin_received_bytes_total", .counter, .bytes, help: "Bytes received from clients, size prefixes included.")
    public static let sentBytes = Metric(
        "myelin_sent_bytes_total", .counter, .bytes, help: "Bytes written to clients, files included.")

    // Connections.
    public static let connections = Metric("myelin_connections", .gauge, help: "Client connections open now.")
    public static let acceptedConnections = Metric(
        "myelin_connections_accepted_total", .counter, help: "Client connections let in.")
    public static let rejectedConnections = Metric(
        "myelin_connections_rejected_total", .counter, .one, ["reason"],
        help:
            "Connections refused: total (too many), address (too many of one address), address_rate (too often), accept (mostly no descriptor)."
    )
    public static let cutConnections = Metric(
        "myelin_connections_cut_total", .counter, .one, ["reason"],
        help:
            "Connections ended from here: idle, slow (a request came too slowly), stalled (the peer reads nothing), overflow (too much unread output)."
    )
    public static let delayedConnections = Metric(
        "myelin_connections_delayed_total", .counter,
        help: "Connections let in later than they came (max.connection.creation.rate).")
    public static let heldRequestBytes = Metric(
        "myelin_request_held_bytes", .gauge, .bytes,
        help: "Bytes of requests that have begun or are not answered (queued.max.request.bytes).")
    public static let rejectedFrames = Metric(
        "myelin_frames_rejected_total", .counter, .one, ["reason"],
        help: "Frames refused and their connections closed: bad size, unknown API or version, undecodable.")

    // Quotas.
    public static let throttledRequests = Metric(
        "myelin_throttled_requests_total", .counter, .one, ["quota"],
        help: "Requests after which a client had to wait, by the quota that it exceeded.")
    public static let throttleTime = Metric(
        "myelin_throttle_seconds_total", .counter, .seconds, ["quota"],
        help: "Time that clients were told to wait, by the quota that they exceeded.")
    public static let mutedConnections = Metric(
        "myelin_connections_muted", .gauge, help: "Connections that are not read now because of a quota.")

    // Metrics of clients.
    public static let clientMetric = Metric(
        "myelin_client_metric", .gauge, .thousandths, ["client_id", "metric", "attributes"], seriesCountMax: 5_000,
        help: "What clients measured themselves and pushed last (KIP-714), summed over clients of one client id.")
    public static let clientInstances = Metric(
        "myelin_client_instances", .gauge, help: "Clients remembered that asked what to push (KIP-714).")
    public static let clientPushes = Metric(
        "myelin_client_pushes_total", .counter, .one, ["outcome"],
        help: "Pushes of metrics of clients: taken, unreadable.")
    public static let clientPushBytes = Metric(
        "myelin_client_push_bytes_total", .counter, .bytes, help: "Bytes of metrics that clients pushed, as they came.")

    // Produce and fetch.
    public static let producedRecords = Metric(
        "myelin_produced_records_total", .counter, .one, ["topic"], help: "Records appended for producers.")
    public static let producedBytes = Metric(
        "myelin_produced_bytes_total", .counter, .bytes, ["topic"],
        help: "Bytes of record batches appended for producers.")
    public static let producedBatches = Metric(
        "myelin_produced_batches_total", .counter, .one, ["topic"], help: "Record batches appended for producers.")
    public static let rejectedBatches = Metric(
        "myelin_rejected_batches_total", .counter, .one, ["error"], help: "Record batches refused, by error code.")
    public static let fetchedBytes = Metric(
        "myelin_fetched_bytes_total", .counter, .bytes, ["topic"],
        help: "Bytes of record batches read for fetches; what a long poll reads again counts again.")
    public static let fetchSessions = Metric(
        "myelin_fetch_sessions", .gauge, help: "Incremental fetch sessions kept (KIP-227).")
    public static let waitingFetches = Metric(
        "myelin_fetches_waiting", .gauge, help: "Fetch requests that wait for records now.")

    // Logs and disks.
    public static let topics = Metric("myelin_topics", .greatestGauge, help: "Topics of the cluster.")
    public static let partitions = Metric(
        "myelin_partitions", .gauge, .one, ["state"],
        help: "Partitions of this node: online, failed (until a restart), unopened.")
    public static let logSize = Metric(
        "myelin_log_size_bytes", .gauge, .bytes, ["topic", "partition"], seriesCountMax: 5_000,
        help: "Size of the log of a partition, reserved space not counted.")
    public static let logStartOffset = Metric(
        "myelin_log_start_offset", .gauge, .one, ["topic", "partition"], seriesCountMax: 5_000,
        help: "Offset of the oldest record of a partition.")
    public static let logEndOffset = Metric(
        "myelin_log_end_offset", .gauge, .one, ["topic", "partition"], seriesCountMax: 5_000,
        help: "Offset that the next record of a partition gets.")
    public static let logDirectoryState = Metric(
        "myelin_log_directory_state", .greatestGauge, .one, ["directory", "state"],
        help: "1 for the state a log directory is in (online, full, offline), 0 for the others.")
    public static let logDirectoryFreeBytes = Metric(
        "myelin_log_directory_free_bytes", .gauge, .bytes, ["directory"], help: "Room left in the file system.")
    public static let syncDuration = Metric(
        "myelin_disk_sync_duration_seconds", .histogram, .seconds,
        help: "Time of one fdatasync, and with _count how many.")
    public static let failedSyncs = Metric(
        "myelin_disk_sync_failures_total", .counter, help: "Syncs that failed; each takes its log directory offline.")
    public static let appendedBytes = Metric(
        "myelin_log_appended_bytes_total", .counter, .bytes, ["shard"],
        help: "Bytes written to logs, internal topics included.")
    public static let appendedRecords = Metric(
        "myelin_log_appended_records_total", .counter, .one, ["shard"],
        help: "Records written to logs, internal topics included.")
    public static let readBytes = Metric(
        "myelin_log_read_bytes_total", .counter, .bytes, ["source"],
        help:
            "Bytes read from logs for fetches: cached (page cache, copied), sendfile (page cache, uncopied), cold (from disk)."
    )
    public static let recoveryDuration = Metric(
        "myelin_recovery_duration_seconds", .gauge, .seconds,
        help: "Time that opening the logs took at the last start.")
    public static let recoveryScannedBytes = Metric(
        "myelin_recovery_scanned_bytes", .gauge, .bytes,
        help: "Bytes of logs that opening them had to read through since the start.")
    public static let recoveryCutBytes = Metric(
        "myelin_recovery_cut_bytes", .gauge, .bytes, help: "Torn bytes cut from the ends of logs since the start.")
    public static let damagedRanges = Metric(
        "myelin_log_damaged_ranges", .gauge, .one, ["kind"],
        help: "Damaged stretches known inside logs, by what is wrong; nothing is cut for them.")
    public static let damagesFound = Metric(
        "myelin_log_damages_found_total", .counter, help: "Damaged stretches that were found inside logs.")
    public static let damagesMended = Metric(
        "myelin_log_damages_mended_total", .counter,
        help: "Damaged stretches that were mended with the bytes of another replica.")
    public static let mendedBytes = Metric(
        "myelin_log_mended_bytes_total", .counter, .bytes, help: "Bytes of other replicas that mended damage.")
    public static let failedRepairs = Metric(
        "myelin_log_repair_failures_total", .counter,
        help: "Times that all other replicas of a damaged partition were asked and damage was left.")
    public static let scrubbedBytes = Metric(
        "myelin_scrub_verified_bytes_total", .counter, .bytes,
        help: "Stored bytes whose checksums the scrubber has verified.")
    public static let scrubPendingBytes = Metric(
        "myelin_scrub_pending_bytes", .gauge, .bytes,
        help: "Stored bytes that the pass under way has not verified yet; 0 between passes.")
    public static let scrubAge = Metric(
        "myelin_scrub_age_seconds", .greatestGauge, .seconds,
        help: "Time since the last whole pass of the scrubber began: no older byte was verified longer ago.")
    public static let scrubFaults = Metric(
        "myelin_scrub_faults_total", .counter, help: "Segments that the scrubber could not read to their end.")
    public static let retentionBytes = Metric(
        "myelin_log_retention_bytes_total", .counter, .bytes, help: "Bytes of the segments that retention removed.")
    public static let retentionSegments = Metric(
        "myelin_log_retention_segments_total", .counter, help: "Segments that retention removed.")
    public static let dirtyBytes = Metric(
        "myelin_log_dirty_bytes", .gauge, .bytes, ["topic", "partition"],
        help: "Bytes of closed segments of a compacted partition that no pass of compaction has met.")
    public static let cleanerPasses = Metric(
        "myelin_cleaner_passes_total", .counter, .one, ["outcome"],
        help: "Passes of compaction over a partition, by how they ended.")
    public static let cleanerReadBytes = Metric(
        "myelin_cleaner_read_bytes_total", .counter, .bytes, help: "Bytes that compaction read.")
    public static let cleanerWrittenBytes = Metric(
        "myelin_cleaner_written_bytes_total", .counter, .bytes, help: "Bytes of the segments that compaction wrote.")
    public static let cleanerRemovedRecords = Metric(
        "myelin_cleaner_removed_records_total", .counter,
        help: "Records that compaction left out because a newer one of their key exists.")
    public static let cleanerDuration = Metric(
        "myelin_cleaner_busy_seconds_total", .counter, .seconds, help: "Time that passes of compaction took.")
    public static let cleanerMapBytes = Metric(
        "myelin_cleaner_map_max_bytes", .gauge, .bytes, help: "Largest map from keys to offsets that a pass has used.")
    public static let uncleanablePartitions = Metric(
        "myelin_cleaner_uncleanable", .gauge, .one, ["topic", "partition"],
        help: "1 for a partition that is due and cannot be compacted; it is tried again.")

    // Replication.
    public static let underReplicated = Metric(
        "myelin_partitions_under_replicated", .gauge,
        help: "Partitions led here that have fewer in-sync replicas than replicas, those that a move adds left out.")
    public static let underMinInSync = Metric(
        "myelin_partitions_under_min_isr", .gauge,
        help: "Partitions led here that have fewer in-sync replicas than min.insync.replicas: acks=all is refused.")
    public static let atMinInSync = Metric(
        "myelin_partitions_at_min_isr", .gauge,
        help: "Partitions led here that have just min.insync.replicas in sync, and more replicas.")
    public static let offlinePartitions = Metric(
        "myelin_partitions_offline", .gauge, help: "Partitions with a replica here that nobody leads.")
    public static let ledPartitions = Metric("myelin_partitions_led", .gauge, help: "Partitions led here.")
    public static let reassigningPartitions = Metric(
        "myelin_partitions_reassigning", .gauge, help: "Partitions led here whose replicas are being moved.")
    public static let inSyncShrinks = Metric(
        "myelin_isr_shrinks_total", .counter, help: "In-sync sets that a leader here made smaller.")
    public static let inSyncExpands = Metric(
        "myelin_isr_expands_total", .counter, help: "In-sync sets that a leader here made larger.")
    public static let leaderElections = Metric(
        "myelin_leader_elections_total", .counter, help: "Times that a partition began to be led here.")
    public static let uncleanElections = Metric(
        "myelin_unclean_leader_elections_total", .counter,
        help: "Times that a partition began to be led here by an order that may have lost records.")
    public static let replicationSentBytes = Metric(
        "myelin_replication_sent_bytes_total", .counter, .bytes, help: "Record bytes sent to followers.")
    public static let replicationReceivedBytes = Metric(
        "myelin_replication_received_bytes_total", .counter, .bytes, help: "Record bytes received from leaders.")
    public static let followerLagRecords = Metric(
        "myelin_follower_lag_records", .greatestGauge, .one, ["follower"],
        help: "Records that a follower has not made durable, of the partition led here that is furthest behind.")
    public static let followerLagSeconds = Metric(
        "myelin_follower_lag_seconds", .greatestGauge, .seconds, ["follower"],
        help: "Time since a follower had all records, of the partition led here that is furthest behind.")
    public static let throttledTime = Metric(
        "myelin_replication_throttled_seconds_total", .counter, .seconds, ["follower"],
        help: "Time for which copying to a follower waited because of a replication quota.")
    public static let moveCopiedBytes = Metric(
        "myelin_move_copied_bytes_total", .counter, .bytes, ["direction"],
        help: "Record bytes copied to replicas that moves add, sent by their leaders and received by them.")
    public static let moveRate = Metric(
        "myelin_move_rate_bytes", .gauge, .bytes,
        help: "Bytes a second that this broker now copies at most to replicas that moves add.")
    public static let moveSlowdowns = Metric(
        "myelin_move_slowdowns_total", .counter, .one,
        help: "Times that this broker slowed copying for moves down because clients waited longer than usual.")

    // Groups.
    public static let transactionalIDs = Metric(
        "myelin_transactional_ids", .gauge, .one, ["state"], help: "Transactional ids, by state of their transaction.")
    public static let transactions = Metric(
        "myelin_transactions_total", .counter, .one, ["outcome"],
        help: "Transactions that have ended: committed, aborted, and of those timed_out.")
    public static let transactionMarkerBacklog = Metric(
        "myelin_transaction_marker_backlog", .gauge,
        help: "Decided transactions whose partitions do not all have their markers.")
    public static let oldestTransaction = Metric(
        "myelin_transaction_oldest_age_seconds", .greatestGauge, .seconds,
        help: "Age of the oldest transaction that is not complete; 0 without one.")
    public static let groups = Metric("myelin_groups", .gauge, .one, ["state"], help: "Consumer groups, by state.")
    public static let groupMembers = Metric("myelin_group_members", .gauge, help: "Members of consumer groups.")
    public static let rebalances = Metric(
        "myelin_group_rebalances_total", .counter, help: "Generations that consumer groups have completed.")
    public static let lagRecords = Metric(
        "myelin_group_lag_records", .gauge, .one, ["group", "topic", "partition"], seriesCountMax: 5_000,
        help: "Offsets from a group's committed offset to the high watermark.")
    public static let lagSeconds = Metric(
        "myelin_group_lag_seconds", .greatestGauge, .seconds, ["group", "topic", "partition"], seriesCountMax: 5_000,
        help: "Age of the first record that a group has not committed; 0 when it has committed all.")

    public static let lagLeftOut = Metric(
        "myelin_group_lag_left_out", .gauge, .one, ["what"],
        help:
            "Left out of this scrape: groups whose lag is missing in whole or part, times missing in lag_seconds only."
    )

    // The node.
    public static let metadataOffset = Metric(
        "myelin_metadata_log_end_offset", .greatestGauge, help: "Offset that the next metadata record gets.")
    public static let shardRounds = Metric(
        "myelin_shard_rounds_total", .counter, .one, ["shard"], help: "Rounds of work that a shard has ended.")
    public static let shardBacklog = Metric(
        "myelin_shard_mailbox_backlog", .gauge, .one, ["shard"], help: "Items that wait in a shard's mailbox now.")
    public static let unansweredShards = Metric(
        "myelin_scrape_unanswered_shards", .gauge,
        help: "Shards that did not answer this scrape in time: older numbers stand for theirs, and lags are missing.")
    public static let foldedSeries = Metric(
        "myelin_metric_series_folded", .gauge, .one, ["metric"],
        help: "Series beyond the limit of a metric, which are summed up under the label value other.")
    public static let suppressedLogLines = Metric(
        "myelin_log_lines_suppressed_total", .counter,
        help: "Log lines left out because their like was written within a second.")
    public static let residentBytes = Metric(
        "myelin_process_resident_memory_bytes", .gauge, .bytes, help: "Memory of the process that is in RAM.")
    public static let processorTime = Metric(
        "myelin_process_cpu_seconds_total", .counter, .seconds, ["mode"],
        help: "Processor time of the process, user and system.")
    public static let openDescriptors = Metric(
        "myelin_process_open_descriptors", .gauge, help: "File descriptors the process has open.")
    public static let startTime = Metric(
        "myelin_process_start_time_seconds", .greatestGauge, .seconds, help: "When the process started, since 1970.")
    public static let buildInfo = Metric(
        "myelin_build_info", .greatestGauge, .one, ["version", "commit", "disk"],
        help: "Always 1: what this node was built of, and the disk mechanism it runs on.")

    /// In the order of the export and of the documentation.
    public static let all: [Metric] = [
        requests, requestDuration, receivedBytes, sentBytes, connections, acceptedConnections, rejectedConnections,
        cutConnections, delayedConnections, heldRequestBytes, rejectedFrames, throttledRequests, throttleTime,
        mutedConnections, clientMetric, clientInstances, clientPushes, clientPushBytes, producedRecords, producedBytes,
        producedBatches, rejectedBatches, fetchedBytes,
        fetchSessions, waitingFetches, topics, partitions, logSize, logStartOffset, logEndOffset, logDirectoryState,
        logDirectoryFreeBytes, syncDuration, failedSyncs, appendedBytes, appendedRecords, readBytes, recoveryDuration,
        recoveryScannedBytes, recoveryCutBytes, damagedRanges, damagesFound, damagesMended, mendedBytes,
        failedRepairs, scrubbedBytes, scrubPendingBytes, scrubAge, scrubFaults, retentionBytes, retentionSegments,
        dirtyBytes, cleanerPasses, cleanerReadBytes, cleanerWrittenBytes, cleanerRemovedRecords, cleanerDuration,
        cleanerMapBytes, uncleanablePartitions,
        underReplicated, underMinInSync, atMinInSync, offlinePartitions, ledPartitions, reassigningPartitions,
        inSyncShrinks, inSyncExpands, leaderElections, uncleanElections, replicationSentBytes,
        replicationReceivedBytes, followerLagRecords, followerLagSeconds, throttledTime, moveCopiedBytes, moveRate,
        moveSlowdowns,
        transactionalIDs,
        transactions, transactionMarkerBacklog, oldestTransaction, groups, groupMembers,
        rebalances, lagRecords, lagSeconds, lagLeftOut, metadataOffset, shardRounds, shardBacklog, unansweredShards,
        foldedSeries, suppressedLogLines, residentBytes, processorTime, openDescriptors, startTime, buildInfo,
    ]
}
