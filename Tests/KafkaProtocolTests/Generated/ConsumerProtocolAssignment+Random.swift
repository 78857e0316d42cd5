// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Modules/KafkaProtocol/Tables/ConsumerProtocolAssignment.kafka: change that, not this.

import KafkaProtocol

extension ConsumerProtocolAssignment: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.assignedPartitions = random.structures(version)
        message.userData = random.isNull() ? nil : random.bytes()
        return message
    }
}

extension ConsumerProtocolAssignment.TopicPartition: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.topic = random.string()
        message.partitions = random.integers()
        return message
    }
}
