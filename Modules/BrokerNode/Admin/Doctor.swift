// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import Groups
internal import Primitives
internal import Transactions
internal import StorageEngine
internal import Telemetry
internal import WireProtocol

/// One thing the doctor looks at. The name is stable: people filter and alert by it.
enum DoctorCheck: String, CaseIterable, Sendable {
    case logDirectory = "log-directory"
    case metadataLog = "metadata-log"
    case offlinePartitions = "offline-partitions"
    case underReplicatedPartitions = "under-replicated-partitions"
    case unopenedPartitions = "unopened-partitions"
    case damagedPartitions = "damaged-partitions"
    case scrub
    case uncleanablePartitions = "uncleanable-partitions"
    case groupCoordinators = "group-coordinators"
    case transactionCoordinators = "transaction-coordinators"
    case openTransactions = "open-transactions"
    case diskSpace = "disk-space"
    case syncLatency = "sync-latency"
    case diskMechanism = "disk-mechanism"
    case idleGroupLag = "idle-group-lag"
    case clock = "clock"
    case settingsWithoutEffect = "settings-without-effect"
    case unknownVariables = "unknown-variables"
    case quorum
    case fencedBrokers = "fenced-brokers"
    case unreachableBrokers = "unreachable-brokers"
    case underMinInSync = "under-min-in-sync"
    case singleCopies = "single-copies"
    case losses
    case clockSkew = "clock-skew"
    case leaderBalance = "leader-balance"

    /// About the cluster: looked at once, by the broker that is asked. The others are looked at by every broker for itself.
    var isOfCluster: Bool {
        switch self {
        case .offlinePartitions, .underReplicatedPartitions, .quorum, .fencedBrokers, .unreachableBrokers,
            .underMinInSync, .singleCopies, .losses, .clockSkew, .leaderBalance:
            true
        case .logDirectory, .metadataLog, .unopenedPartitions, .damagedPartitions, .scrub, .uncleanablePartitions,
            .groupCoordinators, .transactionCoordinators, .openTransactions, .diskSpace, .syncLatency, .diskMechanism,
            .idleGroupLag, .clock, .settingsWithoutEffect, .unknownVariables:
            false
        }
    }

    /// Part of the one verdict of `Health`; the others need reading records, or are advice.
    var decidesHealth: Bool {
        switch self {
        case .logDirectory, .metadataLog, .offlinePartitions, .underReplicatedPartitions, .unopenedPartitions,
            .damagedPartitions, .groupCoordinators, .transactionCoordinators, .diskSpace, .quorum, .fencedBrokers,
            .unreachableBrokers, .underMinInSync:
            true
        case .scrub, .uncleanablePartitions, .openTransactions, .syncLatency, .diskMechanism, .idleGroupLag, .clock,
            .settingsWithoutEffect, .unknownVariables, .singleCopies, .losses, .clockSkew, .leaderBalance:
            false
        }
    }
}

extension DoctorCheck {
    /// Needs facts that cost reads of records.
    var readsRecords: Bool { self == .idleGroupLag || self == .clock }
}

/// Turns facts into findings. Each finding says what is wrong, why it matters, and what to do.
struct Doctor {
    /// Clocks of machines that keep time differ by less.
    static let clockToleranceMilliseconds: Int64 = 300_000
    /// Room for one more segment of the default size (`log.segment.bytes`, 1 GiB), and for five.
    static let freeByteCountMin: Int64 = 1 << 30
    static let freeByteCountComfortable: Int64 = 5 << 30
    /// A 99th percentile above these: disks that write through take 1 to 20 ms.
    static let slowSyncNanoseconds: Int64 = 100_000_000
    static let verySlowSyncNanoseconds: Int64 = 1_000_000_000
    /// Fewer synchronizes make no percentile.
    static let syncCountMin: UInt64 = 100

    let facts: DoctorFacts

