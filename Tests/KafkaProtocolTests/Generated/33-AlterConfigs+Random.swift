// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Modules/KafkaProtocol/Tables/33-AlterConfigs.kafka: change that, not this.

import KafkaProtocol

extension AlterConfigsRequest: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.resources = random.structures(version)
        message.validateOnly = random.bool()
        return message
    }
}

extension AlterConfigsRequest.AlterConfigsResource: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.resourceType = random.integer()
        message.resourceName = random.string()
        message.configs = random.structures(version)
        return message
    }
}

extension AlterConfigsRequest.AlterableConfig: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.name = random.string()
        message.value = random.isNull() ? nil : random.string()
        return message
    }
}

extension AlterConfigsResponse: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.throttleTimeMs = random.integer()
        message.responses = random.structures(version)
        return message
    }
}

extension AlterConfigsResponse.AlterConfigsResourceResponse: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.errorCode = random.integer()
        message.errorMessage = random.isNull() ? nil : random.string()
        message.resourceType = random.integer()
        message.resourceName = random.string()
        return message
    }
}
