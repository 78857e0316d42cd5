// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Modules/KafkaProtocol/Tables/00-Produce.kafka: change that, not this.

import KafkaProtocol

extension ProduceRequest: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.transactionalID = random.isNull() ? nil : random.string()
        message.acks = random.integer()
        message.timeoutMs = random.integer()
        message.topicData = random.structures(version)
        return message
    }
}

extension ProduceRequest.TopicProduceData: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        if version <= 12 { message.name = random.string() }
        if version == 13 { message.topicID = random.topicID() }
        message.partitionData = random.structures(version)
        return message
    }
}

extension ProduceRequest.PartitionProduceData: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.index = random.integer()
        message.records = random.isNull() ? nil : random.bytes()
        return message
    }
}

extension ProduceResponse: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.responses = random.structures(version)
        message.throttleTimeMs = random.integer()
        if version >= 10 { message.nodeEndpoints = random.structures(version) }
        return message
    }
}

extension ProduceResponse.TopicProduceResponse: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        if version <= 12 { message.name = random.string() }
        if version == 13 { message.topicID = random.topicID() }
        message.partitionResponses = random.structures(version)
        return message
    }
}

extension ProduceResponse.PartitionProduceResponse: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.index = random.integer()
        message.errorCode = random.integer()
        message.baseOffset = random.integer()
        message.logAppendTimeMs = random.integer()
        if version >= 5 { message.logStartOffset = random.integer() }
        if version >= 8 { message.recordErrors = random.structures(version) }
        if version >= 8 { message.errorMessage = random.isNull() ? nil : random.string() }
        if version >= 10 { message.currentLeader = .random(&random, version: version) }
        return message
    }
}

extension ProduceResponse.BatchIndexAndErrorMessage: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.batchIndex = random.integer()
        message.batchIndexErrorMessage = random.isNull() ? nil : random.string()
        return message
    }
}

extension ProduceResponse.LeaderIdAndEpoch: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.leaderID = random.integer()
        message.leaderEpoch = random.integer()
        return message
    }
}

extension ProduceResponse.NodeEndpoint: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.nodeID = random.integer()
        message.host = random.string()
        message.port = random.integer()
        message.rack = random.isNull() ? nil : random.string()
        return message
    }
}
