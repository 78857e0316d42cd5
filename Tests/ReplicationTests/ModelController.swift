// SPDX-License-Identifier: Apache-2.0

import Primitives
import Replication

/// The controller's part of one partition: leaders come from the in-sync set, else from the eligible replicas (KIP-966).
struct ModelController {
    private(set) var leader: NodeID?
    private(set) var leaderEpoch = LeaderEpoch.zero
    private(set) var partitionEpoch = PartitionEpoch.zero
    private(set) var inSync: [NodeID]
    private(set) var eligible: [NodeID] = []
    let replicas: [NodeID]
    let inSyncCountMin: Int
    /// Registrations of the brokers that are not fenced.
    private(set) var live: [NodeID: Int64] = [:]
    private var registrations: Int64 = 0

    init(replicas: [NodeID], inSyncCountMin: Int) {
        self.replicas = replicas
        self.inSyncCountMin = inSyncCountMin
        inSync = []
        for replica in replicas { _ = register(replica) }
        inSync = replicas
        leader = replicas[0]
    }

    var assignment: Assignment {
        Assignment(
            partitionEpoch: partitionEpoch, replicas: replicas, inSync: inSync, inSyncCountMin: inSyncCountMin,
            ineligible: replicas.filter { live[$0] == nil })
    }

    /// A broker's process started: whatever it led or was in sync with before, it is not now.
    mutating func register(_ broker: NodeID) -> Int64 {
        registrations += 1
        fence(broker)
        live[broker] = registrations
        if leader == nil, !eligible.isEmpty { elect() }
        return registrations
    }

    mutating func fence(_ broker: NodeID) {
        live[broker] = nil
        guard inSync.contains(broker) else { return }
        let remaining = inSync.filter { $0 != broker }
        keepEligible(leaving: [broker], remaining: remaining)
        inSync = remaining
        partitionEpoch = partitionEpoch.next
        if leader == broker { elect() }
    }

    /// Who leaves an in-sync set that becomes too small has all that is committed: nothing more is until it grows.
    private mutating func keepEligible(leaving: [NodeID], remaining: [NodeID]) {
        if remaining.count >= inSyncCountMin {
            eligible = []
        } else {
            eligible = (eligible + leaving).filter { !remaining.contains($0) }
        }
    }

    private mutating func elect() {
        leaderEpoch = leaderEpoch.next
        partitionEpoch = partitionEpoch.next
        leader = inSync.first { live[$0] != nil } ?? eligible.first { live[$0] != nil }
        guard let leader, !inSync.contains(leader) else { return }
        inSync = [leader]
        eligible.removeAll { $0 == leader }
    }

    /// Another leader for no reason but the exercise, as a preferred election makes one.
    mutating func moveLeadership() {
        guard let next = inSync.first(where: { $0 != leader && live[$0] != nil }) else { return }
        leader = next
        leaderEpoch = leaderEpoch.next
        partitionEpoch = partitionEpoch.next
    }

    mutating func decide(_ proposal: InSyncProposal, from node: NodeID, brokerEpoch: Int64) -> InSyncOutcome {
        guard leader == node, live[node] == brokerEpoch, proposal.leaderEpoch == leaderEpoch,
            proposal.partitionEpoch == partitionEpoch
        else { return .stale }
        for member in proposal.members where member.node != node {
            guard let current = live[member.node], member.brokerEpoch == -1 || member.brokerEpoch == current else {
                return .ineligible
            }
        }
        keepEligible(leaving: inSync.filter { !proposal.nodes.contains($0) }, remaining: proposal.nodes)
        inSync = proposal.nodes
        partitionEpoch = partitionEpoch.next
        return .committed(partitionEpoch, inSync: inSync)
    }
}
