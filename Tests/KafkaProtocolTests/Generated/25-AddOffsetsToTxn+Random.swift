// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Modules/KafkaProtocol/Tables/25-AddOffsetsToTxn.kafka: change that, not this.

import KafkaProtocol

extension AddOffsetsToTxnRequest: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.transactionalID = random.string()
        message.producerID = random.integer()
        message.producerEpoch = random.integer()
        message.groupID = random.string()
        return message
    }
}

extension AddOffsetsToTxnResponse: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.throttleTimeMs = random.integer()
        message.errorCode = random.integer()
        return message
    }
}
