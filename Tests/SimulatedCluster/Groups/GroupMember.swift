// SPDX-License-Identifier: Apache-2.0

import Coordinator
import Groups
import Primitives
import RecordBatch

/// A consumer in a group, with the classic protocol: joins, assigns when it leads, reads what it owns and commits how far
/// it came. Now and then it stalls, leaves, or commits for a generation that is over.
final class GroupMember {
    private unowned let scene: ReplicaScene
    private let process: SimulatedProcess
    private let checker: GroupChecker
    private var link: Connection?
    private var coordinator = NodeID.none
    private var isDialling = false
    /// The request that waits for its answer, if any.
    private var awaited: Int?
    private var lastRequest = 0
    private var mayHaveCommitted = false

    private var member = MemberID.unknown
    private var generation = GenerationID.none
    /// Whether the positions are those that the group has committed.
    private var isPlaced = false
    private var positions: [PartitionIndex: Offset] = [:]
    private var committed: [PartitionIndex: Offset] = [:]
    private var former: (generation: GenerationID, positions: [PartitionIndex: Offset])?

    static let group = GroupID("shippers")
    private static let patience = Nanoseconds.seconds(12)

    init(number: Int64, scene: ReplicaScene) {
        self.scene = scene
        checker = scene.groupChecker
        scene.world.lives += 1
        let address = NodeAddress(.client, 1000 + number)
        process = SimulatedProcess(world: scene.world, address: address, life: scene.world.lives, wallOffset: 0)
        scene.network.join(process)
    }

    func work() {
        process.after(scene.world.streams.workload.span(.milliseconds(50), .milliseconds(300))) { [self] in
            act()
            work()
        }
    }

    var description: String {
        "\(process.address): \(member), generation \(generation), at \(positions.sorted { $0.key < $1.key })"
    }

    private func act() {
        let world = scene.world
        if world.isDisturbed, world.streams.workload.chance(1, in: 100) {
            return process.pause(for: world.streams.workload.span(.milliseconds(100), .seconds(6)))
        }
        guard let link else { return dial() }
        guard awaited == nil else { return }
        if generation == .none { return join(over: link) }
        if !isPlaced { return fetchOffsets(over: link) }
        for partition in positions.keys.sorted() { read(partition) }
        switch world.streams.workload.index(below: 8) {
        case 0 where world.isDisturbed && world.streams.workload.chance(1, in: 8): leave(over: link)
        case 1: commitLate(over: link)
        case 2, 3,
            4 where positions != committed:
            commit(positions, generation, over: link)
        default: beat(over: link)
        }
    }

    // MARK: Connection

    private func dial() {
        guard !isDialling, let target = scene.leaderAsAnyoneKnows(of: scene.offsetsPartition) else { return }
        isDialling = true
        scene.network.connect(
            from: process, to: scene.machine(target).address, accepted: { _, _ in },
            opened: { [self] connection in
                isDialling = false
                guard let connection else { return }
                (link, coordinator) = (connection, target)
                connection.onLoss(at: process) { [weak self] in self?.lost(connection) }
            })
    }

    private func lost(_ connection: Connection) {
        guard link === connection else { return }
        (link, awaited) = (nil, nil)
        // What may arrive late must not be of the generation that goes on.
        if mayHaveCommitted { startOver() }
    }

    private func hangUp() {
        guard let connection = link else { return }
        connection.close(from: process)
        lost(connection)
    }

    private func startOver() {
        (member, mayHaveCommitted) = (.unknown, false)
        endGeneration()
    }

    private func endGeneration() {
        if isPlaced { former = (generation, positions) }
        (generation, isPlaced) = (.none, false)
        (positions, committed) = ([:], [:])
    }

    private func ask(
        _ request: GroupRequest, over link: Connection, _ body: @escaping (GroupReply, LeaderEpoch) -> Void
    ) {
        lastRequest += 1
        let (number, scene, node) = (lastRequest, scene, coordinator)
        awaited = number
        link.send(from: process) { [weak self] in
            guard let broker = scene.broker(node) else { return }
            broker.ask(request, of: scene.offsetsPartition) { [weak broker] reply, epoch in
                guard let broker else { return }
                link.send(from: broker.process) {
                    guard let self, self.awaited == number else { return }
                    self.awaited = nil
                    body(reply, epoch)
                }
            }
        }
        process.after(Self.patience) { [weak self] in
            if let self, awaited == number { hangUp() }
        }
    }

    private func refused(_ refusal: GroupRefusal) {
        switch refusal {
        case .memberIDRequired(let id): member = id
        case .unknownMember: startOver()
        case .illegalGeneration, .rebalanceInProgress: endGeneration()
        case .notCoordinator: hangUp()
        case .loadInProgress, .coordinatorNotAvailable: break
        default: scene.world.fail("a member is refused for a reason that it gave", "\(refusal)")
        }
    }

    // MARK: Membership

