// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import KafkaProtocol
internal import Primitives
internal import StorageEngine
internal import WireProtocol

/// What a shard says of one of its partitions.
struct PartitionState: Sendable {
    let id: PartitionID
    let topic: String
    let logStartOffset: Offset
    let highWatermark: Offset
    let logEndOffset: Offset
    let byteCount: Int64
    let damages: [LogDamage]
    /// Its log takes no records until it is opened again.
    let isFailed: Bool

    init(_ partition: Partition) {
        id = partition.id
        topic = partition.topic
        logStartOffset = partition.log.logStartOffset
        highWatermark = partition.highWatermark
        logEndOffset = partition.log.logEndOffset
        byteCount = partition.log.byteCount
        damages = partition.log.damages
        if case .failed = partition.log.state { isFailed = true } else { isFailed = false }
    }
}

/// The metadata and the partitions of this broker at one moment, for answers that put both together.
struct NodeView: Sendable {
    let node: BrokerIdentity
    let image: MetadataImage
    let imageOffset: Offset
    let configs: EffectiveConfigs
    let directory: DirectoryHealth
    let wallClock: Timestamp
    let partitions: [PartitionID: PartitionState]

    init(_ shard: BrokerShard, _ states: [PartitionState]) {
        node = shard.node
        image = shard.image
        imageOffset = shard.imageOffset
        configs = shard.configs
        directory = shard.directory
        wallClock = shard.wallClock
        partitions = Dictionary(uniqueKeysWithValues: states.map { ($0.id, $0) })
    }
}

extension AdminService {
    /// Asks all shards for their partitions of these topics; nil: of all.
    func view(of topics: Set<String>? = nil) async -> NodeView {
        await ask { shard, reply in
            shard.askAll({ shard, reply in reply(shard.partitionStates(of: topics)) }) { (states: [[PartitionState]]) in
                reply(NodeView(shard, states.flatMap(\.self)))
            }
        }
    }

    /// The metadata alone.
    func image() async -> MetadataImage { await ask { $1($0.image) } }
}

extension BrokerShard {
    fileprivate func partitionStates(of topics: Set<String>?) -> [PartitionState] {
        partitions.values.filter { topics?.contains($0.topic) ?? true }.map { PartitionState($0) }
    }
}

extension NodeView {
    /// Everything about one partition.
    func info(_ topic: TopicImage, _ index: Int) -> Admin.PartitionInfo {
        let partition = topic.partitions[index]
        let id = PartitionID(topic: topic.id, index: PartitionIndex(Int32(index)))
        return .with {
            $0.topic = topic.name
            $0.topicID = topic.id
            $0.partition = id.index
            $0.leaderID = partition.leader
            $0.leaderEpoch = partition.leaderEpoch
            $0.partitionEpoch = partition.partitionEpoch
            $0.replicas = partition.replicas
            $0.inSyncReplicas = partition.inSyncReplicas
            $0.offlineReplicas = partition.replicas.filter { image.broker($0)?.isFenced ?? true }
            $0.logDirectory = node.dataDirectory
            guard let state = partitions[id] else {
                $0.error = RPCError(
                    kafka: .kafkaStorageError, "\(topic.name)-\(index) is not open on broker \(node.id)",
                    remedy: "'myelin doctor' tells why.")
                return
            }
            $0.logStartOffset = state.logStartOffset
            $0.highWatermark = state.highWatermark
            $0.lastStableOffset = state.highWatermark
            $0.logEndOffset = state.logEndOffset
            $0.byteCount = state.byteCount
        }
    }

    /// The states of the partitions of a topic that are open here.
    func states(of topic: TopicImage) -> [PartitionState] {
        topic.partitions.indices.compactMap {
            partitions[PartitionID(topic: topic.id, index: PartitionIndex(Int32($0)))]
        }
    }
}

extension TopicImage {
    /// Replicas that a partition should have.
    var replicationFactor: Int16 { Int16(partitions.first?.replicas.count ?? 0) }
    var underReplicatedPartitionCount: Int32 { Int32(partitions.count { $0.isUnderReplicated }) }
    var isInternal: Bool { InternalTopic.isInternal(name) }
}

extension PartitionImage {
    var isUnderReplicated: Bool { inSyncReplicas.count < replicas.count }
    var isOffline: Bool { leader == .none }
}
