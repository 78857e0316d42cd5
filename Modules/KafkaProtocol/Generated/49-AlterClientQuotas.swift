// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Tables/49-AlterClientQuotas.kafka: change that, not this.

public import Primitives

/// AlterClientQuotas request (API 49), versions 0-1.
public struct AlterClientQuotasRequest: ProtocolRequest {
    public typealias Response = AlterClientQuotasResponse
    public static var apiKey: APIKey { .alterClientQuotas }
    public static var validVersions: ClosedRange<Int16> { 0...1 }
    public static var flexibleSince: Int16? { 1 }

    public var entries: [EntryData] = []
    public var validateOnly: Bool = false

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 1
        entries = try reader.readArray(flexible: flexible, elementByteCountMin: flexible ? 3 : 8, version: version)
        validateOnly = try reader.readBool()
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 1
        writer.writeArray(entries, flexible: flexible, version: version)
        writer.writeBool(validateOnly)
        if flexible { writer.writeUInt8(0) }
    }

    /// A struct inside `AlterClientQuotasRequest`.
    public struct EntryData: WireStructure {
        public var entity: [EntityData] = []
        public var ops: [OpData] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 1
            entity = try reader.readArray(flexible: flexible, elementByteCountMin: flexible ? 3 : 4, version: version)
            ops = try reader.readArray(flexible: flexible, elementByteCountMin: 11, version: version)
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 1
            writer.writeArray(entity, flexible: flexible, version: version)
            writer.writeArray(ops, flexible: flexible, version: version)
            if flexible { writer.writeUInt8(0) }
        }
    }

    /// A struct inside `AlterClientQuotasRequest`.
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

    /// A struct inside `AlterClientQuotasRequest`.
    public struct OpData: WireStructure {
        public var key: String = ""
        public var value: Double = 0
        public var remove: Bool = false

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 1
            key = try reader.readString(flexible: flexible)
            value = try reader.readFloat64()
            remove = try reader.readBool()
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 1
            writer.writeString(key, flexible: flexible)
            writer.writeFloat64(value)
            writer.writeBool(remove)
            if flexible { writer.writeUInt8(0) }
        }
    }
}

/// AlterClientQuotas response (API 49), versions 0-1.
public struct AlterClientQuotasResponse: ProtocolResponse {
    public static var apiKey: APIKey { .alterClientQuotas }
    public static var validVersions: ClosedRange<Int16> { 0...1 }
    public static var flexibleSince: Int16? { 1 }

    public var throttleTimeMs: Int32 = 0
    public var entries: [EntryData] = []

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 1
        throttleTimeMs = try reader.readInt32()
        entries = try reader.readArray(flexible: flexible, elementByteCountMin: flexible ? 5 : 8, version: version)
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 1
        writer.writeInt32(throttleTimeMs)
        writer.writeArray(entries, flexible: flexible, version: version)
        if flexible { writer.writeUInt8(0) }
    }

    /// A struct inside `AlterClientQuotasResponse`.
    public struct EntryData: WireStructure {
        public var errorCode: Int16 = 0
        public var errorMessage: String? = ""
        public var entity: [EntityData] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 1
            errorCode = try reader.readInt16()
            errorMessage = try reader.readNullableString(flexible: flexible)
            entity = try reader.readArray(flexible: flexible, elementByteCountMin: flexible ? 3 : 4, version: version)
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 1
            writer.writeInt16(errorCode)
            writer.writeNullableText(errorMessage, flexible: flexible)
            writer.writeArray(entity, flexible: flexible, version: version)
            if flexible { writer.writeUInt8(0) }
        }
    }

    /// A struct inside `AlterClientQuotasResponse`.
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
}
