// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// An unclean election: somebody ordered that a replica lead which may lack acknowledged records.
///
/// Written with the election itself, so that no such election goes without. The new leader adds what only its log
/// knows.
public struct LossManifest: Hashable, Sendable, Codable {
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
    /// Where the log of the new leader ended when it began to lead; nil until it tells. Nothing before it is lost.
    public var logEnd: Offset?
    /// The highest high watermark that any replica is known to have had; nil when none is known. What lies between
    /// `logEnd` and it was acknowledged and is lost.
    public var highWatermark: Offset?

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