    private func join(over link: Connection) {
        let request = JoinRequest(
            group: Self.group, member: MemberIdentity(member), clientID: "c", clientHost: "/simulated",
            sessionTimeoutMilliseconds: 2000, rebalanceTimeoutMilliseconds: 3000, protocolType: "simulated",
            protocols: [MemberProtocol(name: "in turn", metadata: .empty)])
        ask(.join(request), over: link) { [self] reply, _ in
            guard case .join(let result) = reply else { return }
            switch result {
            case .failure(let refusal): refused(refusal)
            case .success(let joined):
                member = joined.memberID
                sync(joined, over: link)
            }
        }
    }

    private func sync(_ joined: JoinedGroup, over link: Connection) {
        let members = joined.members.map(\.memberID)
        let assignments = members.enumerated().map { place, id in
            let mine = scene.partitionIndexes.filter { Int($0.rawValue) % members.count == place }
            return SyncRequest.Assignment(id, SharedBytes(mine.map { UInt8($0.rawValue) }))
        }
        let request = SyncRequest(
            group: Self.group, generation: joined.generation, member: MemberIdentity(member), assignments: assignments)
        ask(.sync(request), over: link) { [self] reply, _ in
            guard case .sync(let result) = reply else { return }
            switch result {
            case .failure(let refusal): refused(refusal)
            case .success(let synced):
                generation = joined.generation
                let mine = synced.assignment.array.map { PartitionIndex(Int32($0)) }
                positions = Dictionary(uniqueKeysWithValues: mine.map { ($0, .zero) })
                checker.synced(member, generation, owning: mine)
            }
        }
    }

    private func beat(over link: Connection) {
        let request = HeartbeatRequest(group: Self.group, generation: generation, member: MemberIdentity(member))
        ask(.heartbeat(request), over: link) { [self] reply, _ in
            if case .heartbeat(let refusal?) = reply { refused(refusal) }
        }
    }

    private func leave(over link: Connection) {
        ask(.leave(LeaveRequest(group: Self.group, members: [MemberIdentity(member)])), over: link) { [self] _, _ in
            startOver()
        }
    }

    // MARK: Offsets

    private func commitLate(over link: Connection) {
        guard let former, former.generation < generation, !former.positions.isEmpty else { return beat(over: link) }
        commit(former.positions, former.generation, over: link)
        self.former = nil
    }

    private func commit(_ wanted: [PartitionIndex: Offset], _ of: GenerationID, over link: Connection) {
        let before = checker.promises
        let partitions = wanted.sorted { $0.key < $1.key }.map { partition, offset in
            OffsetCommitRequest.Partition(Self.partition(partition), offset: offset)
        }
        let request = OffsetCommitRequest(
            group: Self.group, generation: of, member: MemberIdentity(member), partitions: partitions)
        mayHaveCommitted = true
        ask(.commitOffsets(request), over: link) { [self] reply, epoch in
            mayHaveCommitted = false
            guard case .commitOffsets(let result) = reply else { return }
            switch result {
            case .failure(let refusal): if of == generation { refused(refusal) }
            case .success(let results):
                if let refusal = results.compactMap(\.refusal).first { return refused(refusal) }
                checker.committed(wanted, of, in: epoch, after: before)
                if of == generation { committed = wanted }
            }
        }
    }

    private func fetchOffsets(over link: Connection) {
        let before = checker.promises
        let partitions = positions.keys.sorted()
        let wanted = partitions.map { OffsetFetchRequest.Partition(Self.partition($0)) }
        ask(.fetchOffsets([OffsetFetchRequest(group: Self.group, partitions: wanted)]), over: link) {
            [self] reply, epoch in
            guard case .fetchOffsets(let groups) = reply, let found = groups.first else { return }
            if let refusal = found.refusal { return refused(refusal) }
            for (partition, one) in zip(partitions, found.partitions) {
                let offset = one.committed?.offset ?? .zero
                checker.fetched(offset, of: partition, in: epoch, after: before)
                (positions[partition], committed[partition]) = (offset, offset)
            }
            isPlaced = true
        }
    }

    private static func partition(_ index: PartitionIndex) -> TopicPartition {
        TopicPartition(topic: ReplicaScene.name, partition: index)
    }

    // MARK: Records

    private func read(_ index: PartitionIndex) {
        guard let id = scene.partitionID(index), let leader = scene.leaderAsAnyoneKnows(of: id),
            let start = positions[index]
        else { return }
        let (scene, generation, target) = (scene, generation, scene.machine(leader).address)
        scene.network.send(from: process.address, to: target) { [weak self] in
            guard let replica = scene.broker(leader)?.partition(id), let self else { return }
            guard let bytes = replica.read(from: start, below: replica.readableEnd, byteCountMax: 2000) else { return }
            scene.network.reply(from: target, to: process.address) { [weak self] in
                self?.process.run { self?.took(bytes, of: index, from: start, generation) }
            }
        }
    }

    private func took(_ bytes: SharedBytes, of index: PartitionIndex, from start: Offset, _ asked: GenerationID) {
        guard asked == generation, positions[index] == start else { return }
        var batches = Batches(bytes)
        do throws(BatchesError) {
            while let batch = try batches.next() { positions[index] = max(start, batch.header.nextOffset) }
        } catch { scene.world.fail("a reader gets whole batches", "\(error)") }
    }
}
