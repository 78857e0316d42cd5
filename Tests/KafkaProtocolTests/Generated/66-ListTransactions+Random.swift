// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Modules/KafkaProtocol/Tables/66-ListTransactions.kafka: change that, not this.

import KafkaProtocol

extension ListTransactionsRequest: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.stateFilters = random.strings()
        message.producerIDFilters = random.integers()
        if version >= 1 { message.durationFilter = random.integer() }
        if version == 2 { message.transactionalIDPattern = random.isNull() ? nil : random.string() }
        return message
    }
}

extension ListTransactionsResponse: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.throttleTimeMs = random.integer()
        message.errorCode = random.integer()
        message.unknownStateFilters = random.strings()
        message.transactionStates = random.structures(version)
        return message
    }
}

extension ListTransactionsResponse.TransactionState: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.transactionalID = random.string()
        message.producerID = random.integer()
        message.transactionState = random.string()
        return message
    }
}
