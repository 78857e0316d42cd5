// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// How a request names a topic.
public enum TopicReference: Hashable, Sendable, Codable {
    case name(String)
    case id(TopicID)
}

/// A topic that is gone.
public struct DeletedTopic: Hashable, Sendable, Codable {
    public let name: String
    public let id: TopicID
}

public enum DeleteTopicRefusal: Error, Hashable, Sendable, Codable {
    case unknown(TopicReference)
    /// The request names the topic more than once.
    case duplicate(TopicReference)
}

/// Deletes topics with their partitions and configuration; each one succeeds or is refused for itself.
public struct DeleteTopics: ControllerCommand {
    public static var name: String { "DeleteTopics" }

    public var topics: [TopicReference]

    public init(_ topics: [TopicReference]) { self.topics = topics }

    /// In the order of the request.
    public typealias Outcome = [Result<DeletedTopic, DeleteTopicRefusal>]

    public func decide(on state: ControllerState, using entropy: inout Entropy) -> Decision<Outcome> {
        var deleted: Set<TopicID> = []
        var decision = Decision<Outcome>([])
        for reference in topics {
            guard let topic = state.image.topic(reference) else {
                decision.outcome.append(.failure(.unknown(reference)))
                continue
            }
            guard deleted.insert(topic.id).inserted else {
                decision.outcome.append(.failure(.duplicate(reference)))
                continue
            }
            decision.records.append(.topicRemoved(topic.id))
            decision.outcome.append(.success(DeletedTopic(name: topic.name, id: topic.id)))
        }
        return decision
    }
}

extension MetadataImage {
    /// - Complexity: O(1).
    public func topic(_ reference: TopicReference) -> TopicImage? {
        switch reference {
        case .name(let name): topic(named: name)
        case .id(let id): topic(id)
        }
    }
}
