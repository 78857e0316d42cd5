// SPDX-License-Identifier: Apache-2.0

internal import Coordinator
internal import KafkaProtocol
internal import Primitives

extension BrokerShard {
    /// Most partitions one answer describes, whatever the client asks for (Kafka's `max.request.partition.size.limit`).
    private static let describedPartitionCountMax = 2000

    /// Describes topics a page of partitions at a time (KIP-966).
    func describeTopicPartitions(_ request: DescribeTopicPartitionsRequest, _ context: RequestContext) {
        let names = request.topics.isEmpty ? image.topicsByName().map(\.name) : Set(request.topics.map(\.name)).sorted()
        let cursor = request.cursor
        var left = max(1, min(Int(request.responsePartitionLimit), Self.describedPartitionCountMax))
        var response = DescribeTopicPartitionsResponse()
        for name in names where cursor.map({ name >= $0.topicName }) ?? true {
            let start = cursor.flatMap { $0.topicName == name ? Int(max(0, $0.partitionIndex)) : nil } ?? 0
            guard left > 0 else {
                response.nextCursor = Self.cursor(name, start)
                break
            }
            guard let topic = image.topic(named: name) else {
                response.topics.append(Self.unknownTopic(name))
                continue
            }
            let first = min(start, topic.partitions.count)
            let end = min(topic.partitions.count, first + left)
            response.topics.append(describe(topic, from: first, to: end))
            left -= end - first
            if end < topic.partitions.count {
                response.nextCursor = Self.cursor(name, end)
                break
            }
        }
        respond(response, to: context)
    }

    private static func cursor(_ name: String, _ index: Int) -> DescribeTopicPartitionsResponse.Cursor {
        var cursor = DescribeTopicPartitionsResponse.Cursor()
        cursor.topicName = name
        cursor.partitionIndex = Int32(index)
        return cursor
    }

    private static func unknownTopic(
        _ name: String
    ) -> DescribeTopicPartitionsResponse.DescribeTopicPartitionsResponseTopic {
        var topic = DescribeTopicPartitionsResponse.DescribeTopicPartitionsResponseTopic()
        topic.name = name
        let code = TopicName.problem(of: name) == nil ? ErrorCode.unknownTopicOrPartition : .invalidTopicException
        topic.errorCode = code.rawValue
        return topic
    }

    private func describe(
        _ topic: TopicImage, from first: Int, to end: Int
    ) -> DescribeTopicPartitionsResponse.DescribeTopicPartitionsResponseTopic {
        var described = DescribeTopicPartitionsResponse.DescribeTopicPartitionsResponseTopic()
        described.name = topic.name
        described.topicID = topic.id
        described.isInternal = InternalTopic.isInternal(topic.name)
        described.topicAuthorizedOperations = AuthorizedOperations.topic
        described.partitions = (first..<end).map { index in
            let partition = topic.partitions[index]
            var entry = DescribeTopicPartitionsResponse.DescribeTopicPartitionsResponsePartition()
            entry.partitionIndex = Int32(index)
            entry.errorCode = (partition.leader == .none ? ErrorCode.leaderNotAvailable : .none).rawValue
            entry.leaderID = partition.leader.rawValue
            entry.leaderEpoch = partition.leaderEpoch.rawValue
            entry.replicaNodes = partition.replicas.map(\.rawValue)
            entry.isrNodes = partition.inSyncReplicas.map(\.rawValue)
            entry.eligibleLeaderReplicas = partition.eligibleLeaderReplicas.map(\.rawValue)
            entry.lastKnownElr = []
            return entry
        }
        return described
    }
}
