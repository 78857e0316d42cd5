// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Modules/KafkaProtocol/Tables/28-TxnOffsetCommit.kafka: change that, not this.

import KafkaProtocol

extension TxnOffsetCommitRequest: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.transactionalID = random.string()
        message.groupID = random.string()
        message.producerID = random.integer()
        message.producerEpoch = random.integer()
        if version >= 3 { message.generationID = random.integer() }
        if version >= 3 { message.memberID = random.string() }
        if version >= 3 { message.groupInstanceID = random.isNull() ? nil : random.string() }
        message.topics = random.structures(version)
        return message
    }
}

extension TxnOffsetCommitRequest.TxnOffsetCommitRequestTopic: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.name = random.string()
        message.partitions = random.structures(version)
        return message
    }
}

extension TxnOffsetCommitRequest.TxnOffsetCommitRequestPartition: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.partitionIndex = random.integer()
        message.committedOffset = random.integer()
        if version >= 2 { message.committedLeaderEpoch = random.integer() }
        message.committedMetadata = random.isNull() ? nil : random.string()
        return message
    }
}

extension TxnOffsetCommitResponse: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.throttleTimeMs = random.integer()
        message.topics = random.structures(version)
        return message
    }
}

extension TxnOffsetCommitResponse.TxnOffsetCommitResponseTopic: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.name = random.string()
        message.partitions = random.structures(version)
        return message
    }
}

extension TxnOffsetCommitResponse.TxnOffsetCommitResponsePartition: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.partitionIndex = random.integer()
        message.errorCode = random.integer()
        return message
    }
}
