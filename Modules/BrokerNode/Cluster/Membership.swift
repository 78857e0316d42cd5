// SPDX-License-Identifier: Apache-2.0

internal import ControllerNode
package import Coordinator
internal import Primitives
internal import StorageEngine

/// Keeps this broker a member of its cluster: registers it, says regularly that it lives, and takes its leave.
///
/// Runs on the shard that has the way to the controller. A registration lasts as long as the process, unless somebody else
/// takes the broker's id or the cluster forgets the broker: then it registers again.
/// - SeeAlso: docs/decisions/0013-elections-and-in-sync-sets.md; KIP-631, KIP-841
package final class Membership {
    /// Why the controller will not have this broker, in words that say what to do.
    package struct Refusal: Error, Sendable {
        package let description: String
    }

    /// A broker that leaves and hears of no controller for so long goes without.
    private static let silenceMilliseconds: Int64 = 5_000
    /// Between two attempts to register.
    private static let retryMilliseconds: Int64 = 200
    /// Another process with this id may just have been killed: its session has to end first. One that lives longer than
    /// this is not going to.
    private static let duplicatePatienceMilliseconds: Int64 = 15_000
    /// An answer that takes longer is not waited for: the next heartbeat is sent.
    private static let answerMilliseconds: Int64 = 1_000

    private unowned let shard: BrokerShard
    private let base: RegisterBroker
    private let health: DiskHealth
    private var rpc: RPCEndpoint?
    package private(set) var epoch: BrokerEpoch?
    private var joining: [(Result<Void, Refusal>) -> Void] = []
    private var leaving: [() -> Void] = []
    private var duplicateSince: Instant?
    /// A controller has answered since this broker began to leave.
    private var hasHeard = false
    private var isStarted = false
    private var hasLeft = false
    /// When the heartbeat was sent that has no answer yet.
    private var beatSince: Instant?
    private var loads = LoadReporter()
    private var isMeasuring = false
    private let pacer: MovePacer

    package init(shard: BrokerShard, registration: RegisterBroker) {
        self.shard = shard
        base = registration
        health = DiskHealth(shard: shard)
        pacer = MovePacer(shard: shard)
    }

    /// Registers the broker; `done` is called when it may lead partitions, or will never be allowed to.
    ///
    /// - Parameter rpc: Where other nodes reach it; nil while it is not known. Called again with an address, it tells the
    ///   cluster.
    package func join(rpc: RPCEndpoint?, done: @escaping (Result<Void, Refusal>) -> Void) {
        joining.append(done)
        guard !isStarted || rpc != self.rpc else { return settle() }
        self.rpc = rpc
        isStarted = true
        register()
    }

    /// Hands everything over; `done` is called when the cluster does without this broker, or has had the time to.
    package func leave(withinMilliseconds milliseconds: Int64, done: @escaping () -> Void) {
        guard isStarted, epoch != nil, !hasLeft else { return done() }
        leaving.append(done)
        shard.schedule(afterMilliseconds: milliseconds) { [weak self] in self?.left() }
        shard.schedule(afterMilliseconds: Self.silenceMilliseconds) { [weak self] in
            guard let self, !hasHeard else { return }
            shard.logger.warning("no controller answers: stopping without being let go")
            left()
        }
        sendHeartbeat()
    }

    // MARK: Registration

    private func register() {
        guard !hasLeft else { return }
        var registration = base
        registration.rpc = rpc
        registration.time = shard.wallClock
        shard.command(registration) { [weak self] result in
            guard let self, !hasLeft else { return }
            switch result {
            case .success(.success(let epoch)): registered(epoch)
            case .success(.failure(.duplicateID)): waitForTheOther()
            case .success(.failure(let refusal)): refuse(Refusal(description: "\(refusal)"))
            case .failure(let failure):
                shard.logger.warning("the broker is not registered yet: \(failure)", limitedBy: "registration")
                registerLater()
            }
        }
    }

    private func registerLater() {
        shard.schedule(afterMilliseconds: Self.retryMilliseconds) { [weak self] in self?.register() }
    }

    private func registered(_ epoch: BrokerEpoch) {
        duplicateSince = nil
        let isFirst = self.epoch == nil
        self.epoch = epoch
        if !isFirst { shard.logger.notice("registered again, with epoch \(epoch)", limitedBy: "registration") }
        if isFirst {
            tick()
            measureLoads()
            pacer.begin()
        }
        sendHeartbeat()
    }

    private func waitForTheOther() {
        let since = duplicateSince ?? shard.now
        duplicateSince = since
        guard shard.now < since.advanced(byMilliseconds: Self.duplicatePatienceMilliseconds) || epoch != nil else {
            return refuse(
                Refusal(
                    description:
                        "another process is broker \(shard.node.id) and alive: stop it, or give this one another node.id"
                ))
        }
        shard.logger.warning(
            "another process was broker \(shard.node.id) a moment ago: waiting for its session to end",
            limitedBy: "registration")
        registerLater()
    }

    private func refuse(_ refusal: Refusal) {
        shard.logger.critical("the cluster refuses this broker: \(refusal.description)")
        let waiting = joining
        joining = []
        for done in waiting { done(.failure(refusal)) }
    }

    // MARK: Heartbeats

    private func tick() {
        let interval = Int64(shard.node.settings[.brokerHeartbeatIntervalMilliseconds])
        shard.schedule(afterMilliseconds: interval) { [weak self] in
            guard let self, !hasLeft else { return }
            sendHeartbeat()
            tick()
        }
    }

    private func sendHeartbeat() {
        guard let epoch, !hasLeft else { return }
        if let beatSince, shard.now < beatSince.advanced(byMilliseconds: Self.answerMilliseconds) { return }
        health.look()
        let sent = shard.now
        beatSince = sent
        let heartbeat = BrokerHeartbeat(
            broker: shard.node.id, epoch: epoch, metadataOffset: shard.imageOffset, wantsFence: !health.isGood,
            wantsShutdown: !leaving.isEmpty, loads: loads.next)
        shard.controllerPort?.submit(heartbeat) { [weak self] result in
            guard let self, !hasLeft else { return }
            let isLatest = beatSince == sent
            if isLatest { beatSince = nil }
            switch result {
            case .success(.success(let standing)):
                if let report = heartbeat.loads { loads.acknowledged(report) }
                if standing.wantsLoads == true { loads.forgotten() }
                answered(standing)
            case .success(.failure(let refusal)):
                shard.logger.warning("registering again: \(refusal)", limitedBy: "registration")
                if isLatest { register() }
            case .failure(let failure):
                shard.logger.warning("no controller takes the heartbeat: \(failure)", limitedBy: "heartbeat")
                // Nobody can take over now, and nobody can be told.
                if !leaving.isEmpty { left() }
            }
        }
    }

    /// Asks the shards three times between two looks of the balancer what the partitions cost that are led here.
    private func measureLoads() {
        let interval = max(100, Int64(shard.configs.settings[.balanceIntervalMilliseconds]) / 3)
        shard.schedule(afterMilliseconds: interval) { [weak self] in
            guard let self, !hasLeft else { return }
            measureLoads()
            guard !isMeasuring else { return }
            isMeasuring = true
            shard.askAll({ shard, reply in reply(shard.measureLoads()) }) { [weak self] (found: [[PartitionLoad]]) in
                self?.isMeasuring = false
                self?.loads.measured(found.flatMap(\.self))
            }
        }
    }

    private func answered(_ standing: BrokerStanding) {
        hasHeard = !leaving.isEmpty
        if standing.shouldShutDown, !leaving.isEmpty { return left() }
        settle()
        // The image that lifts the fence may come a moment later than the answer.
        guard standing.isFenced || !joining.isEmpty || !leaving.isEmpty else { return }
        shard.schedule(afterMilliseconds: 20) { [weak self] in self?.goOn() }
    }

    private func goOn() {
        guard !hasLeft, !joining.isEmpty || !leaving.isEmpty else { return }
        sendHeartbeat()
    }

    /// Tells who waits for the membership when every shard works on it.
    private func settle() {
        guard shard.isMember, !joining.isEmpty else { return }
        let waiting = joining
        joining = []
        shard.askAll({ shard, reply in reply(shard.prepareProducerIDs()) }) { (_: [Void]) in
            for done in waiting { done(.success(())) }
        }
    }

    private func left() {
        guard !hasLeft else { return }
        hasLeft = true
        let waiting = leaving
        leaving = []
        for done in waiting { done() }
    }
}

