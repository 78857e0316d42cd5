// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Modules/KafkaProtocol/Tables/21-DeleteRecords.kafka: change that, not this.

import KafkaProtocol

extension DeleteRecordsRequest: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.topics = random.structures(version)
        message.timeoutMs = random.integer()
        return message
    }
}

extension DeleteRecordsRequest.DeleteRecordsTopic: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.name = random.string()
        message.partitions = random.structures(version)
        return message
    }
}

extension DeleteRecordsRequest.DeleteRecordsPartition: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.partitionIndex = random.integer()
        message.offset = random.integer()
        return message
    }
}

extension DeleteRecordsResponse: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.throttleTimeMs = random.integer()
        message.topics = random.structures(version)
        return message
    }
}

extension DeleteRecordsResponse.DeleteRecordsTopicResult: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.name = random.string()
        message.partitions = random.structures(version)
        return message
    }
}

extension DeleteRecordsResponse.DeleteRecordsPartitionResult: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.partitionIndex = random.integer()
        message.lowWatermark = random.integer()
        message.errorCode = random.integer()
        return message
    }
}
