// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// An unclean election and what it cost: somebody ordered that a replica lead which may lack acknowledged records.
///
/// Written with the election itself, so that no such election goes without. The rest is added by those who know it: the
/// leader where its log ended, each replica that comes back what it had to give up, before it does so, and the
/// coordinators of groups who had read it.
/// - SeeAlso: docs/decisions/0017-loss-manifest.md
public struct LossManifest: Hashable, Sendable, Codable {
    /// Most groups that are named.
    public static let groupCountMax = 1_000

    public var partition: PartitionID
    /// The epoch that begins with the election; with the partition it names the manifest.
    public var leaderEpoch: LeaderEpoch
    public var electedLeader: NodeID
    /// Who led before; `.none` when nobody is known.
    public var lastKnownLeader: NodeID
    /// As they were before the election: whoever comes back of these may still have what is lost.
    public var inSyncReplicas: [NodeID]
    public var eligibleLeaderReplicas: [NodeID]
    /// The wall clock of the controller.
    public var time: Timestamp
    /// Where the log of the new leader ended when it began to lead; nil until it tells.
    public var logEnd: Offset?
    /// The highest high watermark that any replica is known to have had; nil when none is known.
    public var highWatermark: Offset?
    /// What replicas had that the elected leader had not, by replica.
    public var accounts: [ReplicaAccount] = []
    /// Groups that had read what is lost, by name, at most `groupCountMax`.
    public var groups: [TouchedGroup] = []
    /// Groups beyond that.
    public var leftOutGroupCount: Int32 = 0

    public init(
        partition: PartitionID, leaderEpoch: LeaderEpoch, electedLeader: NodeID, lastKnownLeader: NodeID,
        inSyncReplicas: [NodeID], eligibleLeaderReplicas: [NodeID], time: Timestamp,
        logEnd: Offset? = nil, highWatermark: Offset? = nil
    ) {
        self.partition = partition
        self.leaderEpoch = leaderEpoch
        self.electedLeader = electedLeader
        self.lastKnownLeader = lastKnownLeader
        self.inSyncReplicas = inSyncReplicas
        self.eligibleLeaderReplicas = eligibleLeaderReplicas
        self.time = time
        self.logEnd = logEnd
        self.highWatermark = highWatermark
    }
}

/// What one replica had that the elected leader had not, and therefore gave up when it followed again.
public struct ReplicaAccount: Hashable, Sendable, Codable {
    /// Most producers that are named.
    public static let producerCountMax = 100

    public var replica: NodeID
    /// First offset given up; equal to `end` when it had nothing.
    public var from: Offset
    /// Where its log ended.
    public var end: Offset
    /// Fewer than offsets where records had been compacted away.
    public var recordCount: Int64
    /// Of the records' own times; `.none` without records.
    public var lastTimestamp: Timestamp
    /// Up to where the replica knew its records to be committed; nil after a restart, which forgets it.
    public var highWatermark: Offset?
    /// Idempotent and transactional writers of these records, by id and epoch, at most `producerCountMax`.
    public var producers: [LostProducer]
    /// Producers beyond that.
    public var leftOutProducerCount: Int32

    public init(
        replica: NodeID, from: Offset, end: Offset, recordCount: Int64 = 0, lastTimestamp: Timestamp = .none,
        highWatermark: Offset? = nil, producers: [LostProducer] = [], leftOutProducerCount: Int32 = 0
    ) {
        self.replica = replica
        self.from = from
        self.end = end
        self.recordCount = recordCount
        self.lastTimestamp = lastTimestamp
        self.highWatermark = highWatermark
        self.producers = producers
        self.leftOutProducerCount = leftOutProducerCount
    }
}

/// A producer whose records a replica gave up.
public struct LostProducer: Hashable, Sendable, Codable {
    public var id: ProducerID
    public var epoch: ProducerEpoch
    public var firstOffset: Offset
    public var lastOffset: Offset
    public var recordCount: Int64

    public init(
        id: ProducerID, epoch: ProducerEpoch, firstOffset: Offset, lastOffset: Offset, recordCount: Int64
    ) {
        self.id = id
        self.epoch = epoch
        self.firstOffset = firstOffset
        self.lastOffset = lastOffset
        self.recordCount = recordCount
    }
}

/// A group that had committed an offset beyond what is left.
public struct TouchedGroup: Hashable, Sendable, Codable {
    public var group: String
    public var committedOffset: Offset

