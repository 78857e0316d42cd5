// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Modules/KafkaProtocol/Tables/11-JoinGroup.kafka: change that, not this.

import KafkaProtocol

extension JoinGroupRequest: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.groupID = random.string()
        message.sessionTimeoutMs = random.integer()
        if version >= 1 { message.rebalanceTimeoutMs = random.integer() }
        message.memberID = random.string()
        if version >= 5 { message.groupInstanceID = random.isNull() ? nil : random.string() }
        message.protocolType = random.string()
        message.protocols = random.structures(version)
        if version >= 8 { message.reason = random.isNull() ? nil : random.string() }
        return message
    }
}

extension JoinGroupRequest.JoinGroupRequestProtocol: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.name = random.string()
        message.metadata = random.bytes()
        return message
    }
}

extension JoinGroupResponse: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        if version >= 2 { message.throttleTimeMs = random.integer() }
        message.errorCode = random.integer()
        message.generationID = random.integer()
        if version >= 7 { message.protocolType = random.isNull() ? nil : random.string() }
        message.protocolName = random.isNull(if: version >= 7) ? nil : random.string()
        message.leader = random.string()
        if version == 9 { message.skipAssignment = random.bool() }
        message.memberID = random.string()
        message.members = random.structures(version)
        return message
    }
}

extension JoinGroupResponse.JoinGroupResponseMember: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.memberID = random.string()
        if version >= 5 { message.groupInstanceID = random.isNull() ? nil : random.string() }
        message.metadata = random.bytes()
        return message
    }
}