    func findings(of check: DoctorCheck) -> [Admin.Finding] {
        switch check {
        case .logDirectory: logDirectory()
        case .metadataLog: metadataLog()
        case .offlinePartitions: offlinePartitions()
        case .underReplicatedPartitions: underReplicatedPartitions()
        case .unopenedPartitions: unopenedPartitions()
        case .damagedPartitions: damagedPartitions()
        case .scrub: scrub()
        case .uncleanablePartitions: uncleanablePartitions()
        case .groupCoordinators: groupCoordinators()
        case .transactionCoordinators: transactionCoordinators()
        case .openTransactions: openTransactions()
        case .diskSpace: diskSpace()
        case .syncLatency: syncLatency()
        case .diskMechanism: diskMechanism()
        case .idleGroupLag: idleGroupLag()
        case .clock: clock()
        case .settingsWithoutEffect: settingsWithoutEffect()
        case .unknownVariables: unknownVariables()
        case .quorum: quorum()
        case .fencedBrokers: fencedBrokers()
        case .unreachableBrokers: unreachableBrokers()
        case .underMinInSync: underMinInSync()
        case .singleCopies: singleCopies()
        case .losses: losses()
        case .clockSkew: clockSkew()
        case .leaderBalance: leaderBalance()
        }
    }

    private var broker: String { "broker \(facts.view.node.id)" }
    private var folder: String { facts.view.node.dataDirectory }

    func finding(
        _ check: DoctorCheck, _ severity: Admin.Severity, _ subject: String, _ summary: String, _ remedy: String,
        command: String = ""
    ) -> Admin.Finding {
        .with {
            $0.check = check.rawValue
            $0.severity = severity
            $0.subject = subject
            $0.summary = summary
            $0.remedy = remedy
            $0.command = command
        }
    }
}

// MARK: Storage

extension Doctor {
    private func logDirectory() -> [Admin.Finding] {
        switch facts.view.directory {
        case .healthy: []
        case .full:
            [
                finding(
                    .logDirectory, .critical, broker,
                    "The disk of \(folder) is full: producers are refused, consumers are served.",
                    "Free space, or delete old records; appends are taken again within a second.",
                    command: "myelin topic list")
            ]
        case .failed:
            [
                finding(
                    .logDirectory, .critical, broker,
                    "A synchronize in \(folder) failed: nothing more is written, because the kernel may have dropped"
                        + " what it could not store.",
                    "Look at the kernel's log for the disk, replace it if need be, and restart the broker.",
                    command: "dmesg --level err,warn")
            ]
        }
    }

    private func metadataLog() -> [Admin.Finding] {
        guard let fault = facts.controllerFault else { return [] }
        return [
            finding(
                .metadataLog, .critical, "controller \(facts.view.node.id)",
                "The metadata log is out of service: \(fault.operation) of \(fault.target) failed with error"
                    + " \(fault.errno). Topics, settings and offsets cannot change.",
                "Repair the disk and restart the node.")
        ]
    }

    private func unopenedPartitions() -> [Admin.Finding] {
        let unopened = facts.shards.flatMap(\.unopened).sorted()
        let failed = facts.view.partitions.values.filter(\.isFailed).sorted { $0.id < $1.id }
        return unopened.map {
            finding(
                .unopenedPartitions, .critical, "partition \($0)",
                "The log of \($0) could not be opened: its records can be neither read nor written.",
                "The broker's log names the file and the error; repair it and restart the broker.")
        }
            + failed.map { state in
                let name = facts.view.place(of: state.id)
                return finding(
                    .unopenedPartitions, .critical, "partition \(name)",
                    "The log of \(name) is out of service after a fault of its disk: it takes no records.",
                    "Repair the disk and restart the broker.", command: "dmesg --level err,warn")
            }
    }

    private func damagedPartitions() -> [Admin.Finding] {
        facts.view.partitions.values.filter { !$0.damages.isEmpty }.sorted { $0.id < $1.id }.map(damaged)
    }

    private func damaged(_ state: PartitionState) -> Admin.Finding {
        let ranges = state.damages.map { "\($0.offsets.lowerBound) to \($0.offsets.upperBound - 1)" }
            .joined(separator: ", ")
        let name = facts.view.place(of: state.id)
        guard facts.view.image.partition(state.id)?.replicas.count ?? 1 == 1 else {
            return finding(
                .damagedPartitions, state.isLeader ? .critical : .error, "partition \(name)",
                "Records of \(name) are damaged on \(broker) at offsets \(ranges): they are not served, and are to be"
                    + " mended from another replica.",
                "If this stays, no other replica has them: look at the disks of all, and at docs/operations/restore.md.",
                command: "myelin partition list --topic \(facts.view.name(of: state.id.topic))")
        }
        // Behind the first damage; further damage is met, and told of, again.
        let resume = state.damages.map(\.offsets.upperBound).min() ?? .zero
        return finding(
            .damagedPartitions, .critical, "partition \(name)",
            "Records of \(name), which has one replica, are damaged at offsets \(ranges): consumers stop there.",
            "Restore the segment from a copy, or let groups skip the records.",
            command:
                "myelin group reset-offsets GROUP --topic \(facts.view.name(of: state.id.topic)):\(state.id.index) --to \(resume)"
        )
    }

