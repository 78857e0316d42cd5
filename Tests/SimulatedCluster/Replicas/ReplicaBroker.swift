// SPDX-License-Identifier: Apache-2.0

import Coordinator
import Groups
import Primitives
import RecordBatch
import Replication
import Simulation
import StorageEngine

/// One life of a broker: registers, follows the metadata, and drives the replicas that it is given.
final class ReplicaBroker {
    let process: SimulatedProcess
    let id: NodeID
    unowned let scene: ReplicaScene
    private let disk: SimulatedDisk
    private let incarnation: IncarnationID
    private var session: ControllerSession?
    private var metadata = MetadataDeltaRecorder(from: MetadataImage())
    private(set) var replayedCount = 0
    private(set) var epoch: BrokerEpoch?
    private var isRegistering = false
    /// In the order of their ids.
    private(set) var partitions: [ReplicaPartition] = []
    private var links: [NodeID: ReplicaLink] = [:]
    /// Who waits to be told the registration at this end.
    private var greetings: [() -> Void] = []
    private var lastTicket: UInt64 = 0
    private var isEnding = false

    init(process: SimulatedProcess, disk: SimulatedDisk, id: NodeID, scene: ReplicaScene) {
        (self.process, self.disk, self.id, self.scene) = (process, disk, id, scene)
        incarnation = IncarnationID.random(using: &process.world.streams.process)
    }

    var world: World { process.world }
    var image: MetadataImage { metadata.image }
    /// Whether the metadata here is of this life.
    var isRegistered: Bool { epoch != nil && image.broker(id)?.incarnation == incarnation }

    func begin() {
        let session = ControllerSession(broker: self, office: scene.office)
        self.session = session
        session.connect()
        beat()
        tick()
    }

    func nextTicket() -> DiskTicket {
        lastTicket += 1
        return DiskTicket(lastTicket)
    }

    // MARK: The controller

    func sessionOpened() { register() }

    private func register() {
        guard epoch == nil, !isRegistering else { return }
        isRegistering = true
        let command = RegisterBroker(
            id: id, incarnation: incarnation,
            listeners: [BrokerListener(name: "PLAINTEXT", host: "simulated", port: 1, securityProtocol: .plaintext)],
            rpc: RPCEndpoint(host: "simulated", port: UInt16(id.rawValue)))
        session?.submit(command) { [self] outcome in
            isRegistering = false
            switch outcome {
            case .success(let granted):
                epoch = granted
                let waiting = greetings
                greetings = []
                for greet in waiting { greet() }
            case .failure, nil: process.after(.milliseconds(300)) { [self] in register() }
            }
        }
    }

    private func beat() {
        process.after(.milliseconds(500)) { [self] in
            defer { beat() }
            guard let epoch else { return register() }
            let sign = BrokerHeartbeat(broker: id, epoch: epoch, metadataOffset: Offset(Int64(replayedCount)))
            session?.submit(sign) { [self] outcome in
                // Another life or an operator has taken the place of this one.
                if case .failure? = outcome { scene.machine(id).kill() }
            }
        }
    }

    func replay(_ records: [MetadataRecord]) {
        do throws(ReplayError) { for record in records { try metadata.replay(record) } } catch {
            return world.fail("the metadata log replays", "\(process.address): \(error)")
        }
        replayedCount += records.count
        let delta = metadata.delta()
        metadata = MetadataDeltaRecorder(from: metadata.image)
        // An activation or fencing changes who is eligible everywhere.
        let all = !delta.brokers.isEmpty
        for topic in all ? image.topicsByName().map(\.id) : delta.topics.map(\.id) { apply(topic) }
        endRound()
    }

    private func apply(_ topic: TopicID) {
        guard let found = image.topic(topic) else { return }
        for (place, image) in found.partitions.enumerated() {
            let id = PartitionID(topic: topic, index: PartitionIndex(Int32(place)))
            if image.replicas.contains(self.id) {
                apply(id, image)
            } else if let former = partition(id), former.epoch < image.leaderEpoch {
                // It has moved away: whoever led it leads no more, and clients must hear so.
                former.follow(image.leaderEpoch)
            }
        }
    }

