// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Tables/12-Heartbeat.kafka: change that, not this.

public import Primitives

/// Heartbeat request (API 12), versions 0-4.
public struct HeartbeatRequest: ProtocolRequest {
    public typealias Response = HeartbeatResponse
    public static var apiKey: APIKey { .heartbeat }
    public static var validVersions: ClosedRange<Int16> { 0...4 }
    public static var flexibleSince: Int16? { 4 }

    /// Group.
    public var groupID: String = ""
    public var generationID: Int32 = 0
    public var memberID: String = ""
    /// In versions from 3.
    public var groupInstanceID: String?

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 4
        groupID = try reader.readString(flexible: flexible)
        generationID = try reader.readInt32()
        memberID = try reader.readString(flexible: flexible)
        if version >= 3 { groupInstanceID = try reader.readNullableString(flexible: flexible) }
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 4
        precondition(version >= 3 || groupInstanceID == nil, "no groupInstanceID in version \(version)")
        writer.writeString(groupID, flexible: flexible)
        writer.writeInt32(generationID)
        writer.writeString(memberID, flexible: flexible)
        if version >= 3 { writer.writeNullableString(groupInstanceID, flexible: flexible) }
        if flexible { writer.writeUInt8(0) }
    }
}

/// Heartbeat response (API 12), versions 0-4.
public struct HeartbeatResponse: ProtocolResponse {
    public static var apiKey: APIKey { .heartbeat }
    public static var validVersions: ClosedRange<Int16> { 0...4 }
    public static var flexibleSince: Int16? { 4 }

    /// In versions from 1.
    public var throttleTimeMs: Int32 = 0
    public var errorCode: Int16 = 0

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 4
        if version >= 1 { throttleTimeMs = try reader.readInt32() }
        errorCode = try reader.readInt16()
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 4
        if version >= 1 { writer.writeInt32(throttleTimeMs) }
        writer.writeInt16(errorCode)
        if flexible { writer.writeUInt8(0) }
    }
}
