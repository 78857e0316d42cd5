// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Modules/KafkaProtocol/Tables/19-CreateTopics.kafka: change that, not this.

import KafkaProtocol

extension CreateTopicsRequest: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.topics = random.structures(version)
        message.timeoutMs = random.integer()
        if version >= 1 { message.validateOnly = random.bool() }
        return message
    }
}

extension CreateTopicsRequest.CreatableTopic: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.name = random.string()
        message.numPartitions = random.integer()
        message.replicationFactor = random.integer()
        message.assignments = random.structures(version)
        message.configs = random.structures(version)
        return message
    }
}

extension CreateTopicsRequest.CreatableReplicaAssignment: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.partitionIndex = random.integer()
        message.brokerIDs = random.integers()
        return message
    }
}

extension CreateTopicsRequest.CreatableTopicConfig: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.name = random.string()
        message.value = random.isNull() ? nil : random.string()
        return message
    }
}

extension CreateTopicsResponse: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        if version >= 2 { message.throttleTimeMs = random.integer() }
        message.topics = random.structures(version)
        return message
    }
}

extension CreateTopicsResponse.CreatableTopicResult: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.name = random.string()
        if version == 7 { message.topicID = random.topicID() }
        message.errorCode = random.integer()
        if version >= 1 { message.errorMessage = random.isNull() ? nil : random.string() }
        if version >= 5 { message.topicConfigErrorCode = random.integer() }
        if version >= 5 { message.numPartitions = random.integer() }
        if version >= 5 { message.replicationFactor = random.integer() }
        if version >= 5 { message.configs = random.isNull() ? nil : random.structures(version) }
        return message
    }
}

extension CreateTopicsResponse.CreatableTopicConfigs: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.name = random.string()
        message.value = random.isNull() ? nil : random.string()
        message.readOnly = random.bool()
        message.configSource = random.integer()
        message.isSensitive = random.bool()
        return message
    }
}
