// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Tables/48-DescribeClientQuotas.kafka: change that, not this.

public import Primitives

/// DescribeClientQuotas request (API 48), versions 0-1.
public struct DescribeClientQuotasRequest: ProtocolRequest {
    public typealias Response = DescribeClientQuotasResponse
    public static var apiKey: APIKey { .describeClientQuotas }
    public static var validVersions: ClosedRange<Int16> { 0...1 }
    public static var flexibleSince: Int16? { 1 }

    public var components: [ComponentData] = []
    public var strict: Bool = false

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 1
        components = try reader.readArray(flexible: flexible, elementByteCountMin: flexible ? 4 : 5, version: version)
        strict = try reader.readBool()
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 1
        writer.writeArray(components, flexible: flexible, version: version)
        writer.writeBool(strict)
        if flexible { writer.writeUInt8(0) }
    }

    /// A struct inside `DescribeClientQuotasRequest`.
    public struct ComponentData: WireStructure {
        public var entityType: String = ""
        public var matchType: Int8 = 0
        public var match: String? = ""

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 1
            entityType = try reader.readString(flexible: flexible)
            matchType = try reader.readInt8()
            match = try reader.readNullableString(flexible: flexible)
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 1
            writer.writeString(entityType, flexible: flexible)
            writer.writeInt8(matchType)
            writer.writeNullableString(match, flexible: flexible)
            if flexible { writer.writeUInt8(0) }
        }
    }
}

/// DescribeClientQuotas response (API 48), versions 0-1.
public struct DescribeClientQuotasResponse: ProtocolResponse {
    public static var apiKey: APIKey { .describeClientQuotas }
    public static var validVersions: ClosedRange<Int16> { 0...1 }
    public static var flexibleSince: Int16? { 1 }

    public var throttleTimeMs: Int32 = 0
    public var errorCode: Int16 = 0
    public var errorMessage: String? = ""
    public var entries: [EntryData]? = []

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 1
        throttleTimeMs = try reader.readInt32()
        errorCode = try reader.readInt16()
        errorMessage = try reader.readNullableString(flexible: flexible)
        entries = try reader.readNullableArray(
            flexible: flexible, elementByteCountMin: flexible ? 3 : 8, version: version)
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 1
        writer.writeInt32(throttleTimeMs)
        writer.writeInt16(errorCode)
        writer.writeNullableText(errorMessage, flexible: flexible)
        writer.writeNullableArray(entries, flexible: flexible, version: version)
        if flexible { writer.writeUInt8(0) }
    }

    /// A struct inside `DescribeClientQuotasResponse`.
    public struct EntryData: WireStructure {
        public var entity: [EntityData] = []
        public var values: [ValueData] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 1
            entity = try reader.readArray(flexible: flexible, elementByteCountMin: flexible ? 3 : 4, version: version)
            values = try reader.readArray(flexible: flexible, elementByteCountMin: 10, version: version)
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 1
            writer.writeArray(entity, flexible: flexible, version: version)
            writer.writeArray(values, flexible: flexible, version: version)
            if flexible { writer.writeUInt8(0) }
        }
    }

    /// A struct inside `DescribeClientQuotasResponse`.
    public struct EntityData: WireStructure {
        public var entityType: String = ""
        public var entityName: String? = ""

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 1
            entityType = try reader.readString(flexible: flexible)
            entityName = try reader.readNullableString(flexible: flexible)
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 1
            writer.writeString(entityType, flexible: flexible)
            writer.writeNullableString(entityName, flexible: flexible)
            if flexible { writer.writeUInt8(0) }
        }
    }

    /// A struct inside `DescribeClientQuotasResponse`.
    public struct ValueData: WireStructure {
        public var key: String = ""
        public var value: Double = 0

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 1
            key = try reader.readString(flexible: flexible)
            value = try reader.readFloat64()
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 1
            writer.writeString(key, flexible: flexible)
            writer.writeFloat64(value)
            if flexible { writer.writeUInt8(0) }
        }
    }
}
