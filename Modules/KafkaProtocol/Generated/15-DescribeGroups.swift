// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Tables/15-DescribeGroups.kafka: change that, not this.

public import Primitives

/// DescribeGroups request (API 15), versions 0-6.
public struct DescribeGroupsRequest: ProtocolRequest {
    public typealias Response = DescribeGroupsResponse
    public static var apiKey: APIKey { .describeGroups }
    public static var validVersions: ClosedRange<Int16> { 0...6 }
    public static var flexibleSince: Int16? { 5 }

    /// Group.
    public var groups: [String] = []
    /// In versions from 3.
    public var includeAuthorizedOperations: Bool = false

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 5
        groups = try reader.readStrings(flexible: flexible)
        if version >= 3 { includeAuthorizedOperations = try reader.readBool() }
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 5
        precondition(
            version >= 3 || !includeAuthorizedOperations, "no includeAuthorizedOperations in version \(version)")
        writer.writeStrings(groups, flexible: flexible)
        if version >= 3 { writer.writeBool(includeAuthorizedOperations) }
        if flexible { writer.writeUInt8(0) }
    }
}

/// DescribeGroups response (API 15), versions 0-6.
public struct DescribeGroupsResponse: ProtocolResponse {
    public static var apiKey: APIKey { .describeGroups }
    public static var validVersions: ClosedRange<Int16> { 0...6 }
    public static var flexibleSince: Int16? { 5 }

    /// In versions from 1.
    public var throttleTimeMs: Int32 = 0
    public var groups: [DescribedGroup] = []

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 5
        if version >= 1 { throttleTimeMs = try reader.readInt32() }
        groups = try reader.readArray(flexible: flexible, elementByteCountMin: flexible ? 12 : 14, version: version)
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 5
        if version >= 1 { writer.writeInt32(throttleTimeMs) }
        writer.writeArray(groups, flexible: flexible, version: version)
        if flexible { writer.writeUInt8(0) }
    }

    /// A struct inside `DescribeGroupsResponse`.
    public struct DescribedGroup: WireStructure {
        public var errorCode: Int16 = 0
        /// In version 6.
        public var errorMessage: String?
        /// Group.
        public var groupID: String = ""
        public var groupState: String = ""
        public var protocolType: String = ""
        public var protocolData: String = ""
        public var members: [DescribedGroupMember] = []
        /// In versions from 3.
        public var authorizedOperations: Int32 = -2147483648

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 5
            errorCode = try reader.readInt16()
            if version == 6 { errorMessage = try reader.readNullableString(flexible: flexible) }
            groupID = try reader.readString(flexible: flexible)
            groupState = try reader.readString(flexible: flexible)
            protocolType = try reader.readString(flexible: flexible)
            protocolData = try reader.readString(flexible: flexible)
            members = try reader.readArray(flexible: flexible, elementByteCountMin: flexible ? 7 : 14, version: version)
            if version >= 3 { authorizedOperations = try reader.readInt32() }
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 5
            precondition(version == 6 || errorMessage == nil, "no errorMessage in version \(version)")
            precondition(
                version >= 3 || authorizedOperations == -2147483648, "no authorizedOperations in version \(version)")
            writer.writeInt16(errorCode)
            if version == 6 { writer.writeNullableText(errorMessage, flexible: flexible) }
            writer.writeString(groupID, flexible: flexible)
            writer.writeString(groupState, flexible: flexible)
            writer.writeString(protocolType, flexible: flexible)
            writer.writeString(protocolData, flexible: flexible)
            writer.writeArray(members, flexible: flexible, version: version)
            if version >= 3 { writer.writeInt32(authorizedOperations) }
            if flexible { writer.writeUInt8(0) }
        }
    }

    /// A struct inside `DescribeGroupsResponse`.
    public struct DescribedGroupMember: WireStructure {
        public var memberID: String = ""
        /// In versions from 4.
        public var groupInstanceID: String?
        public var clientID: String = ""
        public var clientHost: String = ""
        public var memberMetadata: SharedBytes = .empty
        public var memberAssignment: SharedBytes = .empty

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 5
            memberID = try reader.readString(flexible: flexible)
            if version >= 4 { groupInstanceID = try reader.readNullableString(flexible: flexible) }
            clientID = try reader.readString(flexible: flexible)
            clientHost = try reader.readString(flexible: flexible)
            memberMetadata = try reader.readBytes(flexible: flexible)
            memberAssignment = try reader.readBytes(flexible: flexible)
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 5
            writer.writeString(memberID, flexible: flexible)
            if version >= 4 { writer.writeNullableString(groupInstanceID, flexible: flexible) }
            writer.writeString(clientID, flexible: flexible)
            writer.writeString(clientHost, flexible: flexible)
            writer.writeBytes(memberMetadata, flexible: flexible)
            writer.writeBytes(memberAssignment, flexible: flexible)
            if flexible { writer.writeUInt8(0) }
        }
    }
}
