// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Modules/KafkaProtocol/Tables/02-ListOffsets.kafka: change that, not this.

import KafkaProtocol

extension ListOffsetsRequest: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.replicaID = random.integer()
        if version >= 2 { message.isolationLevel = random.integer() }
        message.topics = random.structures(version)
        if version >= 10 { message.timeoutMs = random.integer() }
        return message
    }
}

extension ListOffsetsRequest.ListOffsetsTopic: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.name = random.string()
        message.partitions = random.structures(version)
        return message
    }
}

extension ListOffsetsRequest.ListOffsetsPartition: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.partitionIndex = random.integer()
        if version >= 4 { message.currentLeaderEpoch = random.integer() }
        message.timestamp = random.integer()
        return message
    }
}

extension ListOffsetsResponse: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        if version >= 2 { message.throttleTimeMs = random.integer() }
        message.topics = random.structures(version)
        return message
    }
}

extension ListOffsetsResponse.ListOffsetsTopicResponse: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.name = random.string()
        message.partitions = random.structures(version)
        return message
    }
}

extension ListOffsetsResponse.ListOffsetsPartitionResponse: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.partitionIndex = random.integer()
        message.errorCode = random.integer()
        message.timestamp = random.integer()
        message.offset = random.integer()
        if version >= 4 { message.leaderEpoch = random.integer() }
        return message
    }
}
