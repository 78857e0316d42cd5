// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Modules/KafkaProtocol/Tables/09-OffsetFetch.kafka: change that, not this.

import KafkaProtocol

extension OffsetFetchRequest: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        if version <= 7 { message.groupID = random.string() }
        if version <= 7 {
            message.topics = random.isNull(if: version >= 2 && version <= 7) ? nil : random.structures(version)
        }
        if version >= 8 { message.groups = random.structures(version) }
        if version >= 7 { message.requireStable = random.bool() }
        return message
    }
}

extension OffsetFetchRequest.OffsetFetchRequestTopic: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.name = random.string()
        message.partitionIndexes = random.integers()
        return message
    }
}

extension OffsetFetchRequest.OffsetFetchRequestGroup: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.groupID = random.string()
        if version >= 9 { message.memberID = random.isNull() ? nil : random.string() }
        if version >= 9 { message.memberEpoch = random.integer() }
        message.topics = random.isNull() ? nil : random.structures(version)
        return message
    }
}

extension OffsetFetchRequest.OffsetFetchRequestTopics: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        if version <= 9 { message.name = random.string() }
        if version == 10 { message.topicID = random.topicID() }
        message.partitionIndexes = random.integers()
        return message
    }
}

extension OffsetFetchResponse: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        if version >= 3 { message.throttleTimeMs = random.integer() }
        if version <= 7 { message.topics = random.structures(version) }
        if version >= 2 && version <= 7 { message.errorCode = random.integer() }
        if version >= 8 { message.groups = random.structures(version) }
        return message
    }
}

extension OffsetFetchResponse.OffsetFetchResponseTopic: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.name = random.string()
        message.partitions = random.structures(version)
        return message
    }
}

extension OffsetFetchResponse.OffsetFetchResponsePartition: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.partitionIndex = random.integer()
        message.committedOffset = random.integer()
        if version >= 5 { message.committedLeaderEpoch = random.integer() }
        message.metadata = random.isNull() ? nil : random.string()
        message.errorCode = random.integer()
        return message
    }
}

extension OffsetFetchResponse.OffsetFetchResponseGroup: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.groupID = random.string()
        message.topics = random.structures(version)
        message.errorCode = random.integer()
        return message
    }
}

extension OffsetFetchResponse.OffsetFetchResponseTopics: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        if version <= 9 { message.name = random.string() }
        if version == 10 { message.topicID = random.topicID() }
        message.partitions = random.structures(version)
        return message
    }
}

extension OffsetFetchResponse.OffsetFetchResponsePartitions: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.partitionIndex = random.integer()
        message.committedOffset = random.integer()
        message.committedLeaderEpoch = random.integer()
        message.metadata = random.isNull() ? nil : random.string()
        message.errorCode = random.integer()
        return message
    }
}
