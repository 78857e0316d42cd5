// SPDX-License-Identifier: Apache-2.0

import Coordinator
import Groups
import Primitives
import Simulation
import StorageEngine
import Transactions

/// Brokers that replicate partitions, a controller that decides for them, and clients that produce and consume.
package final class ReplicaScene: Scene {
    package let world: World
    package let network: Network
    package private(set) var machines: [Machine] = []
    private(set) var office: MetadataOffice! = nil
    private var brokers: [NodeID: ReplicaBroker] = [:]
    private let ids: [NodeID]
    private var checkers: [PartitionID: PartitionChecker] = [:]
    private var producers: [ProducingClient] = []
    private var consumers: [ConsumingClient] = []
    private var topic: TopicID?
    private var offsetsTopic: TopicID?
    /// In the scene of that name.
    private var transactions: TransactionWorkload! = nil
    private var lastProducerID: Int64 = 100_000
    let groupChecker: GroupChecker
    private var members: [GroupMember] = []
    /// None in half of the runs: groups take time that other faults could use.
    private let memberCount: Int64
    private(set) var wantsMore = true
    /// As of the last commit of the controller.
    private var image = MetadataImage()

    let segmentByteCountMax: Int64
    let inFlightByteCountMax: Int
    let frameByteCountMax: Int
    let inSyncCountMin: Int
    /// Ticks of a broker from one checkpoint of a log to the next; nil for none at all, so that recovery scans everything.
    let checkpointInterval: Int?
    let atlas = FaultAtlas()
    /// How what has keys is compacted; nil in runs in which nothing is.
    let compaction: CompactionConfiguration?
    /// When brokers compact: a stream of its own, so that the rest of a run does not depend on it.
    var cleaning: Entropy
    private let partitionCount: Int32
    /// Why a broker last ended by itself.
    var lastFault = "none"
    static let name = "payments"

    package init(world: World, network: Network) {
        self.world = world
        self.network = network
        ids = (1...Int32(world.options.brokerCount)).map { NodeID($0) }
        segmentByteCountMax = Int64(world.streams.workload.pick([2000, 8000, 1 << 20]))
        inFlightByteCountMax = world.streams.workload.pick([1, 2000, 1 << 20])
        frameByteCountMax = world.streams.workload.pick([1, 1000, 1 << 20])
        partitionCount = Int32(world.streams.workload.number(in: 1...4))
        inSyncCountMin = world.streams.workload.pick([1, 2, 2, 2, 3])
        checkpointInterval = world.streams.workload.pick([nil, 5, 50])
        groupChecker = GroupChecker(world: world)
        cleaning = Entropy(seed: world.seed ^ 0x636c_6561_6e69_6e67)
        compaction = Self.compaction(in: world.options.scene, &cleaning)
        let memberCount: Int64 = world.streams.workload.pick([0, 0, 2, 4])
        self.memberCount = world.options.scene == .transactions ? 0 : memberCount
        var layers = SettingLayers()
        layers.flags = ["min.insync.replicas": "\(inSyncCountMin)", "default.replication.factor": "3"]
        do throws(SettingError) { office = MetadataOffice(scene: self, settings: try BrokerSettings(layers)) } catch {
            preconditionFailure("\(error)")
        }
        if world.options.scene == .transactions { transactions = TransactionWorkload(scene: self) }
        machines = [office.machine]
        for id in ids { addMachine(id) }
    }

    /// Transactions are compacted in two runs of three: their states, their group's offsets and what they write.
    private static func compaction(
        in scene: SwarmOptions.Scene, _ entropy: inout Entropy
    ) -> CompactionConfiguration? {
        guard scene == .transactions, entropy.chance(2, in: 3) else { return nil }
        var compaction = CompactionConfiguration()
        compaction.dirtyRatioMin = entropy.pick([0, 0.1, 0.5])
        compaction.deleteRetentionMilliseconds = entropy.pick([0, 5000, Self.forEver])
        return compaction
    }

    /// Longer than a run and all that clocks jump in it.
    private static let forEver: Int64 = 1_000_000_000_000

    /// Nil where records stay for ever.
    func compaction(of partition: PartitionID) -> CompactionConfiguration? {
        topicName(of: partition) == Self.name ? nil : compaction
    }

    private func addMachine(_ id: NodeID) {
        let machine = Machine(world: world, network: network, address: NodeAddress(.broker, Int64(id.rawValue)))
        machine.start = { [unowned self, unowned machine] process, disk in
            let broker = ReplicaBroker(process: process, disk: disk, id: id, scene: self)
            brokers[id] = broker
            machine.diskCompleted = { broker.diskCompleted() }
            broker.begin()
        }
        machines.append(machine)
    }

    func machine(_ id: NodeID) -> Machine { machines[Int(id.rawValue)] }

    func broker(_ id: NodeID) -> ReplicaBroker? {
        guard let broker = brokers[id], broker.process.isAlive else { return nil }
        return broker
    }

    func checker(of partition: PartitionID) -> PartitionChecker {
        if let known = checkers[partition] { return known }
        let checker = PartitionChecker(
            world: world, name: "partition \(folder(of: partition))", copiesMin: inSyncCountMin,
            compaction: compaction(of: partition).map {
                CompactionModel(forgetsTombstones: $0.deleteRetentionMilliseconds < Self.forEver)
            })
        checkers[partition] = checker
        return checker
    }

    /// Of the topic that producers write to.
    var partitionIndexes: [PartitionIndex] { (0..<partitionCount).map { PartitionIndex($0) } }

    func partitionID(_ index: PartitionIndex) -> PartitionID? { topic.map { PartitionID(topic: $0, index: index) } }

    /// The one that keeps groups and their offsets; only asked for once it is there.
    var offsetsPartition: PartitionID { PartitionID(topic: offsetsTopic ?? .zero, index: PartitionIndex(0)) }

    func hasGroups(_ partition: PartitionID) -> Bool { partition.topic == offsetsTopic }

    func hasTransactions(_ partition: PartitionID) -> Bool { topicName(of: partition) == TransactionStateTopic.name }

    func partitionID(of partition: TopicPartition) -> PartitionID? {
        image.topic(named: partition.topic).map { PartitionID(topic: $0.id, index: partition.partition) }
    }

    /// The one whose leader coordinates a transactional id.
    func statePartition(of id: TransactionalID) -> PartitionID {
        let index = TransactionStateTopic.partition(of: id, count: transactions.stateCount)
        return PartitionID(topic: image.topic(named: TransactionStateTopic.name)?.id ?? .zero, index: index)
    }

    var statePartitions: [PartitionID] { partitionIDs(of: TransactionStateTopic.name) }

    /// One that nobody else has.
    func nextProducerID() -> ProducerID {
        lastProducerID += 1
        return ProducerID(lastProducerID)
    }

    func topicName(of partition: PartitionID) -> String { image.topic(partition.topic)?.name ?? "" }

    func folder(of partition: PartitionID) -> String { "\(topicName(of: partition))-\(partition.index)" }

    private func partitionIDs(of topic: String) -> [PartitionID] {
        guard let found = image.topic(named: topic) else { return [] }
        return found.partitions.indices.map { PartitionID(topic: found.id, index: PartitionIndex(Int32($0))) }
    }

    private var allPartitionIDs: [PartitionID] {
        [Self.name, OffsetsTopic.name, TransactionWorkload.topic, TransactionStateTopic.name].flatMap(partitionIDs)
    }

    // MARK: The controller

    func officeTicked() {
        if topic == nil, office.currentImage.brokers().count(where: \.isActive) >= ids.count { createTopic() }
        guard !world.isDisturbed, world.now > world.options.disturbed + .seconds(10) else { return }
        office.submit(RebalanceLeaders()) { _ in }
    }

    private func createTopic() {
        let payments = NewTopic(name: Self.name, partitionCount: partitionCount, replicationFactor: 3)
        let offsets = NewTopic(name: OffsetsTopic.name, partitionCount: 1, replicationFactor: 3)
        guard let transactions else {
            return office.submit(CreateTopics(memberCount == 0 ? [payments] : [payments, offsets])) { _ in }
        }
        let receipts = NewTopic(
            name: TransactionWorkload.topic, partitionCount: Int32(transactions.outputs.count), replicationFactor: 3)
        let states = NewTopic(
            name: TransactionStateTopic.name, partitionCount: transactions.stateCount, replicationFactor: 3)
        office.submit(CreateTopics([payments, offsets, receipts, states])) { _ in }
    }

    /// The controller has committed changes.
    func decided(_ delta: MetadataDelta, _ image: MetadataImage) {
        self.image = image
        offsetsTopic = image.topic(named: OffsetsTopic.name)?.id
        for change in delta.topics {
            for partition in change.partitions {
                check(PartitionID(topic: change.id, index: partition.index), partition.new)
            }
        }
        guard topic == nil, let created = image.topic(named: Self.name) else { return }
        topic = created.id
        var number: Int64 = 0
        for partition in partitionIndexes.compactMap(partitionID) {
            for _ in 0..<(transactions == nil ? 2 : 1) {
                number += 1
                producers.append(ProducingClient(number: number, partition: partition, scene: self))
            }
            number += 1
            consumers.append(ConsumingClient(number: number, partition: partition, scene: self))
        }
        members = (0..<memberCount).map { GroupMember(number: $0, scene: self) }
        for member in members { member.work() }
        for producer in producers { producer.work() }
        for consumer in consumers { consumer.work() }
        transactions?.begin()
    }

    private func check(_ id: PartitionID, _ partition: PartitionImage) {
        let inSync = partition.inSyncReplicas.reduce(Int64(0)) { $0 * 10 + Int64($1.rawValue) }
        world.note(
            "decides", NodeAddress(.broker, Int64(partition.leader.rawValue)), Int64(id.index.rawValue),
            Int64(partition.leaderEpoch.rawValue), inSync)
        let leader: NodeAddress? = partition.leader == .none ? nil : address(partition.leader)
        checker(of: id).decided(
            epoch: Int64(partition.leaderEpoch.rawValue), inSync: partition.inSyncReplicas.map(address),
            replicas: partition.replicas.map(address), leader: leader,
            eligible: partition.eligibleLeaderReplicas.map(address))
    }

    private func address(_ id: NodeID) -> NodeAddress { NodeAddress(.broker, Int64(id.rawValue)) }

    // MARK: Clients

    /// What a broker that happens to be asked says, right or not.
    func leaderAsAnyoneKnows(of partition: PartitionID) -> NodeID? {
        let up = ids.compactMap(broker)
        guard !up.isEmpty else { return nil }
        let asked = up[world.streams.workload.index(below: up.count)]
        guard let leader = asked.image.partition(partition)?.leader, leader != .none else { return nil }
        return leader
    }

    func replicas(of partition: PartitionID) -> [NodeID] { image.partition(partition)?.replicas ?? [] }

    /// What the controller last decided.
    func leader(of partition: PartitionID) -> NodeID? { image.partition(partition)?.leader }
    func leaderEpoch(of partition: PartitionID) -> LeaderEpoch? { image.partition(partition)?.leaderEpoch }

    // MARK: Faults

    package func begin() {
        for machine in machines { machine.boot() }
        supervise()
    }

    package func disturb(with fault: Fault) -> Bool {
        switch fault {
        case .leadershipTransfer:
            guard topic != nil, office.isUp else { return false }
            office.submit(ElectLeaders(.preferred, partitions: nil)) { _ in }
            return true
        case .reassignment: return reassign()
        case .bitRot, .misdirectedWrite: return damage(with: fault)
        default: return false
        }
    }

    /// Moves a partition to three brokers by chance, or takes a move back.
    private func reassign() -> Bool {
        guard topic != nil, office.isUp else { return false }
        let id = world.streams.workload.pick(allPartitionIDs)
        var target: [NodeID]? = Array(ids.shuffled(using: &world.streams.workload).prefix(3))
        if world.streams.workload.chance(1, in: 4) { target = nil }
        let partition = PartitionReference(topic: topicName(of: id), index: id.index)
        office.submit(AlterPartitionReassignments([Reassignment(partition, to: target)])) { _ in }
        return true
    }

    /// Damages one closed segment of one replica, where another replica in sync has all of it and none other is damaged.
    private func damage(with fault: Fault) -> Bool {
        guard topic != nil, let node = world.streams.disk.pick(ids.map { broker($0) }) else { return false }
        let candidates = node.partitions.filter { replica in
            // Of what is compacted no replica need have the same bytes, and then nobody can mend it.
            !replica.checker.isCompacted && !atlas.isDamaged(replica.id, besides: node.id)
                && image.partition(replica.id)?.replicas.contains(node.id) == true
        }
        guard !candidates.isEmpty else { return false }
        let replica = world.streams.disk.pick(candidates)
        let segments = replica.coveredSegments.filter { segment in
            let others = image.partition(replica.id)?.inSyncReplicas.filter { $0 != node.id } ?? []
            return replica.checker.holdsCommitted(upTo: segment.end, at: node.process.address)
                && others.contains { replica.checker.holdsCommitted(upTo: segment.end, at: address($0)) }
        }
        guard !segments.isEmpty else { return false }
        let segment = world.streams.disk.pick(segments)
        atlas.damaged(node.id, replica.id, segment: segment.base)
        world.note("damages", node.process.address, Int64(replica.id.index.rawValue), segment.base.rawValue)
        return replica.damage(segment.base, byteCount: segment.byteCount, with: fault)
    }

    // MARK: The end

    package func faultsEnded() { wantsMore = false }

    package var hasRecovered: Bool {
        guard topic != nil, producers.allSatisfy(\.isDone), consumers.allSatisfy(\.isDone) else { return false }
        guard !atlas.isDamaged(in: image) else { return false }
        guard members.isEmpty || partitionIndexes.allSatisfy(isConsumed) else { return false }
        guard transactions?.hasRecovered ?? true else { return false }
        return allPartitionIDs.allSatisfy { id in
            guard let partition = image.partition(id), partition.leader != .none else { return false }
            return partition.inSyncReplicas.count == partition.replicas.count
        }
    }

    /// Whether the group has committed all that there is.
    private func isConsumed(_ index: PartitionIndex) -> Bool {
        guard let id = partitionID(index) else { return false }
        return groupChecker.committedEnd(of: index).rawValue == checker(of: id).committedEnd
    }

    package var whatIsMissing: String {
        guard topic != nil else { return "no topic; \(office.currentImage.brokers().map { ($0.id, $0.isFenced) })" }
        let states = allPartitionIDs.map { id in
            let partition = image.partition(id)
            let ends = ids.compactMap(broker).compactMap { $0.partition(id) }.map { "\($0.log.logEndOffset)" }
            return
                "\(folder(of: id)): leader \(partition?.leader ?? .none), in sync \(partition?.inSyncReplicas ?? []), "
                + "eligible \(partition?.eligibleLeaderReplicas ?? []), ends \(ends)"
        }
        let brokers = ids.map { id in
            "\(id) \(machine(id).isUp ? "up" : "down") \(image.broker(id)?.isActive == true ? "active" : "fenced")"
        }
        let waiting = producers.filter { !$0.isDone }.map(\.address) + consumers.filter { !$0.isDone }.map(\.address)
        var groups = members.map(\.description) + partitionIndexes.filter { !isConsumed($0) }.map { "not all of \($0)" }
        if let missing = transactions?.missing { groups.append(missing) }
        return
            "\(states.joined(separator: "; ")); \(brokers); last fault: \(lastFault); waiting: \(waiting); \(groups); "
            + "damaged: \(atlas.places)"
    }

    package func checkHistory() {
        for producer in producers {
            for entry in producer.acknowledged { producer.check(entry) }
        }
        transactions?.checkHistory()
    }
}
