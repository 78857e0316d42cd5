// SPDX-License-Identifier: Apache-2.0

import Groups
import Primitives
import Testing

@Suite struct RandomTests {
    @Test("whatever clients, the log and the clock do, the promises hold", arguments: UInt64(1)...30)
    func promisesHold(seed: UInt64) {
        var world = World(seed: seed)
        for _ in 0..<1_000 { world.act() }
        world.finish()
        #expect(world.broken.isEmpty, "seed \(seed): \(world.broken.prefix(3))")
        // A run in which nothing happens proves nothing.
        #expect(world.syncedCount > 0 && world.committedCount > 0 && world.restartCount > 0, "seed \(seed)")
    }
}

/// Clients that behave, misbehave, stall and restart; a log that answers late or not at all; a coordinator that fails
/// over. It notes every promise that is broken.
private struct World {
    struct Client {
        let group: GroupID
        let instance: GroupInstanceID?
        var memberID = MemberID.unknown
        var generation = GenerationID.none
        /// Members to assign to, when this client leads.
        var toAssign: [MemberID] = []
        var isWaiting = false
    }

    /// Who asked, and as whom it did: the client may have forgotten by the time of the answer.
    struct Asker {
        let client: Int?
        let memberID: MemberID
        let generation: GenerationID
    }

    private var entropy: Entropy
    private var coordinator: GroupCoordinator
    private var limits = GroupLimits()
    private var now = Instant(nanoseconds: 0)
    private var effects: [Effect] = []
    private var clients: [Client] = []
    private var nextToken = RequestToken(1)
    private var askers: [RequestToken: Asker] = [:]
    private var log: [GroupRecord] = []
    private var waiting: [(records: [GroupRecord], ticket: AppendTicket)] = []
    /// The highest generation seen, by group, since the coordinator was loaded.
    private var generations: [GroupID: GenerationID] = [:]
    private var assignments: [String: SharedBytes] = [:]
    private var leaders: [String: MemberID] = [:]
    private var expectedRefusals: [RequestToken: GenerationID] = [:]
    private(set) var broken: [String] = []
    private(set) var syncedCount = 0
    private(set) var committedCount = 0
    private(set) var restartCount = 0

    init(seed: UInt64) {
        entropy = Entropy(seed: seed)
        limits.initialRebalanceDelayMilliseconds = 500
        limits.offsetsRetentionMilliseconds = 60_000
        limits.retentionCheckIntervalMilliseconds = 7_000
        limits.memberCountMax = 5
        limits.pendingMemberCountMax = 3
        limits.tombstonesPerAppendMax = 3
        coordinator = GroupCoordinator(limits: limits, entropy: entropy.split())
        for index in 0..<14 {
            let group = GroupID("group-\(index % 3)")
            clients.append(Client(group: group, instance: index % 4 == 0 ? GroupInstanceID("i\(index)") : nil))
        }
        step(.loaded)
    }

    private var wall: Timestamp { Timestamp(1_000_000 + now.nanoseconds / 1_000_000) }

    mutating func act() {
        switch entropy.index(below: 100) {
        case 0..<60: letClientAct(entropy.index(below: clients.count))
        case 60..<80: answerLog(failing: entropy.chance(1, in: 12))
        case 80..<94: passTime(milliseconds: Int64(entropy.index(below: entropy.chance(1, in: 20) ? 12_000 : 700)))
        case 94..<97: administrate()
        case 97..<98: clients[entropy.index(below: clients.count)].memberID = .unknown
        case 98..<99: step(.topicsDeleted(["topic-\(entropy.index(below: 3))"]))
        default: if entropy.chance(1, in: 4) || restartCount == 0 { failOver() }
        }
        coordinator.checkInvariants()
        forgetGroupsThatEnded()
        if entropy.chance(1, in: 100) { compareWithReplay() }
    }

