// SPDX-License-Identifier: Apache-2.0

package import ControllerNode
package import Coordinator
internal import KafkaProtocol
package import Primitives
internal import RecordBatch
package import StorageEngine
internal import Transport

/// One shard of a broker: the partitions, groups, connections and disk that one thread owns.
///
/// Everything here runs on the shard's loop, in rounds (docs/decisions/0001-shards-and-asking.md). Other shards are
/// reached by `ask` only.
package final class BrokerShard {
    package let index: Int
    let node: BrokerIdentity
    let limits: BrokerLimits
    let disk: any Disk
    let driver: any ShardDriver
    let logger: EventLog
    /// Present on the shard that runs the controller.
    var controller: MetadataController?
    /// The way to the active controller, present on the same shard of every broker.
    package var controllerPort: (any ControllerPort)?
    /// On the same shard: what keeps the broker in the cluster.
    package var membership: Membership?
    /// On the same shard, unless `log.cleaner.enable` says no.
    var cleaner: Cleaner?
    /// Present on the same shard: what is in the data folder, and whether it takes writes.
    var logDirectory: LogDirectory?
    /// The metadata this shard works on, and the offset of the first record that is not in it.
    package internal(set) var image = MetadataImage()
    var imageOffset = Offset.zero
    var configs: EffectiveConfigs
    var brokerEpoch = BrokerEpoch(-1)
    /// The node is stopping: whoever waits is answered with what there is.
    private(set) var isDraining = false
    var writer = ByteWriter(capacity: 64 << 10)
    /// Memory of the answers to produce requests for one partition, as most are.
    var singleAnswer = ProduceResponse.single
    package internal(set) var partitions: [PartitionID: Partition] = [:]
    var groups: [PartitionIndex: GroupShell] = [:]
    /// Of the partitions of `__loss_manifest` that this shard leads.
    var lossLedgers: [PartitionID: LossLedger] = [:]
    var transactions: [PartitionIndex: TransactionShell] = [:]
    /// Calls to other brokers, for coordinators and leaders of transactions; none in a node without RPC.
    var peerCalls: PeerCalls?
    var sessions: FetchSessions
    var directory = DirectoryHealth.healthy
    var entropy: Entropy
    var metrics = ShardMetrics()
    /// Producer ids of this shard that nobody has yet.
    var producerIDs: Range<Int64> = 0..<0
    var producerIDWaiters: [(Result<ProducerID, ProducerIDRefusal>) -> Void] = []
    let codecs = CodecWorkspace()
    /// Whether any user or client id has a quota: while none has, quotas cost this one look.
    var hasQuotas = false
    /// Counts changes of quotas.
    var quotaGeneration: UInt64 = 0
    let quotaWindows: QuotaWindows
    /// What clients are asked to measure, as the metadata has it.
    var clientSubscriptions: [ClientMetricsSubscription] = []
    /// Pushes expand to four times their largest size at most.
    private(set) lazy var telemetryDecompressor = Decompressor(
        limits: DecompressionLimits(outputBytesMax: 4 * limits.telemetryByteCountMax))
    /// On the controller's shard: what takes connections in, once it does.
    var listener: FrameListener?
    /// Connections that are not read because of a quota.
    var mutedConnections: [ObjectIdentifier: KafkaConnection] = [:]
    package private(set) lazy var replicator = Replicator(shard: self)
    private(set) lazy var lossReports = LossReports(shard: self)
    package private(set) lazy var repairer = Repairer(shard: self)
    private(set) lazy var catchUps = CatchUps(shard: self)

    private var timers = Timers()
    private var diskWaiters: [DiskTicket: (DiskCompletion.Outcome) -> Void] = [:]
    private var lastTicket: UInt64 = 0
    private var lastWatch: UInt64 = 0
    private var dirty: [Partition] = []
    /// Memory that takes turns with `dirty`, so that a round does not allocate.
    private var writing: [Partition] = []
    private var unsynchronized: [Partition] = []
    /// Memory that takes turns with `unsynchronized`.
    private var synchronizable: [Partition] = []
    /// Partitions with written records that nobody waits for; `sweep` makes them durable.
    private var lazilySynchronized: [Partition] = []
    /// When each synchronize in flight began.
    private var synchronizing: [DiskTicket: Instant] = [:]
    /// For when the round is scheduled in which the controller looks at the clock.
    private var controllerDeadline: Instant?
    private var outboxes: [[ShardWork]]
    private var completions: [DiskCompletion] = []

    package init(
        index: Int, node: BrokerIdentity, limits: BrokerLimits, disk: any Disk, driver: any ShardDriver,
        entropy: Entropy, logger: EventLog
    ) {
        self.index = index
        self.node = node
        self.limits = limits
        self.disk = disk
        self.driver = driver
        self.entropy = entropy
        self.logger = logger
        configs = EffectiveConfigs(settings: node.settings, image: image, node: node.id)
        sessions = FetchSessions(limits: limits.sessions, entropy: self.entropy.split())
        quotaWindows = QuotaWindows(node.settings)
        outboxes = Array(repeating: [], count: node.shardCount)
    }

    var now: Instant { driver.now }
    var wallClock: Timestamp { driver.wallClock }
}

