// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// A topic that somebody wants.
public struct NewTopic: Hashable, Sendable, Codable {
    /// An entry of the topic's configuration as asked for; a null value is refused.
    public struct Config: Hashable, Sendable, Codable {
        public var name: String
        public var value: String?

        public init(name: String, value: String?) {
            self.name = name
            self.value = value
        }
    }

    public var name: String
    /// −1: as `num.partitions` says. Must be −1 with an assignment.
    public var partitionCount: Int32
    /// −1: as `default.replication.factor` says. Must be −1 with an assignment.
    public var replicationFactor: Int16
    /// Brokers chosen by hand; empty: chosen by us.
    public var assignment: [ReplicaAssignment]
    public var configs: [Config]

    public init(
        name: String, partitionCount: Int32 = -1, replicationFactor: Int16 = -1,
        assignment: [ReplicaAssignment] = [], configs: [Config] = []
    ) {
        self.name = name
        self.partitionCount = partitionCount
        self.replicationFactor = replicationFactor
        self.assignment = assignment
        self.configs = configs
    }
}

/// Brokers that somebody chose for one partition; the first one is to lead.
public struct ReplicaAssignment: Hashable, Sendable, Codable {
    public var partition: PartitionIndex
    public var brokers: [NodeID]

    public init(partition: PartitionIndex, brokers: [NodeID]) {
        self.partition = partition
        self.brokers = brokers
    }
}

/// A topic as it was created, or would have been.
public struct CreatedTopic: Hashable, Sendable {
    public var name: String
    /// `.zero` when the request only validates.
    public var id: TopicID
    public var partitionCount: Int32
    public var replicationFactor: Int16
    /// All topic settings with their values, sorted by name.
    public var configs: [ConfigEntry]
}

extension CreatedTopic: Codable {
    private enum CodingKeys: String, CodingKey { case name, id, partitionCount, replicationFactor, configs }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        name = try container.decode(String.self, forKey: .name)
        id = try container.decode(TopicID.self, forKey: .id)
        partitionCount = try container.decode(Int32.self, forKey: .partitionCount)
        replicationFactor = try container.decode(Int16.self, forKey: .replicationFactor)
        configs = try container.decode(TravellingConfigs.self, forKey: .configs).known
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(id, forKey: .id)
        try container.encode(partitionCount, forKey: .partitionCount)
        try container.encode(replicationFactor, forKey: .replicationFactor)
        try container.encode(TravellingConfigs(configs), forKey: .configs)
    }
}

/// Why a topic was not created.
public enum CreateTopicRefusal: Error, Hashable, Sendable, Codable {
    case illegalName(TopicNameProblem)
    case exists(TopicID)
    /// Another topic has this name but for `.` and `_`.
    case collides(with: String)
    /// The request names the topic more than once.
    case duplicate
    case invalidPartitionCount(Int32)
    case tooManyPartitions(Int, limit: Int)
    /// All topics together would have this many.
    case clusterIsFull(Int, limit: Int)
    case invalidReplicationFactor(Int16)
    case tooFewBrokers(replicationFactor: Int, brokerCount: Int)
    case assignmentWithCounts
    case invalidAssignment(AssignmentProblem)
    case config(SettingError)
    case nullConfig(name: String)
    case duplicateConfig(name: String)
}

/// Creates topics; each one succeeds or is refused for itself.
public struct CreateTopics: ControllerCommand {
    public static var name: String { "CreateTopics" }

    public var topics: [NewTopic]
    /// Answer as if, and write nothing.
    public var validateOnly: Bool

    public init(_ topics: [NewTopic], validateOnly: Bool = false) {
        self.topics = topics
        self.validateOnly = validateOnly
    }

    /// In the order of the request.
    public typealias Outcome = [Result<CreatedTopic, CreateTopicRefusal>]

    public func decide(on state: ControllerState, using entropy: inout Entropy) -> Decision<Outcome> {
        var plan = TopicPlan(state)
        let nameCounts = Dictionary(topics.map { ($0.name, 1) }, uniquingKeysWith: +)
        let outcome = topics.map { topic -> Result<CreatedTopic, CreateTopicRefusal> in
            guard nameCounts[topic.name] == 1 else { return .failure(.duplicate) }
            return Result { () throws(CreateTopicRefusal) in try plan.add(topic, using: &entropy) }
        }
        guard validateOnly else { return Decision(outcome, records: plan.records) }
        return Decision(
            outcome.map { result in
                result.map { topic in
                    var topic = topic
                    topic.id = .zero
                    return topic
                }
            })
    }
}

/// The topics of one request that are lawful so far.
struct TopicPlan {
    private(set) var records: [MetadataRecord] = []
    private let state: ControllerState
    /// With the replicas of this request.
    private var candidates: [PlacementCandidate]
    private let configs: EffectiveConfigs
    /// Those of a topic without any of its own, worked out once for the whole request.
    private lazy var inheritedConfigs = configs.topicEntries(overrides: [])
    private var partitionCount: Int
    private var namesByCollisionKey: [String: String] = [:]

