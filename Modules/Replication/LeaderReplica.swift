// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// One partition's leader in one leader epoch: what each follower is sent next, the high watermark, and which changes of
/// the in-sync set to ask the controller for.
///
/// Knows no log, link or clock: facts come in as calls, decisions are asked for. One value lives for one leader epoch,
/// and a process must never lead in an epoch it led before it was started: what it had not synchronized then is gone.
/// - SeeAlso: docs/decisions/0014-replication.md; KIP-101, KIP-279, KIP-497, KIP-841, KIP-903, KIP-966
public struct LeaderReplica: Sendable {
    public let node: NodeID
    public let leaderEpoch: LeaderEpoch
    /// Where the log ended when the epoch began: a member must have all of it, and clients that ask for the end wait
    /// until the high watermark is there (KIP-207).
    public let epochStart: Offset
    public var settings: ReplicationSettings
    public internal(set) var assignment: Assignment
    public internal(set) var logStart: Offset
    public internal(set) var logEnd: Offset
    public internal(set) var durableEnd: Offset
    /// First offset that is not committed. Never goes back.
    public internal(set) var highWatermark: Offset
    /// A follower knows a newer leader: this one waits for metadata and sends nothing.
    public internal(set) var newerEpoch: LeaderEpoch?

    /// Ascending by node.
    var followers: [FollowerProgress] = []
    var proposal: Proposal?
    /// After a refusal nothing is proposed before.
    var proposalsRestUntil: Instant?
    var lastPlan: UInt64 = 0

    struct Proposal: Sendable {
        let content: InSyncProposal
        var isUnderWay: Bool
        var askAgainAt: Instant
    }

    /// - Parameters:
    ///   - standing: The log's, as this epoch begins.
    ///   - highWatermark: The last one known as follower or leader; the log start after a restart.
    public init(
        node: NodeID, leaderEpoch: LeaderEpoch, assignment: Assignment, standing: ReplicaStanding,
        highWatermark: Offset, settings: ReplicationSettings, at now: Instant
    ) {
        precondition(
            standing.lastEpoch <= leaderEpoch, "epoch \(leaderEpoch) begins after records of \(standing.lastEpoch)")
        self.node = node
        self.leaderEpoch = leaderEpoch
        self.assignment = assignment
        self.settings = settings
        (logStart, logEnd, durableEnd) = (standing.logStart, standing.logEnd, standing.durableEnd)
        epochStart = standing.logEnd
        self.highWatermark = max(standing.logStart, min(highWatermark, standing.logEnd))
        adoptReplicas(at: now)
        advanceHighWatermark()
    }

    /// Fewer members than `min.insync.replicas`: producers that want all of them are refused, and nothing is committed.
    public var isUnderMinInSync: Bool { assignment.inSync.count < assignment.effectiveInSyncCountMin }
    /// Whether the high watermark covers what an earlier leader may have acknowledged.
    public var highWatermarkIsCurrent: Bool { highWatermark >= epochStart }

    /// What is known of each follower, ascending by node.
    public var views: [FollowerView] { followers.map(view) }

    private func view(_ follower: FollowerProgress) -> FollowerView {
        FollowerView(
            node: follower.node, isInSync: assignment.inSync.contains(follower.node), isMatched: follower.isMatched,
            logEnd: follower.logEnd, durableEnd: follower.durableEnd,
            lag: max(0, logEnd.distance(from: follower.durableEnd)), lastCaughtUp: follower.lastCaughtUp)
    }
}

// MARK: The log

extension LeaderReplica {
    /// Takes note that records are in the log's file up to `end`.
    public mutating func appended(_ end: Offset, at now: Instant) {
        precondition(end >= logEnd, "the log ends at \(end) after \(logEnd)")
        for index in followers.indices where end > logEnd && reached(followers[index]) >= logEnd {
            // Level until now, however long ago the last record came.
            followers[index].lastCaughtUp = now
            followers[index].mark = (end, now)
        }
        logEnd = end
        if settings.countsUnsynchronized { advanceHighWatermark() }
    }

    /// Takes note that records are on stable storage up to `end`.
    public mutating func synchronized(_ end: Offset) {
        durableEnd = max(durableEnd, end)
        advanceHighWatermark()
    }

    /// Takes note that the log begins at `start` now. Followers learn it with the next append.
    public mutating func logStartMoved(_ start: Offset) {
        logStart = max(logStart, start)
        highWatermark = max(highWatermark, logStart)
    }
}

// MARK: Metadata

extension LeaderReplica {
    /// Takes over what metadata says; an older partition epoch changes nothing.
    ///
    /// - Returns: Whether it was taken over.
    @discardableResult
    public mutating func assignmentChanged(_ newer: Assignment, at now: Instant) -> Bool {
        guard newer.partitionEpoch >= assignment.partitionEpoch else { return false }
        if newer.partitionEpoch > assignment.partitionEpoch { proposal = nil }
        for index in followers.indices where !assignment.inSync.contains(followers[index].node) {
            // A new member gets the full time before it is judged.
            if newer.inSync.contains(followers[index].node) { followers[index].lastCaughtUp = now }
        }
        assignment = newer
        adoptReplicas(at: now)
        advanceHighWatermark()
        return true
    }

    mutating func adoptReplicas(at now: Instant) {
        let nodes = assignment.replicas.filter { $0 != node }.sorted()
        followers = nodes.map { node in
            if let known = followers.first(where: { $0.node == node }) { return known }
            var fresh = FollowerProgress(node)
            fresh.mark = (logEnd, now)
            fresh.lastCaughtUp = assignment.inSync.contains(node) ? now : nil
            return fresh
        }
    }

    /// Members, and those who may be members already without our knowing (KIP-497).
    private var mayBeInSync: [NodeID] {
        guard let proposal else { return assignment.inSync }
        return assignment.inSync + proposal.content.nodes.filter { !assignment.inSync.contains($0) }
    }

    mutating func advanceHighWatermark() {
        guard !isUnderMinInSync else { return }
        var committed = settings.countsUnsynchronized ? logEnd : durableEnd
        for member in mayBeInSync where member != node {
            let follower = followers.first { $0.node == member }
            committed = min(committed, follower.map(reached) ?? .zero)
        }
        highWatermark = max(highWatermark, committed)
    }

    func reached(_ follower: FollowerProgress) -> Offset {
        settings.countsUnsynchronized ? follower.logEnd : follower.durableEnd
    }

    func index(of node: NodeID) -> Int? { followers.firstIndex { $0.node == node } }
}
