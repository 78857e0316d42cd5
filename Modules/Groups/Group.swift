// SPDX-License-Identifier: Apache-2.0

internal import Primitives

/// A classic group: its members, the generation they agree on, and its committed offsets.
///
/// States and their changes (an arrow to `dead` leads from `empty` only, and back when the log refuses the tombstone):
///
///     empty → preparingRebalance ⇄ completingRebalance → stable → preparingRebalance;  preparingRebalance → empty
struct Group: Sendable {
    let id: GroupID
    private(set) var state = GroupState.empty
    var stateChangedAt: Timestamp
    /// Nil in a group that never had members: a simple group.
    var protocolType: String?
    var protocolName: String?
    var generation = GenerationID.zero
    var leader: MemberID?

    var members = OrderedTable<MemberID, Member>()
    var staticMembers: [GroupInstanceID: MemberID] = [:]
    /// Ids given out that have not come back (KIP-394), each with its timer.
    var pendingMembers = OrderedTable<MemberID, PendingMember>()
    /// How many members support each protocol.
    var supporters: [String: Int] = [:]
    var awaitingJoinCount = 0
    var owingSyncCount = 0
    var metadataByteCount = 0
    /// Topics the consumers read; nil where that is unknown.
    var subscribedTopics: Set<String>?

    /// True while the rebalance that began in `empty` waits for more members.
    var isInitialRebalance = false
    var newMemberAdded = false
    /// What is left of the initial delay, in milliseconds.
    var initialDelay: InitialDelay?
    /// The generation whose assignments are on their way to the log.
    var storingGeneration: GenerationID?
    var rebalanceTimer: TimerHandle?
    var syncTimer: TimerHandle?

    var offsets = GroupOffsets()
    var pendingOffsets = PendingOffsets()
    /// True once the log may hold a record of the group, so that removing it takes a tombstone.
    var mayBeInLog = false

    struct PendingMember: Sendable {
        var timer: TimerHandle?
    }

    struct InitialDelay: Sendable {
        let delay: Int64
        let remaining: Int64
    }

    init(_ id: GroupID, at wall: Timestamp) {
        self.id = id
        stateChangedAt = wall
    }

    var usesConsumerProtocol: Bool { protocolType == ConsumerSubscription.protocolType }

    var hasAllMembersJoined: Bool { members.count == awaitingJoinCount && pendingMembers.isEmpty }

    /// Nothing durable and nobody here: the group may be forgotten without a trace.
    var isForgettable: Bool {
        state == .empty && !mayBeInLog && pendingMembers.isEmpty && offsets.isEmpty && pendingOffsets.isEmpty
    }

    mutating func enter(_ next: GroupState, at wall: Timestamp) {
        let isLegal =
            switch (state, next) {
            case (.empty, .preparingRebalance), (.stable, .preparingRebalance),
                (.completingRebalance, .preparingRebalance), (.preparingRebalance, .completingRebalance),
                (.preparingRebalance, .empty), (.completingRebalance, .stable), (.empty, .dead), (.dead, .empty):
                true
            default: false
            }
        precondition(isLegal, "group \(id) goes from \(state) to \(next)")
        state = next
        if next != .dead { stateChangedAt = wall }
    }

    /// Becomes what the log says, keeping offsets.
    mutating func load(_ metadata: GroupMetadata) {
        state = metadata.members.isEmpty ? .empty : .stable
        stateChangedAt = metadata.stateChangedAt
        protocolType = metadata.protocolType.isEmpty ? nil : metadata.protocolType
        protocolName = metadata.protocolName
        generation = metadata.generation
        leader = metadata.leader
        members = OrderedTable()
        staticMembers = [:]
        supporters = [:]
        metadataByteCount = 0
        for member in metadata.members where !members.contains(member.memberID) {
            insert(Member(member, protocolName: protocolName))
        }
        if leader.map({ !members.contains($0) }) ?? true { leader = members.firstKey }
        subscribedTopics = currentSubscribedTopics()
        mayBeInLog = true
    }

    // MARK: Members

    func supports(_ protocolType: String, _ protocols: [MemberProtocol]) -> Bool {
        if state == .empty { return !protocolType.isEmpty && !protocols.isEmpty }
        return self.protocolType == protocolType
            && protocols.contains { supporters[$0.name, default: 0] == members.count }
    }

    /// Puts a member into the tables; the first one leads.
    mutating func insert(_ member: Member) {
        if let instance = member.instanceID { staticMembers[instance] = member.id }
        if leader == nil { leader = member.id }
        if member.awaitingJoin != nil { awaitingJoinCount += 1 }
        count(member.protocols, by: 1)
        members.insert(member, for: member.id)
    }

    /// Takes a member out of the tables and tells whoever still waits in its name.
    mutating func remove(_ id: MemberID, telling refusal: GroupRefusal, _ desk: inout Desk) {
        guard var member = members.remove(id) else { return }
        count(member.protocols, by: -1)
        if let instance = member.instanceID, staticMembers[instance] == id { staticMembers[instance] = nil }
        if member.owesSync { owingSyncCount -= 1 }
        if let token = member.awaitingJoin {
            awaitingJoinCount -= 1
            desk.reply(token, .join(.failure(refusal)))
        }
        if let token = member.awaitingSync { desk.reply(token, .sync(.failure(refusal))) }
        desk.timers.cancel(&member.sessionTimer)
        if leader == id { leader = members.firstKey }
    }

