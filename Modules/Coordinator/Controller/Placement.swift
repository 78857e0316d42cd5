// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// A broker that may be given replicas.
public struct PlacementCandidate: Hashable, Sendable {
    public let id: NodeID
    public let rack: String?
    /// Replicas that it has already: of brokers in turn, the one with fewer comes first.
    public internal(set) var replicaCount: Int

    public init(id: NodeID, rack: String?, replicaCount: Int = 0) {
        self.id = id
        self.rack = rack
        self.replicaCount = replicaCount
    }
}

/// Spreads the replicas of partitions over racks, and over the brokers of each rack.
///
/// Racks take turns, and inside a rack brokers do, those with the fewest replicas first; so one topic is spread
/// evenly however full the brokers are, and what does not divide evenly goes where there is room. Leaders have turns
/// of their own, and followers fall one behind with every round, so that what one broker leads is followed by all
/// others. Replicas of a partition share a rack only when there are more replicas than racks, and never a broker.
public struct Placement: Sendable {
    fileprivate struct Rack {
        let brokers: [NodeID]
        /// Who leads next.
        var leader = 0
        /// Who follows next.
        var follower = 0
    }

    private var racks: [Rack]
    private var firstRack: Int

    /// - Parameters:
    ///   - candidates: At least one. Brokers that name no rack share one.
    ///   - entropy: Chooses among equals where the turns begin, so that topics of one partition do not all land on
    ///     the same broker.
    public init(over candidates: [PlacementCandidate], using entropy: inout Entropy) {
        precondition(!candidates.isEmpty, "no broker to place replicas on")
        let ordered = candidates.sorted { $0.id < $1.id }.shuffled(using: &entropy).sorted {
            ($0.replicaCount, $0.rack ?? "") < ($1.replicaCount, $1.rack ?? "")
        }
        // Stable, so that inside a rack the order by replicas stays.
        racks = ordered.sorted { ($0.rack ?? "") < ($1.rack ?? "") }.chunkedByRack().map { Rack(brokers: $0) }
        let emptiest = ordered.filter { $0.replicaCount == ordered[0].replicaCount }
        let first = emptiest[entropy.index(below: emptiest.count)].id
        firstRack = racks.firstIndex { $0.brokers.contains(first) } ?? 0
    }

    /// Brokers of the next partition; the first one is to lead.
    ///
    /// - Precondition: `replicationFactor` is at least 1 and at most the number of candidates.
    public mutating func next(replicationFactor: Int) -> [NodeID] {
        let brokerCount = racks.reduce(0) { $0 + $1.brokers.count }
        precondition((1...brokerCount).contains(replicationFactor), "\(replicationFactor) of \(brokerCount) brokers")
        var replicas = [racks[firstRack].nextLeader()]
        var rack = firstRack
        while replicas.count < replicationFactor {
            rack = (rack + 1) % racks.count
            if let broker = racks[rack].nextFollower(besides: replicas) { replicas.append(broker) }
        }
        firstRack = (firstRack + 1) % racks.count
        return replicas
    }
}

extension Placement.Rack {
    fileprivate mutating func nextLeader() -> NodeID {
        let broker = brokers[leader]
        leader = (leader + 1) % brokers.count
        if leader == 0 { follower = (follower + 1) % brokers.count }
        return broker
    }

    /// nil when all brokers of the rack are taken.
    fileprivate mutating func nextFollower(besides taken: [NodeID]) -> NodeID? {
        for step in brokers.indices {
            let position = (follower + step) % brokers.count
            guard !taken.contains(brokers[position]) else { continue }
            follower = (position + 1) % brokers.count
            return brokers[position]
        }
        return nil
    }
}

extension [PlacementCandidate] {
    /// Ids of neighbours with the same rack.
    fileprivate func chunkedByRack() -> [[NodeID]] {
        var chunks: [[NodeID]] = []
        for (index, candidate) in enumerated() {
            if index > 0, self[index - 1].rack == candidate.rack {
                chunks[chunks.count - 1].append(candidate.id)
            } else {
                chunks.append([candidate.id])
            }
        }
        return chunks
    }
}
