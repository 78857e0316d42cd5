// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Modules/KafkaProtocol/Tables/01-Fetch.kafka: change that, not this.

import KafkaProtocol

extension FetchRequest: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        if version >= 12 { message.clusterID = random.isNull() ? nil : random.string() }
        if version <= 14 { message.replicaID = random.integer() }
        if version >= 15 { message.replicaState = .random(&random, version: version) }
        message.maxWaitMs = random.integer()
        message.minBytes = random.integer()
        message.maxBytes = random.integer()
        message.isolationLevel = random.integer()
        if version >= 7 { message.sessionID = random.integer() }
        if version >= 7 { message.sessionEpoch = random.integer() }
        message.topics = random.structures(version)
        if version >= 7 { message.forgottenTopicsData = random.structures(version) }
        if version >= 11 { message.rackID = random.string() }
        return message
    }
}

extension FetchRequest.ReplicaState: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.replicaID = random.integer()
        message.replicaEpoch = random.integer()
        return message
    }
}

extension FetchRequest.FetchTopic: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        if version <= 12 { message.topic = random.string() }
        if version >= 13 { message.topicID = random.topicID() }
        message.partitions = random.structures(version)
        return message
    }
}

extension FetchRequest.FetchPartition: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.partition = random.integer()
        if version >= 9 { message.currentLeaderEpoch = random.integer() }
        message.fetchOffset = random.integer()
        if version >= 12 { message.lastFetchedEpoch = random.integer() }
        if version >= 5 { message.logStartOffset = random.integer() }
        message.partitionMaxBytes = random.integer()
        if version >= 17 { message.replicaDirectoryID = random.uuid() }
        if version == 18 { message.highWatermark = random.integer() }
        return message
    }
}

extension FetchRequest.ForgottenTopic: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        if version <= 12 { message.topic = random.string() }
        if version >= 13 { message.topicID = random.topicID() }
        message.partitions = random.integers()
        return message
    }
}

extension FetchResponse: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.throttleTimeMs = random.integer()
        if version >= 7 { message.errorCode = random.integer() }
        if version >= 7 { message.sessionID = random.integer() }
        message.responses = random.structures(version)
        if version >= 16 { message.nodeEndpoints = random.structures(version) }
        return message
    }
}

extension FetchResponse.FetchableTopicResponse: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        if version <= 12 { message.topic = random.string() }
        if version >= 13 { message.topicID = random.topicID() }
        message.partitions = random.structures(version)
        return message
    }
}

extension FetchResponse.PartitionData: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.partitionIndex = random.integer()
        message.errorCode = random.integer()
        message.highWatermark = random.integer()
        message.lastStableOffset = random.integer()
        if version >= 5 { message.logStartOffset = random.integer() }
        if version >= 12 { message.divergingEpoch = .random(&random, version: version) }
        if version >= 12 { message.currentLeader = .random(&random, version: version) }
        if version >= 12 { message.snapshotID = .random(&random, version: version) }
        message.abortedTransactions = random.isNull() ? nil : random.structures(version)
        if version >= 11 { message.preferredReadReplica = random.integer() }
        message.records = random.records()
        return message
    }
}

extension FetchResponse.EpochEndOffset: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.epoch = random.integer()
        message.endOffset = random.integer()
        return message
    }
}

extension FetchResponse.LeaderIdAndEpoch: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.leaderID = random.integer()
        message.leaderEpoch = random.integer()
        return message
    }
}

extension FetchResponse.SnapshotId: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.endOffset = random.integer()
        message.epoch = random.integer()
        return message
    }
}

extension FetchResponse.AbortedTransaction: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.producerID = random.integer()
        message.firstOffset = random.integer()
        return message
    }
}

extension FetchResponse.NodeEndpoint: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.nodeID = random.integer()
        message.host = random.string()
        message.port = random.integer()
        message.rack = random.isNull() ? nil : random.string()
        return message
    }
}
