// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Tables/72-PushTelemetry.kafka: change that, not this.

public import Primitives

/// PushTelemetry request (API 72), version 0.
public struct PushTelemetryRequest: ProtocolRequest {
    public typealias Response = PushTelemetryResponse
    public static var apiKey: APIKey { .pushTelemetry }
    public static var validVersions: ClosedRange<Int16> { 0...0 }
    public static var flexibleSince: Int16? { 0 }

    public var clientInstanceID: ProtocolUUID = .zero
    public var subscriptionID: Int32 = 0
    public var terminating: Bool = false
    public var compressionType: Int8 = 0
    public var metrics: SharedBytes = .empty

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        clientInstanceID = try reader.readUUID()
        subscriptionID = try reader.readInt32()
        terminating = try reader.readBool()
        compressionType = try reader.readInt8()
        metrics = try reader.readBytes(flexible: true)
        try reader.skipTaggedFields()
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        writer.writeUUID(clientInstanceID)
        writer.writeInt32(subscriptionID)
        writer.writeBool(terminating)
        writer.writeInt8(compressionType)
        writer.writeBytes(metrics, flexible: true)
        writer.writeUInt8(0)
    }
}

/// PushTelemetry response (API 72), version 0.
public struct PushTelemetryResponse: ProtocolResponse {
    public static var apiKey: APIKey { .pushTelemetry }
    public static var validVersions: ClosedRange<Int16> { 0...0 }
    public static var flexibleSince: Int16? { 0 }

    public var throttleTimeMs: Int32 = 0
    public var errorCode: Int16 = 0

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        throttleTimeMs = try reader.readInt32()
        errorCode = try reader.readInt16()
        try reader.skipTaggedFields()
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        writer.writeInt32(throttleTimeMs)
        writer.writeInt16(errorCode)
        writer.writeUInt8(0)
    }
}