    private func scrub() -> [Admin.Finding] {
        let age = facts.scrub.age(at: facts.view.wallClock)
        var findings: [Admin.Finding] = []
        if age > 2 * facts.scrubIntervalMilliseconds {
            findings.append(
                finding(
                    .scrub, .warning, broker,
                    "The stored bytes of \(broker) were last checked whole \(age / 3_600_000) h ago, and should be every"
                        + " \(facts.scrubIntervalMilliseconds / 3_600_000) h: damage would go unnoticed for longer.",
                    "Raise myelin.scrub.bytes.per.second, or myelin.scrub.interval.ms to what the disk can do.",
                    command: "myelin config explain myelin.scrub.bytes.per.second"))
        }
        if facts.scrub.faultCount > 0 {
            findings.append(
                finding(
                    .scrub, .error, broker,
                    "\(facts.scrub.faultCount) reads of the scrub failed on \(broker): the device does not give back what"
                        + " it stored.", "Look at the system's log and replace the disk.", command: "dmesg | tail"))
        }
        return findings
    }

    private func diskSpace() -> [Admin.Finding] {
        guard let free = facts.freeByteCount, free < Self.freeByteCountComfortable else { return [] }
        let severity: Admin.Severity = free < Self.freeByteCountMin ? .error : .warning
        return [
            finding(
                .diskSpace, severity, broker,
                "\(free >> 20) MiB are free for \(folder): when none is left, producers are refused.",
                "Free space, or shorten retention.ms of the largest topics.", command: "myelin topic list")
        ]
    }

    private func syncLatency() -> [Admin.Finding] {
        var counts = [UInt64](repeating: 0, count: Metric.histogramBounds.count + 1)
        for shard in facts.shards {
            for (bucket, count) in shard.synchronizeCounts.enumerated() { counts[bucket] += count }
        }
        let total = counts.reduce(0, +)
        guard total >= Self.syncCountMin else { return [] }
        var seen: UInt64 = 0
        let place = counts.firstIndex { count in
            seen += count
            return seen * 100 >= total * 99
        }
        // The true percentile lies below the bucket's bound and above the one before.
        guard let place, place > 0, Metric.histogramBounds[place - 1] >= Self.slowSyncNanoseconds else { return [] }
        let atLeast = Metric.histogramBounds[place - 1]
        return [
            finding(
                .syncLatency, atLeast >= Self.verySlowSyncNanoseconds ? .error : .warning, broker,
                "One of 100 synchronizes takes longer than \(atLeast / 1_000_000) ms (of \(total) so far): producers with"
                    + " acks=all wait for it.",
                "Give the data folder a disk with a protected write cache, and nothing else to do.",
                command: "myelin bench disk")
        ]
    }

    private func diskMechanism() -> [Admin.Finding] {
        guard case .threadsBecauseRingRefused(let errno)? = facts.diskChoice else { return [] }
        return [
            finding(
                .diskMechanism, .info, broker,
                "io_uring is refused with errno \(errno), so the disk is driven by threads, at a higher cost per write.",
                errno == 1
                    ? "Allow io_uring in the container's seccomp profile and in kernel.io_uring_disabled."
                    : "Use a kernel and memory limits that allow io_uring, or set myelin.disk.mechanism=threads.",
                command: "sysctl kernel.io_uring_disabled")
        ]
    }
}

// MARK: Partitions and groups

extension Doctor {
    private func offlinePartitions() -> [Admin.Finding] {
        facts.view.image.topicsByName().compactMap { topic in
            let offline = topic.partitions.indices.filter { topic.partitions[$0].isOffline }
            guard !offline.isEmpty else { return nil }
            return finding(
                .offlinePartitions, .critical, "topic \(topic.name)",
                "Partitions \(list(offline)) have no leader: they can be neither read nor written.",
                "Start the brokers that hold them.", command: "myelin partition list --offline")
        }
    }

    private func underReplicatedPartitions() -> [Admin.Finding] {
        facts.view.image.topicsByName().compactMap { topic in
            let behind = topic.partitions.indices.filter { topic.partitions[$0].isUnderReplicated }
            guard !behind.isEmpty else { return nil }
            return finding(
                .underReplicatedPartitions, .warning, "topic \(topic.name)",
                "Partitions \(list(behind)) have fewer in-sync replicas than they should: another failure may cost"
                    + " availability.",
                "Start the missing brokers.", command: "myelin partition list --under-replicated")
        }
    }

