// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Modules/KafkaProtocol/Tables/37-CreatePartitions.kafka: change that, not this.

import KafkaProtocol

extension CreatePartitionsRequest: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.topics = random.structures(version)
        message.timeoutMs = random.integer()
        message.validateOnly = random.bool()
        return message
    }
}

extension CreatePartitionsRequest.CreatePartitionsTopic: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.name = random.string()
        message.count = random.integer()
        message.assignments = random.isNull() ? nil : random.structures(version)
        return message
    }
}

extension CreatePartitionsRequest.CreatePartitionsAssignment: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.brokerIDs = random.integers()
        return message
    }
}

extension CreatePartitionsResponse: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.throttleTimeMs = random.integer()
        message.results = random.structures(version)
        return message
    }
}

extension CreatePartitionsResponse.CreatePartitionsTopicResult: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.name = random.string()
        message.errorCode = random.integer()
        message.errorMessage = random.isNull() ? nil : random.string()
        return message
    }
}