    private func apply(_ id: PartitionID, _ assignment: PartitionImage) {
        guard process.isAlive, let partition = opened(id) else { return }
        guard assignment.leaderEpoch >= partition.epoch else { return }
        if assignment.leader == self.id, isRegistered {
            if partition.isLeader, partition.epoch == assignment.leaderEpoch {
                partition.reassign(assignment, ineligible: ineligible(assignment))
            } else {
                partition.lead(assignment, ineligible: ineligible(assignment))
            }
            for follower in assignment.replicas where follower != self.id { connect(follower, for: partition) }
        } else if partition.isLeader || assignment.leaderEpoch > partition.epoch || !isRegistered {
            partition.follow(assignment.leaderEpoch)
        }
    }

    private func ineligible(_ assignment: PartitionImage) -> [NodeID] {
        assignment.replicas.filter { image.broker($0)?.isActive != true }
    }

    private func opened(_ id: PartitionID) -> ReplicaPartition? {
        if let known = partition(id) { return known }
        do throws(OpenFault) {
            let fresh = try ReplicaPartition(id: id, broker: self, disk: disk)
            partitions.append(fresh)
            partitions.sort { $0.id < $1.id }
            return fresh
        } catch {
            end(because: "\(error)", isSynchronizeLost: false)
            return nil
        }
    }

    func partition(_ id: PartitionID) -> ReplicaPartition? { partitions.first { $0.id == id } }

    // MARK: Links

    private func connect(_ follower: NodeID, for partition: ReplicaPartition) {
        guard let link = links[follower] else {
            let link = ReplicaLink(from: self, to: follower)
            links[follower] = link
            return link.connect()
        }
        if let epoch = link.followerEpoch { partition.withLeader { $0.linkUp(to: follower, brokerEpoch: epoch) } }
    }

    func link(to follower: NodeID) -> ReplicaLink? { links[follower] }

    /// Calls `body` when the registration of this broker is known.
    func whenRegistered(_ body: @escaping () -> Void) {
        if epoch != nil { body() } else { greetings.append(body) }
    }

    func linkUp(to follower: NodeID, epoch: Int64) {
        for partition in partitions { partition.withLeader { $0.linkUp(to: follower, brokerEpoch: epoch) } }
        endRound()
    }

    func linkLost(to follower: NodeID) {
        for partition in partitions { partition.withLeader { $0.linkLost(to: follower) } }
    }

    /// What another replica has of what is damaged here.
    func mend(_ partition: ReplicaPartition, _ damage: LogDamage, with bytes: SharedBytes) {
        attempt { () throws(LogFault) in try partition.mend(damage, with: bytes) }
        endRound()
    }

    /// What a leader sent.
    func receive(
        _ id: PartitionID, _ header: AppendHeader, _ bytes: SharedBytes, reply: @escaping (AppendAnswer) -> Void
    ) {
        guard let partition = partition(id) else { return reply(.notHere) }
        attempt { () throws(LogFault) in try partition.replicate(header, bytes, reply: reply) }
        endRound()
    }

    /// What a follower answered.
    func answered(_ id: PartitionID, _ answer: AppendAnswer, in epoch: LeaderEpoch, from follower: NodeID) {
        guard let partition = partition(id) else { return }
        if case .accepted(_, let durableEnd) = answer {
            world.note(
                "hears", process.address, Int64(id.index.rawValue), Int64(follower.rawValue), durableEnd.rawValue)
        }
        let epochs = partition.epochs
        partition.withLeader { $0.acknowledged(from: follower, answer, in: epoch, at: process.now, epochs: epochs) }
        endRound()
    }

    // MARK: Clients

    func produce(_ id: PartitionID, _ batch: Batch, reply: @escaping (ProduceAnswer) -> Void) {
        guard let partition = partition(id) else { return reply(.notLeader) }
        partition.produce(batch, reply: reply)
        endRound()
    }

