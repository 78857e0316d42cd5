// SPDX-License-Identifier: Apache-2.0

internal import Primitives

/// What a timer is for.
enum Deadline: Sendable {
    case session(GroupID, MemberID)
    case rebalance(GroupID)
    case sync(GroupID)
    case retentionCheck
}

typealias TimerHandle = DeadlineHeap<Deadline>.Handle

/// What follows when the log has answered an append.
enum Continuation: Sendable {
    case nothing
    case commitReply(RequestToken, [PartitionResult])
    case deleteOffsetsReply(RequestToken, [PartitionResult])
    case deleteGroupsReply(RequestToken, [DeletedGroup])
    /// The leader's assignments take effect, if the generation still waits for them.
    case assignments(GroupID, GenerationID, [MemberID: SharedBytes])
    /// The static member goes on under its new id, if it still waits for that.
    case staticMember(GroupID, StaticReplacement)

    /// The requests that wait for it are parked with the members.
    var isAboutMembers: Bool {
        switch self {
        case .assignments, .staticMember: true
        case .nothing, .commitReply, .deleteOffsetsReply, .deleteGroupsReply: false
        }
    }
}

/// A static member that came back under a new id into a stable group (KIP-345), and how to undo it.
struct StaticReplacement: Sendable {
    let token: RequestToken
    let instanceID: GroupInstanceID
    let former: Member
    let currentID: MemberID
    let leaderBefore: MemberID?
    let supportsSkippingAssignment: Bool
}

/// Records on their way to the log.
struct PendingAppend: Sendable {
    let records: [GroupRecord]
    /// Whose transaction they are part of.
    let producerID: ProducerID?
    let continuation: Continuation
}

/// What all groups of a coordinator work with: limits, the time of this step, timers, chance, appends and effects.
struct Desk: Sendable {
    let limits: GroupLimits
    var entropy: Entropy
    var now = Instant(nanoseconds: 0)
    var wall = Timestamp.none
    var effects: [Effect] = []
    var timers = DeadlineHeap<Deadline>()
    var appends = OrderedTable<AppendTicket, PendingAppend>()
    var counts = GroupCounts()
    private var lastTicket = AppendTicket(0)
    /// Of the last record of an offset that was replayed or acknowledged: which of two came later in the log.
    private var lastOrder: Int64 = 0

    init(limits: GroupLimits, entropy: Entropy) {
        self.limits = limits
        self.entropy = entropy
    }

    mutating func reply(_ token: RequestToken, _ reply: GroupReply) { effects.append(.reply(token, reply)) }

    mutating func append(_ records: [GroupRecord], then continuation: Continuation) {
        note(records, in: nil, then: continuation)
        effects.append(.append(records, lastTicket))
    }

    mutating func append(
        _ records: [GroupRecord], in producerID: ProducerID, _ producerEpoch: ProducerEpoch,
        then continuation: Continuation
    ) {
        note(records, in: producerID, then: continuation)
        effects.append(.appendTransactional(records, producerID, producerEpoch, lastTicket))
    }

    private mutating func note(_ records: [GroupRecord], in producerID: ProducerID?, then continuation: Continuation) {
        precondition(!records.isEmpty, "an append of no records")
        lastTicket = lastTicket.next
        appends.insert(
            PendingAppend(records: records, producerID: producerID, continuation: continuation), for: lastTicket)
    }

    mutating func nextOrder() -> Int64 {
        lastOrder += 1
        return lastOrder
    }

    func checkRoomForAppend() throws(GroupRefusal) {
        guard appends.count < limits.appendsInFlightMax else {
            throw .tooManyAppendsInFlight(capacity: limits.appendsInFlightMax)
        }
    }

    func wasIssued(_ ticket: AppendTicket) -> Bool { ticket > AppendTicket(0) && ticket <= lastTicket }

    func deadline(inMilliseconds milliseconds: Int64) -> Instant { now.advanced(byMilliseconds: milliseconds) }

    /// `PREFIX-UUID`, as Kafka names members; the prefix is the instance id or the client id, cut at 255 bytes.
    mutating func makeMemberID(for request: JoinRequest) -> MemberID {
        let prefix = request.member.instanceID?.rawValue ?? request.clientID
        let short = prefix.utf8.count <= 255 ? prefix : String(decoding: prefix.utf8.prefix(255), as: UTF8.self)
        let high = entropy.next() & 0xffff_ffff_ffff_0fff | 0x4000
        let low = entropy.next() & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000
        var uuid: [UInt8] = []
        uuid.reserveCapacity(36)
        for index in 0..<32 {
            if [8, 12, 16, 20].contains(index) { uuid.append(UInt8(ascii: "-")) }
            let digit = UInt8((index < 16 ? high : low) >> UInt64(60 - index % 16 * 4) & 15)
            uuid.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") - 10 + digit)
        }
        return MemberID(short + "-" + String(decoding: uuid, as: UTF8.self))
    }
}

/// Plain counts for the shell to export; they only grow.
public struct GroupCounts: Equatable, Sendable {
    /// Generations that got their assignments.
    public internal(set) var completedRebalances = 0
    /// Rebalances begun.
    public internal(set) var startedRebalances = 0
    /// Partitions whose committed offset the log has kept.
    public internal(set) var committedOffsets = 0
    /// Offsets that retention or a deleted topic removed.
    public internal(set) var expiredOffsets = 0
    /// Members that went silent for longer than their session.
    public internal(set) var expiredSessions = 0
}