// MARK: Asking other shards

extension BrokerShard {
    /// The shard that owns a partition: neighbours in a topic lie on neighbouring shards, so each topic is spread evenly.
    func shard(of partition: PartitionID) -> Int {
        let mixed = (partition.topic.low ^ partition.topic.high) &* 0x9e37_79b9_7f4a_7c15
        return Int((mixed >> 32 &+ UInt64(UInt32(bitPattern: partition.index.rawValue))) % UInt64(node.shardCount))
    }

    /// Puts a question to a shard; `continuation` gets the answer here, in this round when the shard is this one.
    ///
    /// Questions from one shard to another arrive in the order they were asked.
    func ask<Answer: Sendable>(
        _ target: Int, _ question: @escaping @Sendable (BrokerShard, @escaping (Answer) -> Void) -> Void,
        then continuation: @escaping (Answer) -> Void
    ) {
        guard target != index else { return question(self, continuation) }
        let home = index
        let carried = LoopConfined(Continuation(run: continuation), home: home)
        let work = ShardWork { shard in
            question(shard) { answer in
                shard.outboxes[home].append(ShardWork { origin in carried.value(on: origin).run(answer) })
            }
        }
        outboxes[target].append(work)
    }

    /// Puts the same question to every shard; the answers come in the order of the shards.
    func askAll<Answer: Sendable>(
        _ question: @escaping @Sendable (BrokerShard, @escaping (Answer) -> Void) -> Void,
        then continuation: @escaping ([Answer]) -> Void
    ) {
        let gathered = Gathering<Answer>(count: node.shardCount, then: continuation)
        for target in 0..<node.shardCount {
            ask(target, question) { gathered.set($0, at: target) }
        }
    }
}

/// Who waits for an answer. In a structure, as `ShardWork`.
private struct Continuation<Answer> {
    let run: (Answer) -> Void
}

/// Collects a known number of answers that come in any order.
final class Gathering<Answer> {
    private var answers: [Answer?]
    private var missing: Int
    private let continuation: ([Answer]) -> Void

    init(count: Int, then continuation: @escaping ([Answer]) -> Void) {
        answers = Array(repeating: nil, count: count)
        missing = count
        self.continuation = continuation
    }

    func set(_ answer: Answer, at place: Int) {
        precondition(answers[place] == nil, "answer \(place) came twice")
        answers[place] = answer
        missing -= 1
        if missing == 0 { continuation(answers.compactMap(\.self)) }
    }
}

// MARK: Rounds

extension BrokerShard {
    /// Runs work that other shards posted.
    package func receive(_ work: [ShardWork]) {
        for item in work { item.run(self) }
    }

    /// Takes what the disk finished.
    package func diskCompleted() {
        var taken: [DiskCompletion] = []
        swap(&taken, &completions)
        disk.takeCompletions(into: &taken)
        for completion in taken { diskWaiters.removeValue(forKey: completion.ticket)?(completion.outcome) }
        taken.removeAll(keepingCapacity: true)
        completions = taken
    }

    /// Runs the timers that are due.
    package func timePassed() {
        let now = driver.now
        while let action = timers.takeDue(at: now) { action() }
    }

    /// Ends a round: one write per partition, one synchronize per file, one hand-over per neighbour. The loop then flushes
    /// each connection that was written to, once.
    package func endRound() {
        turnController()
        writeDirtyPartitions()
        replicator.endRound()
        beginSynchronizing()
        disk.flushSubmissions()
        for target in outboxes.indices where !outboxes[target].isEmpty {
            // The memory leaves with the work; the next round is likely to have as much.
            var work: [ShardWork] = []
            work.reserveCapacity(outboxes[target].count)
            swap(&work, &outboxes[target])
            driver.post(work, to: target)
        }
        if let deadline = timers.nextDeadline { driver.wake(at: deadline) }
    }

    /// Makes sure that what was staged in `partition` is written when the round ends.
    func markDirty(_ partition: Partition) { dirty.append(partition) }

    /// Makes sure that a synchronize of `partition` is considered when the round ends: somebody began to wait.
    func markAwaited(_ partition: Partition) {
        if partition.needsSynchronize { unsynchronized.append(partition) }
    }

    /// Lets the controller, where it runs here, decide what waits.
    private func turnController() {
        guard let controller else { return }
        if controller.hasWork || controller.nextDeadline <= now { controller.turn(at: wallClock, now: now) }
        scheduleController()
    }

    /// Lets the controller take what its disk finished.
    func controllerDiskCompleted() { controller?.turn(at: wallClock, now: now) }

