// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Modules/KafkaProtocol/Tables/72-PushTelemetry.kafka: change that, not this.

import KafkaProtocol

extension PushTelemetryRequest: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.clientInstanceID = random.uuid()
        message.subscriptionID = random.integer()
        message.terminating = random.bool()
        message.compressionType = random.integer()
        message.metrics = random.bytes()
        return message
    }
}

extension PushTelemetryResponse: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.throttleTimeMs = random.integer()
        message.errorCode = random.integer()
        return message
    }
}
