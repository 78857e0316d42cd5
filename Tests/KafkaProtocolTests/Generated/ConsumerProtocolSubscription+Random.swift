// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Modules/KafkaProtocol/Tables/ConsumerProtocolSubscription.kafka: change that, not this.

import KafkaProtocol

extension ConsumerProtocolSubscription: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.topics = random.strings()
        message.userData = random.isNull() ? nil : random.bytes()
        if version >= 1 { message.ownedPartitions = random.structures(version) }
        if version >= 2 { message.generationID = random.integer() }
        if version == 3 { message.rackID = random.isNull() ? nil : random.string() }
        return message
    }
}

extension ConsumerProtocolSubscription.TopicPartition: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.topic = random.string()
        message.partitions = random.integers()
        return message
    }
}
