// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// The in-sync set that a leader wants.
public struct InSyncProposal: Hashable, Sendable, Codable {
    /// A replica, as the leader knows it.
    public struct Member: Hashable, Sendable, Codable {
        public var broker: NodeID
        /// The registration that caught up; nil: not told, so that a restart in between goes unnoticed (KIP-903).
        public var epoch: BrokerEpoch?

        public init(_ broker: NodeID, epoch: BrokerEpoch? = nil) {
            self.broker = broker
            self.epoch = epoch
        }
    }

    public var partition: PartitionID
    public var leaderEpoch: LeaderEpoch
    /// The change of the partition that the proposal builds on.
    public var partitionEpoch: PartitionEpoch
    /// With the leader.
    public var inSyncReplicas: [Member]

    public init(
        partition: PartitionID, leaderEpoch: LeaderEpoch, partitionEpoch: PartitionEpoch, inSyncReplicas: [Member]
    ) {
        self.partition = partition
        self.leaderEpoch = leaderEpoch
        self.partitionEpoch = partitionEpoch
        self.inSyncReplicas = inSyncReplicas
    }
}

/// A partition as a proposal left it.
public struct PartitionState: Hashable, Sendable, Codable {
    /// Another one than before, where a reassignment was completed with it.
    public var leader: NodeID
    public var leaderEpoch: LeaderEpoch
    public var partitionEpoch: PartitionEpoch
    public var inSyncReplicas: [NodeID]

    public init(_ partition: PartitionImage) {
        leader = partition.leader
        leaderEpoch = partition.leaderEpoch
        partitionEpoch = partition.partitionEpoch
        inSyncReplicas = partition.inSyncReplicas
    }
}

public enum InSyncRefusal: Error, Hashable, Sendable, Codable {
    case unknownTopic
    case unknownPartition
    /// The proposal knows more than this controller: ask the active one.
    case notController
    case fencedLeaderEpoch(current: LeaderEpoch)
    case notLeader(current: NodeID)
    /// The partition has changed since.
    case stalePartitionEpoch(current: PartitionEpoch)
    /// A member is no replica, comes twice, or the leader is missing.
    case invalidMembers
    /// A member is fenced, leaves, or registered again since it caught up.
    case ineligible(NodeID)
}

public enum AlterPartitionsRefusal: Error, Hashable, Sendable, Codable {
    case unknownBroker(NodeID)
    /// The broker has registered again since.
    case staleBrokerEpoch(current: BrokerEpoch)
}

/// A leader's changes of in-sync sets (KIP-497, 841, 903); each one succeeds or is refused for itself.
public struct AlterPartitions: ControllerCommand {
    public static var name: String { "AlterPartitions" }

    /// The leader that asks.
    public var broker: NodeID
    public var epoch: BrokerEpoch
    public var proposals: [InSyncProposal]

    public init(broker: NodeID, epoch: BrokerEpoch, proposals: [InSyncProposal]) {
        self.broker = broker
        self.epoch = epoch
        self.proposals = proposals
    }

    /// In the order of the request.
    public typealias Outcome = Result<[Result<PartitionState, InSyncRefusal>], AlterPartitionsRefusal>

    public func decide(on state: ControllerState, using entropy: inout Entropy) -> Decision<Outcome> {
        guard let known = state.image.broker(broker) else { return Decision(.failure(.unknownBroker(broker))) }
        guard known.epoch == epoch else { return Decision(.failure(.staleBrokerEpoch(current: known.epoch))) }
        var draft = Draft(state)
        let outcomes = proposals.map { proposal in
            Result { () throws(InSyncRefusal) in try accept(proposal, in: &draft) }
        }
        return Decision(.success(outcomes), records: draft.records)
    }

    private func accept(_ proposal: InSyncProposal, in draft: inout Draft) throws(InSyncRefusal) -> PartitionState {
        guard draft.image.topic(proposal.partition.topic) != nil else { throw .unknownTopic }
        guard let partition = draft.image.partition(proposal.partition) else { throw .unknownPartition }
        try checkEpochs(of: proposal, partition)
        try checkMembers(of: proposal, partition, draft.image)
        let members = proposal.inSyncReplicas.map(\.broker)
        draft.change(proposal.partition) { change in
            change.inSync = partition.replicas.filter(members.contains)
        }
        return PartitionState(draft.image.partition(proposal.partition) ?? partition)
    }

    private func checkEpochs(of proposal: InSyncProposal, _ partition: PartitionImage) throws(InSyncRefusal) {
        guard proposal.leaderEpoch <= partition.leaderEpoch, proposal.partitionEpoch <= partition.partitionEpoch else {
            throw .notController
        }
        guard proposal.leaderEpoch == partition.leaderEpoch else {
            throw .fencedLeaderEpoch(current: partition.leaderEpoch)
        }
        guard partition.leader == broker else { throw .notLeader(current: partition.leader) }
        guard proposal.partitionEpoch == partition.partitionEpoch else {
            throw .stalePartitionEpoch(current: partition.partitionEpoch)
        }
    }

    private func checkMembers(
        of proposal: InSyncProposal, _ partition: PartitionImage, _ image: MetadataImage
    ) throws(InSyncRefusal) {
        let members = proposal.inSyncReplicas.map(\.broker)
        guard members.contains(broker), Set(members).count == members.count,
            members.allSatisfy(partition.replicas.contains)
        else { throw .invalidMembers }
        for member in proposal.inSyncReplicas {
            guard let known = image.broker(member.broker), known.isActive, member.epoch ?? known.epoch == known.epoch
            else { throw .ineligible(member.broker) }
        }
    }
}