    private mutating func count(_ protocols: [MemberProtocol], by step: Int) {
        for offered in protocols {
            let supporterCount = supporters[offered.name, default: 0] + step
            supporters[offered.name] = supporterCount == 0 ? nil : supporterCount
        }
        metadataByteCount += step * protocols.metadataByteCount
    }

    /// Takes over what a member sends when it joins again, and parks its request.
    mutating func update(_ id: MemberID, from request: JoinRequest, for token: RequestToken, _ desk: inout Desk) {
        guard let formerProtocols = members[id]?.protocols else { return }
        count(formerProtocols, by: -1)
        count(request.protocols, by: 1)
        members[id]?.protocols = request.protocols
        members[id]?.rebalanceTimeoutMilliseconds = request.rebalanceTimeoutMilliseconds
        members[id]?.sessionTimeoutMilliseconds = request.sessionTimeoutMilliseconds
        if let overtaken = members[id]?.awaitingJoin {
            desk.reply(overtaken, .join(.failure(.rebalanceInProgress)))
        } else {
            awaitingJoinCount += 1
        }
        members[id]?.awaitingJoin = token
    }

    /// Answers the parked JoinGroup of a member, if there is one.
    mutating func answerJoin(_ id: MemberID, _ result: Result<JoinedGroup, GroupRefusal>, _ desk: inout Desk) {
        guard let token = members[id]?.awaitingJoin else { return }
        members[id]?.awaitingJoin = nil
        awaitingJoinCount -= 1
        desk.reply(token, .join(result))
    }

    /// Whether the request may speak for the member.
    func validate(_ member: MemberIdentity) throws(GroupRefusal) {
        if let instance = member.instanceID {
            guard let holder = staticMembers[instance] else { throw .unknownMember }
            guard holder == member.memberID else { throw .fencedInstance }
        }
        guard members.contains(member.memberID) else { throw .unknownMember }
    }

    mutating func restartSession(of id: MemberID, _ desk: inout Desk) {
        guard let timeout = members[id]?.sessionTimeoutMilliseconds else { return }
        restartSession(of: id, inMilliseconds: Int64(timeout), &desk)
    }

    mutating func restartSession(of id: MemberID, inMilliseconds timeout: Int64, _ desk: inout Desk) {
        guard var timer = members[id].map(\.sessionTimer) else { return }
        desk.timers.set(&timer, to: desk.deadline(inMilliseconds: timeout), for: .session(self.id, id))
        members[id]?.sessionTimer = timer
    }

    /// Milliseconds the slowest member may take to join again.
    var rebalanceTimeoutMilliseconds: Int64 {
        var longest: Int32 = 0
        members.forEach { _, member in longest = max(longest, member.rebalanceTimeoutMilliseconds) }
        return Int64(longest)
    }

    // MARK: Protocols

    /// The common protocol with the most votes; of equals the one the longest-standing member put first.
    func selectProtocol() -> String {
        let candidates = Set(supporters.filter { $0.value == members.count }.keys)
        var votes: [String: Int] = [:]
        var ballot: [String] = []
        members.forEach { _, member in
            let choice = member.vote(among: candidates)
            if votes[choice] == nil { ballot.append(choice) }
            votes[choice, default: 0] += 1
        }
        guard var best = ballot.first else { preconditionFailure("group \(id) has no members to vote") }
        for choice in ballot where votes[choice, default: 0] > votes[best, default: 0] { best = choice }
        return best
    }

    func currentSubscribedTopics() -> Set<String>? {
        guard usesConsumerProtocol else { return nil }
        guard !members.isEmpty else { return [] }
        guard protocolName != nil else { return nil }
        var topics: Set<String> = []
        var isKnown = true
        members.forEach { _, member in
            guard isKnown, let metadata = member.metadata(for: protocolName),
                let subscription = ConsumerSubscription.topics(in: metadata)
            else {
                isKnown = false
                return
            }
            topics.formUnion(subscription)
        }
        return isKnown ? topics : nil
    }

    /// A consumer group whose subscriptions are unknown counts as subscribed to everything.
    func isSubscribed(to topic: String) -> Bool { subscribedTopics?.contains(topic) ?? usesConsumerProtocol }

    // MARK: Records and views

    func metadataRecord(assignments: [MemberID: SharedBytes]) -> GroupRecord {
        var described: [MemberMetadata] = []
        members.forEach { id, member in
            described.append(
                member.described(
                    subscription: member.metadata(for: protocolName) ?? .empty, assignment: assignments[id] ?? .empty))
        }
        return .groupChanged(
            id,
            GroupMetadata(
                protocolType: protocolType ?? "", generation: generation, protocolName: protocolName, leader: leader,
                stateChangedAt: stateChangedAt, members: described))
    }

    var joinedMembers: [JoinedGroup.Member] {
        var joined: [JoinedGroup.Member] = []
        joined.reserveCapacity(members.count)
        members.forEach { id, member in
            joined.append(
                JoinedGroup.Member(
                    memberID: id, instanceID: member.instanceID,
                    metadata: member.metadata(for: protocolName) ?? .empty))
        }
        return joined
    }

    func joined(
        as id: MemberID, leader: MemberID?, skipAssignment: Bool = false, members: [JoinedGroup.Member] = []
    ) -> JoinedGroup {
        JoinedGroup(
            memberID: id, generation: generation, protocolType: protocolType, protocolName: protocolName,
            leader: leader ?? .unknown, skipAssignment: skipAssignment, members: members)
    }
}
