// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Modules/KafkaProtocol/Tables/46-ListPartitionReassignments.kafka: change that, not this.

import KafkaProtocol

extension ListPartitionReassignmentsRequest: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.timeoutMs = random.integer()
        message.topics = random.isNull() ? nil : random.structures(version)
        return message
    }
}

extension ListPartitionReassignmentsRequest.ListPartitionReassignmentsTopic: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.name = random.string()
        message.partitionIndexes = random.integers()
        return message
    }
}

extension ListPartitionReassignmentsResponse: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.throttleTimeMs = random.integer()
        message.errorCode = random.integer()
        message.errorMessage = random.isNull() ? nil : random.string()
        message.topics = random.structures(version)
        return message
    }
}

extension ListPartitionReassignmentsResponse.OngoingTopicReassignment: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.name = random.string()
        message.partitions = random.structures(version)
        return message
    }
}

extension ListPartitionReassignmentsResponse.OngoingPartitionReassignment: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.partitionIndex = random.integer()
        message.replicas = random.integers()
        message.addingReplicas = random.integers()
        message.removingReplicas = random.integers()
        return message
    }
}
