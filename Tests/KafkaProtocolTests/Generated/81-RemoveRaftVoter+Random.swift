// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Modules/KafkaProtocol/Tables/81-RemoveRaftVoter.kafka: change that, not this.

import KafkaProtocol

extension RemoveRaftVoterRequest: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.clusterID = random.isNull() ? nil : random.string()
        message.voterID = random.integer()
        message.voterDirectoryID = random.uuid()
        return message
    }
}

extension RemoveRaftVoterResponse: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.throttleTimeMs = random.integer()
        message.errorCode = random.integer()
        message.errorMessage = random.isNull() ? nil : random.string()
        return message
    }
}
