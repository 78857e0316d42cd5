// SPDX-License-Identifier: Apache-2.0

public import Primitives

/// A partition that is other than before.
public struct PartitionDelta: Hashable, Sendable {
    public let index: PartitionIndex
    /// nil: the partition is new.
    public let old: PartitionImage?
    public let new: PartitionImage
}

/// A topic that is there before and after, or only after, and has partitions that are new or other.
public struct TopicDelta: Hashable, Sendable {
    public let name: String
    public let id: TopicID
    public let isNew: Bool
    /// By index.
    public let partitions: [PartitionDelta]
}

/// What changed between two images; each list is sorted.
public struct MetadataDelta: Hashable, Sendable {
    /// By name. A topic that was deleted and created again is in both lists.
    public internal(set) var removedTopics: [DeletedTopic] = []
    public internal(set) var topics: [TopicDelta] = []
    /// Resources whose own entries changed. A change of `.broker` or `.brokerDefaults` can change what every topic inherits.
    public internal(set) var configs: [ConfigResource] = []
    /// Brokers that are new, gone or other, by id.
    public internal(set) var brokers: [NodeID] = []
    /// Features whose level changed, by name.
    public internal(set) var features: [String] = []
    /// Partitions of which a loss is new, or better known; sorted.
    public internal(set) var losses: [PartitionID] = []
    /// Entities whose own quotas changed.
    public internal(set) var quotas: [QuotaEntity] = []

    /// Nothing changed.
    public init() {}

    public var isEmpty: Bool {
        removedTopics.isEmpty && topics.isEmpty && configs.isEmpty && brokers.isEmpty && features.isEmpty
            && losses.isEmpty && quotas.isEmpty
    }
}

/// Notes what records touch while they are replayed, and compares the two images there and nowhere else.
///
/// So a delta costs as much as what changed, not as much as the cluster.
public struct MetadataDeltaRecorder: Sendable {
    private let old: MetadataImage
    public private(set) var image: MetadataImage
    /// Touched topics, with the partitions that were touched in them.
    private var topics: [TopicID: Set<PartitionIndex>] = [:]
    private var configs: Set<ConfigResource> = []
    private var brokers: Set<NodeID> = []
    private var features: Set<String> = []
    private var losses: Set<PartitionID> = []
    private var quotas: Set<QuotaEntity> = []

    public init(from image: MetadataImage) {
        old = image
        self.image = image
    }

    public mutating func replay(_ record: MetadataRecord) throws(ReplayError) {
        try image.replay(record)
        note(record)
    }

    /// What is different now from the image at the start.
    public func delta() -> MetadataDelta {
        var delta = MetadataDelta()
        for (id, touched) in topics {
            let before = old.topic(id)
            let after = image.topic(id)
            if let before, after == nil { delta.removedTopics.append(DeletedTopic(name: before.name, id: id)) }
            if let after, let change = TopicDelta(from: before, to: after, touching: touched) {
                delta.topics.append(change)
            }
        }
        delta.removedTopics.sort { $0.name < $1.name }
        delta.topics.sort { $0.name < $1.name }
        delta.configs = configs.filter { old.hasOtherConfigs($0, than: image) }.sorted()
        delta.brokers = brokers.filter { old.broker($0) != image.broker($0) }.sorted()
        delta.features = features.filter { old.featureLevel($0) != image.featureLevel($0) }.sorted()
        delta.losses = losses.filter { old.losses(of: $0) != image.losses(of: $0) }.sorted()
        delta.quotas = quotas.filter { old.hasOtherQuotas($0, than: image) }.sorted()
        return delta
    }

    private mutating func note(_ record: MetadataRecord) {
        switch record {
        case .topicCreated(let topic): topics[topic.id, default: []] = []
        case .partitionCreated(let partition): note(partition.id)
        case .partitionChanged(let change): note(change.id)
        case .topicRemoved(let id): noteRemoval(of: id)
        case .configSet(let resource, _, _), .configRemoved(let resource, _): configs.insert(resource)
        case .producerIDsAllocated: break
        case .featureLevelSet(let name, _): features.insert(name)
        case .brokerRegistered(let broker): brokers.insert(broker.id)
        case .brokerFencingChanged(let id, _, _), .brokerUnregistered(let id, _), .brokerShutdownStarted(let id, _),
            .brokerDrainingChanged(let id, _, _):
            brokers.insert(id)
        case .lossRecorded(let manifest): losses.insert(manifest.partition)
        case .clientQuotaChanged(let entity, _, _): quotas.insert(entity)
        }
    }

    private mutating func note(_ partition: PartitionID) {
        topics[partition.topic, default: []].insert(partition.index)
    }

    private mutating func noteRemoval(of id: TopicID) {
        topics[id, default: []] = []
        if let name = old.topic(id)?.name { configs.insert(.topic(name)) }
    }
}

extension TopicDelta {
    /// nil when nothing differs.
    ///
    /// - Parameter touched: Partitions that may differ; nil: all.
    init?(from old: TopicImage?, to new: TopicImage, touching touched: Set<PartitionIndex>? = nil) {
        let indexes = touched?.sorted() ?? new.partitions.indices.map { PartitionIndex(Int32($0)) }
        let partitions = indexes.compactMap { index -> PartitionDelta? in
            let position = Int(index.rawValue)
            let before = old.flatMap { position < $0.partitions.count ? $0.partitions[position] : nil }
            let after = new.partitions[position]
            return before == after ? nil : PartitionDelta(index: index, old: before, new: after)
        }
        guard old == nil || !partitions.isEmpty else { return nil }
        self.init(name: new.name, id: new.id, isNew: old == nil, partitions: partitions)
    }
}
