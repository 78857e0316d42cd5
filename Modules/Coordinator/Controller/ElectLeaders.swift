// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// A partition as people name it.
public struct PartitionReference: Hashable, Sendable, Codable {
    public var topic: String
    public var index: PartitionIndex

    public init(topic: String, index: PartitionIndex) {
        self.topic = topic
        self.index = index
    }
}

public enum ElectLeaderRefusal: Error, Hashable, Sendable, Codable {
    case unknownPartition
    /// The preferred replica leads already; or, for an unclean election, somebody leads.
    case notNeeded
    /// The preferred replica is fenced or not in sync.
    case preferredNotAvailable(NodeID)
    /// No replica is live.
    case noReplicaLives
}

/// An election that was asked for, and who leads.
public struct LeaderElection: Hashable, Sendable, Codable {
    public var partition: PartitionReference
    public var leader: Result<NodeID, ElectLeaderRefusal>
    /// What an unclean election may have lost; nil where an eligible replica was found after all.
    public var loss: LossManifest?

    public init(
        partition: PartitionReference, leader: Result<NodeID, ElectLeaderRefusal>, loss: LossManifest? = nil
    ) {
        self.partition = partition
        self.leader = leader
        self.loss = loss
    }
}

/// Elects leaders by order: the preferred replicas, or, where nobody that may leads, whoever lives (KIP-460, 966).
///
/// The only way to a leader that may lack acknowledged records; each such election writes a loss manifest.
public struct ElectLeaders: ControllerCommand {
    public static var name: String { "ElectLeaders" }

    public enum Kind: String, Sendable, Codable {
        case preferred, unclean
    }

    public var kind: Kind
    /// nil: all that need it.
    public var partitions: [PartitionReference]?
    /// For unclean elections: whom to elect where nobody is eligible and they live, because somebody looked whose log
    /// is longest; else the last known leader, else the first replica in order.
    public var candidates: [NodeID]?

    public init(_ kind: Kind, partitions: [PartitionReference]?, candidates: [NodeID]? = nil) {
        self.kind = kind
        self.partitions = partitions
        self.candidates = candidates
    }

    /// In the order of the request; for all partitions by topic id and index, without those that need no election.
    public typealias Outcome = [LeaderElection]

    public func decide(on state: ControllerState, using entropy: inout Entropy) -> Decision<Outcome> {
        var draft = Draft(state)
        guard let partitions else {
            let elections = state.image.partitions { needsElection($0) }.map { id in
                election(of: id, named: state.image.reference(to: id), in: &draft, at: state.time)
            }
            return Decision(elections, records: draft.records)
        }
        let elections = partitions.map { reference in
            guard let id = state.image.partitionID(reference) else {
                return LeaderElection(partition: reference, leader: .failure(.unknownPartition))
            }
            return election(of: id, named: reference, in: &draft, at: state.time)
        }
        return Decision(elections, records: draft.records)
    }

    private func needsElection(_ partition: PartitionImage) -> Bool {
        switch kind {
        case .preferred: partition.leader != partition.replicas[0]
        case .unclean: partition.leader == .none
        }
    }

    private func election(
        of id: PartitionID, named reference: PartitionReference, in draft: inout Draft, at time: Timestamp
    ) -> LeaderElection {
        guard let before = draft.image.partition(id) else { preconditionFailure("no partition \(id)") }
        guard needsElection(before) else { return LeaderElection(partition: reference, leader: .failure(.notNeeded)) }
        let mayChange =
            kind == .unclean
            || (before.inSyncReplicas.contains(before.replicas[0]) && draft.image.isActive(before.replicas[0]))
        if mayChange {
            draft.change(id) { $0.election = kind == .preferred ? .preferred : .unclean(preferring: candidates ?? []) }
        }
        guard let after = draft.image.partition(id), !needsElection(after) else {
            let refusal: ElectLeaderRefusal =
                kind == .preferred ? .preferredNotAvailable(before.replicas[0]) : .noReplicaLives
            return LeaderElection(partition: reference, leader: .failure(refusal))
        }
        var election = LeaderElection(partition: reference, leader: .success(after.leader))
        if kind == .unclean, !before.mayLead(after.leader) {
            election.loss = LossManifest(of: id, from: before, to: after, at: time)
        }
        if let loss = election.loss { draft.add(.lossRecorded(loss)) }
        return election
    }
}

/// Gives leadership back to preferred replicas, a bounded number at a time.
public struct RebalanceLeaders: ControllerCommand {
    public static var name: String { "RebalanceLeaders" }

    public var changeCountMax: Int

    public init(changeCountMax: Int = 1000) { self.changeCountMax = changeCountMax }

    /// How many leaders changed; fewer than allowed means that no more can.
    public typealias Outcome = Int

    public func decide(on state: ControllerState, using entropy: inout Entropy) -> Decision<Outcome> {
        let image = state.image
        let wanting = image.partitions { partition in
            let preferred = partition.replicas[0]
            return partition.leader != preferred && partition.inSyncReplicas.contains(preferred)
                && image.isActive(preferred)
        }
        var draft = Draft(state)
        for id in wanting.prefix(max(0, changeCountMax)) { draft.change(id) { $0.election = .preferred } }
        return Decision(draft.records.count, records: draft.records)
    }
}

extension PartitionImage {
    /// In sync or eligible.
    func mayLead(_ broker: NodeID) -> Bool {
        inSyncReplicas.contains(broker) || eligibleLeaderReplicas.contains(broker)
    }
}

extension LossManifest {
    fileprivate init(of id: PartitionID, from old: PartitionImage, to new: PartitionImage, at time: Timestamp) {
        self.init(
            partition: id, leaderEpoch: new.leaderEpoch, electedLeader: new.leader,
            lastKnownLeader: old.lastKnownLeader, inSyncReplicas: old.inSyncReplicas,
            eligibleLeaderReplicas: old.eligibleLeaderReplicas, time: time)
    }
}

extension MetadataImage {
    /// - Complexity: O(1).
    public func partitionID(_ reference: PartitionReference) -> PartitionID? {
        guard let id = topic(named: reference.topic)?.id else { return nil }
        let partition = PartitionID(topic: id, index: reference.index)
        return self.partition(partition).map { _ in partition }
    }

    /// The name of a partition that is there.
    func reference(to id: PartitionID) -> PartitionReference {
        guard let topic = topic(id.topic) else { preconditionFailure("no topic \(id.topic)") }
        return PartitionReference(topic: topic.name, index: id.index)
    }
}
