// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Modules/KafkaProtocol/Tables/24-AddPartitionsToTxn.kafka: change that, not this.

import KafkaProtocol

extension AddPartitionsToTxnRequest: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        if version >= 4 { message.transactions = random.structures(version) }
        if version <= 3 { message.v3AndBelowTransactionalID = random.string() }
        if version <= 3 { message.v3AndBelowProducerID = random.integer() }
        if version <= 3 { message.v3AndBelowProducerEpoch = random.integer() }
        if version <= 3 { message.v3AndBelowTopics = random.structures(version) }
        return message
    }
}

extension AddPartitionsToTxnRequest.Transaction: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.transactionalID = random.string()
        message.producerID = random.integer()
        message.producerEpoch = random.integer()
        message.verifyOnly = random.bool()
        message.topics = random.structures(version)
        return message
    }
}

extension AddPartitionsToTxnRequest.Topic: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.name = random.string()
        message.partitions = random.integers()
        return message
    }
}

extension AddPartitionsToTxnRequest.TopicV3: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.name = random.string()
        message.partitions = random.integers()
        return message
    }
}

extension AddPartitionsToTxnResponse: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.throttleTimeMs = random.integer()
        if version >= 4 { message.errorCode = random.integer() }
        if version >= 4 { message.resultsByTransaction = random.structures(version) }
        if version <= 3 { message.resultsByTopicV3AndBelow = random.structures(version) }
        return message
    }
}

extension AddPartitionsToTxnResponse.TransactionResult: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.transactionalID = random.string()
        message.topicResults = random.structures(version)
        return message
    }
}

extension AddPartitionsToTxnResponse.TopicResult: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.name = random.string()
        message.resultsByPartition = random.structures(version)
        return message
    }
}

extension AddPartitionsToTxnResponse.PartitionResult: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.partitionIndex = random.integer()
        message.partitionErrorCode = random.integer()
        return message
    }
}

extension AddPartitionsToTxnResponse.TopicResultV3: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.name = random.string()
        message.resultsByPartition = random.structures(version)
        return message
    }
}

extension AddPartitionsToTxnResponse.PartitionResultV3: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.partitionIndex = random.integer()
        message.partitionErrorCode = random.integer()
        return message
    }
}
