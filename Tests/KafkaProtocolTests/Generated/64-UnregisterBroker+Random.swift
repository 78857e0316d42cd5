// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Modules/KafkaProtocol/Tables/64-UnregisterBroker.kafka: change that, not this.

import KafkaProtocol

extension UnregisterBrokerRequest: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.brokerID = random.integer()
        return message
    }
}

extension UnregisterBrokerResponse: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.throttleTimeMs = random.integer()
        message.errorCode = random.integer()
        message.errorMessage = random.isNull() ? nil : random.string()
        return message
    }
}
