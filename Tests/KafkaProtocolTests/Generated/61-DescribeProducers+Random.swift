// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Modules/KafkaProtocol/Tables/61-DescribeProducers.kafka: change that, not this.

import KafkaProtocol

extension DescribeProducersRequest: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.topics = random.structures(version)
        return message
    }
}

extension DescribeProducersRequest.TopicRequest: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.name = random.string()
        message.partitionIndexes = random.integers()
        return message
    }
}

extension DescribeProducersResponse: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.throttleTimeMs = random.integer()
        message.topics = random.structures(version)
        return message
    }
}

extension DescribeProducersResponse.TopicResponse: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.name = random.string()
        message.partitions = random.structures(version)
        return message
    }
}

extension DescribeProducersResponse.PartitionResponse: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.partitionIndex = random.integer()
        message.errorCode = random.integer()
        message.errorMessage = random.isNull() ? nil : random.string()
        message.activeProducers = random.structures(version)
        return message
    }
}

extension DescribeProducersResponse.ProducerState: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.producerID = random.integer()
        message.producerEpoch = random.integer()
        message.lastSequence = random.integer()
        message.lastTimestamp = random.integer()
        message.coordinatorEpoch = random.integer()
        message.currentTxnStartOffset = random.integer()
        return message
    }
}
