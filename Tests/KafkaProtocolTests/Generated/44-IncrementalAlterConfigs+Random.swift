// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Modules/KafkaProtocol/Tables/44-IncrementalAlterConfigs.kafka: change that, not this.

import KafkaProtocol

extension IncrementalAlterConfigsRequest: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.resources = random.structures(version)
        message.validateOnly = random.bool()
        return message
    }
}

extension IncrementalAlterConfigsRequest.AlterConfigsResource: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.resourceType = random.integer()
        message.resourceName = random.string()
        message.configs = random.structures(version)
        return message
    }
}

extension IncrementalAlterConfigsRequest.AlterableConfig: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.name = random.string()
        message.configOperation = random.integer()
        message.value = random.isNull() ? nil : random.string()
        return message
    }
}

extension IncrementalAlterConfigsResponse: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.throttleTimeMs = random.integer()
        message.responses = random.structures(version)
        return message
    }
}

extension IncrementalAlterConfigsResponse.AlterConfigsResourceResponse: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.errorCode = random.integer()
        message.errorMessage = random.isNull() ? nil : random.string()
        message.resourceType = random.integer()
        message.resourceName = random.string()
        return message
    }
}
