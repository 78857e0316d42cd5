// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Tables/32-DescribeConfigs.kafka: change that, not this.

public import Primitives

/// DescribeConfigs request (API 32), versions 0-4.
public struct DescribeConfigsRequest: ProtocolRequest {
    public typealias Response = DescribeConfigsResponse
    public static var apiKey: APIKey { .describeConfigs }
    public static var validVersions: ClosedRange<Int16> { 0...4 }
    public static var flexibleSince: Int16? { 4 }

    public var resources: [DescribeConfigsResource] = []
    /// In versions from 1.
    public var includeSynonyms: Bool = false
    /// In versions from 3.
    public var includeDocumentation: Bool = false

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 4
        resources = try reader.readArray(flexible: flexible, elementByteCountMin: flexible ? 4 : 7, version: version)
        if version >= 1 { includeSynonyms = try reader.readBool() }
        if version >= 3 { includeDocumentation = try reader.readBool() }
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 4
        precondition(version >= 1 || !includeSynonyms, "no includeSynonyms in version \(version)")
        precondition(version >= 3 || !includeDocumentation, "no includeDocumentation in version \(version)")
        writer.writeArray(resources, flexible: flexible, version: version)
        if version >= 1 { writer.writeBool(includeSynonyms) }
        if version >= 3 { writer.writeBool(includeDocumentation) }
        if flexible { writer.writeUInt8(0) }
    }

    /// A struct inside `DescribeConfigsRequest`.
    public struct DescribeConfigsResource: WireStructure {
        public var resourceType: Int8 = 0
        public var resourceName: String = ""
        public var configurationKeys: [String]? = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 4
            resourceType = try reader.readInt8()
            resourceName = try reader.readString(flexible: flexible)
            configurationKeys = try reader.readNullableStrings(flexible: flexible)
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 4
            writer.writeInt8(resourceType)
            writer.writeString(resourceName, flexible: flexible)
            writer.writeNullableStrings(configurationKeys, flexible: flexible)
            if flexible { writer.writeUInt8(0) }
        }
    }
}

/// DescribeConfigs response (API 32), versions 0-4.
public struct DescribeConfigsResponse: ProtocolResponse {
    public static var apiKey: APIKey { .describeConfigs }
    public static var validVersions: ClosedRange<Int16> { 0...4 }
    public static var flexibleSince: Int16? { 4 }

    public var throttleTimeMs: Int32 = 0
    public var results: [DescribeConfigsResult] = []

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 4
        throttleTimeMs = try reader.readInt32()
        results = try reader.readArray(flexible: flexible, elementByteCountMin: flexible ? 7 : 11, version: version)
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 4
        writer.writeInt32(throttleTimeMs)
        writer.writeArray(results, flexible: flexible, version: version)
        if flexible { writer.writeUInt8(0) }
    }

    /// A struct inside `DescribeConfigsResponse`.
    public struct DescribeConfigsResult: WireStructure {
        public var errorCode: Int16 = 0
        public var errorMessage: String? = ""
        public var resourceType: Int8 = 0
        public var resourceName: String = ""
        public var configs: [DescribeConfigsResourceResult] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 4
            errorCode = try reader.readInt16()
            errorMessage = try reader.readNullableString(flexible: flexible)
            resourceType = try reader.readInt8()
            resourceName = try reader.readString(flexible: flexible)
            configs = try reader.readArray(flexible: flexible, elementByteCountMin: flexible ? 9 : 7, version: version)
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 4
            writer.writeInt16(errorCode)
            writer.writeNullableText(errorMessage, flexible: flexible)
            writer.writeInt8(resourceType)
            writer.writeString(resourceName, flexible: flexible)
            writer.writeArray(configs, flexible: flexible, version: version)
            if flexible { writer.writeUInt8(0) }
        }
    }

    /// A struct inside `DescribeConfigsResponse`.
    public struct DescribeConfigsResourceResult: WireStructure {
        public var name: String = ""
        public var value: String? = ""
        public var readOnly: Bool = false
        /// In version 0.
        public var isDefault: Bool = false
        /// In versions from 1.
        public var configSource: Int8 = -1
        public var isSensitive: Bool = false
        /// In versions from 1.
        public var synonyms: [DescribeConfigsSynonym] = []
        /// In versions from 3.
        public var configType: Int8 = 0
        /// In versions from 3.
        public var documentation: String? = ""

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 4
            name = try reader.readString(flexible: flexible)
            value = try reader.readNullableString(flexible: flexible)
            readOnly = try reader.readBool()
            if version == 0 { isDefault = try reader.readBool() }
            if version >= 1 { configSource = try reader.readInt8() }
            isSensitive = try reader.readBool()
            if version >= 1 {
                synonyms = try reader.readArray(
                    flexible: flexible, elementByteCountMin: flexible ? 4 : 5, version: version)
            }
            if version >= 3 { configType = try reader.readInt8() }
            if version >= 3 { documentation = try reader.readNullableString(flexible: flexible) }
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 4
            writer.writeString(name, flexible: flexible)
            writer.writeNullableString(value, flexible: flexible)
            writer.writeBool(readOnly)
            if version == 0 { writer.writeBool(isDefault) }
            if version >= 1 { writer.writeInt8(configSource) }
            writer.writeBool(isSensitive)
            if version >= 1 { writer.writeArray(synonyms, flexible: flexible, version: version) }
            if version >= 3 { writer.writeInt8(configType) }
            if version >= 3 { writer.writeNullableString(documentation, flexible: flexible) }
            if flexible { writer.writeUInt8(0) }
        }
    }

    /// A struct inside `DescribeConfigsResponse`.
    public struct DescribeConfigsSynonym: WireStructure {
        public var name: String = ""
        public var value: String? = ""
        public var source: Int8 = 0

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 4
            name = try reader.readString(flexible: flexible)
            value = try reader.readNullableString(flexible: flexible)
            source = try reader.readInt8()
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 4
            writer.writeString(name, flexible: flexible)
            writer.writeNullableString(value, flexible: flexible)
            writer.writeInt8(source)
            if flexible { writer.writeUInt8(0) }
        }
    }
}
