// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Modules/KafkaProtocol/Tables/43-ElectLeaders.kafka: change that, not this.

import KafkaProtocol

extension ElectLeadersRequest: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        if version >= 1 { message.electionType = random.integer() }
        message.topicPartitions = random.isNull() ? nil : random.structures(version)
        message.timeoutMs = random.integer()
        return message
    }
}

extension ElectLeadersRequest.TopicPartitions: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.topic = random.string()
        message.partitions = random.integers()
        return message
    }
}

extension ElectLeadersResponse: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.throttleTimeMs = random.integer()
        if version >= 1 { message.errorCode = random.integer() }
        message.replicaElectionResults = random.structures(version)
        return message
    }
}

extension ElectLeadersResponse.ReplicaElectionResult: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.topic = random.string()
        message.partitionResult = random.structures(version)
        return message
    }
}

extension ElectLeadersResponse.PartitionResult: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.partitionID = random.integer()
        message.errorCode = random.integer()
        message.errorMessage = random.isNull() ? nil : random.string()
        return message
    }
}
