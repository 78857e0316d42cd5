// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Tables/33-AlterConfigs.kafka: change that, not this.

public import Primitives

/// AlterConfigs request (API 33), versions 0-2.
public struct AlterConfigsRequest: ProtocolRequest {
    public typealias Response = AlterConfigsResponse
    public static var apiKey: APIKey { .alterConfigs }
    public static var validVersions: ClosedRange<Int16> { 0...2 }
    public static var flexibleSince: Int16? { 2 }

    public var resources: [AlterConfigsResource] = []
    public var validateOnly: Bool = false

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 2
        resources = try reader.readArray(flexible: flexible, elementByteCountMin: flexible ? 4 : 7, version: version)
        validateOnly = try reader.readBool()
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 2
        writer.writeArray(resources, flexible: flexible, version: version)
        writer.writeBool(validateOnly)
        if flexible { writer.writeUInt8(0) }
    }

    /// A struct inside `AlterConfigsRequest`.
    public struct AlterConfigsResource: WireStructure {
        public var resourceType: Int8 = 0
        public var resourceName: String = ""
        public var configs: [AlterableConfig] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 2
            resourceType = try reader.readInt8()
            resourceName = try reader.readString(flexible: flexible)
            configs = try reader.readArray(flexible: flexible, elementByteCountMin: flexible ? 3 : 4, version: version)
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 2
            writer.writeInt8(resourceType)
            writer.writeString(resourceName, flexible: flexible)
            writer.writeArray(configs, flexible: flexible, version: version)
            if flexible { writer.writeUInt8(0) }
        }
    }

    /// A struct inside `AlterConfigsRequest`.
    public struct AlterableConfig: WireStructure {
        public var name: String = ""
        public var value: String? = ""

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 2
            name = try reader.readString(flexible: flexible)
            value = try reader.readNullableString(flexible: flexible)
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 2
            writer.writeString(name, flexible: flexible)
            writer.writeNullableString(value, flexible: flexible)
            if flexible { writer.writeUInt8(0) }
        }
    }
}

/// AlterConfigs response (API 33), versions 0-2.
public struct AlterConfigsResponse: ProtocolResponse {
    public static var apiKey: APIKey { .alterConfigs }
    public static var validVersions: ClosedRange<Int16> { 0...2 }
    public static var flexibleSince: Int16? { 2 }

    public var throttleTimeMs: Int32 = 0
    public var responses: [AlterConfigsResourceResponse] = []

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 2
        throttleTimeMs = try reader.readInt32()
        responses = try reader.readArray(flexible: flexible, elementByteCountMin: flexible ? 6 : 7, version: version)
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 2
        writer.writeInt32(throttleTimeMs)
        writer.writeArray(responses, flexible: flexible, version: version)
        if flexible { writer.writeUInt8(0) }
    }

    /// A struct inside `AlterConfigsResponse`.
    public struct AlterConfigsResourceResponse: WireStructure {
        public var errorCode: Int16 = 0
        public var errorMessage: String? = ""
        public var resourceType: Int8 = 0
        public var resourceName: String = ""

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 2
            errorCode = try reader.readInt16()
            errorMessage = try reader.readNullableString(flexible: flexible)
            resourceType = try reader.readInt8()
            resourceName = try reader.readString(flexible: flexible)
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 2
            writer.writeInt16(errorCode)
            writer.writeNullableText(errorMessage, flexible: flexible)
            writer.writeInt8(resourceType)
            writer.writeString(resourceName, flexible: flexible)
            if flexible { writer.writeUInt8(0) }
        }
    }
}
