// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Tables/11-JoinGroup.kafka: change that, not this.

public import Primitives

/// JoinGroup request (API 11), versions 0-9.
public struct JoinGroupRequest: ProtocolRequest {
    public typealias Response = JoinGroupResponse
    public static var apiKey: APIKey { .joinGroup }
    public static var validVersions: ClosedRange<Int16> { 0...9 }
    public static var flexibleSince: Int16? { 6 }

    /// Group.
    public var groupID: String = ""
    public var sessionTimeoutMs: Int32 = 0
    /// In versions from 1.
    public var rebalanceTimeoutMs: Int32 = -1
    public var memberID: String = ""
    /// In versions from 5.
    public var groupInstanceID: String?
    public var protocolType: String = ""
    public var protocols: [JoinGroupRequestProtocol] = []
    /// In versions from 8.
    public var reason: String?

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 6
        groupID = try reader.readString(flexible: flexible)
        sessionTimeoutMs = try reader.readInt32()
        if version >= 1 { rebalanceTimeoutMs = try reader.readInt32() }
        memberID = try reader.readString(flexible: flexible)
        if version >= 5 { groupInstanceID = try reader.readNullableString(flexible: flexible) }
        protocolType = try reader.readString(flexible: flexible)
        protocols = try reader.readArray(flexible: flexible, elementByteCountMin: flexible ? 3 : 6, version: version)
        if version >= 8 { reason = try reader.readNullableString(flexible: flexible) }
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 6
        precondition(version >= 5 || groupInstanceID == nil, "no groupInstanceID in version \(version)")
        writer.writeString(groupID, flexible: flexible)
        writer.writeInt32(sessionTimeoutMs)
        if version >= 1 { writer.writeInt32(rebalanceTimeoutMs) }
        writer.writeString(memberID, flexible: flexible)
        if version >= 5 { writer.writeNullableString(groupInstanceID, flexible: flexible) }
        writer.writeString(protocolType, flexible: flexible)
        writer.writeArray(protocols, flexible: flexible, version: version)
        if version >= 8 { writer.writeNullableString(reason, flexible: flexible) }
        if flexible { writer.writeUInt8(0) }
    }

    /// A struct inside `JoinGroupRequest`.
    public struct JoinGroupRequestProtocol: WireStructure {
        public var name: String = ""
        public var metadata: SharedBytes = .empty

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 6
            name = try reader.readString(flexible: flexible)
            metadata = try reader.readBytes(flexible: flexible)
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 6
            writer.writeString(name, flexible: flexible)
            writer.writeBytes(metadata, flexible: flexible)
            if flexible { writer.writeUInt8(0) }
        }
    }
}

/// JoinGroup response (API 11), versions 0-9.
public struct JoinGroupResponse: ProtocolResponse {
    public static var apiKey: APIKey { .joinGroup }
    public static var validVersions: ClosedRange<Int16> { 0...9 }
    public static var flexibleSince: Int16? { 6 }

    /// In versions from 2.
    public var throttleTimeMs: Int32 = 0
    public var errorCode: Int16 = 0
    public var generationID: Int32 = -1
    /// In versions from 7.
    public var protocolType: String?
    /// Nil allowed in versions from 7.
    public var protocolName: String? = ""
    public var leader: String = ""
    /// In version 9.
    public var skipAssignment: Bool = false
    public var memberID: String = ""
    public var members: [JoinGroupResponseMember] = []

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 6
        if version >= 2 { throttleTimeMs = try reader.readInt32() }
        errorCode = try reader.readInt16()
        generationID = try reader.readInt32()
        if version >= 7 { protocolType = try reader.readNullableString(flexible: flexible) }
        protocolName = try reader.readNullableString(flexible: flexible, nullable: version >= 7)
        leader = try reader.readString(flexible: flexible)
        if version == 9 { skipAssignment = try reader.readBool() }
        memberID = try reader.readString(flexible: flexible)
        members = try reader.readArray(flexible: flexible, elementByteCountMin: flexible ? 4 : 6, version: version)
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 6
        precondition(version == 9 || !skipAssignment, "no skipAssignment in version \(version)")
        if version >= 2 { writer.writeInt32(throttleTimeMs) }
        writer.writeInt16(errorCode)
        writer.writeInt32(generationID)
        if version >= 7 { writer.writeNullableString(protocolType, flexible: flexible) }
        writer.writeNullableString(protocolName, flexible: flexible, nullable: version >= 7)
        writer.writeString(leader, flexible: flexible)
        if version == 9 { writer.writeBool(skipAssignment) }
        writer.writeString(memberID, flexible: flexible)
        writer.writeArray(members, flexible: flexible, version: version)
        if flexible { writer.writeUInt8(0) }
    }

    /// A struct inside `JoinGroupResponse`.
    public struct JoinGroupResponseMember: WireStructure {
        public var memberID: String = ""
        /// In versions from 5.
        public var groupInstanceID: String?
        public var metadata: SharedBytes = .empty

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 6
            memberID = try reader.readString(flexible: flexible)
            if version >= 5 { groupInstanceID = try reader.readNullableString(flexible: flexible) }
            metadata = try reader.readBytes(flexible: flexible)
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 6
            writer.writeString(memberID, flexible: flexible)
            if version >= 5 { writer.writeNullableString(groupInstanceID, flexible: flexible) }
            writer.writeBytes(metadata, flexible: flexible)
            if flexible { writer.writeUInt8(0) }
        }
    }
}
