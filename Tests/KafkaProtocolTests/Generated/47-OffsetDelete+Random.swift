// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Modules/KafkaProtocol/Tables/47-OffsetDelete.kafka: change that, not this.

import KafkaProtocol

extension OffsetDeleteRequest: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.groupID = random.string()
        message.topics = random.structures(version)
        return message
    }
}

extension OffsetDeleteRequest.OffsetDeleteRequestTopic: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.name = random.string()
        message.partitions = random.structures(version)
        return message
    }
}

extension OffsetDeleteRequest.OffsetDeleteRequestPartition: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.partitionIndex = random.integer()
        return message
    }
}

extension OffsetDeleteResponse: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.errorCode = random.integer()
        message.throttleTimeMs = random.integer()
        message.topics = random.structures(version)
        return message
    }
}

extension OffsetDeleteResponse.OffsetDeleteResponseTopic: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.name = random.string()
        message.partitions = random.structures(version)
        return message
    }
}

extension OffsetDeleteResponse.OffsetDeleteResponsePartition: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.partitionIndex = random.integer()
        message.errorCode = random.integer()
        return message
    }
}
