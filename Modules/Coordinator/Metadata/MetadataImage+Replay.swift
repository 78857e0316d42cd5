// SPDX-License-Identifier: Apache-2.0

internal import HashTreeCollections
public import Primitives

/// A record that contradicts the image it is replayed on: the log is not the one this image comes from.
public enum ReplayError: Error, Hashable, Sendable {
    case topicExists(String, TopicID)
    case topicUnknown(TopicID)
    /// The index is neither the next one nor one that exists.
    case partitionOutOfOrder(PartitionID, partitionCount: Int)
    case partitionUnknown(PartitionID)
    case brokerUnknown(NodeID, BrokerEpoch)
    /// Producer ids would be given out twice.
    case producerIDsReused(next: ProducerID, known: ProducerID)
}

extension MetadataImage {
    /// Applies one record: the only way to change an image.
    ///
    /// - Throws: when the record does not follow from the image; the image is then as before.
    /// - Complexity: O(log n), for `topicRemoved` also O(partitions of the topic).
    public mutating func replay(_ record: MetadataRecord) throws(ReplayError) {
        switch record {
        case .topicCreated(let topic): try create(topic)
        case .partitionCreated(let partition): try create(partition)
        case .partitionChanged(let change): try apply(change)
        case .topicRemoved(let id): try remove(id)
        case .configSet(let resource, let name, let value): configs[resource, default: [:]][name] = value
        case .configRemoved(let resource, let name): removeConfig(name, of: resource)
        case .producerIDsAllocated(let block): try allocate(block)
        case .featureLevelSet(let name, let level): featureLevels[name] = level == 0 ? nil : level
        case .brokerRegistered(let broker): brokersByID[broker.id] = broker
        case .brokerFencingChanged(let id, let epoch, let isFenced):
            try checkBroker(id, epoch)
            brokersByID[id]?.isFenced = isFenced
        case .brokerUnregistered(let id, let epoch):
            try checkBroker(id, epoch)
            brokersByID[id] = nil
        case .brokerShutdownStarted(let id, let epoch):
            try checkBroker(id, epoch)
            brokersByID[id]?.isInControlledShutdown = true
        case .brokerDrainingChanged(let id, let epoch, let isDraining):
            try checkBroker(id, epoch)
            brokersByID[id]?.isDraining = isDraining
        case .lossRecorded(let manifest): try note(manifest)
        case .clientQuotaChanged(let entity, let key, let limit): setQuota(key, of: entity, limit)
        }
    }

    private mutating func create(_ record: TopicRecord) throws(ReplayError) {
        guard catalog.ids[record.name] == nil, catalog.topics[record.id] == nil else {
            throw .topicExists(record.name, record.id)
        }
        catalog.ids[record.name] = record.id
        catalog.topics[record.id] = TopicImage(name: record.name, id: record.id, partitions: [])
        if let key = TopicName.collisionKey(of: record.name) { namesByCollisionKey[key] = record.name }
    }

    private mutating func create(_ record: PartitionRecord) throws(ReplayError) {
        guard let partitions = catalog.topics[record.id.topic]?.partitions else { throw .topicUnknown(record.id.topic) }
        guard Int(record.id.index.rawValue) == partitions.count else {
            throw .partitionOutOfOrder(record.id, partitionCount: partitions.count)
        }
        let partition = PartitionImage(record)
        catalog.topics[record.id.topic]?.partitions.append(partition)
        partitionCount += 1
        index(record.id, from: nil, to: partition)
    }

    private mutating func apply(_ change: PartitionChangeRecord) throws(ReplayError) {
        guard let before = partition(change.id) else { throw .partitionUnknown(change.id) }
        var partition = before
        partition.replicas = change.replicas ?? partition.replicas
        partition.inSyncReplicas = change.inSyncReplicas ?? partition.inSyncReplicas
        partition.eligibleLeaderReplicas = change.eligibleLeaderReplicas ?? partition.eligibleLeaderReplicas
        partition.lastKnownLeader = change.lastKnownLeader ?? partition.lastKnownLeader
        partition.addingReplicas = change.addingReplicas ?? partition.addingReplicas
        partition.removingReplicas = change.removingReplicas ?? partition.removingReplicas
        if let leader = change.leader {
            partition.leader = leader
            partition.leaderEpoch = partition.leaderEpoch.next
        }
        partition.partitionEpoch = partition.partitionEpoch.next
        catalog.topics[change.id.topic]?.partitions[Int(change.id.index.rawValue)] = partition
        index(change.id, from: before, to: partition)
    }

