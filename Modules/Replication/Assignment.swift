// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// What metadata says about a partition's replicas.
public struct Assignment: Hashable, Sendable {
    public var partitionEpoch: PartitionEpoch
    /// In the order of preference, the leader's node included.
    public var replicas: [NodeID]
    /// Committed in-sync members, the leader included.
    public var inSync: [NodeID]
    /// `min.insync.replicas`; counts as the number of replicas where it is larger.
    public var inSyncCountMin: Int
    /// Replicas whose broker is fenced or shutting down: the controller would refuse them (KIP-841).
    public var ineligible: [NodeID]

    public init(
        partitionEpoch: PartitionEpoch, replicas: [NodeID], inSync: [NodeID], inSyncCountMin: Int,
        ineligible: [NodeID] = []
    ) {
        self.partitionEpoch = partitionEpoch
        self.replicas = replicas
        self.inSync = inSync
        self.inSyncCountMin = inSyncCountMin
        self.ineligible = ineligible
    }

    var effectiveInSyncCountMin: Int { min(inSyncCountMin, replicas.count) }
}

/// A change of the in-sync set that the leader asks the controller for (AlterPartition, KIP-497).
public struct InSyncProposal: Hashable, Sendable {
    /// A proposed member, and the registration of its broker that the leader talks to (KIP-903).
    public struct Member: Hashable, Sendable {
        public let node: NodeID
        /// −1 for the leader itself: the driver knows its own.
        public let brokerEpoch: Int64
    }

    public let leaderEpoch: LeaderEpoch
    /// The state the proposal changes; the controller refuses it when there is a newer one.
    public let partitionEpoch: PartitionEpoch
    /// In the order of the replicas.
    public let members: [Member]

    public var nodes: [NodeID] { members.map(\.node) }
}

/// What became of a proposal.
public enum InSyncOutcome: Hashable, Sendable {
    case committed(PartitionEpoch, inSync: [NodeID])
    /// The controller has not applied it and will not: a member is not eligible (KIP-841, KIP-903).
    case ineligible
    /// The controller knows a newer leader or partition epoch; metadata will tell what holds.
    case stale
    /// No answer: it may have been applied. It is asked again, and counted until metadata tells.
    case unknown
}
