// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import KafkaProtocol
internal import Primitives
internal import StorageEngine
internal import WireProtocol

/// What a broker says of one of its replicas.
struct PartitionState: Sendable {
    let id: PartitionID
    let isLeader: Bool
    let logStartOffset: Offset
    let highWatermark: Offset
    let lastStableOffset: Offset
    let logEndOffset: Offset
    let byteCount: Int64
    let bytesInPerSecond: Int64
    let bytesOutPerSecond: Int64
    /// Its log takes no records until it is opened again.
    let isFailed: Bool
    /// Known on the broker itself only.
    let damages: [LogDamage]

    init(_ partition: Partition) {
        id = partition.id
        isLeader = partition.isLeader
        logStartOffset = partition.log.logStartOffset
        highWatermark = partition.highWatermark
        lastStableOffset = partition.lastStableOffset
        logEndOffset = partition.log.logEndOffset
        byteCount = partition.log.byteCount
        bytesInPerSecond = partition.isLeader ? partition.rates.bytesInPerSecond : 0
        bytesOutPerSecond = partition.isLeader ? partition.rates.bytesOutPerSecond : 0
        damages = partition.log.damages
        if case .failed = partition.log.state { isFailed = true } else { isFailed = false }
    }

    init(_ replica: Admin.ReplicaState) {
        id = PartitionID(topic: replica.topicID, index: replica.partition)
        isLeader = replica.isLeader
        logStartOffset = replica.logStartOffset
        highWatermark = replica.highWatermark
        lastStableOffset = replica.lastStableOffset
        logEndOffset = replica.logEndOffset
        byteCount = replica.byteCount
        bytesInPerSecond = replica.bytesInPerSecond
        bytesOutPerSecond = replica.bytesOutPerSecond
        isFailed = replica.isFailed
        damages = []
    }
}

/// The metadata and the replicas of this broker, and of others where they were asked, at one moment, for answers that put
/// both together.
struct NodeView: Sendable {
    let node: BrokerIdentity
    let image: MetadataImage
    let imageOffset: Offset
    let configs: EffectiveConfigs
    let directory: DirectoryHealth
    let wallClock: Timestamp
    /// Of this broker.
    let partitions: [PartitionID: PartitionState]
    /// What the others said, or why they said nothing; empty where they were not asked.
    var others: [NodeID: Result<OtherBroker, RPCError>] = [:]

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

/// What another broker said of itself.
struct OtherBroker: Sendable {
    let state: Admin.BrokerStateResponse
    let partitions: [PartitionID: PartitionState]

    init(_ state: Admin.BrokerStateResponse) {
        self.state = state
        partitions = Dictionary(
            state.partitions.map { PartitionState($0) }.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
    }
}

extension AdminService {
    /// The replicas of this broker; nil: of all topics.
    func ownView(of topics: Set<String>? = nil) async -> NodeView {
        await ask { shard, reply in
            shard.askAll({ shard, reply in reply(shard.partitionStates(of: topics)) }) { (states: [[PartitionState]]) in
                reply(NodeView(shard, states.flatMap(\.self)))
            }
        }
    }

    /// The replicas of all brokers that answer.
    ///
    /// - Parameters:
    ///   - topics: nil asks for those of all.
    ///   - includingPartitions: Of the others; else they tell their totals only.
    func view(of topics: Set<String>? = nil, includingPartitions: Bool = true) async -> NodeView {
        var view = await ownView(of: topics)
        let peers = view.image.peers(of: identity.id)
        guard !peers.isEmpty else { return view }
        let request = Admin.BrokerStateRequest.with {
            $0.topics = topics?.sorted() ?? []
            $0.includesPartitions = includingPartitions
        }
        view.others = await self.peers.askEach(peers, in: view.image, Admin.brokerState) { _ in request }
            .mapValues { $0.map { OtherBroker($0) } }
        return view
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
    /// What a broker says of a replica, where it said anything.
    func state(of id: PartitionID, on broker: NodeID) -> PartitionState? {
        if broker == node.id { return partitions[id] }
        guard case .success(let other)? = others[broker] else { return nil }
        return other.partitions[id]
    }

    /// What the leader of a partition says of it.
    func state(of id: PartitionID) -> PartitionState? {
        image.partition(id).flatMap { state(of: id, on: $0.leader) }
    }

    /// The name of a topic; its id once it is deleted.
    func name(of topic: TopicID) -> String { image.topic(topic)?.name ?? "\(topic)" }

    /// `orders-0`.
    func place(of id: PartitionID) -> String { "\(name(of: id.topic))-\(id.index)" }

    /// Brokers that were asked in vain, ascending.
    var unreachable: [Admin.BrokerFailure] {
        others.sorted { $0.key < $1.key }.compactMap { id, answer in
            guard case .failure(let error) = answer else { return nil }
            return .with { ($0.nodeID, $0.error) = (id, error) }
        }
    }

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
            $0.eligibleLeaderReplicas = partition.eligibleLeaderReplicas
            $0.addingReplicas = partition.addingReplicas
            $0.removingReplicas = partition.removingReplicas
            if partition.isOffline, partition.lastKnownLeader != .none {
                $0.lastKnownLeaderID = partition.lastKnownLeader
            }
            $0.offlineReplicas = partition.replicas.filter { image.broker($0)?.isFenced ?? true }
            $0.logDirectory = directory(of: partition.leader)
            guard let state = state(of: id) else {
                $0.error = missing("\(topic.name)-\(index)", led: partition)
                return
            }
            $0.logStartOffset = state.logStartOffset
            $0.highWatermark = state.highWatermark
            $0.lastStableOffset = state.lastStableOffset
            $0.logEndOffset = state.logEndOffset
            $0.byteCount = state.byteCount
        }
    }

    private func directory(of broker: NodeID) -> String {
        if broker == node.id { return node.dataDirectory }
        guard case .success(let other)? = others[broker] else { return "" }
        return other.state.logDirectory
    }

    /// Why nothing is known of the log of a partition.
    private func missing(_ place: String, led partition: PartitionImage) -> RPCError {
        if partition.isOffline {
            return RPCError(
                kafka: .leaderNotAvailable, "\(place) has no leader",
                remedy: "Start the brokers \(partition.replicas.map { "\($0)" }.joined(separator: ", ")).")
        }
        if case .failure(let error)? = others[partition.leader] { return error }
        return RPCError(
            kafka: .kafkaStorageError, "\(place) is not open on broker \(partition.leader)",
            remedy: "'myelin doctor' tells why.")
    }

    /// The states that leaders told of the partitions of a topic.
    func states(of topic: TopicImage) -> [PartitionState] {
        topic.partitions.indices.compactMap {
            state(of: PartitionID(topic: topic.id, index: PartitionIndex(Int32($0))))
        }
    }
}

extension TopicImage {
    /// Replicas that a partition should have.
    var replicationFactor: Int16 {
        Int16(partitions.first.map { $0.replicas.count - $0.addingReplicas.count } ?? 0)
    }
    var underReplicatedPartitionCount: Int32 { Int32(partitions.count { $0.isUnderReplicated }) }
    var isInternal: Bool { InternalTopic.isInternal(name) }
}

extension PartitionImage {
    /// Fewer in sync than assigned; replicas that a move adds do not count before they are in sync.
    var isUnderReplicated: Bool { replicas.contains { !inSyncReplicas.contains($0) && !addingReplicas.contains($0) } }
    var isOffline: Bool { leader == .none }
    var isLedByPreferred: Bool { replicas.first == leader }
}
