// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Modules/KafkaProtocol/Tables/35-DescribeLogDirs.kafka: change that, not this.

import KafkaProtocol

extension DescribeLogDirsRequest: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.topics = random.isNull() ? nil : random.structures(version)
        return message
    }
}

extension DescribeLogDirsRequest.DescribableLogDirTopic: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.topic = random.string()
        message.partitions = random.integers()
        return message
    }
}

extension DescribeLogDirsResponse: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.throttleTimeMs = random.integer()
        if version >= 3 { message.errorCode = random.integer() }
        message.results = random.structures(version)
        return message
    }
}

extension DescribeLogDirsResponse.DescribeLogDirsResult: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.errorCode = random.integer()
        message.logDir = random.string()
        message.topics = random.structures(version)
        if version >= 4 { message.totalBytes = random.integer() }
        if version >= 4 { message.usableBytes = random.integer() }
        if version == 5 { message.isCordoned = random.bool() }
        return message
    }
}

extension DescribeLogDirsResponse.DescribeLogDirsTopic: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.name = random.string()
        message.partitions = random.structures(version)
        return message
    }
}

extension DescribeLogDirsResponse.DescribeLogDirsPartition: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.partitionIndex = random.integer()
        message.partitionSize = random.integer()
        message.offsetLag = random.integer()
        message.isFutureKey = random.bool()
        return message
    }
}
