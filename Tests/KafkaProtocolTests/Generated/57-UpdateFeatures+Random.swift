// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Modules/KafkaProtocol/Tables/57-UpdateFeatures.kafka: change that, not this.

import KafkaProtocol

extension UpdateFeaturesRequest: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.timeoutMs = random.integer()
        message.featureUpdates = random.structures(version)
        if version >= 1 { message.validateOnly = random.bool() }
        return message
    }
}

extension UpdateFeaturesRequest.FeatureUpdateKey: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.feature = random.string()
        message.maxVersionLevel = random.integer()
        if version == 0 { message.allowDowngrade = random.bool() }
        if version >= 1 { message.upgradeType = random.integer() }
        return message
    }
}

extension UpdateFeaturesResponse: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.throttleTimeMs = random.integer()
        message.errorCode = random.integer()
        message.errorMessage = random.isNull() ? nil : random.string()
        if version <= 1 { message.results = random.structures(version) }
        return message
    }
}

extension UpdateFeaturesResponse.UpdatableFeatureResult: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.feature = random.string()
        message.errorCode = random.integer()
        message.errorMessage = random.isNull() ? nil : random.string()
        return message
    }
}
