// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Tables/22-InitProducerId.kafka: change that, not this.

public import Primitives

/// InitProducerId request (API 22), versions 0-6.
public struct InitProducerIdRequest: ProtocolRequest {
    public typealias Response = InitProducerIdResponse
    public static var apiKey: APIKey { .initProducerId }
    public static var validVersions: ClosedRange<Int16> { 0...6 }
    public static var flexibleSince: Int16? { 2 }

    /// Transactional id.
    public var transactionalID: String? = ""
    public var transactionTimeoutMs: Int32 = 0
    /// Producer. In versions from 3.
    public var producerID: Int64 = -1
    /// In versions from 3.
    public var producerEpoch: Int16 = -1
    /// In version 6.
    public var enable2Pc: Bool = false
    /// In version 6.
    public var keepPreparedTxn: Bool = false

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 2
        transactionalID = try reader.readNullableString(flexible: flexible)
        transactionTimeoutMs = try reader.readInt32()
        if version >= 3 { producerID = try reader.readInt64() }
        if version >= 3 { producerEpoch = try reader.readInt16() }
        if version == 6 { enable2Pc = try reader.readBool() }
        if version == 6 { keepPreparedTxn = try reader.readBool() }
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 2
        precondition(version >= 3 || producerID == -1, "no producerID in version \(version)")
        precondition(version >= 3 || producerEpoch == -1, "no producerEpoch in version \(version)")
        precondition(version == 6 || !enable2Pc, "no enable2Pc in version \(version)")
        precondition(version == 6 || !keepPreparedTxn, "no keepPreparedTxn in version \(version)")
        writer.writeNullableString(transactionalID, flexible: flexible)
        writer.writeInt32(transactionTimeoutMs)
        if version >= 3 { writer.writeInt64(producerID) }
        if version >= 3 { writer.writeInt16(producerEpoch) }
        if version == 6 { writer.writeBool(enable2Pc) }
        if version == 6 { writer.writeBool(keepPreparedTxn) }
        if flexible { writer.writeUInt8(0) }
    }
}

/// InitProducerId response (API 22), versions 0-6.
public struct InitProducerIdResponse: ProtocolResponse {
    public static var apiKey: APIKey { .initProducerId }
    public static var validVersions: ClosedRange<Int16> { 0...6 }
    public static var flexibleSince: Int16? { 2 }

    public var throttleTimeMs: Int32 = 0
    public var errorCode: Int16 = 0
    /// Producer.
    public var producerID: Int64 = -1
    public var producerEpoch: Int16 = 0
    /// Producer. In version 6.
    public var ongoingTxnProducerID: Int64 = -1
    /// In version 6.
    public var ongoingTxnProducerEpoch: Int16 = -1

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 2
        throttleTimeMs = try reader.readInt32()
        errorCode = try reader.readInt16()
        producerID = try reader.readInt64()
        producerEpoch = try reader.readInt16()
        if version == 6 { ongoingTxnProducerID = try reader.readInt64() }
        if version == 6 { ongoingTxnProducerEpoch = try reader.readInt16() }
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 2
        precondition(version == 6 || ongoingTxnProducerID == -1, "no ongoingTxnProducerID in version \(version)")
        precondition(version == 6 || ongoingTxnProducerEpoch == -1, "no ongoingTxnProducerEpoch in version \(version)")
        writer.writeInt32(throttleTimeMs)
        writer.writeInt16(errorCode)
        writer.writeInt64(producerID)
        writer.writeInt16(producerEpoch)
        if version == 6 { writer.writeInt64(ongoingTxnProducerID) }
        if version == 6 { writer.writeInt16(ongoingTxnProducerEpoch) }
        if flexible { writer.writeUInt8(0) }
    }
}
