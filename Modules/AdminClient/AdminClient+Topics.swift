// SPDX-License-Identifier: Apache-2.0

public import Primitives
public import WireProtocol

extension AdminClient {
    /// One line per topic, ascending by name.
    ///
    /// - Parameter names: Only these; empty gives all. A name that does not exist comes with an error.
    public func topics(
        _ names: [String] = [], includingInternal: Bool = false
    ) async throws(RPCError) -> [Admin.TopicSummary] {
        let request = Admin.TopicListRequest.with { ($0.names, $0.includesInternal) = (names, includingInternal) }
        return try await call(Admin.topicList, request).topics
    }

    /// Everything about topics, in the order asked; a name that does not exist comes with an error.
    public func describeTopics(_ names: [String]) async throws(RPCError) -> [Admin.TopicDescription] {
        try await call(Admin.topicDescribe, .with { $0.topics = names }).topics
    }

    /// Everything about one topic. Throws `.notFound` when there is none.
    public func describeTopic(_ name: String) async throws(RPCError) -> Admin.TopicDescription {
        try await describeTopics([name]).only(for: "topic \(name)")
    }

    /// Creates topics; each succeeds or fails alone.
    public func createTopics(
        _ topics: [Admin.NewTopic], validateOnly: Bool = false
    ) async throws(RPCError) -> [Admin.TopicOutcome] {
        try await call(Admin.topicCreate, .with { ($0.topics, $0.validateOnly) = (topics, validateOnly) }).topics
    }

    /// Creates one topic.
    ///
    /// - Parameters:
    ///   - partitions: nil takes the cluster's default.
    ///   - replicationFactor: nil takes the cluster's default.
    ///   - configs: Name and value of what differs from the defaults.
    public func createTopic(
        _ name: String, partitions: Int32? = nil, replicationFactor: Int16? = nil,
        configs: [Admin.ConfigSetting] = [], validateOnly: Bool = false
    ) async throws(RPCError) -> Admin.TopicOutcome {
        let topic = Admin.NewTopic.with {
            $0.name = name
            $0.partitionCount = partitions ?? 0
            $0.replicationFactor = replicationFactor ?? 0
            $0.configs = configs
        }
        return try await createTopics([topic], validateOnly: validateOnly).only(for: "topic \(name)")
    }

    /// Changes configs or adds partitions; each topic succeeds or fails alone.
    public func alterTopics(
        _ topics: [Admin.TopicAlteration], validateOnly: Bool = false
    ) async throws(RPCError) -> [Admin.TopicOutcome] {
        try await call(Admin.topicAlter, .with { ($0.topics, $0.validateOnly) = (topics, validateOnly) }).topics
    }

    /// Changes one topic.
    public func alterTopic(
        _ name: String, configs: [Admin.ConfigAlteration] = [], partitions: Int32? = nil, validateOnly: Bool = false
    ) async throws(RPCError) -> Admin.TopicOutcome {
        let topic = Admin.TopicAlteration.with {
            $0.name = name
            $0.configs = configs
            $0.partitionCount = partitions
        }
        return try await alterTopics([topic], validateOnly: validateOnly).only(for: "topic \(name)")
    }

    /// Deletes topics with their records; each succeeds or fails alone.
    public func deleteTopics(
        _ names: [String], validateOnly: Bool = false
    ) async throws(RPCError) -> [Admin.TopicOutcome] {
        try await call(Admin.topicDelete, .with { ($0.topics, $0.validateOnly) = (names, validateOnly) }).topics
    }

    /// Deletes the oldest records of partitions; each succeeds or fails alone.
    public func trimPartitions(
        _ partitions: [Admin.PartitionTrim], validateOnly: Bool = false
    ) async throws(RPCError) -> [Admin.PartitionTrimOutcome] {
        try await call(
            Admin.topicTrim, .with { ($0.partitions, $0.validateOnly) = (partitions, validateOnly) }
        ).partitions
    }

    /// Deletes the records of one partition below `offset`; nil deletes all below the high watermark.
    public func trimPartition(
        _ topic: String, _ partition: PartitionIndex, before offset: Offset?, validateOnly: Bool = false
    ) async throws(RPCError) -> Admin.PartitionTrimOutcome {
        let trim = Admin.PartitionTrim.with {
            $0.topic = topic
            $0.partition = partition
            $0.beforeOffset = offset ?? Offset(-1)
        }
        return try await trimPartitions([trim], validateOnly: validateOnly).only(for: "\(topic)-\(partition)")
    }

    /// The state of partitions, ascending by topic and index.
    public func partitions(
        of topics: [String] = [], filter: Admin.PartitionFilter = .unspecified, includingInternal: Bool = false
    ) async throws(RPCError) -> [Admin.PartitionInfo] {
        let request = Admin.PartitionListRequest.with {
            $0.topics = topics
            $0.filter = filter
            $0.includesInternal = includingInternal
        }
        return try await call(Admin.partitionList, request).partitions
    }
}
