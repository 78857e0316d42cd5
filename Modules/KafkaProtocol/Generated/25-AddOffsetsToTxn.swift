// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Tables/25-AddOffsetsToTxn.kafka: change that, not this.

public import Primitives

/// AddOffsetsToTxn request (API 25), versions 0-4.
public struct AddOffsetsToTxnRequest: ProtocolRequest {
    public typealias Response = AddOffsetsToTxnResponse
    public static var apiKey: APIKey { .addOffsetsToTxn }
    public static var validVersions: ClosedRange<Int16> { 0...4 }
    public static var flexibleSince: Int16? { 3 }

    /// Transactional id.
    public var transactionalID: String = ""
    /// Producer.
    public var producerID: Int64 = 0
    public var producerEpoch: Int16 = 0
    /// Group.
    public var groupID: String = ""

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 3
        transactionalID = try reader.readString(flexible: flexible)
        producerID = try reader.readInt64()
        producerEpoch = try reader.readInt16()
        groupID = try reader.readString(flexible: flexible)
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 3
        writer.writeString(transactionalID, flexible: flexible)
        writer.writeInt64(producerID)
        writer.writeInt16(producerEpoch)
        writer.writeString(groupID, flexible: flexible)
        if flexible { writer.writeUInt8(0) }
    }
}

/// AddOffsetsToTxn response (API 25), versions 0-4.
public struct AddOffsetsToTxnResponse: ProtocolResponse {
    public static var apiKey: APIKey { .addOffsetsToTxn }
    public static var validVersions: ClosedRange<Int16> { 0...4 }
    public static var flexibleSince: Int16? { 3 }

    public var throttleTimeMs: Int32 = 0
    public var errorCode: Int16 = 0

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 3
        throttleTimeMs = try reader.readInt32()
        errorCode = try reader.readInt16()
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 3
        writer.writeInt32(throttleTimeMs)
        writer.writeInt16(errorCode)
        if flexible { writer.writeUInt8(0) }
    }
}