    /// A group that was deleted or expired may begin again at the first generation.
    private mutating func forgetGroupsThatEnded() {
        for group in Set(clients.map(\.group)) where coordinator.summary(of: group) == nil {
            generations[group] = nil
            assignments = assignments.filter { !$0.key.hasPrefix("\(group) ") }
            leaders = leaders.filter { !$0.key.hasPrefix("\(group) ") }
        }
    }

    mutating func finish() {
        while !waiting.isEmpty { answerLog(failing: false) }
        compareWithReplay()
        step(.resigned)
        if !askers.isEmpty { broken.append("\(askers.count) requests were never answered") }
        if coordinator.timerCounts.running != 0 { broken.append("timers run after resigning") }
    }

    // MARK: Requests

    private mutating func letClientAct(_ index: Int) {
        guard !clients[index].isWaiting || entropy.chance(1, in: 20) else { return }
        let client = clients[index]
        let member = MemberIdentity(client.memberID, instanceID: client.instance)
        let stale = entropy.chance(1, in: 15)
        let generation = stale ? GenerationID(client.generation.rawValue - 1) : client.generation
        switch entropy.index(below: 10) {
        case 0..<4 where client.generation == .none || entropy.chance(1, in: 6):
            clients[index].isWaiting = true
            ask(.join(joinRequest(client, member)), from: index)
        case 0..<6 where client.generation != .none:
            clients[index].isWaiting = true
            let assigned = client.toAssign.map {
                SyncRequest.Assignment($0, SharedBytes("\(client.generation) \($0)"))
            }
            ask(
                .sync(SyncRequest(group: client.group, generation: generation, member: member, assignments: assigned)),
                from: index)
        case 6..<7:
            ask(.heartbeat(HeartbeatRequest(group: client.group, generation: generation, member: member)), from: index)
        case 7..<9:
            let partition = TopicPartition(
                topic: "topic-\(entropy.index(below: 3))", partition: PartitionIndex(Int32(entropy.index(below: 4))))
            let offset = Offset(Int64(entropy.index(below: 1_000)))
            commit(client, generation, member, OffsetCommitRequest.Partition(partition, offset: offset), from: index)
        default:
            guard entropy.chance(1, in: 6) else { return }
            ask(.leave(LeaveRequest(group: client.group, members: [member])), from: index)
        }
    }

    private mutating func joinRequest(_ client: Client, _ member: MemberIdentity) -> JoinRequest {
        let names =
            entropy.chance(1, in: 10)
            ? ["range"] : entropy.chance(1, in: 2) ? ["range", "sticky"] : ["sticky", "range"]
        return JoinRequest(
            group: client.group, member: member, clientID: "client", clientHost: "/127.0.0.1",
            sessionTimeoutMilliseconds: 6_000 + Int32(entropy.index(below: 4_000)),
            rebalanceTimeoutMilliseconds: 1_000 + Int32(entropy.index(below: 9_000)), protocolType: "consumer",
            protocols: names.map { MemberProtocol(name: $0, metadata: SharedBytes("s\(entropy.index(below: 3))")) },
            requiresKnownMemberID: entropy.chance(3, in: 4), supportsSkippingAssignment: entropy.chance(3, in: 4))
    }

    private mutating func commit(
        _ client: Client, _ generation: GenerationID, _ member: MemberIdentity,
        _ partition: OffsetCommitRequest.Partition, from index: Int
    ) {
        if let current = describe(client.group), current.refusal == nil, current.state != .empty,
            current.generation != generation
        {
            expectedRefusals[nextToken] = current.generation
        }
        ask(
            .commitOffsets(
                OffsetCommitRequest(
                    group: client.group, generation: generation, member: member, partitions: [partition])
            ), from: index)
    }

