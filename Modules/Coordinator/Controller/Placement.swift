// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// A broker that may be given replicas.
public struct PlacementCandidate: Hashable, Sendable {
    public let id: NodeID
    public let rack: String?
    /// Replicas that it has already: of brokers in turn, the one with fewer comes first.
    public let replicaCount: Int

    public init(id: NodeID, rack: String?, replicaCount: Int = 0) {
        self.id = id
        self.rack = rack
        self.replicaCount = replicaCount
    }
}

/// Spreads the replicas of partitions over racks, and over the brokers of each rack.
///
/// Racks take turns, and inside a rack brokers do. Each partition begins one rack further than the one before, so leaders
/// are spread too. Replicas of a partition share a rack only when there are more replicas than racks, and never a broker.
public struct Placement: Sendable {
    private struct Rack {
        let brokers: [NodeID]
        var cursor: Int
    }

    private var racks: [Rack]
    private var firstRack: Int

    /// - Parameters:
    ///   - candidates: At least one. Brokers that name no rack share one.
    ///   - entropy: Chooses where the turns begin, so that topics of one partition do not all land on the same broker.
    public init(over candidates: [PlacementCandidate], using entropy: inout Entropy) {
        precondition(!candidates.isEmpty, "no broker to place replicas on")
        let sorted = candidates.sorted { ($0.rack ?? "", $0.id) < ($1.rack ?? "", $1.id) }
        racks = sorted.chunkedByRack().map { brokers in
            Rack(brokers: brokers, cursor: entropy.index(below: brokers.count))
        }
        firstRack = entropy.index(below: racks.count)
    }

    /// Brokers of the next partition; the first one is to lead.
    ///
    /// - Precondition: `replicationFactor` is at least 1 and at most the number of candidates.
    public mutating func next(replicationFactor: Int) -> [NodeID] {
        let brokerCount = racks.reduce(0) { $0 + $1.brokers.count }
        precondition((1...brokerCount).contains(replicationFactor), "\(replicationFactor) of \(brokerCount) brokers")
        var replicas: [NodeID] = []
        var rack = firstRack
        while replicas.count < replicationFactor {
            if let broker = take(from: rack, besides: replicas) { replicas.append(broker) }
            rack = (rack + 1) % racks.count
        }
        firstRack = (firstRack + 1) % racks.count
        return replicas
    }

    /// The rack's next broker that is not in `taken`; nil when all are.
    private mutating func take(from index: Int, besides taken: [NodeID]) -> NodeID? {
        let rack = racks[index]
        for step in rack.brokers.indices {
            let position = (rack.cursor + step) % rack.brokers.count
            guard !taken.contains(rack.brokers[position]) else { continue }
            racks[index].cursor = (position + 1) % rack.brokers.count
            return rack.brokers[position]
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
