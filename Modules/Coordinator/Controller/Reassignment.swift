// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// Where somebody wants a partition to be.
public struct Reassignment: Hashable, Sendable, Codable {
    public var partition: PartitionReference
    /// In order of preference; nil: back to where it was, as long as it is under way.
    public var replicas: [NodeID]?

    public init(_ partition: PartitionReference, to replicas: [NodeID]?) {
        self.partition = partition
        self.replicas = replicas
    }
}

public enum ReassignmentRefusal: Error, Hashable, Sendable, Codable {
    case unknownPartition
    /// The request names the partition more than once.
    case duplicate
    case invalidAssignment(AssignmentProblem)
    /// The request does not allow another number of replicas.
    case replicationFactor(current: Int, asked: Int)
    /// There is nothing to take back.
    case notUnderWay
    /// Every replica with all acknowledged records would leave.
    case losesInSyncReplicas
}

/// Begins, replaces or takes back moves of partitions (KIP-455); each one succeeds or is refused for itself.
///
/// The replicas that come are added to those that are there. Once they are in sync, the ones that leave go.
public struct AlterPartitionReassignments: ControllerCommand {
    public static var name: String { "AlterPartitionReassignments" }

    public var reassignments: [Reassignment]
    /// Whether a partition may get more or fewer replicas than it has (KIP-860).
    public var allowsReplicationFactorChange: Bool

    public init(_ reassignments: [Reassignment], allowsReplicationFactorChange: Bool = true) {
        self.reassignments = reassignments
        self.allowsReplicationFactorChange = allowsReplicationFactorChange
    }

    /// In the order of the request.
    public typealias Outcome = [Result<Done, ReassignmentRefusal>]

    public func decide(on state: ControllerState, using entropy: inout Entropy) -> Decision<Outcome> {
        var draft = Draft(state)
        let counts = Dictionary(reassignments.map { ($0.partition, 1) }, uniquingKeysWith: +)
        let outcome = reassignments.map { reassignment in
            Result { () throws(ReassignmentRefusal) in
                guard counts[reassignment.partition] == 1 else { throw .duplicate }
                return try begin(reassignment, in: &draft)
            }
        }
        return Decision(outcome, records: draft.records)
    }

    private func begin(_ reassignment: Reassignment, in draft: inout Draft) throws(ReassignmentRefusal) -> Done {
        guard let id = draft.image.partitionID(reassignment.partition), let before = draft.image.partition(id) else {
            throw .unknownPartition
        }
        var wanted = PartitionChange(id: id, before: before)
        if let replicas = reassignment.replicas {
            try check(replicas, for: id.index, before, draft.image)
            wanted.reassign(to: replicas)
        } else {
            guard before.isReassigning else { throw .notUnderWay }
            wanted.cancelReassignment()
        }
        let complete = before.inSyncReplicas + before.eligibleLeaderReplicas
        guard complete.isEmpty || complete.contains(where: wanted.replicas.contains) else {
            throw .losesInSyncReplicas
        }
        draft.change(id) { $0 = wanted }
        return Done()
    }

    private func check(
        _ replicas: [NodeID], for index: PartitionIndex, _ before: PartitionImage, _ image: MetadataImage
    ) throws(ReassignmentRefusal) {
        do throws(AssignmentProblem) {
            try image.check(
                ReplicaAssignment(partition: index, brokers: replicas), replicationFactor: replicas.count)
        } catch {
            throw .invalidAssignment(error)
        }
        let current = before.replicas.count - before.addingReplicas.count
        guard allowsReplicationFactorChange || replicas.count == current else {
            throw .replicationFactor(current: current, asked: replicas.count)
        }
    }
}

extension PartitionChange {
    /// Begins a move, or turns one that is under way elsewhere.
    mutating func reassign(to target: [NodeID]) {
        let present = before.settledReplicas
        adding = target.filter { !present.contains($0) }
        removing = present.filter { !target.contains($0) }
        replicas = target + removing
        inSync = inSync.filter(replicas.contains)
    }

    mutating func cancelReassignment() {
        replicas = before.settledReplicas
        adding = []
        removing = []
        inSync = inSync.filter(replicas.contains)
    }
}

extension PartitionImage {
    /// Replicas without those that a reassignment brings.
    public var settledReplicas: [NodeID] { replicas.filter { !addingReplicas.contains($0) } }
    /// Replicas as they will be when the reassignment is complete.
    public var targetReplicas: [NodeID] { replicas.filter { !removingReplicas.contains($0) } }
}

public enum DrainBrokerRefusal: Error, Hashable, Sendable, Codable {
    case unknownBroker(NodeID)
    /// The other brokers are too few for a partition that the broker has.
    case tooFewBrokers(replicationFactor: Int, brokerCount: Int)
    case levelTooLow(Int16, needed: Int16)
}

/// Marks a broker as draining, or no longer: it gets no new replicas, and `BalanceStep` moves those it has elsewhere.
public struct DrainBroker: ControllerCommand {
    public static var name: String { "DrainBroker" }

    public var id: NodeID
    public var isDraining: Bool

    public init(_ id: NodeID, isDraining: Bool = true) {
        self.id = id
        self.isDraining = isDraining
    }

    public typealias Outcome = Result<Done, DrainBrokerRefusal>

    public func decide(on state: ControllerState, using entropy: inout Entropy) -> Decision<Outcome> {
        let image = state.image
        guard let broker = image.broker(id) else { return Decision(.failure(.unknownBroker(id))) }
        guard broker.isDraining != isDraining else { return Decision(.success(Done())) }
        guard image.allowsClusters else {
            let level = image.featureLevel(Features.metadata.name)
            return Decision(.failure(.levelTooLow(level, needed: Features.clusterLevel)))
        }
        if isDraining {
            let others = image.placementCandidates().filter { $0.id != id }.count
            let needed = image.partitions(on: id).compactMap { image.partition($0)?.targetReplicas.count }.max() ?? 0
            guard needed <= others else {
                return Decision(.failure(.tooFewBrokers(replicationFactor: needed, brokerCount: others)))
            }
        }
        return Decision(
            .success(Done()), records: [.brokerDrainingChanged(id, epoch: broker.epoch, isDraining: isDraining)])
    }
}