    public init(group: String, committedOffset: Offset) {
        self.group = group
        self.committedOffset = committedOffset
    }
}

extension LossManifest {
    /// Replicas that may have had more than the elected leader, by id.
    public var witnesses: [NodeID] {
        Set(inSyncReplicas + eligibleLeaderReplicas + [lastKnownLeader])
            .subtracting([electedLeader, .none]).sorted()
    }

    /// Witnesses that have not come back.
    public var awaited: [NodeID] { witnesses.filter { account(of: $0) == nil } }

    /// Whether everything is known that can be known of the records.
    public var isComplete: Bool { logEnd != nil && awaited.isEmpty }

    /// All offsets that any replica gave up; nil when none has, or nobody has come back.
    public var lost: Range<Offset>? {
        let given = accounts.filter { $0.from < $0.end }
        guard let from = given.map(\.from).min(), let end = given.map(\.end).max() else { return nil }
        return from..<end
    }

    /// First offset whose record may be lost or another than it was; nil until the leader tells.
    public var lossStart: Offset? { logEnd.map { min($0, lost?.lowerBound ?? $0) } }

    /// No offset from here on was acknowledged with acks=all, as every replica that could lead has all that was; nil
    /// until all of them have come back.
    public var acknowledgedEnd: Offset? {
        let whole = Set(inSyncReplicas + eligibleLeaderReplicas).subtracting([electedLeader])
        let ends = whole.compactMap { account(of: $0)?.end }
        return ends.count == whole.count ? ends.min() : nil
    }

    public func account(of replica: NodeID) -> ReplicaAccount? { accounts.first { $0.replica == replica } }

    /// Adds an account. One that is known already changes nothing, one of more takes its place, and what a second cut gives
    /// up comes to the first.
    mutating func add(_ account: ReplicaAccount) {
        if let mark = account.highWatermark { highWatermark = max(highWatermark ?? mark, mark) }
        guard let place = accounts.firstIndex(where: { $0.replica == account.replica }) else {
            accounts.append(account)
            return accounts.sort { $0.replica < $1.replica }
        }
        if !accounts[place].covers(account.from..<account.end) { accounts[place].add(account) }
    }

    /// Adds groups that are not known; each keeps the offset it was reported with first.
    mutating func add(_ touched: [TouchedGroup], leftOutCount: Int32) {
        let known = Set(groups.map(\.group))
        let new = touched.filter { !known.contains($0.group) }
        let room = max(0, Self.groupCountMax - groups.count)
        groups = (groups + new.prefix(room)).sorted { $0.group < $1.group }
        leftOutGroupCount += leftOutCount + Int32(new.count - min(room, new.count))
    }
}

extension ReplicaAccount {
    public func covers(_ range: Range<Offset>) -> Bool {
        range.isEmpty || (from <= range.lowerBound && end >= range.upperBound)
    }

    /// What a later cut of the same log gave up comes to what an earlier one did.
    fileprivate mutating func add(_ other: ReplicaAccount) {
        guard !other.covers(from..<end) else { return self = other }
        from = min(from, other.from)
        end = max(end, other.end)
        recordCount += other.recordCount
        lastTimestamp = max(lastTimestamp, other.lastTimestamp)
        leftOutProducerCount += other.leftOutProducerCount
        for producer in other.producers { add(producer) }
    }

    private mutating func add(_ producer: LostProducer) {
        if let place = producers.firstIndex(where: { $0.id == producer.id && $0.epoch == producer.epoch }) {
            producers[place].firstOffset = min(producers[place].firstOffset, producer.firstOffset)
            producers[place].lastOffset = max(producers[place].lastOffset, producer.lastOffset)
            producers[place].recordCount += producer.recordCount
        } else if producers.count < Self.producerCountMax {
            producers.append(producer)
            producers.sort { ($0.id, $0.epoch) < ($1.id, $1.epoch) }
        } else {
            leftOutProducerCount += 1
        }
    }
}

extension MetadataImage {
    /// The election that took records of an epoch away: the first unclean one after it.
    public func loss(of partition: PartitionID, endingEpoch epoch: LeaderEpoch) -> LossManifest? {
        losses(of: partition).filter { $0.leaderEpoch > epoch }.min { $0.leaderEpoch < $1.leaderEpoch }
    }
}
