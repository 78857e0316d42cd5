// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Tables/74-ListConfigResources.kafka: change that, not this.

public import Primitives

/// ListConfigResources request (API 74), versions 0-1.
public struct ListConfigResourcesRequest: ProtocolRequest {
    public typealias Response = ListConfigResourcesResponse
    public static var apiKey: APIKey { .listConfigResources }
    public static var validVersions: ClosedRange<Int16> { 0...1 }
    public static var flexibleSince: Int16? { 0 }

    /// In version 1.
    public var resourceTypes: [Int8] = []

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        if version == 1 { resourceTypes = try reader.readIntegers(flexible: true) }
        try reader.skipTaggedFields()
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        precondition(version == 1 || resourceTypes.isEmpty, "no resourceTypes in version \(version)")
        if version == 1 { writer.writeIntegers(resourceTypes, flexible: true) }
        writer.writeUInt8(0)
    }
}

/// ListConfigResources response (API 74), versions 0-1.
public struct ListConfigResourcesResponse: ProtocolResponse {
    public static var apiKey: APIKey { .listConfigResources }
    public static var validVersions: ClosedRange<Int16> { 0...1 }
    public static var flexibleSince: Int16? { 0 }

    public var throttleTimeMs: Int32 = 0
    public var errorCode: Int16 = 0
    public var configResources: [ConfigResource] = []

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        throttleTimeMs = try reader.readInt32()
        errorCode = try reader.readInt16()
        configResources = try reader.readArray(flexible: true, elementByteCountMin: 2, version: version)
        try reader.skipTaggedFields()
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        writer.writeInt32(throttleTimeMs)
        writer.writeInt16(errorCode)
        writer.writeArray(configResources, flexible: true, version: version)
        writer.writeUInt8(0)
    }

    /// A struct inside `ListConfigResourcesResponse`.
    public struct ConfigResource: WireStructure {
        public var resourceName: String = ""
        /// In version 1.
        public var resourceType: Int8 = 16

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            resourceName = try reader.readString(flexible: true)
            if version == 1 { resourceType = try reader.readInt8() }
            try reader.skipTaggedFields()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            writer.writeString(resourceName, flexible: true)
            if version == 1 { writer.writeInt8(resourceType) }
            writer.writeUInt8(0)
        }
    }
}