    private mutating func administrate() {
        let group = GroupID("group-\(entropy.index(below: 4))")
        switch entropy.index(below: 5) {
        case 0: ask(.deleteGroups([group, GroupID("group-1")]), from: nil)
        case 1: ask(.fetchOffsets([OffsetFetchRequest(group: group, partitions: nil)]), from: nil)
        case 2:
            let partition = TopicPartition(topic: "topic-1", partition: PartitionIndex(1))
            ask(.deleteOffsets(OffsetDeleteRequest(group: group, partitions: [partition])), from: nil)
        case 3:
            let partition = TopicPartition(topic: "topic-2", partition: PartitionIndex(9))
            let offset = OffsetCommitRequest.Partition(partition, offset: Offset(1))
            ask(.commitOffsets(OffsetCommitRequest(group: group, partitions: [offset])), from: nil)
        default: ask(.list(ListRequest()), from: nil)
        }
    }

    private mutating func ask(_ request: GroupRequest, from client: Int?) {
        let token = nextToken
        nextToken = nextToken.next
        askers[token] = Asker(
            client: client, memberID: client.map { clients[$0].memberID } ?? .unknown,
            generation: client.map { clients[$0].generation } ?? .none)
        step(.requested(token, request))
    }

    // MARK: World

    private mutating func step(_ event: Event) {
        coordinator.step(event, at: now, wall: wall, into: &effects)
        let caused = effects
        effects = []
        for effect in caused {
            switch effect {
            case .append(let records, let ticket), .appendTransactional(let records, _, _, let ticket):
                waiting.append((records, ticket))
            case .reply(let token, let reply): receive(token, reply)
            }
        }
    }

    private mutating func answerLog(failing: Bool) {
        guard !waiting.isEmpty else { return }
        if failing {
            let chosen = waiting.remove(at: entropy.index(below: waiting.count))
            step(.appendFailed(chosen.ticket, entropy.chance(1, in: 2) ? .timedOut : .notEnoughReplicas))
        } else {
            let (records, ticket) = waiting.removeFirst()
            for record in records {
                let (key, value) = record.encoded()
                let decoded = try? GroupRecord.decode(key: key, value: value)
                if decoded != .record(record) {
                    broken.append("\(record) reads back as \(String(describing: decoded))")
                }
            }
            log += records
            step(.appended(ticket))
        }
    }

    private mutating func passTime(milliseconds: Int64) {
        let end = now.advanced(byMilliseconds: milliseconds)
        while let deadline = coordinator.nextDeadline, deadline <= end {
            now = max(now, deadline)
            step(.timePassed)
            if let next = coordinator.nextDeadline, next <= deadline { broken.append("a deadline stays behind") }
        }
        now = end
    }

    private mutating func failOver() {
        restartCount += 1
        waiting = []
        step(.resigned)
        if !askers.isEmpty { broken.append("\(askers.count) requests outlive the coordinator") }
        coordinator = GroupCoordinator(limits: limits, entropy: entropy.split())
        generations = [:]
        assignments = [:]
        leaders = [:]
        for record in log { coordinator.replay(record) }
        step(.loaded)
    }

    private func describe(_ group: GroupID) -> GroupDescription? {
        var copy = coordinator
        var effects: [Effect] = []
        copy.step(.requested(RequestToken(-1), .describe([group])), at: now, wall: wall, into: &effects)
        guard case .reply(_, .describe(let groups))? = effects.first else { return nil }
        return groups.first
    }

    // MARK: Promises

    private mutating func receive(_ token: RequestToken, _ reply: GroupReply) {
        guard let asker = askers.removeValue(forKey: token) else { return broken.append("\(token) is answered twice") }
        switch reply {
        case .commitOffsets(.success(let results)) where results.allSatisfy({ $0.refusal == nil }):
            committedCount += 1
            if let current = expectedRefusals[token] { broken.append("commit of an old generation in \(current)") }
        default: break
        }
        guard let index = asker.client else { return }
        switch reply {
        case .join(let result):
            clients[index].isWaiting = false
            joined(index, result)
        case .sync(let result):
            clients[index].isWaiting = false
            synced(asker, index, result)
        case .heartbeat(let refusal): if let refusal { despair(index, refusal) }
        case .leave(.success): clients[index].memberID = .unknown; clients[index].generation = .none
        default: break
        }
    }

