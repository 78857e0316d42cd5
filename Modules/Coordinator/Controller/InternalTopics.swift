// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// Topics that the brokers keep their own state in.
public enum InternalTopic: String, Sendable, CaseIterable, Codable {
    /// Committed offsets and members of consumer groups.
    case consumerOffsets = "__consumer_offsets"
    /// What unclean elections lost, one record for each, the newest of a key holds.
    case lossManifest = "__loss_manifest"
    /// Transactional ids, their producers and transactions.
    case transactionState = "__transaction_state"

    public var name: String { rawValue }

    /// Whether clients are told that the topic is internal.
    public static func isInternal(_ name: String) -> Bool { InternalTopic(rawValue: name) != nil }

    /// The topic as its settings want it, with no more replicas than there are brokers.
    package func definition(on state: ControllerState) -> NewTopic {
        switch self {
        case .consumerOffsets:
            definition(
                on: state, partitions: state.settings[.offsetsTopicPartitions],
                replicationFactor: .offsetsTopicReplicationFactor, segmentBytes: .offsetsTopicSegmentBytes)
        case .lossManifest:
            // Losses are few, and whoever reads them wants them in order.
            definition(
                on: state, partitions: 1, replicationFactor: .offsetsTopicReplicationFactor,
                segmentBytes: .offsetsTopicSegmentBytes)
        case .transactionState:
            definition(
                on: state, partitions: state.settings[.transactionTopicPartitions],
                replicationFactor: .transactionTopicReplicationFactor, segmentBytes: .transactionTopicSegmentBytes)
        }
    }

    private func definition(
        on state: ControllerState, partitions: Int, replicationFactor: BrokerKey<Int>,
        segmentBytes: BrokerKey<Int>
    ) -> NewTopic {
        let brokerCount = max(1, state.image.placementCandidates().count)
        return NewTopic(
            name: name, partitionCount: Int32(partitions),
            replicationFactor: Int16(min(state.settings[replicationFactor], brokerCount)),
            configs: [
                .init(name: "cleanup.policy", value: "compact"),
                // The broker's batches are stored as it wrote them, whatever the default of other topics.
                .init(name: "compression.type", value: "producer"),
                .init(name: "segment.bytes", value: String(state.settings[segmentBytes])),
            ])
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

/// Gives internal topics the replicas that their settings want, as brokers join; they never get fewer.
///
/// A cluster that began with one broker comes to three this way without anybody's doing.
public struct RaiseInternalReplication: ControllerCommand {
    public static var name: String { "RaiseInternalReplication" }

    /// Most partitions that may be in motion for it.
    public var changeCountMax: Int

    public init(changeCountMax: Int = 100) { self.changeCountMax = changeCountMax }

    /// How many partitions begin to get replicas.
    public typealias Outcome = Int

    public func decide(on state: ControllerState, using entropy: inout Entropy) -> Decision<Outcome> {
        var draft = Draft(state)
        for topic in InternalTopic.allCases {
            guard let known = state.image.topic(named: topic.name) else { continue }
            let wanted = Int(topic.definition(on: state).replicationFactor)
            for (position, partition) in known.partitions.enumerated() {
                guard draft.records.count < changeCountMax else { break }
                guard partition.targetReplicas.count < wanted, !partition.isReassigning, partition.leader != .none
                else {
                    continue
                }
                let target = draft.image.extended(partition.replicas, to: wanted)
                let id = PartitionID(topic: known.id, index: PartitionIndex(Int32(position)))
                if target.count > partition.replicas.count { draft.change(id) { $0.reassign(to: target) } }
            }
        }
        return Decision(draft.records.count, records: draft.records)
    }
}

extension MetadataImage {
    /// More replicas behind those that are there: in racks of their own where there are any, on the emptiest brokers.
    fileprivate func extended(_ replicas: [NodeID], to count: Int) -> [NodeID] {
        var replicas = replicas
        while replicas.count < count {
            let racks = Set(replicas.map { broker($0)?.rack ?? "" })
            let candidates = placementCandidates().filter { !replicas.contains($0.id) }
            let chosen = candidates.min { one, other in
                let (oneShares, otherShares) = (racks.contains(one.rack ?? ""), racks.contains(other.rack ?? ""))
                guard oneShares == otherShares else { return otherShares }
                return (one.replicaCount, one.id) < (other.replicaCount, other.id)
            }
            guard let chosen else { break }
            replicas.append(chosen.id)
        }
        return replicas
    }
}
