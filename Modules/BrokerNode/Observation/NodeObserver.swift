// SPDX-License-Identifier: Apache-2.0

internal import Primitives
internal import StorageEngine
import Synchronization
internal import Telemetry
internal import Transport

/// Gathers the numbers of all shards of a node, and keeps the last ones of each.
final class NodeObserver: Sendable {
    /// What one scrape leaves for the next.
    private struct Memory: Sendable {
        var numbers: [ShardNumbers?]
        var recordTimes: [RecordPlace: Timestamp] = [:]
    }

    /// Longest that a scrape waits for the shards; a scraper of Prometheus gives up after ten seconds.
    static let scrapeMilliseconds: Int64 = 5_000

    /// The ways to the other brokers, for all who ask them.
    let peers: PeerBrokers
    private let node: NodeID
    private let shards: ShardSet
    private let scrubber: Scrubber
    private let clientMetrics: ClientMetricsBoard
    private let dataDirectory: String
    private let diskMechanism: String
    private let lagLimits: LagSurvey.Limits
    private let memory: Mutex<Memory>

    init(
        shards: ShardSet, identity: BrokerIdentity, scrubber: Scrubber, diskMechanism: String,
        lagLimits: LagSurvey.Limits = .init()
    ) {
        self.shards = shards
        self.scrubber = scrubber
        node = identity.id
        peers = PeerBrokers(identity: identity, loop: shards.loops[BrokerShard.controllerShard])
        clientMetrics = identity.clientMetrics
        dataDirectory = identity.dataDirectory
        self.diskMechanism = diskMechanism
        self.lagLimits = lagLimits
        memory = Mutex(Memory(numbers: Array(repeating: nil, count: shards.loops.count)))
    }

    /// Every metric of the catalogue.
    func metrics(
        of process: ProcessFacts, withinMilliseconds milliseconds: Int64 = scrapeMilliseconds
    ) async -> MetricSet {
        let deadline = ContinuousClock.now + .milliseconds(milliseconds)
        let fresh = await shards.each { await self.shards.numbers(of: $0, by: deadline) }
        let survey = LagSurvey(
            shards: shards, peers: peers, node: node, limits: lagLimits, deadline: deadline,
            knownTimes: memory.withLock { $0.recordTimes })
        let lag = await survey.report()
        let numbers = memory.withLock { memory in
            memory.recordTimes = lag.times
            for (index, numbers) in fresh.enumerated() { memory.numbers[index] = numbers ?? memory.numbers[index] }
            return memory.numbers.compactMap(\.self)
        }
        var set = MetricSet()
        add(numbers, to: &set)
        lag.add(to: &set, at: shards.loops[0].wallClock)
        clientMetrics.add(to: &set, at: shards.loops[0].now)
        scrub.add(to: &set, at: shards.loops[0].wallClock)
        let unanswered = lag.unansweredShards.union(fresh.indices.filter { fresh[$0] == nil })
        set.add(Int64(unanswered.count), to: MetricCatalogue.unansweredShards)
        set.add(process.suppressedLogLineCount(), to: MetricCatalogue.suppressedLogLines)
        set.add(1, to: MetricCatalogue.buildInfo, process.version, process.commit, diskMechanism)
        ProcessNumbers.read(into: &set)
        return set
    }

    /// What the scrubber has done so far, and how often it is to do it.
    var scrub: ScrubNumbers { scrubber.numbers.withLock { $0 } }
    var scrubIntervalMilliseconds: Int64 { scrubber.intervalMilliseconds }

    private func add(_ numbers: [ShardNumbers], to set: inout MetricSet) {
        for evidence in LogDamage.Evidence.allKinds { set.add(0, to: MetricCatalogue.damagedRanges, evidence.label) }
        for shard in numbers { shard.add(to: &set, dataDirectory: dataDirectory) }
        // Where series are folded, the same ones are kept each time.
        let partitions = numbers.flatMap(\.partitions).sorted { ($0.topic, $0.index) < ($1.topic, $1.index) }
        for partition in partitions { partition.add(to: &set) }
    }
}

extension LagReport {
    func add(to set: inout MetricSet, at wall: Timestamp) {
        for lag in lags {
            let position = lag.position
            let partition = String(position.partition.index.rawValue)
            set.add(lag.recordCount, to: MetricCatalogue.lagRecords, position.group, position.topic, partition)
            guard let milliseconds = lag.time.milliseconds(at: wall) else { continue }
            // 1970 is 56 years ago: the product fits by far.
            set.add(
                milliseconds * 1_000_000, to: MetricCatalogue.lagSeconds, position.group, position.topic, partition)
        }
        set.add(Int64(leftOutGroupCount), to: MetricCatalogue.lagLeftOut, "groups")
        set.add(Int64(leftOutTimeCount), to: MetricCatalogue.lagLeftOut, "times")
    }
}