extension BrokerShard {
    /// Whether the metadata of this shard knows this start of the broker, and lets it lead.
    var isMember: Bool { isRegistered && image.broker(node.id)?.isFenced == false }
}

/// Whether the disk of this broker does its work: one that fails or hangs must not keep partitions from being led.
final class DiskHealth {
    /// A synchronize, or a shard that waits for the disk, may take this long.
    static let patienceMilliseconds: Int64 = 5_000

    private unowned let shard: BrokerShard
    private var askedAt: Instant?
    private var hasStalled = false

    init(shard: BrokerShard) { self.shard = shard }

    /// As of the last look.
    var isGood: Bool { shard.directory != .failed && !hasStalled && !isUnanswered }

    private var isUnanswered: Bool {
        askedAt.map { shard.now >= $0.advanced(byMilliseconds: Self.patienceMilliseconds) } ?? false
    }

    /// Asks all shards; what they say counts at the next look. One that does not answer waits for the disk.
    func look() {
        guard askedAt == nil else { return }
        askedAt = shard.now
        shard.askAll({ shard, reply in reply(shard.hasStalledSynchronize) }) { [weak self] (stalled: [Bool]) in
            self?.askedAt = nil
            self?.hasStalled = stalled.contains(true)
        }
    }
}

extension BrokerShard {
    fileprivate var hasStalledSynchronize: Bool {
        guard let since = oldestSynchronize else { return false }
        return now >= since.advanced(byMilliseconds: DiskHealth.patienceMilliseconds)
    }
}
