// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Modules/KafkaProtocol/Tables/20-DeleteTopics.kafka: change that, not this.

import KafkaProtocol

extension DeleteTopicsRequest: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        if version == 6 { message.topics = random.structures(version) }
        if version <= 5 { message.topicNames = random.strings() }
        message.timeoutMs = random.integer()
        return message
    }
}

extension DeleteTopicsRequest.DeleteTopicState: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.name = random.isNull() ? nil : random.string()
        message.topicID = random.topicID()
        return message
    }
}

extension DeleteTopicsResponse: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        if version >= 1 { message.throttleTimeMs = random.integer() }
        message.responses = random.structures(version)
        return message
    }
}

extension DeleteTopicsResponse.DeletableTopicResult: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.name = random.isNull(if: version == 6) ? nil : random.string()
        if version == 6 { message.topicID = random.topicID() }
        message.errorCode = random.integer()
        if version >= 5 { message.errorMessage = random.isNull() ? nil : random.string() }
        return message
    }
}
