// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// What a request about a topic tells of it.
public struct TopicShape: Hashable, Sendable, Codable {
    public struct Config: Hashable, Sendable, Codable {
        public let name: String
        public let value: String
    }

    public let name: String
    public let id: TopicID
    public let partitionCount: Int32
    public let replicationFactor: Int16
    /// Set on the topic, by name.
    public let configs: [Config]

    init(_ topic: TopicImage, in image: MetadataImage) {
        name = topic.name
        id = topic.id
        partitionCount = Int32(topic.partitions.count)
        replicationFactor = Int16(topic.partitions.first?.targetReplicas.count ?? 0)
        configs = image.configEntries(of: .topic(topic.name)).map { Config(name: $0.name, value: $0.value) }
    }
}

public enum AlterTopicRefusal: Error, Hashable, Sendable, Codable {
    case unknownTopic
    /// The request names the topic more than once.
    case duplicate
    case configs(AlterConfigRefusal)
    case partitions(CreatePartitionsRefusal)
}

/// Changes settings and adds partitions; each topic gets all of its changes or none.
///
/// Kafka's clients need two requests for it, of which the second may fail.
public struct AlterTopics: ControllerCommand {
    public static var name: String { "AlterTopics" }

    public struct Alteration: Hashable, Sendable, Codable {
        public var name: String
        public var changes: [AlterConfigs.Change]
        /// How many partitions it is to have in all; nil leaves them.
        public var totalCount: Int32?

        public init(name: String, changes: [AlterConfigs.Change], totalCount: Int32?) {
            self.name = name
            self.changes = changes
            self.totalCount = totalCount
        }
    }

    public var topics: [Alteration]
    /// Answer as if, and write nothing.
    public var validateOnly: Bool

    public init(topics: [Alteration], validateOnly: Bool) {
        self.topics = topics
        self.validateOnly = validateOnly
    }

    /// In the order of the request, as the topics are or would be afterwards.
    public typealias Outcome = [Result<TopicShape, AlterTopicRefusal>]

    public func decide(on state: ControllerState, using entropy: inout Entropy) -> Decision<Outcome> {
        var draft = Draft(state)
        let nameCounts = Dictionary(topics.map { ($0.name, 1) }, uniquingKeysWith: +)
        let outcome = topics.map { alteration in
            Result { () throws(AlterTopicRefusal) in
                guard nameCounts[alteration.name] == 1 else { throw .duplicate }
                let records = try records(of: alteration, on: state.on(draft.image), using: &entropy)
                for record in records { draft.add(record) }
                guard let topic = draft.image.topic(named: alteration.name) else { throw .unknownTopic }
                return TopicShape(topic, in: draft.image)
            }
        }
        return Decision(outcome, records: validateOnly ? [] : draft.records)
    }

    private func records(
        of alteration: Alteration, on state: ControllerState, using entropy: inout Entropy
    ) throws(AlterTopicRefusal) -> [MetadataRecord] {
        guard state.image.topic(named: alteration.name) != nil else { throw .unknownTopic }
        let configs = AlterConfigs([(ConfigTarget(.topic, name: alteration.name), alteration.changes)])
            .decide(on: state, using: &entropy)
        if case .failure(let refusal)? = configs.outcome.first { throw .configs(refusal) }
        guard let totalCount = alteration.totalCount else { return configs.records }
        let partitions = CreatePartitions([MorePartitions(topic: alteration.name, totalCount: totalCount)])
            .decide(on: state, using: &entropy)
        if case .failure(let refusal)? = partitions.outcome.first { throw .partitions(refusal) }
        return configs.records + partitions.records
    }
}

/// Deletes topics and tells how they were; each succeeds or is refused for itself.
public struct RemoveTopics: ControllerCommand {
    public static var name: String { "RemoveTopics" }

    public var names: [String]
    /// Answer as if, and write nothing.
    public var validateOnly: Bool

    public init(names: [String], validateOnly: Bool) {
        self.names = names
        self.validateOnly = validateOnly
    }

    /// In the order of the request, as the topics were before.
    public typealias Outcome = [Result<TopicShape, DeleteTopicRefusal>]

    public func decide(on state: ControllerState, using entropy: inout Entropy) -> Decision<Outcome> {
        let deletion = DeleteTopics(names.map { .name($0) }).decide(on: state, using: &entropy)
        let outcome = deletion.outcome.map { result in
            result.map { deleted in
                guard let topic = state.image.topic(deleted.id) else {
                    preconditionFailure("topic \(deleted.id) was deleted and never there")
                }
                return TopicShape(topic, in: state.image)
            }
        }
        return Decision(outcome, records: validateOnly ? [] : deletion.records)
    }
}
