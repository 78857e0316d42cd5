// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Modules/KafkaProtocol/Tables/13-LeaveGroup.kafka: change that, not this.

import KafkaProtocol

extension LeaveGroupRequest: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.groupID = random.string()
        if version <= 2 { message.memberID = random.string() }
        if version >= 3 { message.members = random.structures(version) }
        return message
    }
}

extension LeaveGroupRequest.MemberIdentity: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.memberID = random.string()
        message.groupInstanceID = random.isNull() ? nil : random.string()
        if version == 5 { message.reason = random.isNull() ? nil : random.string() }
        return message
    }
}

extension LeaveGroupResponse: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        if version >= 1 { message.throttleTimeMs = random.integer() }
        message.errorCode = random.integer()
        if version >= 3 { message.members = random.structures(version) }
        return message
    }
}

extension LeaveGroupResponse.MemberResponse: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.memberID = random.string()
        message.groupInstanceID = random.isNull() ? nil : random.string()
        message.errorCode = random.integer()
        return message
    }
}
