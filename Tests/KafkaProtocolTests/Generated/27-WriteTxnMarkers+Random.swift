// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Modules/KafkaProtocol/Tables/27-WriteTxnMarkers.kafka: change that, not this.

import KafkaProtocol

extension WriteTxnMarkersRequest: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.markers = random.structures(version)
        return message
    }
}

extension WriteTxnMarkersRequest.WritableTxnMarker: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.producerID = random.integer()
        message.producerEpoch = random.integer()
        message.transactionResult = random.bool()
        message.topics = random.structures(version)
        message.coordinatorEpoch = random.integer()
        if version == 2 { message.transactionVersion = random.integer() }
        return message
    }
}

extension WriteTxnMarkersRequest.WritableTxnMarkerTopic: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.name = random.string()
        message.partitionIndexes = random.integers()
        return message
    }
}

extension WriteTxnMarkersResponse: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.markers = random.structures(version)
        return message
    }
}

extension WriteTxnMarkersResponse.WritableTxnMarkerResult: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.producerID = random.integer()
        message.topics = random.structures(version)
        return message
    }
}

extension WriteTxnMarkersResponse.WritableTxnMarkerTopicResult: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.name = random.string()
        message.partitions = random.structures(version)
        return message
    }
}

extension WriteTxnMarkersResponse.WritableTxnMarkerPartitionResult: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.partitionIndex = random.integer()
        message.errorCode = random.integer()
        return message
    }
}
