// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Modules/KafkaProtocol/Tables/23-OffsetForLeaderEpoch.kafka: change that, not this.

import KafkaProtocol

extension OffsetForLeaderEpochRequest: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        if version >= 3 { message.replicaID = random.integer() }
        message.topics = random.structures(version)
        return message
    }
}

extension OffsetForLeaderEpochRequest.OffsetForLeaderTopic: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.topic = random.string()
        message.partitions = random.structures(version)
        return message
    }
}

extension OffsetForLeaderEpochRequest.OffsetForLeaderPartition: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.partition = random.integer()
        if version >= 2 { message.currentLeaderEpoch = random.integer() }
        message.leaderEpoch = random.integer()
        return message
    }
}

extension OffsetForLeaderEpochResponse: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        if version >= 2 { message.throttleTimeMs = random.integer() }
        message.topics = random.structures(version)
        return message
    }
}

extension OffsetForLeaderEpochResponse.OffsetForLeaderTopicResult: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.topic = random.string()
        message.partitions = random.structures(version)
        return message
    }
}

extension OffsetForLeaderEpochResponse.EpochEndOffset: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.errorCode = random.integer()
        message.partition = random.integer()
        if version >= 1 { message.leaderEpoch = random.integer() }
        message.endOffset = random.integer()
        return message
    }
}
