// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Modules/KafkaProtocol/Tables/75-DescribeTopicPartitions.kafka: change that, not this.

import KafkaProtocol

extension DescribeTopicPartitionsRequest: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.topics = random.structures(version)
        message.responsePartitionLimit = random.integer()
        message.cursor = random.isNull() ? nil : .random(&random, version: version)
        return message
    }
}

extension DescribeTopicPartitionsRequest.TopicRequest: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.name = random.string()
        return message
    }
}

extension DescribeTopicPartitionsRequest.Cursor: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.topicName = random.string()
        message.partitionIndex = random.integer()
        return message
    }
}

extension DescribeTopicPartitionsResponse: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.throttleTimeMs = random.integer()
        message.topics = random.structures(version)
        message.nextCursor = random.isNull() ? nil : .random(&random, version: version)
        return message
    }
}

extension DescribeTopicPartitionsResponse.DescribeTopicPartitionsResponseTopic: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.errorCode = random.integer()
        message.name = random.isNull() ? nil : random.string()
        message.topicID = random.topicID()
        message.isInternal = random.bool()
        message.partitions = random.structures(version)
        message.topicAuthorizedOperations = random.integer()
        return message
    }
}

extension DescribeTopicPartitionsResponse.DescribeTopicPartitionsResponsePartition: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.errorCode = random.integer()
        message.partitionIndex = random.integer()
        message.leaderID = random.integer()
        message.leaderEpoch = random.integer()
        message.replicaNodes = random.integers()
        message.isrNodes = random.integers()
        message.eligibleLeaderReplicas = random.isNull() ? nil : random.integers()
        message.lastKnownElr = random.isNull() ? nil : random.integers()
        message.offlineReplicas = random.integers()
        return message
    }
}

extension DescribeTopicPartitionsResponse.Cursor: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.topicName = random.string()
        message.partitionIndex = random.integer()
        return message
    }
}
