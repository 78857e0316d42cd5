// SPDX-License-Identifier: Apache-2.0

internal import HashTreeCollections
public import Primitives

/// A topic and all its partitions.
public struct TopicImage: Hashable, Sendable {
    public let name: String
    public let id: TopicID
    /// By index, from 0 and without a gap.
    public internal(set) var partitions: [PartitionImage]
}

/// One partition as of the image.
public struct PartitionImage: Hashable, Sendable {
    public internal(set) var replicas: [NodeID]
    public internal(set) var inSyncReplicas: [NodeID]
    /// `.none` while no replica that may lead lives.
    public internal(set) var leader: NodeID
    public internal(set) var leaderEpoch: LeaderEpoch
    public internal(set) var partitionEpoch: PartitionEpoch
    /// Out of sync, yet with every acknowledged record, because none was acknowledged since they left (KIP-966).
    public internal(set) var eligibleLeaderReplicas: [NodeID]
    /// Who led last; `.none` while somebody leads.
    public internal(set) var lastKnownLeader: NodeID
    /// Those of `replicas` that a reassignment brings; empty when none is under way.
    public internal(set) var addingReplicas: [NodeID]
    /// Those of `replicas` that leave when the reassignment is complete.
    public internal(set) var removingReplicas: [NodeID]

    public var isReassigning: Bool { !addingReplicas.isEmpty || !removingReplicas.isEmpty }
}

/// The topics of an image, for look-ups on hot paths: a copy is two pointers, where one of the image is a dozen.
public struct TopicCatalog: Equatable, Sendable {
    var ids: TreeDictionary<String, TopicID> = [:]
    var topics: TreeDictionary<TopicID, TopicImage> = [:]

    /// - Complexity: O(1).
    public func topic(named name: String) -> TopicImage? { ids[name].flatMap { topics[$0] } }

    /// - Complexity: O(1).
    public func topic(_ id: TopicID) -> TopicImage? { topics[id] }

    /// - Complexity: O(1).
    public func partition(_ id: PartitionID) -> PartitionImage? {
        guard let topic = topics[id.topic], topic.partitions.indices.contains(Int(id.index.rawValue)) else {
            return nil
        }
        return topic.partitions[Int(id.index.rawValue)]
    }
}

/// The metadata of the cluster as of one offset of its log.
///
/// A persistent value: copying it is copying a few pointers, and the copy stays as it is while the original moves on,
/// so a copy is a snapshot. `replay` alone changes it.
/// - SeeAlso: docs/formats/metadata.md
public struct MetadataImage: Equatable, Sendable {
    public internal(set) var catalog = TopicCatalog()
    var configs: TreeDictionary<ConfigResource, TreeDictionary<String, String>> = [:]
    var brokersByID: TreeDictionary<NodeID, BrokerRecord> = [:]
    var featureLevels: TreeDictionary<String, Int16> = [:]
    /// Names with `.` or `_`, by `TopicName.collisionKey`.
    var namesByCollisionKey: TreeDictionary<String, String> = [:]
    /// Follows from the topics.
    var holdings: TreeDictionary<NodeID, BrokerHoldings> = [:]
    /// Partitions with a reassignment under way; follows from the topics.
    var reassigning: TreeSet<PartitionID> = []
    /// In the order they were recorded.
    var lossesByTopic: TreeDictionary<TopicID, [LossManifest]> = [:]
    var quotasByEntity: TreeDictionary<QuotaEntity, TreeDictionary<QuotaKey, Double>> = [:]
    /// The first producer id that nobody has, and who was given the block before it.
    public internal(set) var producerIDs = ProducerIDsRecord(broker: .none, next: ProducerID(0))
    /// Partitions of all topics together.
    public internal(set) var partitionCount = 0

    /// An empty cluster.
    public init() {}

    public var topicCount: Int { catalog.topics.count }

    /// - Complexity: O(1).
    public func topic(named name: String) -> TopicImage? { catalog.topic(named: name) }

    /// - Complexity: O(1).
    public func topic(_ id: TopicID) -> TopicImage? { catalog.topic(id) }

    /// - Complexity: O(1).
    public func partition(_ id: PartitionID) -> PartitionImage? { catalog.partition(id) }

    /// The topic whose name is `name` but for `.` and `_`, or is `name` itself.
    func topicName(collidingWith name: String) -> String? {
        TopicName.collisionKey(of: name).flatMap { namesByCollisionKey[$0] }
    }

    /// All topics, sorted by name.
    ///
    /// - Complexity: O(n log n).
    public func topicsByName() -> [TopicImage] { catalog.topics.values.sorted { $0.name < $1.name } }

