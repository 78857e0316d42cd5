// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Modules/KafkaProtocol/Tables/60-DescribeCluster.kafka: change that, not this.

import KafkaProtocol

extension DescribeClusterRequest: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.includeClusterAuthorizedOperations = random.bool()
        if version >= 1 { message.endpointType = random.integer() }
        if version == 2 { message.includeFencedBrokers = random.bool() }
        return message
    }
}

extension DescribeClusterResponse: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.throttleTimeMs = random.integer()
        message.errorCode = random.integer()
        message.errorMessage = random.isNull() ? nil : random.string()
        if version >= 1 { message.endpointType = random.integer() }
        message.clusterID = random.string()
        message.controllerID = random.integer()
        message.brokers = random.structures(version)
        message.clusterAuthorizedOperations = random.integer()
        return message
    }
}

extension DescribeClusterResponse.DescribeClusterBroker: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.brokerID = random.integer()
        message.host = random.string()
        message.port = random.integer()
        message.rack = random.isNull() ? nil : random.string()
        if version == 2 { message.isFenced = random.bool() }
        return message
    }
}
