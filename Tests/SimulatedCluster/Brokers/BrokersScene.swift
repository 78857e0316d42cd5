// SPDX-License-Identifier: Apache-2.0

import BrokerNode
import ControllerNode
import Coordinator
import Primitives
import RecordBatch
import Replication
import Simulation
import StorageEngine
import WireProtocol

#if canImport(Glibc)
    import Glibc
#endif

/// Brokers and controllers as they run, and clients that produce and consume with Kafka's protocol.
///
/// Nothing of them is replaced but sockets, threads and the disk. So they are held to what their clients see, and to what
/// their logs hold in the end.
package final class BrokersScene: Scene, ControllerHost {
    static let topic = "payments"

    package let world: World
    package let network: Network
    let quorum: ControllerQuorum
    private let metadata: MetadataChecker
    let ids: [NodeID]
    private var brokerMachines: [Machine] = []
    private var brokers: [NodeID: SimulatedBroker] = [:]
    package var machines: [Machine] { quorum.machines + brokerMachines }
    /// As of the newest publication of any controller.
    private var image = MetadataImage()
    private var imageEnd = Offset.zero

    let shardCount: Int
    let inFlightByteCountMax: Int
    /// Of one value in eight; the others are small.
    let valueByteCountMax: Int
    private let partitionCount: Int32
    private let segmentMilliseconds: Int
    /// The one whose disk may be damaged; nil in runs in which none is.
    private let victim: NodeID?
    /// One of its logs is to lose its end.
    private var isShortening = false
    /// How many synchronizes of a machine had failed when its power was cut last.
    private var failedSynchronizes: [NodeID: Int] = [:]

    private var histories: [RecordHistory] = []
    private var producers: [KafkaProducer] = []
    private var readers: [KafkaReader] = []
    private var producerIDs: Set<ProducerID> = []
    private var audit: LogAudit?

    var settings: BrokerSettings { quorum.settings }

    package init(world: World, network: Network) {
        self.world = world
        self.network = network
        metadata = MetadataChecker(world: world)
        ids = (1...Int32(world.options.brokerCount)).map { NodeID($0) }
        shardCount = world.streams.workload.pick([1, 2, 2, 3])
        inFlightByteCountMax = world.streams.workload.pick([1, 10_000, 1 << 20])
        valueByteCountMax = world.streams.workload.pick([300, 300, 300, 50_000])
        partitionCount = Int32(world.streams.workload.number(in: 1...3))
        segmentMilliseconds = world.streams.workload.pick([500, 5_000, 3_600_000])
        // Who moves may leave the only whole replica behind.
        let mayDamage = !world.options.faults.contains(.reassignment)
        victim = mayDamage ? world.streams.workload.pick(ids) : nil
        quorum = ControllerQuorum(
            world: world, network: network, voterCount: min(3, world.options.voterCount), spareCount: 1,
            flags: [
                "min.insync.replicas": "\(world.streams.workload.pick([1, 2, 2]))",
                "replica.lag.time.max.ms": "\(world.streams.workload.pick([1_000, 5_000]))",
                "myelin.clock.skew.max.ms": "1000000000000",
                "myelin.metadata.snapshot.records": "\(world.streams.workload.pick([20, 1000]))",
            ], limits: RaftLimits())
        quorum.host = self
        for id in ids { addMachine(id) }
    }

    private func addMachine(_ id: NodeID) {
        let machine = Machine(world: world, network: network, address: address(id))
        machine.start = { [unowned self, unowned machine] process, disk in
            if disk.faults.failedSynchronizes > failedSynchronizes[id, default: 0] {
                // Whoever finds a failed synchronize starts the machine anew: its cache shows what the disk lacks.
                disk.cutPower()
                disk.restart()
            }
            failedSynchronizes[id] = disk.faults.failedSynchronizes
            do throws(DiskFault) {
                let broker = try SimulatedBroker(process: process, disk: disk, id: id, scene: self)
                brokers[id] = broker
                machine.diskCompleted = { broker.diskCompleted() }
                broker.begin()
            } catch { failed(process, error) }
        }
        brokerMachines.append(machine)
    }

    // MARK: Who is where

    func address(_ id: NodeID) -> NodeAddress { NodeAddress(.broker, Int64(id.rawValue)) }

    func broker(at address: NodeAddress) -> SimulatedBroker? {
        guard let broker = brokers[NodeID(Int32(address.number))], broker.process.isAlive else { return nil }
        return broker
    }

    func broker(at process: SimulatedProcess) -> SimulatedBroker? {
        guard let broker = broker(at: process.address), broker.process === process else { return nil }
        return broker
    }

    private func machine(of broker: SimulatedBroker) -> Machine { brokerMachines[Int(broker.id.rawValue) - 1] }

    private var running: [SimulatedBroker] { ids.compactMap { broker(at: address($0)) } }

    func anyBroker() -> NodeID { world.streams.workload.pick(ids) }

    func newClient(_ number: Int64) -> SimulatedProcess {
        world.lives += 1
        let process = SimulatedProcess(
            world: world, address: NodeAddress(.client, number), life: world.lives, wallOffset: 0)
        network.join(process)
        return process
    }

    private var topicID: TopicID? { image.topic(named: Self.topic)?.id }

    private var partitions: [PartitionID] {
        topicID.map { topic in histories.indices.map { PartitionID(topic: topic, index: PartitionIndex(Int32($0))) } }
            ?? []
    }

    func history(of index: PartitionIndex) -> RecordHistory { histories[Int(index.rawValue)] }

    // MARK: Controllers

    func published(_ image: MetadataImage, upTo end: Offset, by controller: SimulatedController) {
        metadata.published(image, upTo: end, by: controller.process.address)
        guard end > imageEnd else { return }
        for id in partitions {
            guard let partition = image.partition(id), partition != self.image.partition(id) else { continue }
            world.note(
                "decides", address(partition.leader), Int64(id.index.rawValue),
                Int64(partition.leaderEpoch.rawValue),
                partition.inSyncReplicas.reduce(0) { $0 * 10 + Int64($1.rawValue) })
        }
        (self.image, imageEnd) = (image, end)
        if histories.isEmpty, topicID != nil { beginClients() }
    }

    func decides(_ controller: SimulatedController, in term: Term) {
        metadata.decides(controller.process.address, in: term)
    }

    /// Has the active controller do something, if there is one.
    private func submit<Command: ControllerCommand>(_ command: Command) -> Bool {
        guard let leader = quorum.leader else { return false }
        leader.process.run {
            leader.controller.submit(command) { _ in }
            leader.turn()
        }
        return true
    }

    // MARK: Brokers

    /// After each round of a shard: what its leaders claim.
    func observe(_ broker: SimulatedBroker, _ shard: BrokerShard) {
        for partition in shard.partitions.values where partition.isLeader && partition.topic == Self.topic {
            guard Int(partition.id.index.rawValue) < histories.count else { continue }
            history(of: partition.id.index).leads(
                partition.leaderEpoch, partition.highWatermark, at: broker.process.address, life: broker.process.life)
        }
    }

    func gave(_ id: ProducerID) {
        world.check(producerIDs.insert(id).inserted, "a producer id is given once", "\(id)")
    }

    func cannotStart(_ broker: SimulatedBroker, _ failure: StartFailure) {
        guard case .folderUnusable(_, let fault) = failure else {
            return world.fail("a broker starts on its folder", "\(broker.process.address): \(failure)")
        }
        failed(broker.process, fault)
    }

    /// The cluster does not take it; it is started again later.
    func refused(_ broker: SimulatedBroker, _ reason: String) {
        world.note("refused", broker.process.address)
        machine(of: broker).kill()
    }

    func stopped(_ broker: SimulatedBroker) { machine(of: broker).kill() }

    func log(of process: SimulatedProcess) -> EventLog {
        guard getenv("MYELIN_SIMULATION_LOG") != nil else { return .silent }
        // One thread runs everything.
        nonisolated(unsafe) let process = process
        return EventLog { severity, text, _ in
            print("\(Double(process.world.now / 1000) / 1e6) s \(process.address) \(severity): \(text)")
        }
    }

    // MARK: Work

    package func begin() {
        for machine in machines { machine.boot() }
        supervise()
        operate()
    }

    private func beginClients() {
        histories = (0..<Int(partitionCount)).map { RecordHistory(world: world, name: "partition \($0)") }
        var number: Int64 = 0
        for partition in 0..<partitionCount {
            for _ in 0..<2 {
                number += 1
                producers.append(KafkaProducer(number: number, partition: partition, scene: self))
            }
            for _ in 0..<2 {
                number += 1
                readers.append(KafkaReader(number: number, partition: partition, scene: self))
            }
        }
        for producer in producers { producer.work() }
        for reader in readers { reader.work() }
    }

    /// What operators do: they make the topic, start what must be started anew, and restart brokers in order.
    private func operate() {
        world.after(world.streams.process.span(.milliseconds(200), .seconds(2))) { [self] in
            if topicID == nil { createTopic() }
            for broker in running where broker.shards.contains(where: \.needsRestart) {
                world.note("restart", broker.process.address)
                machine(of: broker).kill()
            }
            if world.has(.kill), world.streams.process.chance(1, in: 16) {
                let broker = world.streams.process.pick(ids)
                self.broker(at: address(broker))?.process.run { [self] in self.broker(at: address(broker))?.stop() }
            }
            if isShortening, world.has(.shortenedFile), shorten() {
                isShortening = false
                world.tally[.shortenedFile] += 1
            }
            operate()
        }
    }

    private func createTopic() {
        guard image.brokers().count(where: \.isActive) >= ids.count else { return }
        let topic = NewTopic(
            name: Self.topic, partitionCount: partitionCount, replicationFactor: 3,
            configs: [
                .init(name: "segment.ms", value: "\(segmentMilliseconds)"),
                // Clocks of brokers jump.
                .init(name: "message.timestamp.after.max.ms", value: "1000000000000"),
            ])
        _ = submit(CreateTopics([topic]))
    }

    // MARK: Faults

    package func disturb(with fault: Fault) -> Bool {
        switch fault {
        case .leadershipTransfer:
            guard topicID != nil, world.streams.workload.chance(1, in: 2) else { return quorum.disturb(with: fault) }
            return submit(ElectLeaders(.preferred, partitions: nil))
        case .membershipChange: return quorum.disturb(with: fault)
        case .reassignment: return reassign()
        case .bitRot, .misdirectedWrite: return damage(with: fault)
        case .shortenedFile:
            // When nothing is lost by it, which is not at every moment.
            isShortening = victim != nil
            return false
        default: return false
        }
    }

    private func reassign() -> Bool {
        guard !partitions.isEmpty else { return false }
        let id = world.streams.workload.pick(partitions)
        var target: [NodeID]? = Array(ids.shuffled(using: &world.streams.workload).prefix(3))
        if world.streams.workload.chance(1, in: 4) { target = nil }
        let partition = PartitionReference(topic: Self.topic, index: id.index)
        return submit(AlterPartitionReassignments([Reassignment(partition, to: target)]))
    }

    /// Replicas of the victim whose records all others have as well, each with the end up to which they have them durably.
    private var spare: [(replica: Partition, end: Offset)] {
        guard let victim, let broker = broker(at: address(victim)) else { return [] }
        return broker.shards.flatMap { $0.partitions.values }.filter { $0.topic == Self.topic }
            .sorted { $0.id < $1.id }.compactMap { replica in
                guard let state = image.partition(replica.id), state.inSyncReplicas.count == state.replicas.count,
                    state.inSyncReplicas.contains(victim), replica.log.damages.isEmpty
                else { return nil }
                let others = state.replicas.filter { $0 != victim }.map { self.replica(replica.id, at: $0) }
                let ends = others.map { $0.flatMap { $0.log.damages.isEmpty ? $0.log.durableOffset : nil } ?? .zero }
                return ends.min().map { (replica, $0) }
            }
    }

    private func replica(_ id: PartitionID, at node: NodeID) -> Partition? {
        broker(at: address(node))?.shards.lazy.compactMap { $0.partitions[id] }.first
    }

    /// Changes bytes of a closed segment on the platter, and has the cache forget them.
    private func damage(with fault: Fault) -> Bool {
        let segments = spare.flatMap { replica, end in
            let all = replica.log.segmentByteCounts
            return zip(all, all.dropFirst()).filter { $1.baseOffset <= min(end, replica.log.durableOffset) }.map {
                (path: replica.log.path(ofSegment: $0.0.baseOffset), byteCount: Int($0.0.byteCount))
            }
        }.filter { $0.byteCount > 0 }
        guard let victim, !segments.isEmpty else { return false }
        let disk = brokerMachines[Int(victim.rawValue) - 1].disk
        let (path, byteCount) = world.streams.disk.pick(segments)
        world.note("damages", address(victim))
        do throws(DiskFault) {
            try disk.damage(path, byteCount: byteCount, with: fault, using: &world.streams.disk)
            return true
        } catch { return false }
    }

    /// Ends the victim and cuts off the end of one of its logs.
    private func shorten() -> Bool {
        guard let victim, let (replica, end) = spare.randomElement(using: &world.streams.disk),
            end >= replica.log.writtenOffset,
            let last = replica.log.segmentByteCounts.last(where: { $0.byteCount > 0 })
        else { return false }
        let machine = brokerMachines[Int(victim.rawValue) - 1]
        let path = replica.log.path(ofSegment: last.baseOffset)
        // Not with all others: whoever registers last after that is all that is in sync, and asks the others for three seconds
        // only (docs/decisions/0016-repair.md). Then nothing may be missing from it.
        machine.kill()
        let disk = machine.disk
        disk.forgetPlans()
        let left = Int64(world.streams.disk.index(below: Int(last.byteCount)))
        world.note("shortens", machine.address, left, last.byteCount)
        do throws(DiskFault) {
            let file = try disk.open(path, .readWrite)
            defer { disk.close(file) }
            try disk.truncate(file, to: left)
            try disk.synchronize(file)
            return true
        } catch { return false }
    }

    // MARK: The end

    /// Every partition gets something, also where the topic came late.
    var wantsMore: Bool { world.isDisturbed || histories.contains { $0.count == 0 } }

    package func faultsEnded() {}

    package var hasRecovered: Bool {
        guard isQuiet else {
            audit = nil
            return false
        }
        let audit =
            audit
            ?? LogAudit(
                of: partitions.filter { !hasHoleForEver($0) }.flatMap { id in replicas(of: id).map { (id, $0) } },
                in: self)
        self.audit = audit
        return audit.isDone
    }

    func auditFailed() { audit = nil }

    private func replicas(of id: PartitionID) -> [NodeID] { image.partition(id)?.replicas ?? [] }

    /// All is acknowledged and read, and every replica is in sync and whole.
    private var isQuiet: Bool {
        guard topicID != nil, !wantsMore, running.count == ids.count, running.allSatisfy(\.isServing) else {
            return false
        }
        let sound = partitions.filter { !hasHoleForEver($0) }
        let indexes = Set(sound.map(\.index.rawValue))
        guard producers.allSatisfy({ $0.isDone || !indexes.contains($0.partition) }),
            readers.allSatisfy({ $0.isDone || !indexes.contains($0.partition) })
        else { return false }
        return sound.allSatisfy { id in
            guard let state = image.partition(id), state.leader != .none,
                state.inSyncReplicas.count == state.replicas.count
            else { return false }
            return state.replicas.allSatisfy { node in
                replica(id, at: node).map { $0.log.damages.isEmpty && !$0.isDoubtful } ?? false
            }
        }
    }

    /// A power cut kept a later sector and lost an earlier one, where only one replica had both: that looks like damage that
    /// nobody can mend, is refused to readers, and is for an operator to decide about (docs/decisions/0005-recovery.md).
    private func hasHoleForEver(_ id: PartitionID) -> Bool {
        guard let state = image.partition(id), let leader = replica(id, at: state.leader),
            let damage = leader.log.damages.first
        else { return false }
        return state.replicas.allSatisfy { node in
            guard node != state.leader else { return true }
            return replica(id, at: node).map { $0.log.writtenOffset <= damage.offsets.lowerBound } ?? false
        }
    }

    package var whatIsMissing: String {
        let states = partitions.map { id in
            let state = image.partition(id)
            let logs = ids.compactMap { node in
                replica(id, at: node).map {
                    "\(node): \($0.log.writtenOffset)\($0.log.damages.isEmpty ? "" : " damaged")"
                }
            }
            return "\(id.index): leader \(state?.leader ?? .none), in sync \(state?.inSyncReplicas ?? []) of "
                + "\(state?.replicas ?? []), logs \(logs)"
        }
        let down = ids.filter { broker(at: address($0))?.isServing != true }
        let clients = producers.filter { !$0.isDone }.map(\.missing) + readers.filter { !$0.isDone }.map(\.missing)
        return
            "\(states.joined(separator: "; ")); not serving: \(down); \(clients); audit: \(audit?.missing ?? "not begun"); "
            + "controllers: \(quorum.running.map(\.description))"
    }

    package func checkHistory() {}
}
