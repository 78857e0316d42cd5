// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Modules/KafkaProtocol/Tables/45-AlterPartitionReassignments.kafka: change that, not this.

import KafkaProtocol

extension AlterPartitionReassignmentsRequest: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.timeoutMs = random.integer()
        if version == 1 { message.allowReplicationFactorChange = random.bool() }
        message.topics = random.structures(version)
        return message
    }
}

extension AlterPartitionReassignmentsRequest.ReassignableTopic: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.name = random.string()
        message.partitions = random.structures(version)
        return message
    }
}

extension AlterPartitionReassignmentsRequest.ReassignablePartition: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.partitionIndex = random.integer()
        message.replicas = random.isNull() ? nil : random.integers()
        return message
    }
}

extension AlterPartitionReassignmentsResponse: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.throttleTimeMs = random.integer()
        if version == 1 { message.allowReplicationFactorChange = random.bool() }
        message.errorCode = random.integer()
        message.errorMessage = random.isNull() ? nil : random.string()
        message.responses = random.structures(version)
        return message
    }
}

extension AlterPartitionReassignmentsResponse.ReassignableTopicResponse: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.name = random.string()
        message.partitions = random.structures(version)
        return message
    }
}

extension AlterPartitionReassignmentsResponse.ReassignablePartitionResponse: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.partitionIndex = random.integer()
        message.errorCode = random.integer()
        message.errorMessage = random.isNull() ? nil : random.string()
        return message
    }
}
