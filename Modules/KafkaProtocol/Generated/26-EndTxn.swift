// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Tables/26-EndTxn.kafka: change that, not this.

public import Primitives

/// EndTxn request (API 26), versions 0-5.
public struct EndTxnRequest: ProtocolRequest {
    public typealias Response = EndTxnResponse
    public static var apiKey: APIKey { .endTxn }
    public static var validVersions: ClosedRange<Int16> { 0...5 }
    public static var flexibleSince: Int16? { 3 }

    /// Transactional id.
    public var transactionalID: String = ""
    /// Producer.
    public var producerID: Int64 = 0
    public var producerEpoch: Int16 = 0
    public var committed: Bool = false

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 3
        transactionalID = try reader.readString(flexible: flexible)
        producerID = try reader.readInt64()
        producerEpoch = try reader.readInt16()
        committed = try reader.readBool()
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 3
        writer.writeString(transactionalID, flexible: flexible)
        writer.writeInt64(producerID)
        writer.writeInt16(producerEpoch)
        writer.writeBool(committed)
        if flexible { writer.writeUInt8(0) }
    }
}

/// EndTxn response (API 26), versions 0-5.
public struct EndTxnResponse: ProtocolResponse {
    public static var apiKey: APIKey { .endTxn }
    public static var validVersions: ClosedRange<Int16> { 0...5 }
    public static var flexibleSince: Int16? { 3 }

    public var throttleTimeMs: Int32 = 0
    public var errorCode: Int16 = 0
    /// Producer. In version 5.
    public var producerID: Int64 = -1
    /// In version 5.
    public var producerEpoch: Int16 = -1

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 3
        throttleTimeMs = try reader.readInt32()
        errorCode = try reader.readInt16()
        if version == 5 { producerID = try reader.readInt64() }
        if version == 5 { producerEpoch = try reader.readInt16() }
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 3
        writer.writeInt32(throttleTimeMs)
        writer.writeInt16(errorCode)
        if version == 5 { writer.writeInt64(producerID) }
        if version == 5 { writer.writeInt16(producerEpoch) }
        if flexible { writer.writeUInt8(0) }
    }
}
