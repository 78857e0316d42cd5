// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// Why brokers chosen by hand cannot be taken.
public enum AssignmentProblem: Error, Hashable, Sendable, Codable {
    /// Partitions must be named once each, without a gap, from `first` on.
    case partitionsNotConsecutive(first: Int, count: Int)
    case noBroker(PartitionIndex)
    case brokerTwice(PartitionIndex, NodeID)
    case unknownBroker(PartitionIndex, NodeID)
    /// All partitions of a topic have equally many replicas.
    case unequalReplicationFactor(PartitionIndex, expected: Int, found: Int)
    /// Every chosen broker is fenced: nobody could lead.
    case noLiveBroker(PartitionIndex)
}

extension MetadataImage {
    /// Brokers of partitions chosen by hand, by partition index.
    ///
    /// - Parameters:
    ///   - firstPartition: Index that the first one must have.
    ///   - replicationFactor: nil: that of the first one.
    func checkedAssignment(
        _ assignment: [ReplicaAssignment], firstPartition: Int, replicationFactor: Int?
    ) throws(AssignmentProblem) -> [[NodeID]] {
        let sorted = assignment.sorted { $0.partition < $1.partition }
        var replicas: [[NodeID]] = []
        for (position, element) in sorted.enumerated() {
            guard Int(element.partition.rawValue) == firstPartition + position else {
                throw .partitionsNotConsecutive(first: firstPartition, count: assignment.count)
            }
            try check(element, replicationFactor: replicationFactor ?? sorted[0].brokers.count)
            replicas.append(element.brokers)
        }
        return replicas
    }

    func check(_ element: ReplicaAssignment, replicationFactor: Int) throws(AssignmentProblem) {
        guard !element.brokers.isEmpty else { throw .noBroker(element.partition) }
        for (position, broker) in element.brokers.enumerated() {
            guard self.broker(broker) != nil else { throw .unknownBroker(element.partition, broker) }
            guard !element.brokers[..<position].contains(broker) else { throw .brokerTwice(element.partition, broker) }
        }
        guard element.brokers.count == replicationFactor else {
            throw .unequalReplicationFactor(
                element.partition, expected: replicationFactor, found: element.brokers.count)
        }
        guard element.brokers.contains(where: isActive) else { throw .noLiveBroker(element.partition) }
    }

    /// Whether the broker may lead and be in sync.
    func isActive(_ broker: NodeID) -> Bool { self.broker(broker)?.isActive ?? false }

    /// Brokers that may be given replicas, sorted by id.
    func placementCandidates() -> [PlacementCandidate] {
        brokers().filter { $0.isActive && !$0.isDraining }.map {
            PlacementCandidate(id: $0.id, rack: $0.rack, replicaCount: replicaCount(on: $0.id))
        }
    }

    /// Records of partitions whose index counts from `first` on; only active replicas are in sync, and the first one
    /// leads.
    func newPartitions(of topic: TopicID, from first: Int, _ replicas: [[NodeID]]) -> [MetadataRecord] {
        replicas.enumerated().map { position, replicas in
            let inSync = replicas.filter(isActive)
            return .partitionCreated(
                PartitionRecord(
                    id: PartitionID(topic: topic, index: PartitionIndex(Int32(first + position))),
                    replicas: replicas, inSyncReplicas: inSync, leader: inSync.first ?? .none))
        }
    }

    /// A random id that no topic has.
    func freshTopicID(using entropy: inout Entropy) -> TopicID {
        var id = TopicID.random(using: &entropy)
        while topic(id) != nil { id = TopicID.random(using: &entropy) }
        return id
    }
}