    /// Asks the coordinator of groups here; nil where there is none.
    func ask(_ request: GroupRequest, of id: PartitionID, reply: @escaping (GroupReply, LeaderEpoch) -> Void) {
        guard let partition = partition(id), let host = partition.host else {
            return reply(request.refused(.notCoordinator), .none)
        }
        let epoch = partition.epoch
        host.submit(request) { reply($0, epoch) }
        endRound()
    }

    // MARK: Rounds

    private func tick() {
        process.after(.milliseconds(100)) { [self] in
            for partition in partitions {
                partition.withLeader { $0.timePassed(at: process.now) }
                partition.host?.tick()
                partition.transactions?.tick()
                if process.isAlive { attempt { () throws(LogFault) in try partition.maintain() } }
            }
            endRound()
            tick()
        }
    }

    /// Writes what was staged, sends what is due, asks for what the leaders want.
    func endRound() {
        guard process.isAlive, !isEnding else { return }
        isEnding = true
        for partition in partitions where process.isAlive {
            attempt { () throws(LogFault) in try partition.endRound() }
            guard process.isAlive, partition.isLeader else { continue }
            send(partition)
            propose(partition)
        }
        isEnding = false
        if process.isAlive { disk.flushSubmissions() }
    }

    private func send(_ partition: ReplicaPartition) {
        guard case .leader(let leader) = partition.role else { return }
        for follower in leader.assignment.replicas where follower != id {
            guard let link = links[follower], link.followerEpoch != nil else { continue }
            link.send(partition)
        }
    }

    private func propose(_ partition: ReplicaPartition) {
        guard let epoch, let wanted = partition.withLeader({ $0.nextProposal(at: process.now) }), let wanted else {
            return
        }
        let proposal = Coordinator.InSyncProposal(
            partition: partition.id, leaderEpoch: wanted.leaderEpoch, partitionEpoch: wanted.partitionEpoch,
            inSyncReplicas: wanted.members.map { member in
                .init(member.node, epoch: member.node == id ? epoch : BrokerEpoch(member.brokerEpoch))
            })
        let command = AlterPartitions(broker: id, epoch: epoch, proposals: [proposal])
        session?.submit(command) { [self] outcome in
            let became = Self.outcome(outcome, of: proposal, by: id)
            partition.withLeader { $0.proposalAnswered(wanted, became, at: process.now) }
            endRound()
        }
    }

    private static func outcome(
        _ outcome: AlterPartitions.Outcome?, of proposal: Coordinator.InSyncProposal, by leader: NodeID
    ) -> InSyncOutcome {
        guard let outcome else { return .unknown }
        guard case .success(let results) = outcome, let result = results.first else { return .stale }
        switch result {
        case .success(let state):
            guard state.leader == leader, state.leaderEpoch == proposal.leaderEpoch else { return .stale }
            return .committed(state.partitionEpoch, inSync: state.inSyncReplicas)
        case .failure(.ineligible): return .ineligible
        case .failure(.notController): return .unknown
        case .failure: return .stale
        }
    }

    func diskCompleted() {
        var completions: [DiskCompletion] = []
        disk.takeCompletions(into: &completions)
        for completion in completions {
            for partition in partitions where process.isAlive {
                attempt { () throws(LogFault) in _ = try partition.completed(completion) }
            }
        }
        endRound()
    }

    private func attempt(_ body: () throws(LogFault) -> Void) {
        do throws(LogFault) { try body() } catch { fail(error) }
    }

    private func fail(_ fault: LogFault) {
        if case .failed = fault {
            end(because: "\(fault)", isSynchronizeLost: true)
        } else {
            end(because: "\(fault)", isSynchronizeLost: false)
        }
    }

    /// A log out of service ends the process. After a failed synchronize the machine starts anew as well, because
    /// its page cache shows what the disk does not hold.
    private func end(because fault: String, isSynchronizeLost: Bool) {
        guard process.isAlive else { return }
        world.note("log fault", process.address)
        scene.lastFault = "\(process.address): \(fault)"
        if isSynchronizeLost { scene.machine(id).cutPower() } else { scene.machine(id).kill() }
    }
}
