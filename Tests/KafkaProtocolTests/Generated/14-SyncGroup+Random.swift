// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Modules/KafkaProtocol/Tables/14-SyncGroup.kafka: change that, not this.

import KafkaProtocol

extension SyncGroupRequest: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.groupID = random.string()
        message.generationID = random.integer()
        message.memberID = random.string()
        if version >= 3 { message.groupInstanceID = random.isNull() ? nil : random.string() }
        if version == 5 { message.protocolType = random.isNull() ? nil : random.string() }
        if version == 5 { message.protocolName = random.isNull() ? nil : random.string() }
        message.assignments = random.structures(version)
        return message
    }
}

extension SyncGroupRequest.SyncGroupRequestAssignment: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.memberID = random.string()
        message.assignment = random.bytes()
        return message
    }
}

extension SyncGroupResponse: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        if version >= 1 { message.throttleTimeMs = random.integer() }
        message.errorCode = random.integer()
        if version == 5 { message.protocolType = random.isNull() ? nil : random.string() }
        if version == 5 { message.protocolName = random.isNull() ? nil : random.string() }
        message.assignment = random.bytes()
        return message
    }
}
