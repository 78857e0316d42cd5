// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Modules/KafkaProtocol/Tables/15-DescribeGroups.kafka: change that, not this.

import KafkaProtocol

extension DescribeGroupsRequest: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.groups = random.strings()
        if version >= 3 { message.includeAuthorizedOperations = random.bool() }
        return message
    }
}

extension DescribeGroupsResponse: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        if version >= 1 { message.throttleTimeMs = random.integer() }
        message.groups = random.structures(version)
        return message
    }
}

extension DescribeGroupsResponse.DescribedGroup: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.errorCode = random.integer()
        if version == 6 { message.errorMessage = random.isNull() ? nil : random.string() }
        message.groupID = random.string()
        message.groupState = random.string()
        message.protocolType = random.string()
        message.protocolData = random.string()
        message.members = random.structures(version)
        if version >= 3 { message.authorizedOperations = random.integer() }
        return message
    }
}

extension DescribeGroupsResponse.DescribedGroupMember: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.memberID = random.string()
        if version >= 4 { message.groupInstanceID = random.isNull() ? nil : random.string() }
        message.clientID = random.string()
        message.clientHost = random.string()
        message.memberMetadata = random.bytes()
        message.memberAssignment = random.bytes()
        return message
    }
}
