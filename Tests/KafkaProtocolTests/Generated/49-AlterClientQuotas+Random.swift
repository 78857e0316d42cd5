// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Modules/KafkaProtocol/Tables/49-AlterClientQuotas.kafka: change that, not this.

import KafkaProtocol

extension AlterClientQuotasRequest: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.entries = random.structures(version)
        message.validateOnly = random.bool()
        return message
    }
}

extension AlterClientQuotasRequest.EntryData: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.entity = random.structures(version)
        message.ops = random.structures(version)
        return message
    }
}

extension AlterClientQuotasRequest.EntityData: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.entityType = random.string()
        message.entityName = random.isNull() ? nil : random.string()
        return message
    }
}

extension AlterClientQuotasRequest.OpData: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.key = random.string()
        message.value = random.float64()
        message.remove = random.bool()
        return message
    }
}

extension AlterClientQuotasResponse: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.throttleTimeMs = random.integer()
        message.entries = random.structures(version)
        return message
    }
}

extension AlterClientQuotasResponse.EntryData: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.errorCode = random.integer()
        message.errorMessage = random.isNull() ? nil : random.string()
        message.entity = random.structures(version)
        return message
    }
}

extension AlterClientQuotasResponse.EntityData: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.entityType = random.string()
        message.entityName = random.isNull() ? nil : random.string()
        return message
    }
}
