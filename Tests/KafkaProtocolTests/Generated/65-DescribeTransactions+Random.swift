// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Modules/KafkaProtocol/Tables/65-DescribeTransactions.kafka: change that, not this.

import KafkaProtocol

extension DescribeTransactionsRequest: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.transactionalIDs = random.strings()
        return message
    }
}

extension DescribeTransactionsResponse: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.throttleTimeMs = random.integer()
        message.transactionStates = random.structures(version)
        return message
    }
}

extension DescribeTransactionsResponse.TransactionState: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.errorCode = random.integer()
        message.transactionalID = random.string()
        message.transactionState = random.string()
        message.transactionTimeoutMs = random.integer()
        message.transactionStartTimeMs = random.integer()
        message.producerID = random.integer()
        message.producerEpoch = random.integer()
        message.topics = random.structures(version)
        return message
    }
}

extension DescribeTransactionsResponse.TopicData: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.topic = random.string()
        message.partitions = random.integers()
        return message
    }
}