    init(_ state: ControllerState) {
        self.state = state
        candidates = state.image.placementCandidates()
        configs = EffectiveConfigs(settings: state.settings)
        partitionCount = state.image.partitionCount
    }

    mutating func add(_ topic: NewTopic, using entropy: inout Entropy) throws(CreateTopicRefusal) -> CreatedTopic {
        try checkName(topic.name)
        let replicas = try replicas(of: topic, using: &entropy)
        try checkRoom(for: replicas.count)
        let overrides = try checkedConfigs(of: topic)
        let id = state.image.freshTopicID(using: &entropy)
        record(topic.name, id, replicas, overrides)
        return CreatedTopic(
            name: topic.name, id: id, partitionCount: Int32(replicas.count),
            replicationFactor: Int16(replicas[0].count),
            configs: overrides.isEmpty ? inheritedConfigs : configs.topicEntries(overrides: overrides))
    }

    private func checkName(_ name: String) throws(CreateTopicRefusal) {
        if let problem = TopicName.problem(of: name) { throw .illegalName(problem) }
        if let existing = state.image.topic(named: name) { throw .exists(existing.id) }
        let sibling = TopicName.collisionKey(of: name).flatMap { namesByCollisionKey[$0] }
        if let other = state.image.topicName(collidingWith: name) ?? sibling { throw .collides(with: other) }
    }

    private func replicas(
        of topic: NewTopic, using entropy: inout Entropy
    ) throws(CreateTopicRefusal) -> [[NodeID]] {
        guard topic.assignment.isEmpty else { return try assignedReplicas(of: topic) }
        let count = topic.partitionCount == -1 ? state.settings[.numPartitions] : Int(topic.partitionCount)
        let factor =
            topic.replicationFactor == -1
            ? state.settings[.defaultReplicationFactor] : Int(topic.replicationFactor)
        guard count > 0 else { throw .invalidPartitionCount(topic.partitionCount) }
        guard factor > 0 else { throw .invalidReplicationFactor(topic.replicationFactor) }
        try checkRoom(for: count)
        guard factor <= candidates.count else {
            throw .tooFewBrokers(replicationFactor: factor, brokerCount: candidates.count)
        }
        var placement = Placement(over: candidates, using: &entropy)
        return (0..<count).map { _ in placement.next(replicationFactor: factor) }
    }

    private func assignedReplicas(of topic: NewTopic) throws(CreateTopicRefusal) -> [[NodeID]] {
        guard topic.partitionCount == -1, topic.replicationFactor == -1 else { throw .assignmentWithCounts }
        do throws(AssignmentProblem) {
            return try state.image.checkedAssignment(topic.assignment, firstPartition: 0, replicationFactor: nil)
        } catch {
            throw .invalidAssignment(error)
        }
    }

    private func checkRoom(for count: Int) throws(CreateTopicRefusal) {
        let topicLimit = state.settings[.topicPartitionsMax]
        let clusterLimit = state.settings[.clusterPartitionsMax]
        guard count <= topicLimit else { throw .tooManyPartitions(count, limit: topicLimit) }
        guard partitionCount + count <= clusterLimit else {
            throw .clusterIsFull(partitionCount + count, limit: clusterLimit)
        }
    }

    private func checkedConfigs(
        of topic: NewTopic
    ) throws(CreateTopicRefusal) -> [(name: String, value: String)] {
        var checked: [(name: String, value: String)] = []
        for config in topic.configs {
            guard let value = config.value else { throw .nullConfig(name: config.name) }
            guard !checked.contains(where: { $0.name == config.name }) else {
                throw .duplicateConfig(name: config.name)
            }
            do throws(SettingError) {
                let definition = try SettingsTable.topic.definition(of: config.name)
                checked.append((config.name, try definition.checked(value)))
            } catch {
                throw .config(error)
            }
        }
        return checked.sorted { $0.name < $1.name }
    }

    private mutating func record(
        _ name: String, _ id: TopicID, _ replicas: [[NodeID]], _ configs: [(name: String, value: String)]
    ) {
        records.append(.topicCreated(TopicRecord(name: name, id: id)))
        for config in configs {
            records.append(.configSet(.topic(name), name: config.name, value: config.value))
        }
        records += state.image.newPartitions(of: id, from: 0, replicas)
        partitionCount += replicas.count
        for broker in replicas.joined() {
            if let index = candidates.firstIndex(where: { $0.id == broker }) { candidates[index].replicaCount += 1 }
        }
        if let key = TopicName.collisionKey(of: name) { namesByCollisionKey[key] = name }
    }
}
