// SPDX-License-Identifier: Apache-2.0

internal import Primitives

/// How the leader of a partition is chosen.
enum Election {
    /// The present leader stays while it may.
    case ifNeeded
    /// The first replica leads if it may.
    case preferred
    /// Somebody leads, even one that may lack acknowledged records: one of these if it lives.
    case unclean(preferring: [NodeID])
}

/// What is to become of one partition; works out everything that follows from it (KIP-966).
///
/// A leader is in sync when it is chosen, else eligible; only an unclean election takes another. When fewer replicas
/// are in sync than `min.insync.replicas`, nothing is acknowledged, so those that left since have all that was: they
/// are eligible.
struct PartitionChange {
    let id: PartitionID
    let before: PartitionImage
    var replicas: [NodeID]
    var inSync: [NodeID]
    var adding: [NodeID]
    var removing: [NodeID]
    var election = Election.ifNeeded
    /// Replicas that may lack acknowledged records, and so are not eligible.
    private var untrusted: [NodeID] = []
    /// Replicas that have nothing any more.
    private var emptied: [NodeID] = []

    init(id: PartitionID, before: PartitionImage) {
        self.id = id
        self.before = before
        replicas = before.replicas
        inSync = before.inSyncReplicas
        adding = before.addingReplicas
        removing = before.removingReplicas
    }

    /// Takes a broker out of the in-sync set, and out of the eligible ones when it cannot be trusted.
    ///
    /// After a crash the last one stays eligible: nobody has more than it, and what was acknowledged is on its disk.
    mutating func remove(_ broker: NodeID, because departure: Departure) {
        inSync.removeAll { $0 == broker }
        let hasOthers = (inSync + before.eligibleLeaderReplicas).contains { $0 != broker && !untrusted.contains($0) }
        switch departure {
        case .clean: break
        case .unclean: if hasOthers { untrusted.append(broker) }
        case .lostData:
            untrusted.append(broker)
            emptied.append(broker)
        }
    }

    /// - Parameters:
    ///   - inSyncMin: `min.insync.replicas`; no more than there are replicas are asked for.
    ///   - isActive: Whether a broker may lead.
    /// - Returns: nil when nothing changes.
    func record(inSyncMin: Int, isActive: (NodeID) -> Bool) -> PartitionChangeRecord? {
        var after = before
        after.replicas = replicas
        after.inSyncReplicas = replicas.filter(inSync.contains)
        after.addingReplicas = adding
        after.removingReplicas = removing
        completeReassignment(of: &after, inSyncMin: inSyncMin)
        after.eligibleLeaderReplicas = eligible(after, inSyncMin: inSyncMin)
        let inSyncBefore = after.inSyncReplicas
        elect(&after, isActive: isActive)
        if after.inSyncReplicas != inSyncBefore {
            after.eligibleLeaderReplicas = eligible(after, inSyncMin: inSyncMin)
        }
        return PartitionChangeRecord(id: id, from: before, to: after)
    }

    /// The replicas that leave go once all that come are in sync, and enough stay in sync for producers to go on.
    private func completeReassignment(of partition: inout PartitionImage, inSyncMin: Int) {
        guard partition.isReassigning else { return }
        let staying = partition.replicas.filter { !removing.contains($0) }
        let inSync = partition.inSyncReplicas.filter { !removing.contains($0) }
        let needed = min(inSyncMin, staying.count, partition.inSyncReplicas.count)
        guard !inSync.isEmpty, inSync.count >= needed, adding.allSatisfy(inSync.contains) else { return }
        partition.replicas = staying
        partition.inSyncReplicas = inSync
        partition.addingReplicas = []
        partition.removingReplicas = []
    }

    private func eligible(_ partition: PartitionImage, inSyncMin: Int) -> [NodeID] {
        guard partition.inSyncReplicas.count < min(inSyncMin, partition.replicas.count) else { return [] }
        return partition.replicas.filter { replica in
            let hadAll =
                before.inSyncReplicas.contains(replica) || before.eligibleLeaderReplicas.contains(replica)
            return hadAll && !partition.inSyncReplicas.contains(replica) && !untrusted.contains(replica)
        }
    }

    private func elect(_ partition: inout PartitionImage, isActive: (NodeID) -> Bool) {
        let inSync = partition.inSyncReplicas
        func mayLead(_ broker: NodeID) -> Bool { inSync.contains(broker) && isActive(broker) }
        if case .preferred = election, let first = partition.replicas.first, mayLead(first) {
            partition.leader = first
        } else if !(mayLead(partition.leader) && partition.replicas.contains(partition.leader)) {
            partition.leader = partition.replicas.first(where: mayLead) ?? .none
        }
        if partition.leader == .none { partition.electOutOfSync(election, isActive: isActive) }
        if partition.leader != .none {
            partition.lastKnownLeader = .none
        } else if before.leader != .none {
            partition.lastKnownLeader = before.leader
        }
        if emptied.contains(partition.lastKnownLeader) { partition.lastKnownLeader = .none }
    }
}

extension PartitionImage {
    /// The first eligible replica; else, by order, one that the order prefers, the last known leader, or the first
    /// replica. It alone is then in sync.
    fileprivate mutating func electOutOfSync(_ election: Election, isActive: (NodeID) -> Bool) {
        var elected = replicas.first { eligibleLeaderReplicas.contains($0) && isActive($0) }
        if elected == nil, case .unclean(let preferred) = election {
            elected = (preferred + [lastKnownLeader] + replicas).first { replicas.contains($0) && isActive($0) }
        }
        guard let elected else { return }
        leader = elected
        inSyncReplicas = [elected]
    }
}

extension PartitionChangeRecord {
    /// nil when nothing differs.
    fileprivate init?(id: PartitionID, from old: PartitionImage, to new: PartitionImage) {
        guard old != new else { return nil }
        func changed<Value: Equatable>(_ old: Value, _ new: Value) -> Value? { old == new ? nil : new }
        self.init(
            id: id, leader: changed(old.leader, new.leader),
            inSyncReplicas: changed(old.inSyncReplicas, new.inSyncReplicas),
            replicas: changed(old.replicas, new.replicas),
            eligibleLeaderReplicas: changed(old.eligibleLeaderReplicas, new.eligibleLeaderReplicas),
            lastKnownLeader: changed(old.lastKnownLeader, new.lastKnownLeader),
            addingReplicas: changed(old.addingReplicas, new.addingReplicas),
            removingReplicas: changed(old.removingReplicas, new.removingReplicas))
    }
}
