// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Modules/KafkaProtocol/Tables/18-ApiVersions.kafka: change that, not this.

import KafkaProtocol

extension ApiVersionsRequest: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        if version >= 3 { message.clientSoftwareName = random.string() }
        if version >= 3 { message.clientSoftwareVersion = random.string() }
        return message
    }
}

extension ApiVersionsResponse: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.errorCode = random.integer()
        message.apiKeys = random.structures(version)
        if version >= 1 { message.throttleTimeMs = random.integer() }
        if version >= 3 { message.supportedFeatures = random.structures(version) }
        if version >= 3 { message.finalizedFeaturesEpoch = random.integer() }
        if version >= 3 { message.finalizedFeatures = random.structures(version) }
        if version >= 3 { message.zkMigrationReady = random.bool() }
        return message
    }
}

extension ApiVersionsResponse.ApiVersion: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.apiKey = random.integer()
        message.minVersion = random.integer()
        message.maxVersion = random.integer()
        return message
    }
}

extension ApiVersionsResponse.SupportedFeatureKey: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.name = random.string()
        message.minVersion = random.integer()
        message.maxVersion = random.integer()
        return message
    }
}

extension ApiVersionsResponse.FinalizedFeatureKey: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.name = random.string()
        message.maxVersionLevel = random.integer()
        message.minVersionLevel = random.integer()
        return message
    }
}
