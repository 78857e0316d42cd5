// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Tables/64-UnregisterBroker.kafka: change that, not this.

public import Primitives

/// UnregisterBroker request (API 64), version 0.
public struct UnregisterBrokerRequest: ProtocolRequest {
    public typealias Response = UnregisterBrokerResponse
    public static var apiKey: APIKey { .unregisterBroker }
    public static var validVersions: ClosedRange<Int16> { 0...0 }
    public static var flexibleSince: Int16? { 0 }

    /// Broker.
    public var brokerID: Int32 = 0

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        brokerID = try reader.readInt32()
        try reader.skipTaggedFields()
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        writer.writeInt32(brokerID)
        writer.writeUInt8(0)
    }
}

/// UnregisterBroker response (API 64), version 0.
public struct UnregisterBrokerResponse: ProtocolResponse {
    public static var apiKey: APIKey { .unregisterBroker }
    public static var validVersions: ClosedRange<Int16> { 0...0 }
    public static var flexibleSince: Int16? { 0 }

    public var throttleTimeMs: Int32 = 0
    public var errorCode: Int16 = 0
    public var errorMessage: String?

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        throttleTimeMs = try reader.readInt32()
        errorCode = try reader.readInt16()
        errorMessage = try reader.readNullableString(flexible: true)
        try reader.skipTaggedFields()
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        writer.writeInt32(throttleTimeMs)
        writer.writeInt16(errorCode)
        writer.writeNullableText(errorMessage, flexible: true)
        writer.writeUInt8(0)
    }
}
