// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Tables/57-UpdateFeatures.kafka: change that, not this.

public import Primitives

/// UpdateFeatures request (API 57), versions 0-2.
public struct UpdateFeaturesRequest: ProtocolRequest {
    public typealias Response = UpdateFeaturesResponse
    public static var apiKey: APIKey { .updateFeatures }
    public static var validVersions: ClosedRange<Int16> { 0...2 }
    public static var flexibleSince: Int16? { 0 }

    public var timeoutMs: Int32 = 60000
    public var featureUpdates: [FeatureUpdateKey] = []
    /// In versions from 1.
    public var validateOnly: Bool = false

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        timeoutMs = try reader.readInt32()
        featureUpdates = try reader.readArray(flexible: true, elementByteCountMin: 5, version: version)
        if version >= 1 { validateOnly = try reader.readBool() }
        try reader.skipTaggedFields()
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        precondition(version >= 1 || !validateOnly, "no validateOnly in version \(version)")
        writer.writeInt32(timeoutMs)
        writer.writeArray(featureUpdates, flexible: true, version: version)
        if version >= 1 { writer.writeBool(validateOnly) }
        writer.writeUInt8(0)
    }

    /// A struct inside `UpdateFeaturesRequest`.
    public struct FeatureUpdateKey: WireStructure {
        public var feature: String = ""
        public var maxVersionLevel: Int16 = 0
        /// In version 0.
        public var allowDowngrade: Bool = false
        /// In versions from 1.
        public var upgradeType: Int8 = 1

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            feature = try reader.readString(flexible: true)
            maxVersionLevel = try reader.readInt16()
            if version == 0 { allowDowngrade = try reader.readBool() }
            if version >= 1 { upgradeType = try reader.readInt8() }
            try reader.skipTaggedFields()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            precondition(version == 0 || !allowDowngrade, "no allowDowngrade in version \(version)")
            precondition(version >= 1 || upgradeType == 1, "no upgradeType in version \(version)")
            writer.writeString(feature, flexible: true)
            writer.writeInt16(maxVersionLevel)
            if version == 0 { writer.writeBool(allowDowngrade) }
            if version >= 1 { writer.writeInt8(upgradeType) }
            writer.writeUInt8(0)
        }
    }
}

/// UpdateFeatures response (API 57), versions 0-2.
public struct UpdateFeaturesResponse: ProtocolResponse {
    public static var apiKey: APIKey { .updateFeatures }
    public static var validVersions: ClosedRange<Int16> { 0...2 }
    public static var flexibleSince: Int16? { 0 }

    public var throttleTimeMs: Int32 = 0
    public var errorCode: Int16 = 0
    public var errorMessage: String?
    /// In versions 0-1.
    public var results: [UpdatableFeatureResult] = []

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        throttleTimeMs = try reader.readInt32()
        errorCode = try reader.readInt16()
        errorMessage = try reader.readNullableString(flexible: true)
        if version <= 1 { results = try reader.readArray(flexible: true, elementByteCountMin: 5, version: version) }
        try reader.skipTaggedFields()
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        writer.writeInt32(throttleTimeMs)
        writer.writeInt16(errorCode)
        writer.writeNullableText(errorMessage, flexible: true)
        if version <= 1 { writer.writeArray(results, flexible: true, version: version) }
        writer.writeUInt8(0)
    }

    /// A struct inside `UpdateFeaturesResponse`.
    public struct UpdatableFeatureResult: WireStructure {
        public var feature: String = ""
        public var errorCode: Int16 = 0
        public var errorMessage: String?

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            feature = try reader.readString(flexible: true)
            errorCode = try reader.readInt16()
            errorMessage = try reader.readNullableString(flexible: true)
            try reader.skipTaggedFields()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            writer.writeString(feature, flexible: true)
            writer.writeInt16(errorCode)
            writer.writeNullableText(errorMessage, flexible: true)
            writer.writeUInt8(0)
        }
    }
}
