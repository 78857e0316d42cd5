// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import Primitives
internal import WireProtocol

extension AdminService {
    func topicList(_ request: Admin.TopicListRequest) async -> Admin.TopicListResponse {
        let view = await view(of: request.names.isEmpty ? nil : Set(request.names))
        let names =
            request.names.isEmpty
            ? view.image.topicsByName().filter { request.includesInternal || !$0.isInternal }.map(\.name)
            : Set(request.names).sorted()
        return .with {
            $0.topics = names.map { summary($0, view) }
            $0.unreachable = view.unreachable
        }
    }

    private func summary(_ name: String, _ view: NodeView) -> Admin.TopicSummary {
        .with {
            $0.name = name
            guard let topic = view.image.topic(named: name) else {
                $0.error = .unknownTopic(name, in: view.image)
                return
            }
            let states = view.states(of: topic)
            $0.topicID = topic.id
            $0.isInternal = topic.isInternal
            $0.partitionCount = Int32(topic.partitions.count)
            $0.replicationFactor = topic.replicationFactor
            $0.byteCount = states.reduce(0) { $0 + $1.byteCount }
            $0.recordCount = states.reduce(0) { $0 + $1.highWatermark.distance(from: $1.logStartOffset) }
            $0.cleanupPolicy = view.configs.topicEntry("cleanup.policy", of: name)?.value ?? ""
            $0.underReplicatedPartitionCount = topic.underReplicatedPartitionCount
        }
    }

    func topicDescribe(_ request: Admin.TopicDescribeRequest) async throws -> Admin.TopicDescribeResponse {
        try requireSome(request.topics, "topic")
        let view = await view(of: Set(request.topics))
        return .with {
            $0.topics = request.topics.map { name in
                .with {
                    $0.name = name
                    guard let topic = view.image.topic(named: name) else {
                        $0.error = .unknownTopic(name, in: view.image)
                        return
                    }
                    $0.topicID = topic.id
                    $0.isInternal = topic.isInternal
                    $0.replicationFactor = topic.replicationFactor
                    $0.partitions = topic.partitions.indices.map { view.info(topic, $0) }
                    $0.configs = view.configs.topicEntries(of: name).map { Admin.ConfigEntry($0) }
                }
            }
        }
    }

    func partitionList(_ request: Admin.PartitionListRequest) async throws -> Admin.PartitionListResponse {
        let view = await view(of: request.topics.isEmpty ? nil : Set(request.topics))
        let topics: [TopicImage] =
            request.topics.isEmpty
            ? view.image.topicsByName().filter { request.includesInternal || !$0.isInternal }
            : try Set(request.topics).sorted().map { name in
                guard let topic = view.image.topic(named: name) else {
                    throw RPCError.unknownTopic(name, in: view.image)
                }
                return topic
            }
        return .with {
            $0.partitions = topics.flatMap { topic in
                let inSyncMin = view.configs[.inSyncReplicasMin, of: topic.name]
                return topic.partitions.indices
                    .filter { topic.partitions[$0].matches(request.filter, inSyncReplicasMin: inSyncMin) }
                    .map { view.info(topic, $0) }
            }
        }
    }

    // MARK: Changes

    func topicCreate(_ request: Admin.TopicCreateRequest) async throws -> Admin.TopicCreateResponse {
        try requireSome(request.topics, "topic")
        let topics = request.topics.map { NewTopic($0) }
        let outcomes = try await command(CreateTopics(topics, validateOnly: request.validateOnly))
        return .with {
            $0.topics = zip(topics, outcomes).map { topic, outcome in
                switch outcome {
                case .success(let created): Admin.TopicOutcome(created)
                case .failure(let refusal): Admin.TopicOutcome(topic.name, RPCError(refusal))
                }
            }
        }
    }

