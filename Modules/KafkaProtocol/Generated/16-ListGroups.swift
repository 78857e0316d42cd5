// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Tables/16-ListGroups.kafka: change that, not this.

public import Primitives

/// ListGroups request (API 16), versions 0-5.
public struct ListGroupsRequest: ProtocolRequest {
    public typealias Response = ListGroupsResponse
    public static var apiKey: APIKey { .listGroups }
    public static var validVersions: ClosedRange<Int16> { 0...5 }
    public static var flexibleSince: Int16? { 3 }

    /// In versions from 4.
    public var statesFilter: [String] = []
    /// In version 5.
    public var typesFilter: [String] = []

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 3
        if version >= 4 { statesFilter = try reader.readStrings(flexible: flexible) }
        if version == 5 { typesFilter = try reader.readStrings(flexible: flexible) }
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 3
        precondition(version >= 4 || statesFilter.isEmpty, "no statesFilter in version \(version)")
        precondition(version == 5 || typesFilter.isEmpty, "no typesFilter in version \(version)")
        if version >= 4 { writer.writeStrings(statesFilter, flexible: flexible) }
        if version == 5 { writer.writeStrings(typesFilter, flexible: flexible) }
        if flexible { writer.writeUInt8(0) }
    }
}

/// ListGroups response (API 16), versions 0-5.
public struct ListGroupsResponse: ProtocolResponse {
    public static var apiKey: APIKey { .listGroups }
    public static var validVersions: ClosedRange<Int16> { 0...5 }
    public static var flexibleSince: Int16? { 3 }

    /// In versions from 1.
    public var throttleTimeMs: Int32 = 0
    public var errorCode: Int16 = 0
    public var groups: [ListedGroup] = []

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 3
        if version >= 1 { throttleTimeMs = try reader.readInt32() }
        errorCode = try reader.readInt16()
        groups = try reader.readArray(flexible: flexible, elementByteCountMin: flexible ? 3 : 4, version: version)
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 3
        if version >= 1 { writer.writeInt32(throttleTimeMs) }
        writer.writeInt16(errorCode)
        writer.writeArray(groups, flexible: flexible, version: version)
        if flexible { writer.writeUInt8(0) }
    }

    /// A struct inside `ListGroupsResponse`.
    public struct ListedGroup: WireStructure {
        /// Group.
        public var groupID: String = ""
        public var protocolType: String = ""
        /// In versions from 4.
        public var groupState: String = ""
        /// In version 5.
        public var groupType: String = ""

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 3
            groupID = try reader.readString(flexible: flexible)
            protocolType = try reader.readString(flexible: flexible)
            if version >= 4 { groupState = try reader.readString(flexible: flexible) }
            if version == 5 { groupType = try reader.readString(flexible: flexible) }
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 3
            writer.writeString(groupID, flexible: flexible)
            writer.writeString(protocolType, flexible: flexible)
            if version >= 4 { writer.writeString(groupState, flexible: flexible) }
            if version == 5 { writer.writeString(groupType, flexible: flexible) }
            if flexible { writer.writeUInt8(0) }
        }
    }
}
