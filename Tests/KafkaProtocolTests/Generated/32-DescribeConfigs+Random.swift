// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Modules/KafkaProtocol/Tables/32-DescribeConfigs.kafka: change that, not this.

import KafkaProtocol

extension DescribeConfigsRequest: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.resources = random.structures(version)
        if version >= 1 { message.includeSynonyms = random.bool() }
        if version >= 3 { message.includeDocumentation = random.bool() }
        return message
    }
}

extension DescribeConfigsRequest.DescribeConfigsResource: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.resourceType = random.integer()
        message.resourceName = random.string()
        message.configurationKeys = random.isNull() ? nil : random.strings()
        return message
    }
}

extension DescribeConfigsResponse: RandomMessage {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.throttleTimeMs = random.integer()
        message.results = random.structures(version)
        return message
    }
}

extension DescribeConfigsResponse.DescribeConfigsResult: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.errorCode = random.integer()
        message.errorMessage = random.isNull() ? nil : random.string()
        message.resourceType = random.integer()
        message.resourceName = random.string()
        message.configs = random.structures(version)
        return message
    }
}

extension DescribeConfigsResponse.DescribeConfigsResourceResult: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.name = random.string()
        message.value = random.isNull() ? nil : random.string()
        message.readOnly = random.bool()
        if version == 0 { message.isDefault = random.bool() }
        if version >= 1 { message.configSource = random.integer() }
        message.isSensitive = random.bool()
        if version >= 1 { message.synonyms = random.structures(version) }
        if version >= 3 { message.configType = random.integer() }
        if version >= 3 { message.documentation = random.isNull() ? nil : random.string() }
        return message
    }
}

extension DescribeConfigsResponse.DescribeConfigsSynonym: RandomStructure {
    static func random(_ random: inout RandomFields, version: Int16) -> Self {
        var message = Self()
        message.name = random.string()
        message.value = random.isNull() ? nil : random.string()
        message.source = random.integer()
        return message
    }
}
