// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// Topics that the brokers keep their own state in.
public enum InternalTopic: String, Sendable, CaseIterable, Codable {
    /// Committed offsets and members of consumer groups.
    case consumerOffsets = "__consumer_offsets"

    public var name: String { rawValue }

    /// Whether clients are told that the topic is internal.
    public static func isInternal(_ name: String) -> Bool { InternalTopic(rawValue: name) != nil }

    /// The topic as its settings want it, with no more replicas than there are brokers.
    package func definition(on state: ControllerState) -> NewTopic {
        switch self {
        case .consumerOffsets:
            let brokerCount = max(1, state.image.placementCandidates().count)
            return NewTopic(
                name: name, partitionCount: Int32(state.settings[.offsetsTopicPartitions]),
                replicationFactor: Int16(min(state.settings[.offsetsTopicReplicationFactor], brokerCount)),
                configs: [
                    .init(name: "cleanup.policy", value: "compact"),
                    // The coordinator's batches are stored as it wrote them, whatever the default of other topics.
                    .init(name: "compression.type", value: "producer"),
                    .init(name: "segment.bytes", value: String(state.settings[.offsetsTopicSegmentBytes])),
                ])
        }
    }
}

/// Makes sure that an internal topic exists; the first one who needs it asks.
public struct EnsureInternalTopic: ControllerCommand {
    public static var name: String { "EnsureInternalTopic" }

    public var topic: InternalTopic

    public init(_ topic: InternalTopic) { self.topic = topic }

    /// The topic's id, new or known.
    public typealias Outcome = Result<TopicID, CreateTopicRefusal>

    public func decide(on state: ControllerState, using entropy: inout Entropy) -> Decision<Outcome> {
        if let known = state.image.topic(named: topic.name) { return Decision(.success(known.id)) }
        var plan = TopicPlan(state)
        do throws(CreateTopicRefusal) {
            let created = try plan.add(topic.definition(on: state), using: &entropy)
            return Decision(.success(created.id), records: plan.records)
        } catch {
            return Decision(.failure(error))
        }
    }
}
