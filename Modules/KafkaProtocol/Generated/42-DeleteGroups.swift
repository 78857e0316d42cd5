// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Tables/42-DeleteGroups.kafka: change that, not this.

public import Primitives

/// DeleteGroups request (API 42), versions 0-2.
public struct DeleteGroupsRequest: ProtocolRequest {
    public typealias Response = DeleteGroupsResponse
    public static var apiKey: APIKey { .deleteGroups }
    public static var validVersions: ClosedRange<Int16> { 0...2 }
    public static var flexibleSince: Int16? { 2 }

    /// Group.
    public var groupsNames: [String] = []

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 2
        groupsNames = try reader.readStrings(flexible: flexible)
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 2
        writer.writeStrings(groupsNames, flexible: flexible)
        if flexible { writer.writeUInt8(0) }
    }
}

/// DeleteGroups response (API 42), versions 0-2.
public struct DeleteGroupsResponse: ProtocolResponse {
    public static var apiKey: APIKey { .deleteGroups }
    public static var validVersions: ClosedRange<Int16> { 0...2 }
    public static var flexibleSince: Int16? { 2 }

    public var throttleTimeMs: Int32 = 0
    public var results: [DeletableGroupResult] = []

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 2
        throttleTimeMs = try reader.readInt32()
        results = try reader.readArray(flexible: flexible, elementByteCountMin: 4, version: version)
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 2
        writer.writeInt32(throttleTimeMs)
        writer.writeArray(results, flexible: flexible, version: version)
        if flexible { writer.writeUInt8(0) }
    }

    /// A struct inside `DeleteGroupsResponse`.
    public struct DeletableGroupResult: WireStructure {
        /// Group.
        public var groupID: String = ""
        public var errorCode: Int16 = 0

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 2
            groupID = try reader.readString(flexible: flexible)
            errorCode = try reader.readInt16()
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 2
            writer.writeString(groupID, flexible: flexible)
            writer.writeInt16(errorCode)
            if flexible { writer.writeUInt8(0) }
        }
    }
}
