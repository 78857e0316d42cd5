// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// Coordinates the consumer groups of one partition of `__consumer_offsets`: the classic group protocol and committed
/// offsets, as Kafka 4 keeps them.
///
/// A pure core: events go in, effects come out. Its life: `replay` every record of the partition, `.loaded`, requests,
/// `.resigned`. What a reply promises is in the log before the reply is given; an offset is shown once the log has
/// acknowledged it.
/// - SeeAlso: docs/decisions/0006-groups.md; KIP-62, KIP-134, KIP-211, KIP-345, KIP-394, KIP-814
public struct GroupCoordinator: Sendable {
    enum Phase: Sendable {
        case loading
        case serving
        case resigned
    }

    private(set) var phase = Phase.loading
    var groups = OrderedTable<GroupID, Group>()
    var desk: Desk
    /// Groups that offsets of a producer's open transaction are for.
    var groupsOfProducer: [ProducerID: [GroupID]] = [:]
    private var retentionTimer: TimerHandle?
    private var topicsDeletedWhileLoading: [String] = []

    /// - Parameter entropy: Names members. Seed it from the system's randomness: whoever guesses a member id can act
    ///   for the member.
    public init(limits: GroupLimits, entropy: Entropy) {
        desk = Desk(limits: limits, entropy: entropy)
    }

    /// The earliest moment at which `.timePassed` may change something; nil while nothing waits.
    public var nextDeadline: Instant? { desk.timers.next }

    public var counts: GroupCounts { desk.counts }

    /// Groups held, those that only store offsets included.
    public var groupCount: Int { groups.count }

    /// Takes one event and says what follows.
    ///
    /// - Parameters:
    ///   - now: never earlier than before.
    ///   - wall: goes into records and decides what has expired.
    ///   - effects: what to do is appended, in the order to do it.
    public mutating func step(_ event: Event, at now: Instant, wall: Timestamp, into effects: inout [Effect]) {
        desk.now = now
        desk.wall = wall
        swap(&desk.effects, &effects)
        take(event)
        swap(&desk.effects, &effects)
    }

    private mutating func take(_ event: Event) {
        switch event {
        case .loaded: begin()
        case .resigned: resign()
        case .requested(let token, let request):
            guard phase == .serving else {
                return desk.reply(token, request.refused(phase == .loading ? .loadInProgress : .notCoordinator))
            }
            take(request, for: token)
        case .appended(let ticket): settle(ticket, nil)
        case .appendFailed(let ticket, let failure): settle(ticket, failure)
        case .transactionEnded(let producer, let committed):
            if phase == .serving { endTransaction(of: producer, committed: committed) }
        case .topicsDeleted(let topics): topicsDisappeared(topics)
        case .timePassed: passTime()
        }
    }

    // MARK: Loading and resigning

    /// Takes over one record of the log, in the order of the log; a later one of the same key counts.
    ///
    /// - Parameter producer: Whose transaction the record is part of, when it is one.
    /// - Precondition: before `.loaded`.
    public mutating func replay(_ record: GroupRecord, in producer: ProducerID? = nil) {
        precondition(phase == .loading, "a record is replayed while \(phase)")
        let id = record.group
        switch record {
        case .offsetCommitted(_, let partition, let committed):
            if !groups.contains(id) { groups.insert(Group(id, at: .none), for: id) }
            groups[id]?.mayBeInLog = true
            let order = desk.nextOrder()
            guard let producer else { groups[id]?.offsets.replay(partition, committed, order: order); return }
            groups[id]?.pendingOffsets.replay(partition, committed, in: producer, order: order)
            noteTransaction(of: producer, in: id)
        case .offsetRemoved(_, let partition):
            groups[id]?.offsets.replay(partition, nil, order: desk.nextOrder())
        case .groupChanged(_, let metadata):
            if !groups.contains(id) { groups.insert(Group(id, at: .none), for: id) }
            groups[id]?.load(metadata)
        case .groupRemoved:
            forgetMembership(of: id)
        }
    }

    /// Takes over a marker of the log, between the records around it.
    ///
    /// - Precondition: before `.loaded`.
    public mutating func replayEnd(of producer: ProducerID, committed: Bool) {
        precondition(phase == .loading, "a marker is replayed while \(phase)")
        endTransaction(of: producer, committed: committed)
    }

    private mutating func begin() {
        precondition(phase == .loading, "loaded while \(phase)")
        phase = .serving
        for id in groups.keys {
            guard let members = groups[id]?.members.keys, !members.isEmpty else { continue }
            for member in members { groups[id]?.restartSession(of: member, &desk) }
            // The bound was lowered: whoever joins first stays.
            if members.count > desk.limits.memberCountMax { groups[id]?.prepareRebalance(&desk) }
        }
        startRetentionTimer()
        removeOffsets(of: topicsDeletedWhileLoading)
        topicsDeletedWhileLoading = []
    }

