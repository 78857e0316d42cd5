// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// A topic that is to have more partitions.
public struct MorePartitions: Hashable, Sendable, Codable {
    public var topic: String
    /// How many it is to have in all.
    public var totalCount: Int32
    /// Brokers of the new partitions, chosen by hand, in order; empty: chosen by us.
    public var assignment: [[NodeID]]

    public init(topic: String, totalCount: Int32, assignment: [[NodeID]] = []) {
        self.topic = topic
        self.totalCount = totalCount
        self.assignment = assignment
    }
}

public enum CreatePartitionsRefusal: Error, Hashable, Sendable, Codable {
    case unknownTopic(String)
    /// The request names the topic more than once.
    case duplicate
    /// Partitions can only be added.
    case notMore(current: Int, asked: Int32)
    case tooManyPartitions(Int, limit: Int)
    /// All topics together would have this many.
    case clusterIsFull(Int, limit: Int)
    case tooFewBrokers(replicationFactor: Int, brokerCount: Int)
    /// As many assignments as new partitions are needed.
    case assignmentCount(expected: Int, found: Int)
    case invalidAssignment(AssignmentProblem)
}

/// Adds partitions to topics; each topic succeeds or is refused for itself.
public struct CreatePartitions: ControllerCommand {
    public static var name: String { "CreatePartitions" }

    public var topics: [MorePartitions]
    /// Answer as if, and write nothing.
    public var validateOnly: Bool

    public init(_ topics: [MorePartitions], validateOnly: Bool = false) {
        self.topics = topics
        self.validateOnly = validateOnly
    }

    /// In the order of the request; the number is that of the topic's partitions afterwards.
    public typealias Outcome = [Result<Int, CreatePartitionsRefusal>]

    public func decide(on state: ControllerState, using entropy: inout Entropy) -> Decision<Outcome> {
        var decision = Decision<Outcome>([])
        var partitionCount = state.image.partitionCount
        let nameCounts = Dictionary(topics.map { ($0.topic, 1) }, uniquingKeysWith: +)
        for request in topics {
            do throws(CreatePartitionsRefusal) {
                guard nameCounts[request.topic] == 1 else { throw .duplicate }
                let records = try state.newPartitions(request, besides: partitionCount, using: &entropy)
                partitionCount += records.count
                decision.records += validateOnly ? [] : records
                decision.outcome.append(.success(Int(request.totalCount)))
            } catch {
                decision.outcome.append(.failure(error))
            }
        }
        return decision
    }
}

extension ControllerState {
    fileprivate func newPartitions(
        _ request: MorePartitions, besides partitionCount: Int, using entropy: inout Entropy
    ) throws(CreatePartitionsRefusal) -> [MetadataRecord] {
        guard let topic = image.topic(named: request.topic) else { throw .unknownTopic(request.topic) }
        let current = topic.partitions.count
        guard Int(request.totalCount) > current else {
            throw .notMore(current: current, asked: request.totalCount)
        }
        try checkRoom(total: Int(request.totalCount), added: Int(request.totalCount) - current, partitionCount)
        let replicas = try newReplicas(request, topic, using: &entropy)
        return image.newPartitions(of: topic.id, from: current, replicas)
    }

    private func checkRoom(total: Int, added: Int, _ partitionCount: Int) throws(CreatePartitionsRefusal) {
        let topicLimit = settings[.topicPartitionsMax]
        let clusterLimit = settings[.clusterPartitionsMax]
        guard total <= topicLimit else { throw .tooManyPartitions(total, limit: topicLimit) }
        guard partitionCount + added <= clusterLimit else {
            throw .clusterIsFull(partitionCount + added, limit: clusterLimit)
        }
    }

    private func newReplicas(
        _ request: MorePartitions, _ topic: TopicImage, using entropy: inout Entropy
    ) throws(CreatePartitionsRefusal) -> [[NodeID]] {
        let current = topic.partitions.count
        let added = Int(request.totalCount) - current
        let factor = topic.partitions[0].targetReplicas.count
        guard request.assignment.isEmpty else {
            guard request.assignment.count == added else {
                throw .assignmentCount(expected: added, found: request.assignment.count)
            }
            let assignment = request.assignment.enumerated().map { position, brokers in
                ReplicaAssignment(partition: PartitionIndex(Int32(current + position)), brokers: brokers)
            }
            do throws(AssignmentProblem) {
                return try image.checkedAssignment(assignment, firstPartition: current, replicationFactor: factor)
            } catch {
                throw .invalidAssignment(error)
            }
        }
        let candidates = image.placementCandidates()
        guard factor <= candidates.count else {
            throw .tooFewBrokers(replicationFactor: factor, brokerCount: candidates.count)
        }
        var placement = Placement(over: candidates, using: &entropy)
        return (0..<added).map { _ in placement.next(replicationFactor: factor) }
    }
}
