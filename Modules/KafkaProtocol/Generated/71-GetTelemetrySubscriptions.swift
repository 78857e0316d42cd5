// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Tables/71-GetTelemetrySubscriptions.kafka: change that, not this.

public import Primitives

/// GetTelemetrySubscriptions request (API 71), version 0.
public struct GetTelemetrySubscriptionsRequest: ProtocolRequest {
    public typealias Response = GetTelemetrySubscriptionsResponse
    public static var apiKey: APIKey { .getTelemetrySubscriptions }
    public static var validVersions: ClosedRange<Int16> { 0...0 }
    public static var flexibleSince: Int16? { 0 }

    public var clientInstanceID: ProtocolUUID = .zero

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        clientInstanceID = try reader.readUUID()
        try reader.skipTaggedFields()
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        writer.writeUUID(clientInstanceID)
        writer.writeUInt8(0)
    }
}

/// GetTelemetrySubscriptions response (API 71), version 0.
public struct GetTelemetrySubscriptionsResponse: ProtocolResponse {
    public static var apiKey: APIKey { .getTelemetrySubscriptions }
    public static var validVersions: ClosedRange<Int16> { 0...0 }
    public static var flexibleSince: Int16? { 0 }

    public var throttleTimeMs: Int32 = 0
    public var errorCode: Int16 = 0
    public var clientInstanceID: ProtocolUUID = .zero
    public var subscriptionID: Int32 = 0
    public var acceptedCompressionTypes: [Int8] = []
    public var pushIntervalMs: Int32 = 0
    public var telemetryMaxBytes: Int32 = 0
    public var deltaTemporality: Bool = false
    public var requestedMetrics: [String] = []

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        throttleTimeMs = try reader.readInt32()
        errorCode = try reader.readInt16()
        clientInstanceID = try reader.readUUID()
        subscriptionID = try reader.readInt32()
        acceptedCompressionTypes = try reader.readIntegers(flexible: true)
        pushIntervalMs = try reader.readInt32()
        telemetryMaxBytes = try reader.readInt32()
        deltaTemporality = try reader.readBool()
        requestedMetrics = try reader.readStrings(flexible: true)
        try reader.skipTaggedFields()
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        writer.writeInt32(throttleTimeMs)
        writer.writeInt16(errorCode)
        writer.writeUUID(clientInstanceID)
        writer.writeInt32(subscriptionID)
        writer.writeIntegers(acceptedCompressionTypes, flexible: true)
        writer.writeInt32(pushIntervalMs)
        writer.writeInt32(telemetryMaxBytes)
        writer.writeBool(deltaTemporality)
        writer.writeStrings(requestedMetrics, flexible: true)
        writer.writeUInt8(0)
    }
}
