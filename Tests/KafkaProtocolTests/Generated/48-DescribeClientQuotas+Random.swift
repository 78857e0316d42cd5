// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Modules/KafkaProtocol/Tables/48-DescribeClientQuotas.kafka: change that, not this.

import KafkaProtocol

extension DescribeClientQuotasRequest: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.components = random.structures(version)
        message.strict = random.bool()
        return message
    }
}

extension DescribeClientQuotasRequest.ComponentData: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.entityType = random.string()
        message.matchType = random.integer()
        message.match = random.isNull() ? nil : random.string()
        return message
    }
}

extension DescribeClientQuotasResponse: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.throttleTimeMs = random.integer()
        message.errorCode = random.integer()
        message.errorMessage = random.isNull() ? nil : random.string()
        message.entries = random.isNull() ? nil : random.structures(version)
        return message
    }
}

extension DescribeClientQuotasResponse.EntryData: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.entity = random.structures(version)
        message.values = random.structures(version)
        return message
    }
}

extension DescribeClientQuotasResponse.EntityData: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.entityType = random.string()
        message.entityName = random.isNull() ? nil : random.string()
        return message
    }
}

extension DescribeClientQuotasResponse.ValueData: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.key = random.string()
        message.value = random.float64()
        return message
    }
}
