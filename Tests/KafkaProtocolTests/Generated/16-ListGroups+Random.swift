// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Modules/KafkaProtocol/Tables/16-ListGroups.kafka: change that, not this.

import KafkaProtocol

extension ListGroupsRequest: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        if version >= 4 { message.statesFilter = random.strings() }
        if version == 5 { message.typesFilter = random.strings() }
        return message
    }
}

extension ListGroupsResponse: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        if version >= 1 { message.throttleTimeMs = random.integer() }
        message.errorCode = random.integer()
        message.groups = random.structures(version)
        return message
    }
}

extension ListGroupsResponse.ListedGroup: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.groupID = random.string()
        message.protocolType = random.string()
        if version >= 4 { message.groupState = random.string() }
        if version == 5 { message.groupType = random.string() }
        return message
    }
}
