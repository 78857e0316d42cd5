// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Tables/14-SyncGroup.kafka: change that, not this.

public import Primitives

/// SyncGroup request (API 14), versions 0-5.
public struct SyncGroupRequest: ProtocolRequest {
    public typealias Response = SyncGroupResponse
    public static var apiKey: APIKey { .syncGroup }
    public static var validVersions: ClosedRange<Int16> { 0...5 }
    public static var flexibleSince: Int16? { 4 }

    /// Group.
    public var groupID: String = ""
    public var generationID: Int32 = 0
    public var memberID: String = ""
    /// In versions from 3.
    public var groupInstanceID: String?
    /// In version 5.
    public var protocolType: String?
    /// In version 5.
    public var protocolName: String?
    public var assignments: [SyncGroupRequestAssignment] = []

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 4
        groupID = try reader.readString(flexible: flexible)
        generationID = try reader.readInt32()
        memberID = try reader.readString(flexible: flexible)
        if version >= 3 { groupInstanceID = try reader.readNullableString(flexible: flexible) }
        if version == 5 { protocolType = try reader.readNullableString(flexible: flexible) }
        if version == 5 { protocolName = try reader.readNullableString(flexible: flexible) }
        assignments = try reader.readArray(flexible: flexible, elementByteCountMin: flexible ? 3 : 6, version: version)
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
        if version == 5 { writer.writeNullableString(protocolType, flexible: flexible) }
        if version == 5 { writer.writeNullableString(protocolName, flexible: flexible) }
        writer.writeArray(assignments, flexible: flexible, version: version)
        if flexible { writer.writeUInt8(0) }
    }

    /// A struct inside `SyncGroupRequest`.
    public struct SyncGroupRequestAssignment: WireStructure {
        public var memberID: String = ""
        public var assignment: SharedBytes = .empty

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 4
            memberID = try reader.readString(flexible: flexible)
            assignment = try reader.readBytes(flexible: flexible)
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 4
            writer.writeString(memberID, flexible: flexible)
            writer.writeBytes(assignment, flexible: flexible)
            if flexible { writer.writeUInt8(0) }
        }
    }
}

/// SyncGroup response (API 14), versions 0-5.
public struct SyncGroupResponse: ProtocolResponse {
    public static var apiKey: APIKey { .syncGroup }
    public static var validVersions: ClosedRange<Int16> { 0...5 }
    public static var flexibleSince: Int16? { 4 }

    /// In versions from 1.
    public var throttleTimeMs: Int32 = 0
    public var errorCode: Int16 = 0
    /// In version 5.
    public var protocolType: String?
    /// In version 5.
    public var protocolName: String?
    public var assignment: SharedBytes = .empty

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 4
        if version >= 1 { throttleTimeMs = try reader.readInt32() }
        errorCode = try reader.readInt16()
        if version == 5 { protocolType = try reader.readNullableString(flexible: flexible) }
        if version == 5 { protocolName = try reader.readNullableString(flexible: flexible) }
        assignment = try reader.readBytes(flexible: flexible)
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 4
        if version >= 1 { writer.writeInt32(throttleTimeMs) }
        writer.writeInt16(errorCode)
        if version == 5 { writer.writeNullableString(protocolType, flexible: flexible) }
        if version == 5 { writer.writeNullableString(protocolName, flexible: flexible) }
        writer.writeBytes(assignment, flexible: flexible)
        if flexible { writer.writeUInt8(0) }
    }
}
