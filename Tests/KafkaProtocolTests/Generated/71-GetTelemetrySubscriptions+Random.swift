// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Modules/KafkaProtocol/Tables/71-GetTelemetrySubscriptions.kafka: change that, not this.

import KafkaProtocol

extension GetTelemetrySubscriptionsRequest: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.clientInstanceID = random.uuid()
        return message
    }
}

extension GetTelemetrySubscriptionsResponse: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.throttleTimeMs = random.integer()
        message.errorCode = random.integer()
        message.clientInstanceID = random.uuid()
        message.subscriptionID = random.integer()
        message.acceptedCompressionTypes = random.integers()
        message.pushIntervalMs = random.integer()
        message.telemetryMaxBytes = random.integer()
        message.deltaTemporality = random.bool()
        message.requestedMetrics = random.strings()
        return message
    }
}
