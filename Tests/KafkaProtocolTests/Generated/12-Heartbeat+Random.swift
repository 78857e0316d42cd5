// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Modules/KafkaProtocol/Tables/12-Heartbeat.kafka: change that, not this.

import KafkaProtocol

extension HeartbeatRequest: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.groupID = random.string()
        message.generationID = random.integer()
        message.memberID = random.string()
        if version >= 3 { message.groupInstanceID = random.isNull() ? nil : random.string() }
        return message
    }
}

extension HeartbeatResponse: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        if version >= 1 { message.throttleTimeMs = random.integer() }
        message.errorCode = random.integer()
        return message
    }
}
