// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Modules/KafkaProtocol/Tables/10-FindCoordinator.kafka: change that, not this.

import KafkaProtocol

extension FindCoordinatorRequest: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        if version <= 3 { message.key = random.string() }
        if version >= 1 { message.keyType = random.integer() }
        if version >= 4 { message.coordinatorKeys = random.strings() }
        return message
    }
}

extension FindCoordinatorResponse: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        if version >= 1 { message.throttleTimeMs = random.integer() }
        if version <= 3 { message.errorCode = random.integer() }
        if version >= 1 && version <= 3 { message.errorMessage = random.isNull() ? nil : random.string() }
        if version <= 3 { message.nodeID = random.integer() }
        if version <= 3 { message.host = random.string() }
        if version <= 3 { message.port = random.integer() }
        if version >= 4 { message.coordinators = random.structures(version) }
        return message
    }
}

extension FindCoordinatorResponse.Coordinator: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.key = random.string()
        message.nodeID = random.integer()
        message.host = random.string()
        message.port = random.integer()
        message.errorCode = random.integer()
        message.errorMessage = random.isNull() ? nil : random.string()
        return message
    }
}