    private mutating func joined(_ index: Int, _ result: Result<JoinedGroup, GroupRefusal>) {
        switch result {
        case .failure(.memberIDRequired(let id)): clients[index].memberID = id
        case .failure(let refusal): despair(index, refusal)
        case .success(let joined):
            let group = clients[index].group
            if let seen = generations[group], joined.generation < seen { broken.append("\(group) goes back") }
            generations[group] = joined.generation
            if !joined.members.isEmpty && !joined.skipAssignment {
                let place = "\(group) \(joined.generation)"
                if let other = leaders[place], other != joined.memberID, clients[index].instance == nil {
                    broken.append("\(place) has the leaders \(other) and \(joined.memberID)")
                }
                leaders[place] = joined.memberID
            }
            clients[index].memberID = joined.memberID
            clients[index].generation = joined.generation
            clients[index].toAssign = joined.skipAssignment ? [] : joined.members.map(\.memberID)
        }
    }

    private mutating func synced(_ asker: Asker, _ index: Int, _ result: Result<SyncedGroup, GroupRefusal>) {
        switch result {
        case .failure(let refusal): despair(index, refusal)
        case .success(let synced):
            syncedCount += 1
            let client = clients[index]
            let text = String(decoding: synced.assignment.array, as: UTF8.self)
            // Leaders write generation and member into each assignment; a static member inherits its predecessor's.
            if client.instance == nil, !text.isEmpty, !text.hasSuffix(" \(asker.memberID)") {
                broken.append("\(asker.memberID) gets the assignment \(text)")
            }
            if !text.isEmpty, Int32(text.prefix { $0 != " " }) ?? .max > generations[client.group]?.rawValue ?? .max {
                broken.append("an assignment from the future: \(text)")
            }
            let place = "\(client.group) \(asker.generation) \(asker.memberID)"
            if let before = assignments[place], before != synced.assignment, client.instance == nil {
                broken.append("\(place) had another assignment before")
            }
            assignments[place] = synced.assignment
        }
    }

    private mutating func despair(_ index: Int, _ refusal: GroupRefusal) {
        switch refusal {
        case .rebalanceInProgress, .coordinatorNotAvailable: clients[index].generation = .none
        default:
            clients[index].generation = .none
            clients[index].memberID = .unknown
        }
    }

    /// The log alone gives the state that is durable.
    private mutating func compareWithReplay() {
        var replayed = GroupCoordinator(limits: limits, entropy: Entropy(seed: 0))
        for record in log { replayed.replay(record) }
        for group in Set(coordinator.groupIDs + replayed.groupIDs).sorted() {
            let live = coordinator.committedOffsets(of: group) ?? []
            let durable = replayed.committedOffsets(of: group) ?? []
            if !live.elementsEqual(durable, by: { $0 == $1 }) { broken.append("\(group): \(live) is not \(durable)") }
        }
        guard waiting.isEmpty else { return }
        replayed.step(.loaded, at: now, wall: wall, into: &effects)
        effects = []
        for group in coordinator.groupIDs {
            guard let live = describe(group), live.state == .stable else { continue }
            var answer: [Effect] = []
            replayed.step(.requested(RequestToken(0), .describe([group])), at: now, wall: wall, into: &answer)
            guard case .reply(_, .describe(let groups))? = answer.first, let durable = groups.first,
                durable.generation == live.generation, durable.state == .stable,
                durable.members.sorted(by: { $0.memberID < $1.memberID })
                    == live.members.sorted(by: { $0.memberID < $1.memberID })
            else {
                broken.append("\(group): \(live) is not what \(answer) says")
                continue
            }
        }
    }
}