    /// Keeps what follows from partitions in step with them.
    private mutating func index(_ id: PartitionID, from old: PartitionImage?, to new: PartitionImage?) {
        let (before, after) = (old?.replicas ?? [], new?.replicas ?? [])
        if before != after {
            for broker in after where !before.contains(broker) {
                holdings[broker, default: BrokerHoldings()].insert(id)
            }
            for broker in before where !after.contains(broker) { holdings[broker]?.remove(id) }
        }
        if old?.leader != new?.leader {
            if let leader = new?.leader, leader != .none {
                holdings[leader, default: BrokerHoldings()].leaderCount += 1
            }
            if let leader = old?.leader, leader != .none { holdings[leader]?.leaderCount -= 1 }
        }
        for broker in before where holdings[broker]?.isEmpty ?? false { holdings[broker] = nil }
        guard old?.isReassigning ?? false || new?.isReassigning ?? false else { return }
        if new?.isReassigning ?? false { reassigning.insert(id) } else { reassigning.remove(id) }
    }

    private mutating func note(_ manifest: LossManifest) throws(ReplayError) {
        guard partition(manifest.partition) != nil else { throw .partitionUnknown(manifest.partition) }
        var losses = lossesByTopic[manifest.partition.topic] ?? []
        let known = losses.firstIndex {
            $0.partition == manifest.partition && $0.leaderEpoch == manifest.leaderEpoch
        }
        if let known { losses[known] = manifest } else { losses.append(manifest) }
        lossesByTopic[manifest.partition.topic] = losses
    }

    private mutating func remove(_ id: TopicID) throws(ReplayError) {
        guard let topic = catalog.topics[id] else { throw .topicUnknown(id) }
        catalog.topics[id] = nil
        catalog.ids[topic.name] = nil
        configs[.topic(topic.name)] = nil
        if let key = TopicName.collisionKey(of: topic.name) { namesByCollisionKey[key] = nil }
        lossesByTopic[id] = nil
        partitionCount -= topic.partitions.count
        for (position, partition) in topic.partitions.enumerated() {
            index(PartitionID(topic: id, index: PartitionIndex(Int32(position))), from: partition, to: nil)
        }
    }

    private mutating func removeConfig(_ name: String, of resource: ConfigResource) {
        guard var entries = configs[resource] else { return }
        entries[name] = nil
        configs[resource] = entries.isEmpty ? nil : entries
    }

    private mutating func setQuota(_ key: QuotaKey, of entity: QuotaEntity, _ limit: Double?) {
        var limits = quotasByEntity[entity] ?? [:]
        limits[key] = limit
        quotasByEntity[entity] = limits.isEmpty ? nil : limits
    }

    private mutating func allocate(_ block: ProducerIDsRecord) throws(ReplayError) {
        guard block.next > producerIDs.next else {
            throw .producerIDsReused(next: block.next, known: producerIDs.next)
        }
        producerIDs = block
    }

    private func checkBroker(_ id: NodeID, _ epoch: BrokerEpoch) throws(ReplayError) {
        guard brokersByID[id]?.epoch == epoch else { throw .brokerUnknown(id, epoch) }
    }
}

extension PartitionImage {
    fileprivate init(_ record: PartitionRecord) {
        replicas = record.replicas
        inSyncReplicas = record.inSyncReplicas
        leader = record.leader
        leaderEpoch = record.leaderEpoch
        partitionEpoch = record.partitionEpoch
        eligibleLeaderReplicas = record.eligibleLeaderReplicas
        lastKnownLeader = record.lastKnownLeader
        addingReplicas = record.addingReplicas
        removingReplicas = record.removingReplicas
    }
}