    private mutating func topicsDisappeared(_ topics: [String]) {
        switch phase {
        case .loading: topicsDeletedWhileLoading += topics
        case .serving: removeOffsets(of: topics)
        case .resigned: break
        }
    }

    private mutating func resign() {
        for ticket in desk.appends.keys {
            switch desk.appends.remove(ticket)?.continuation {
            case .some(let reply) where !reply.isAboutMembers: answer(reply, .leadershipLost)
            default: break
            }
        }
        // Whoever waits for an append about members is parked in its group.
        for id in groups.keys {
            groups[id]?.dismiss(telling: .notCoordinator, &desk)
            groups.remove(id)
        }
        desk.timers.cancel(&retentionTimer)
        phase = .resigned
    }

    /// The group has no membership in the log any more; offsets that are still there stay readable.
    mutating func forgetMembership(of id: GroupID) {
        guard var group = groups.remove(id) else { return }
        group.dismiss(telling: .unknownMember, &desk)
        guard !group.offsets.isEmpty || !group.pendingOffsets.isEmpty else { return }
        var rest = Group(id, at: .none)
        (rest.offsets, rest.pendingOffsets) = (group.offsets, group.pendingOffsets)
        rest.mayBeInLog = true
        groups.insert(rest, for: id)
    }

    // MARK: Time

    private mutating func startRetentionTimer() {
        let deadline = desk.deadline(inMilliseconds: desk.limits.retentionCheckIntervalMilliseconds)
        desk.timers.set(&retentionTimer, to: deadline, for: .retentionCheck)
    }

    private mutating func passTime() {
        while let due = desk.timers.popDue(at: desk.now) {
            switch due {
            case .session(let id, let member):
                groups[id]?.sessionExpired(member, &desk)
                forgetIfNothingIsLeft(of: id)
            case .rebalance(let id): groups[id]?.rebalanceTimeCame(&desk)
            case .sync(let id): groups[id]?.syncTimeCame(&desk)
            case .retentionCheck:
                retentionTimer = nil
                expireOffsets()
                startRetentionTimer()
            }
        }
    }

    /// A group that nobody is in and that the log never heard of goes without a trace.
    mutating func forgetIfNothingIsLeft(of id: GroupID) {
        guard groups[id]?.isForgettable == true else { return }
        groups.remove(id)
    }

    // MARK: Queries

    /// Committed offsets of a group that the log has acknowledged, sorted by topic and partition; nil for no such group.
    ///
    /// With the log end offsets and timestamps of the partitions the shell makes exact lag of them.
    public func committedOffsets(of group: GroupID) -> [(TopicPartition, CommittedOffset)]? {
        groups[group]?.offsets.committed
    }

    /// What a group has committed for one partition, as far as the log has acknowledged it.
    public func committedOffset(of group: GroupID, in partition: TopicPartition) -> CommittedOffset? {
        groups[group]?.offsets[partition]
    }

    /// All groups, sorted.
    public var groupIDs: [GroupID] { groups.keys.sorted() }

    /// State and number of members of a group; nil for no such group.
    public func summary(of group: GroupID) -> (state: GroupState, memberCount: Int)? {
        groups[group].map { ($0.state, $0.members.count) }
    }
}

extension GroupCoordinator {
    /// Timers running and timers that members, groups and the coordinator hold: equal, unless one leaks.
    package var timerCounts: (running: Int, owned: Int) {
        var owned = retentionTimer == nil ? 0 : 1
        groups.forEach { _, group in
            owned += (group.rebalanceTimer == nil ? 0 : 1) + (group.syncTimer == nil ? 0 : 1)
            group.members.forEach { _, member in owned += member.sessionTimer == nil ? 0 : 1 }
            group.pendingMembers.forEach { _, pending in owned += pending.timer == nil ? 0 : 1 }
        }
        return (desk.timers.count, owned)
    }

    /// Traps where the counts that groups keep do not fit what they count.
    package func checkInvariants() {
        groups.forEach { id, group in
            var awaiting = 0
            var owing = 0
            var byteCount = 0
            group.members.forEach { memberID, member in
                precondition(memberID == member.id, "\(memberID) is filed as \(member.id)")
                awaiting += member.awaitingJoin == nil ? 0 : 1
                owing += member.owesSync ? 1 : 0
                byteCount += member.metadataByteCount
            }
            precondition(awaiting == group.awaitingJoinCount, "\(id): \(awaiting) await, \(group.awaitingJoinCount)")
            precondition(owing == group.owingSyncCount, "\(id): \(owing) owe a sync, \(group.owingSyncCount)")
            precondition(byteCount == group.metadataByteCount, "\(id): \(byteCount), \(group.metadataByteCount)")
            precondition(group.members.isEmpty || group.leader.map(group.members.contains) == true, "\(id): no leader")
            precondition(group.state != .empty || group.members.isEmpty, "\(id) is empty with members")
        }
        precondition(timerCounts.running == timerCounts.owned, "\(timerCounts)")
    }
}
