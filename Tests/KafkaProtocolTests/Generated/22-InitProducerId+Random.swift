// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Modules/KafkaProtocol/Tables/22-InitProducerId.kafka: change that, not this.

import KafkaProtocol

extension InitProducerIdRequest: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.transactionalID = random.isNull() ? nil : random.string()
        message.transactionTimeoutMs = random.integer()
        if version >= 3 { message.producerID = random.integer() }
        if version >= 3 { message.producerEpoch = random.integer() }
        if version == 6 { message.enable2Pc = random.bool() }
        if version == 6 { message.keepPreparedTxn = random.bool() }
        return message
    }
}

extension InitProducerIdResponse: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.throttleTimeMs = random.integer()
        message.errorCode = random.integer()
        message.producerID = random.integer()
        message.producerEpoch = random.integer()
        if version == 6 { message.ongoingTxnProducerID = random.integer() }
        if version == 6 { message.ongoingTxnProducerEpoch = random.integer() }
        return message
    }
}
