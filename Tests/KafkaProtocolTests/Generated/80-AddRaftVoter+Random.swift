// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Modules/KafkaProtocol/Tables/80-AddRaftVoter.kafka: change that, not this.

import KafkaProtocol

extension AddRaftVoterRequest: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.clusterID = random.isNull() ? nil : random.string()
        message.timeoutMs = random.integer()
        message.voterID = random.integer()
        message.voterDirectoryID = random.uuid()
        message.listeners = random.structures(version)
        if version == 1 { message.ackWhenCommitted = random.bool() }
        return message
    }
}

extension AddRaftVoterRequest.Listener: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.name = random.string()
        message.host = random.string()
        message.port = random.integer()
        return message
    }
}

extension AddRaftVoterResponse: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.throttleTimeMs = random.integer()
        message.errorCode = random.integer()
        message.errorMessage = random.isNull() ? nil : random.string()
        return message
    }
}
