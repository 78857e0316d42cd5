// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Modules/KafkaProtocol/Tables/08-OffsetCommit.kafka: change that, not this.

import KafkaProtocol

extension OffsetCommitRequest: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.groupID = random.string()
        message.generationIDOrMemberEpoch = random.integer()
        message.memberID = random.string()
        if version >= 7 { message.groupInstanceID = random.isNull() ? nil : random.string() }
        if version <= 4 { message.retentionTimeMs = random.integer() }
        message.topics = random.structures(version)
        return message
    }
}

extension OffsetCommitRequest.OffsetCommitRequestTopic: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        if version <= 9 { message.name = random.string() }
        if version == 10 { message.topicID = random.topicID() }
        message.partitions = random.structures(version)
        return message
    }
}

extension OffsetCommitRequest.OffsetCommitRequestPartition: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.partitionIndex = random.integer()
        message.committedOffset = random.integer()
        if version >= 6 { message.committedLeaderEpoch = random.integer() }
        message.committedMetadata = random.isNull() ? nil : random.string()
        return message
    }
}

extension OffsetCommitResponse: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        if version >= 3 { message.throttleTimeMs = random.integer() }
        message.topics = random.structures(version)
        return message
    }
}

extension OffsetCommitResponse.OffsetCommitResponseTopic: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        if version <= 9 { message.name = random.string() }
        if version == 10 { message.topicID = random.topicID() }
        message.partitions = random.structures(version)
        return message
    }
}

extension OffsetCommitResponse.OffsetCommitResponsePartition: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.partitionIndex = random.integer()
        message.errorCode = random.integer()
        return message
    }
}
