// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Modules/KafkaProtocol/Tables/42-DeleteGroups.kafka: change that, not this.

import KafkaProtocol

extension DeleteGroupsRequest: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.groupsNames = random.strings()
        return message
    }
}

extension DeleteGroupsResponse: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.throttleTimeMs = random.integer()
        message.results = random.structures(version)
        return message
    }
}

extension DeleteGroupsResponse.DeletableGroupResult: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.groupID = random.string()
        message.errorCode = random.integer()
        return message
    }
}
