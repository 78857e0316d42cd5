// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import Primitives

/// What a request about a topic tells of it.
struct TopicShape: Sendable {
    let name: String
    let id: TopicID
    let partitionCount: Int32
    let replicationFactor: Int16
    /// Set on the topic, by name.
    let configs: [(name: String, value: String)]

    init(_ topic: TopicImage, in image: MetadataImage) {
        name = topic.name
        id = topic.id
        partitionCount = Int32(topic.partitions.count)
        replicationFactor = topic.replicationFactor
        configs = image.configEntries(of: .topic(topic.name))
    }
}

enum AlterTopicRefusal: Error, Sendable {
    case unknownTopic
    /// The request names the topic more than once.
    case duplicate
    case configs(AlterConfigRefusal)
    case partitions(CreatePartitionsRefusal)
}

/// Changes settings and adds partitions; each topic gets all of its changes or none.
///
/// Kafka's clients need two requests for it, of which the second may fail.
struct AlterTopics: ControllerCommand {
    struct Alteration: Sendable {
        let name: String
        let changes: [AlterConfigs.Change]
        /// How many partitions it is to have in all; nil leaves them.
        let totalCount: Int32?
    }

    let topics: [Alteration]
    /// The broker that runs the controller, whose settings bound the number of partitions.
    let node: NodeID
    let validateOnly: Bool

    /// In the order of the request, as the topics are or would be afterwards.
    typealias Outcome = [Result<TopicShape, AlterTopicRefusal>]

    func decide(on state: ControllerState, using entropy: inout Entropy) -> Decision<Outcome> {
        var decision = Decision<Outcome>([])
        var image = state.image
        let nameCounts = Dictionary(topics.map { ($0.name, 1) }, uniquingKeysWith: +)
        for alteration in topics {
            let working = ControllerState(
                image: image, settings: state.settings, node: node, nextOffset: state.nextOffset)
            do throws(AlterTopicRefusal) {
                guard nameCounts[alteration.name] == 1 else { throw .duplicate }
                let records = try records(of: alteration, on: working, using: &entropy)
                for record in records { replay(record, on: &image) }
                guard let topic = image.topic(named: alteration.name) else { throw .unknownTopic }
                decision.records += validateOnly ? [] : records
                decision.outcome.append(.success(TopicShape(topic, in: image)))
            } catch {
                decision.outcome.append(.failure(error))
            }
        }
        return decision
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

    private func replay(_ record: MetadataRecord, on image: inout MetadataImage) {
        do throws(ReplayError) {
            try image.replay(record)
        } catch {
            preconditionFailure("a record that was just decided does not follow from the image: \(error)")
        }
    }
}

/// Deletes topics and tells how they were; each succeeds or is refused for itself.
struct RemoveTopics: ControllerCommand {
    let names: [String]
    let validateOnly: Bool

    /// In the order of the request, as the topics were before.
    typealias Outcome = [Result<TopicShape, DeleteTopicRefusal>]

    func decide(on state: ControllerState, using entropy: inout Entropy) -> Decision<Outcome> {
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