    func topicAlter(_ request: Admin.TopicAlterRequest) async throws -> Admin.TopicAlterResponse {
        try requireSome(request.topics, "topic")
        let topics = try request.topics.map { topic in
            AlterTopics.Alteration(
                name: topic.name, changes: try topic.configs.map { try AlterConfigs.Change(checking: $0) },
                totalCount: topic.partitionCount)
        }
        let outcomes = try await command(
            AlterTopics(topics: topics, validateOnly: request.validateOnly))
        let image = await image()
        return .with {
            $0.topics = zip(topics, outcomes).map { topic, outcome in
                switch outcome {
                case .success(let shape): Admin.TopicOutcome(shape)
                case .failure(let refusal):
                    Admin.TopicOutcome(topic.name, RPCError(refusal, topic: topic.name, in: image))
                }
            }
        }
    }

    func topicDelete(_ request: Admin.TopicDeleteRequest) async throws -> Admin.TopicDeleteResponse {
        try requireSome(request.topics, "topic")
        let outcomes = try await command(RemoveTopics(names: request.topics, validateOnly: request.validateOnly))
        let image = await image()
        return .with {
            $0.topics = zip(request.topics, outcomes).map { name, outcome in
                switch outcome {
                case .success(let shape): Admin.TopicOutcome(shape)
                case .failure(let refusal): Admin.TopicOutcome(name, RPCError(refusal, in: image))
                }
            }
        }
    }

    func requireSome(_ items: [some Any], _ noun: String) throws(RPCError) {
        guard items.isEmpty else { return }
        throw RPCError(.invalidRequest, "the request names no \(noun)", remedy: "Name at least one.")
    }
}

extension PartitionImage {
    fileprivate func matches(_ filter: Admin.PartitionFilter, inSyncReplicasMin: Int) -> Bool {
        switch filter {
        case .unspecified: true
        case .underReplicated: isUnderReplicated
        case .underMinInSync: inSyncReplicas.count < inSyncReplicasMin
        case .offline: isOffline
        case .moving: isReassigning
        case .notPreferred: !isLedByPreferred
        }
    }
}

extension NewTopic {
    /// 0, which the RPC uses for the cluster's default, is Kafka's −1.
    fileprivate init(_ topic: Admin.NewTopic) {
        self.init(
            name: topic.name, partitionCount: topic.partitionCount == 0 ? -1 : topic.partitionCount,
            replicationFactor: topic.replicationFactor == 0 ? -1 : topic.replicationFactor,
            assignment: topic.assignments.map { ReplicaAssignment(partition: $0.partition, brokers: $0.replicas) },
            configs: topic.configs.map { NewTopic.Config(name: $0.name, value: $0.value) })
    }
}

extension Admin.TopicOutcome {
    fileprivate init(_ name: String, _ error: RPCError) {
        self.init()
        self.name = name
        self.error = error
    }

    fileprivate init(_ topic: CreatedTopic) {
        self.init()
        name = topic.name
        topicID = topic.id
        partitionCount = topic.partitionCount
        replicationFactor = topic.replicationFactor
        configs = topic.configs.filter { $0.origin == .topic }.map { entry in
            .with { ($0.name, $0.value) = (entry.name, entry.value ?? "") }
        }
    }

    fileprivate init(_ topic: TopicShape) {
        self.init()
        name = topic.name
        topicID = topic.id
        partitionCount = topic.partitionCount
        replicationFactor = topic.replicationFactor
        configs = topic.configs.map { entry in .with { ($0.name, $0.value) = (entry.name, entry.value) } }
    }
}

extension RPCError {
    fileprivate init(_ refusal: AlterTopicRefusal, topic: String, in image: MetadataImage) {
        switch refusal {
        case .unknownTopic: self = .unknownTopic(topic, in: image)
        case .duplicate: self.init(.invalidRequest, "the request names the topic more than once")
        case .configs(let refusal): self.init(refusal, in: image)
        case .partitions(let refusal): self.init(refusal, in: image)
        }
    }
}
