// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Modules/KafkaProtocol/Tables/26-EndTxn.kafka: change that, not this.

import KafkaProtocol

extension EndTxnRequest: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.transactionalID = random.string()
        message.producerID = random.integer()
        message.producerEpoch = random.integer()
        message.committed = random.bool()
        return message
    }
}

extension EndTxnResponse: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.throttleTimeMs = random.integer()
        message.errorCode = random.integer()
        if version == 5 { message.producerID = random.integer() }
        if version == 5 { message.producerEpoch = random.integer() }
        return message
    }
}
