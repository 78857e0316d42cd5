// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Tables/13-LeaveGroup.kafka: change that, not this.

public import Primitives

/// LeaveGroup request (API 13), versions 0-5.
public struct LeaveGroupRequest: ProtocolRequest {
    public typealias Response = LeaveGroupResponse
    public static var apiKey: APIKey { .leaveGroup }
    public static var validVersions: ClosedRange<Int16> { 0...5 }
    public static var flexibleSince: Int16? { 4 }

    /// Group.
    public var groupID: String = ""
    /// In versions 0-2.
    public var memberID: String = ""
    /// In versions from 3.
    public var members: [MemberIdentity] = []

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 4
        groupID = try reader.readString(flexible: flexible)
        if version <= 2 { memberID = try reader.readString(flexible: flexible) }
        if version >= 3 {
            members = try reader.readArray(flexible: flexible, elementByteCountMin: flexible ? 3 : 4, version: version)
        }
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 4
        precondition(version <= 2 || memberID.isEmpty, "no memberID in version \(version)")
        precondition(version >= 3 || members.isEmpty, "no members in version \(version)")
        writer.writeString(groupID, flexible: flexible)
        if version <= 2 { writer.writeString(memberID, flexible: flexible) }
        if version >= 3 { writer.writeArray(members, flexible: flexible, version: version) }
        if flexible { writer.writeUInt8(0) }
    }

    /// A struct inside `LeaveGroupRequest`.
    public struct MemberIdentity: WireStructure {
        public var memberID: String = ""
        public var groupInstanceID: String?
        /// In version 5.
        public var reason: String?

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 4
            memberID = try reader.readString(flexible: flexible)
            groupInstanceID = try reader.readNullableString(flexible: flexible)
            if version == 5 { reason = try reader.readNullableString(flexible: flexible) }
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 4
            writer.writeString(memberID, flexible: flexible)
            writer.writeNullableString(groupInstanceID, flexible: flexible)
            if version == 5 { writer.writeNullableString(reason, flexible: flexible) }
            if flexible { writer.writeUInt8(0) }
        }
    }
}

/// LeaveGroup response (API 13), versions 0-5.
public struct LeaveGroupResponse: ProtocolResponse {
    public static var apiKey: APIKey { .leaveGroup }
    public static var validVersions: ClosedRange<Int16> { 0...5 }
    public static var flexibleSince: Int16? { 4 }

    /// In versions from 1.
    public var throttleTimeMs: Int32 = 0
    public var errorCode: Int16 = 0
    /// In versions from 3.
    public var members: [MemberResponse] = []

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 4
        if version >= 1 { throttleTimeMs = try reader.readInt32() }
        errorCode = try reader.readInt16()
        if version >= 3 {
            members = try reader.readArray(flexible: flexible, elementByteCountMin: flexible ? 5 : 6, version: version)
        }
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 4
        precondition(version >= 3 || members.isEmpty, "no members in version \(version)")
        if version >= 1 { writer.writeInt32(throttleTimeMs) }
        writer.writeInt16(errorCode)
        if version >= 3 { writer.writeArray(members, flexible: flexible, version: version) }
        if flexible { writer.writeUInt8(0) }
    }

    /// A struct inside `LeaveGroupResponse`.
    public struct MemberResponse: WireStructure {
        public var memberID: String = ""
        public var groupInstanceID: String? = ""
        public var errorCode: Int16 = 0

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 4
            memberID = try reader.readString(flexible: flexible)
            groupInstanceID = try reader.readNullableString(flexible: flexible)
            errorCode = try reader.readInt16()
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 4
            writer.writeString(memberID, flexible: flexible)
            writer.writeNullableString(groupInstanceID, flexible: flexible)
            writer.writeInt16(errorCode)
            if flexible { writer.writeUInt8(0) }
        }
    }
}