    /// - Complexity: O(1).
    public func broker(_ id: NodeID) -> BrokerRecord? { brokersByID[id] }

    /// All registered brokers, fenced ones too, sorted by id.
    public func brokers() -> [BrokerRecord] { brokersByID.values.sorted { $0.id < $1.id } }

    /// Partitions that have a replica on the broker, in sync or not, in order of their ids.
    ///
    /// - Complexity: O(n).
    public func partitions(on broker: NodeID) -> [PartitionID] { holdings[broker]?.partitions() ?? [] }

    /// Topics with a replica on the broker, in no order.
    func topics(on broker: NodeID) -> [TopicImage] {
        guard let held = holdings[broker]?.topics else { return [] }
        return held.compactMap { catalog.topics[$0] }
    }

    /// - Complexity: O(1).
    public func replicaCount(on broker: NodeID) -> Int { holdings[broker]?.replicaCount ?? 0 }

    /// - Complexity: O(1).
    public func leaderCount(on broker: NodeID) -> Int { holdings[broker]?.leaderCount ?? 0 }

    /// Partitions that satisfy `isWanted`, in order of their ids.
    ///
    /// - Complexity: O(partitions of the cluster).
    func partitions(where isWanted: (PartitionImage) -> Bool) -> [PartitionID] {
        var wanted: [PartitionID] = []
        for topic in catalog.topics.values {
            for (position, partition) in topic.partitions.enumerated() where isWanted(partition) {
                wanted.append(PartitionID(topic: topic.id, index: PartitionIndex(Int32(position))))
            }
        }
        return wanted.sorted()
    }

    /// Partitions with a reassignment under way, in order of their ids.
    public func reassigningPartitions() -> [PartitionID] { reassigning.sorted() }

    /// Whether any topic that still exists had an unclean election.
    public var hasLosses: Bool { !lossesByTopic.isEmpty }

    /// Unclean elections of topics that still exist, by partition, then by leader epoch.
    public func losses() -> [LossManifest] {
        lossesByTopic.values.joined().sorted { ($0.partition, $0.leaderEpoch) < ($1.partition, $1.leaderEpoch) }
    }

    /// Unclean elections of one partition, in the order they were recorded.
    public func losses(of partition: PartitionID) -> [LossManifest] {
        (lossesByTopic[partition.topic] ?? []).filter { $0.partition == partition }
    }

    /// The entries set on a resource itself, sorted by name; what it inherits is in `EffectiveConfigs`.
    public func configEntries(of resource: ConfigResource) -> [(name: String, value: String)] {
        guard let entries = configs[resource] else { return [] }
        return entries.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
    }

    /// The value set on the resource itself.
    public func configValue(_ name: String, of resource: ConfigResource) -> String? { configs[resource]?[name] }

    /// Resources with entries of their own, sorted.
    func configuredResources() -> [ConfigResource] { configs.keys.sorted() }

    func hasOtherConfigs(_ resource: ConfigResource, than other: MetadataImage) -> Bool {
        configs[resource] != other.configs[resource]
    }

    /// Entities with client quotas.
    public var quotaEntityCount: Int { quotasByEntity.count }

    /// What is set on the entity itself; which quota applies to a client is `QuotaPrecedence`'s to say.
    ///
    /// - Complexity: O(1).
    public func quota(_ key: QuotaKey, of entity: QuotaEntity) -> Double? { quotasByEntity[entity]?[key] }

    /// All client quotas, by entity, then by key.
    public func quotas() -> [(entity: QuotaEntity, limits: [(key: QuotaKey, limit: Double)])] {
        quotasByEntity.sorted { $0.key < $1.key }.map { entity, limits in
            (entity, limits.sorted { $0.key < $1.key }.map { (key: $0.key, limit: $0.value) })
        }
    }

    func hasQuotas(_ entity: QuotaEntity) -> Bool { quotasByEntity[entity] != nil }

    func hasOtherQuotas(_ entity: QuotaEntity, than other: MetadataImage) -> Bool {
        quotasByEntity[entity] != other.quotasByEntity[entity]
    }

    /// Names of the subscriptions to metrics of clients, sorted (KIP-714).
    public func clientMetricsSubscriptions() -> [String] {
        configuredResources().compactMap { resource in
            if case .clientMetrics(let name) = resource { return name }
            return nil
        }
    }

    /// The finalized level of a feature; 0 when it is off.
    public func featureLevel(_ name: String) -> Int16 { featureLevels[name] ?? 0 }

    /// Finalized features that are on, sorted by name.
    public func features() -> [(name: String, level: Int16)] {
        featureLevels.sorted { $0.key < $1.key }.map { (name: $0.key, level: $0.value) }
    }
}