    func list(_ indices: [Int]) -> String {
        let shown = indices.prefix(10).map(String.init).joined(separator: ", ")
        return indices.count > 10 ? "\(shown) and \(indices.count - 10) more" : shown
    }

    private func uncleanablePartitions() -> [Admin.Finding] {
        facts.shards.flatMap(\.uncleanable).map { partition, reason in
            finding(
                .uncleanablePartitions, .warning, "partition \(partition)",
                "\(partition) cannot be compacted: \(reason). Its old records stay and take space.",
                "It is tried again by itself; repair what the reason names.", command: "myelin doctor --deep")
        }
    }

    private func groupCoordinators() -> [Admin.Finding] {
        let unloaded = facts.shards.flatMap(\.unloadedCoordinators).sorted()
        return unloaded.map {
            finding(
                .groupCoordinators, .error, "partition \(OffsetsTopic.name)-\($0)",
                "The group coordinator of \(OffsetsTopic.name)-\($0) is not loaded: its groups can neither join nor"
                    + " commit.",
                "Wait if the broker has just started; otherwise its log says why the partition cannot be replayed.")
        }
    }

    private func transactionCoordinators() -> [Admin.Finding] {
        facts.shards.flatMap(\.unloadedTransactionCoordinators).sorted().map {
            finding(
                .transactionCoordinators, .error, "partition \(TransactionStateTopic.name)-\($0)",
                "The transaction coordinator of \(TransactionStateTopic.name)-\($0) is not loaded: its producers can"
                    + " neither begin nor commit.",
                "Wait if the broker has just started; otherwise its log says why the partition cannot be replayed.")
        }
    }

    private func openTransactions() -> [Admin.Finding] {
        facts.shards.flatMap(\.overdueTransactions).sorted { $0.id < $1.id }.map { transaction in
            finding(
                .openTransactions, .warning, "transactional id \(transaction.id)",
                "The transaction of \(transaction.id) is \(transaction.state) past its time-out: those who read"
                    + " committed records wait behind it.",
                "See which partitions it holds open, and whether they have leaders.",
                command: "myelin txn describe \(transaction.id)")
        }
    }

    private func idleGroupLag() -> [Admin.Finding] {
        facts.idleGroups.map { group in
            finding(
                .idleGroupLag, .warning, "group \(group.id)",
                "Group \(group.id) has no members and \(group.recordLag) unread records, the oldest"
                    + " \(group.timeLagMilliseconds / 1_000) s old: retention may delete them before they are read.",
                "Start its consumers, or delete the group if nobody needs it.",
                command: "myelin group lag \(group.id)")
        }
    }

    private func clock() -> [Admin.Finding] {
        let now = facts.view.wallClock
        return facts.futureRecords.map { record in
            let ahead = (record.timestamp.rawValue - now.rawValue) / 1_000
            return finding(
                .clock, .warning, "partition \(record.partition)",
                "The youngest record of \(record.partition) is \(ahead) s ahead of the broker's clock: retention keeps it"
                    + " for too long, and lag in time is wrong.",
                "Compare the clocks of broker and producers; message.timestamp.after.max.ms refuses such records.",
                command: "timedatectl status")
        }
    }
}

// MARK: Settings

extension Doctor {
    private func settingsWithoutEffect() -> [Admin.Finding] {
        let view = facts.view
        let ofBroker = view.configs.brokerEntries()
            .filter { $0.definition.effect == .none && !$0.isDefault }.map { (broker, $0.name) }
        let ofTopics = view.image.topicsByName().flatMap { topic in
            view.image.configEntries(of: .topic(topic.name))
                .filter { SettingsTable.topic[$0.name]?.effect == SettingEffect.none }
                .map { ("topic \(topic.name)", $0.name) }
        }
        return (ofBroker + ofTopics).map { subject, name in
            finding(
                .settingsWithoutEffect, .info, subject,
                "\(name) is set and changes nothing: it is kept because clients send it.",
                "Remove it, so that nobody counts on it.", command: "myelin config explain \(name)")
        }
    }

    private func unknownVariables() -> [Admin.Finding] {
        facts.view.node.settings.unknownVariables.map {
            finding(
                .unknownVariables, .info, "variable \($0)",
                "The environment variable \($0) names no setting: it has no effect.",
                "Correct its name or remove it.", command: "myelin config list")
        }
    }
}
