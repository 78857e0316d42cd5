// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Modules/KafkaProtocol/Tables/74-ListConfigResources.kafka: change that, not this.

import KafkaProtocol

extension ListConfigResourcesRequest: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        if version == 1 { message.resourceTypes = random.integers() }
        return message
    }
}

extension ListConfigResourcesResponse: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.throttleTimeMs = random.integer()
        message.errorCode = random.integer()
        message.configResources = random.structures(version)
        return message
    }
}

extension ListConfigResourcesResponse.ConfigResource: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.resourceName = random.string()
        if version == 1 { message.resourceType = random.integer() }
        return message
    }
}
