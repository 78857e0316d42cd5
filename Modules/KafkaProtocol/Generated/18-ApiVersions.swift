// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Tables/18-ApiVersions.kafka: change that, not this.

public import Primitives

/// ApiVersions request (API 18), versions 0-4.
public struct ApiVersionsRequest: ProtocolRequest {
    public typealias Response = ApiVersionsResponse
    public static var apiKey: APIKey { .apiVersions }
    public static var validVersions: ClosedRange<Int16> { 0...4 }
    public static var flexibleSince: Int16? { 3 }

    /// In versions from 3.
    public var clientSoftwareName: String = ""
    /// In versions from 3.
    public var clientSoftwareVersion: String = ""

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 3
        if version >= 3 { clientSoftwareName = try reader.readString(flexible: flexible) }
        if version >= 3 { clientSoftwareVersion = try reader.readString(flexible: flexible) }
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 3
        if version >= 3 { writer.writeString(clientSoftwareName, flexible: flexible) }
        if version >= 3 { writer.writeString(clientSoftwareVersion, flexible: flexible) }
        if flexible { writer.writeUInt8(0) }
    }
}

/// ApiVersions response (API 18), versions 0-4.
public struct ApiVersionsResponse: ProtocolResponse {
    public static var apiKey: APIKey { .apiVersions }
    public static var validVersions: ClosedRange<Int16> { 0...4 }
    public static var flexibleSince: Int16? { 3 }

    public var errorCode: Int16 = 0
    public var apiKeys: [ApiVersion] = []
    /// In versions from 1.
    public var throttleTimeMs: Int32 = 0
    /// In versions from 3, as a tagged field.
    public var supportedFeatures: [SupportedFeatureKey] = []
    /// In versions from 3, as a tagged field.
    public var finalizedFeaturesEpoch: Int64 = -1
    /// In versions from 3, as a tagged field.
    public var finalizedFeatures: [FinalizedFeatureKey] = []
    /// In versions from 3, as a tagged field.
    public var zkMigrationReady: Bool = false

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 3
        errorCode = try reader.readInt16()
        apiKeys = try reader.readArray(flexible: flexible, elementByteCountMin: flexible ? 7 : 6, version: version)
        if version >= 1 { throttleTimeMs = try reader.readInt32() }
        if flexible {
            for _ in 0..<(try reader.readTaggedFieldCount()) {
                let tagged = try reader.readTag()
                switch tagged.tag {
                case 0 where version >= 3:
                    supportedFeatures = try reader.readArray(flexible: true, elementByteCountMin: 6, version: version)
                case 1 where version >= 3: finalizedFeaturesEpoch = try reader.readInt64()
                case 2 where version >= 3:
                    finalizedFeatures = try reader.readArray(flexible: true, elementByteCountMin: 6, version: version)
                case 3 where version >= 3: zkMigrationReady = try reader.readBool()
                default: try reader.skip(tagged.end - reader.position)
                }
                try reader.checkTagEnd(tagged.end)
            }
        }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 3
        writer.writeInt16(errorCode)
        writer.writeArray(apiKeys, flexible: flexible, version: version)
        if version >= 1 { writer.writeInt32(throttleTimeMs) }
        if flexible {
            var tagCount: UInt32 = 0
            if version >= 3, !supportedFeatures.isEmpty { tagCount += 1 }
            if version >= 3, finalizedFeaturesEpoch != -1 { tagCount += 1 }
            if version >= 3, !finalizedFeatures.isEmpty { tagCount += 1 }
            if version >= 3, zkMigrationReady { tagCount += 1 }
            writer.writeUnsignedVarint32(tagCount)
            if version >= 3, !supportedFeatures.isEmpty {
                var tagValue = ByteWriter()
                tagValue.writeArray(supportedFeatures, flexible: true, version: version)
                writer.writeTagged(0, tagValue)
            }
            if version >= 3, finalizedFeaturesEpoch != -1 {
                var tagValue = ByteWriter()
                tagValue.writeInt64(finalizedFeaturesEpoch)
                writer.writeTagged(1, tagValue)
            }
            if version >= 3, !finalizedFeatures.isEmpty {
                var tagValue = ByteWriter()
                tagValue.writeArray(finalizedFeatures, flexible: true, version: version)
                writer.writeTagged(2, tagValue)
            }
            if version >= 3, zkMigrationReady {
                var tagValue = ByteWriter()
                tagValue.writeBool(zkMigrationReady)
                writer.writeTagged(3, tagValue)
            }
        }
    }

    /// A struct inside `ApiVersionsResponse`.
    public struct ApiVersion: WireStructure {
        public var apiKey: Int16 = 0
        public var minVersion: Int16 = 0
        public var maxVersion: Int16 = 0

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 3
            apiKey = try reader.readInt16()
            minVersion = try reader.readInt16()
            maxVersion = try reader.readInt16()
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 3
            writer.writeInt16(apiKey)
            writer.writeInt16(minVersion)
            writer.writeInt16(maxVersion)
            if flexible { writer.writeUInt8(0) }
        }
    }

    /// A struct inside `ApiVersionsResponse`.
    public struct SupportedFeatureKey: WireStructure {
        public var name: String = ""
        public var minVersion: Int16 = 0
        public var maxVersion: Int16 = 0

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            name = try reader.readString(flexible: true)
            minVersion = try reader.readInt16()
            maxVersion = try reader.readInt16()
            try reader.skipTaggedFields()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            writer.writeString(name, flexible: true)
            writer.writeInt16(minVersion)
            writer.writeInt16(maxVersion)
            writer.writeUInt8(0)
        }
    }

    /// A struct inside `ApiVersionsResponse`.
    public struct FinalizedFeatureKey: WireStructure {
        public var name: String = ""
        public var maxVersionLevel: Int16 = 0
        public var minVersionLevel: Int16 = 0

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            name = try reader.readString(flexible: true)
            maxVersionLevel = try reader.readInt16()
            minVersionLevel = try reader.readInt16()
            try reader.skipTaggedFields()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            writer.writeString(name, flexible: true)
            writer.writeInt16(maxVersionLevel)
            writer.writeInt16(minVersionLevel)
            writer.writeUInt8(0)
        }
    }
}
