// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Modules/KafkaProtocol/Tables/55-DescribeQuorum.kafka: change that, not this.

import KafkaProtocol

extension DescribeQuorumRequest: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.topics = random.structures(version)
        return message
    }
}

extension DescribeQuorumRequest.TopicData: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.topicName = random.string()
        message.partitions = random.structures(version)
        return message
    }
}

extension DescribeQuorumRequest.PartitionData: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.partitionIndex = random.integer()
        return message
    }
}

extension DescribeQuorumResponse: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.errorCode = random.integer()
        if version == 2 { message.errorMessage = random.isNull() ? nil : random.string() }
        message.topics = random.structures(version)
        if version == 2 { message.nodes = random.structures(version) }
        return message
    }
}

extension DescribeQuorumResponse.TopicData: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.topicName = random.string()
        message.partitions = random.structures(version)
        return message
    }
}

extension DescribeQuorumResponse.PartitionData: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.partitionIndex = random.integer()
        message.errorCode = random.integer()
        if version == 2 { message.errorMessage = random.isNull() ? nil : random.string() }
        message.leaderID = random.integer()
        message.leaderEpoch = random.integer()
        message.highWatermark = random.integer()
        message.currentVoters = random.structures(version)
        message.observers = random.structures(version)
        return message
    }
}

extension DescribeQuorumResponse.VoterState: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.replicaID = random.integer()
        if version == 2 { message.replicaDirectoryID = random.uuid() }
        message.logEndOffset = random.integer()
        if version >= 1 { message.lastFetchTimestamp = random.integer() }
        if version >= 1 { message.lastCaughtUpTimestamp = random.integer() }
        return message
    }
}

extension DescribeQuorumResponse.ObserverState: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.replicaID = random.integer()
        if version == 2 { message.replicaDirectoryID = random.uuid() }
        message.logEndOffset = random.integer()
        if version >= 1 { message.lastFetchTimestamp = random.integer() }
        if version >= 1 { message.lastCaughtUpTimestamp = random.integer() }
        return message
    }
}

extension DescribeQuorumResponse.Node: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.nodeID = random.integer()
        message.listeners = random.structures(version)
        return message
    }
}

extension DescribeQuorumResponse.Listener: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.name = random.string()
        message.host = random.string()
        message.port = random.integer()
        return message
    }
}
