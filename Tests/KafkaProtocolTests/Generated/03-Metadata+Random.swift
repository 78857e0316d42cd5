// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Modules/KafkaProtocol/Tables/03-Metadata.kafka: change that, not this.

import KafkaProtocol

extension MetadataRequest: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.topics = random.isNull(if: version >= 1) ? nil : random.structures(version)
        if version >= 4 { message.allowAutoTopicCreation = random.bool() }
        if version >= 8 && version <= 10 { message.includeClusterAuthorizedOperations = random.bool() }
        if version >= 8 { message.includeTopicAuthorizedOperations = random.bool() }
        return message
    }
}

extension MetadataRequest.MetadataRequestTopic: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        if version >= 10 { message.topicID = random.topicID() }
        message.name = random.isNull(if: version >= 10) ? nil : random.string()
        return message
    }
}

extension MetadataResponse: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        if version >= 3 { message.throttleTimeMs = random.integer() }
        message.brokers = random.structures(version)
        if version >= 2 { message.clusterID = random.isNull() ? nil : random.string() }
        if version >= 1 { message.controllerID = random.integer() }
        message.topics = random.structures(version)
        if version >= 8 && version <= 10 { message.clusterAuthorizedOperations = random.integer() }
        if version == 13 { message.errorCode = random.integer() }
        return message
    }
}

extension MetadataResponse.MetadataResponseBroker: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.nodeID = random.integer()
        message.host = random.string()
        message.port = random.integer()
        if version >= 1 { message.rack = random.isNull() ? nil : random.string() }
        return message
    }
}

extension MetadataResponse.MetadataResponseTopic: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.errorCode = random.integer()
        message.name = random.isNull(if: version >= 12) ? nil : random.string()
        if version >= 10 { message.topicID = random.topicID() }
        if version >= 1 { message.isInternal = random.bool() }
        message.partitions = random.structures(version)
        if version >= 8 { message.topicAuthorizedOperations = random.integer() }
        return message
    }
}

extension MetadataResponse.MetadataResponsePartition: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.errorCode = random.integer()
        message.partitionIndex = random.integer()
        message.leaderID = random.integer()
        if version >= 7 { message.leaderEpoch = random.integer() }
        message.replicaNodes = random.integers()
        message.isrNodes = random.integers()
        if version >= 5 { message.offlineReplicas = random.integers() }
        return message
    }
}