    /// Makes sure that a round ends when the controller has something to do by the clock.
    private func scheduleController() {
        guard let deadline = controller?.nextDeadline, deadline != controllerDeadline else { return }
        controllerDeadline = deadline
        guard deadline != .distantFuture else { return }
        schedule(at: deadline) { [self] in if controllerDeadline == deadline { controllerDeadline = nil } }
    }

    /// The node is stopping: ends long polls and hands groups and transactions over.
    package func beginDraining() {
        isDraining = true
        for shell in groups.sorted(by: { $0.key < $1.key }).map(\.value) { shell.resign() }
        for shell in transactions.sorted(by: { $0.key < $1.key }).map(\.value) { shell.resign() }
        for partition in partitions.values { partition.wakeWatchers() }
    }

    /// The loop is gone: whoever waits is let go unanswered, and with them what they hold, such as this shard.
    package func abandon() {
        timers = Timers()
        (diskWaiters, producerIDWaiters) = ([:], [])
        outboxes = Array(repeating: [], count: node.shardCount)
        (partitions, groups, transactions, lossLedgers) = ([:], [:], [:], [:])
        (dirty, unsynchronized, lazilySynchronized, mutedConnections) = ([], [], [], [:])
        (membership, controllerPort, controller, cleaner) = (nil, nil, nil, nil)
        replicator.links = nil
        repairer.reader = nil
    }

    private func writeDirtyPartitions() {
        // Answers may stage more, as a group's does; a second pass takes those.
        while !dirty.isEmpty {
            swap(&dirty, &writing)
            for partition in writing {
                if let fault = partition.writeStaged(on: disk, at: now) { noteFault(fault) }
                if partition.needsSynchronize { unsynchronized.append(partition) }
            }
            writing.removeAll(keepingCapacity: true)
        }
    }

    /// Submits a synchronize for each partition where somebody waits for one; the others follow with the next sweep.
    private func beginSynchronizing() {
        guard !unsynchronized.isEmpty else { return }
        swap(&unsynchronized, &synchronizable)
        for partition in synchronizable {
            synchronize(partition, isOverdue: false)
            guard partition.needsSynchronize else { continue }
            if lazilySynchronized.isEmpty {
                schedule(afterMilliseconds: limits.lazySynchronizeMilliseconds) { [self] in sweep() }
            }
            lazilySynchronized.append(partition)
        }
        synchronizable.removeAll(keepingCapacity: true)
    }

    /// Makes durable what producers with acks=0 or 1 wrote, though nobody waits for it.
    private func sweep() {
        let round = lazilySynchronized
        lazilySynchronized.removeAll(keepingCapacity: true)
        for partition in round { synchronize(partition, isOverdue: true) }
    }

    func synchronize(_ partition: Partition, isOverdue: Bool) {
        let ticket = nextTicket()
        guard partition.beginSynchronize(on: disk, ticket: ticket, isOverdue: isOverdue) else { return }
        let start = driver.now
        synchronizing[ticket] = start
        awaitDisk(ticket) { [self] outcome in
            synchronizing[ticket] = nil
            let nanoseconds = driver.now.nanoseconds - start.nanoseconds
            if case .failed(let fault) = outcome {
                metrics.synchronized(afterNanoseconds: nanoseconds, failed: true)
                partition.synchronizeCompleted(ticket, fault: fault)
                noteFault(.failed(fault))
            } else {
                metrics.synchronized(afterNanoseconds: nanoseconds, failed: false)
                partition.synchronizeCompleted(ticket, fault: nil)
            }
            if partition.needsSynchronize { unsynchronized.append(partition) }
            checkpointIfDue(partition)
        }
    }
}

// MARK: Disk and time

extension BrokerShard {
    func nextTicket() -> DiskTicket {
        lastTicket += 1
        return DiskTicket(lastTicket)
    }

    /// A number that names one watcher of partitions on this shard.
    func nextWatch() -> UInt64 {
        lastWatch += 1
        return lastWatch
    }

    /// Calls `continuation` when the operation submitted under `ticket` has finished.
    func awaitDisk(_ ticket: DiskTicket, _ continuation: @escaping (DiskCompletion.Outcome) -> Void) {
        diskWaiters[ticket] = continuation
    }

    /// Runs `action` at `deadline` or soon after, never before.
    @discardableResult
    func schedule(at deadline: Instant, _ action: @escaping () -> Void) -> TimerID {
        timers.set(at: deadline, action)
    }

    @discardableResult
    func schedule(afterMilliseconds milliseconds: Int64, _ action: @escaping () -> Void) -> TimerID {
        schedule(at: driver.now.advanced(byMilliseconds: milliseconds), action)
    }

    func cancel(_ timer: TimerID) { timers.cancel(timer) }

    var timerCount: Int { timers.count }

    /// Since when the disk owes a synchronize; nil when none is in flight.
    var oldestSynchronize: Instant? { synchronizing.values.min() }
}
