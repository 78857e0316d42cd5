// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Tables/81-RemoveRaftVoter.kafka: change that, not this.

public import Primitives

/// RemoveRaftVoter request (API 81), version 0.
public struct RemoveRaftVoterRequest: ProtocolRequest {
    public typealias Response = RemoveRaftVoterResponse
    public static var apiKey: APIKey { .removeRaftVoter }
    public static var validVersions: ClosedRange<Int16> { 0...0 }
    public static var flexibleSince: Int16? { 0 }

    public var clusterID: String?
    public var voterID: Int32 = 0
    public var voterDirectoryID: ProtocolUUID = .zero

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        clusterID = try reader.readNullableString(flexible: true)
        voterID = try reader.readInt32()
        voterDirectoryID = try reader.readUUID()
        try reader.skipTaggedFields()
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        writer.writeNullableString(clusterID, flexible: true)
        writer.writeInt32(voterID)
        writer.writeUUID(voterDirectoryID)
        writer.writeUInt8(0)
    }
}

/// RemoveRaftVoter response (API 81), version 0.
public struct RemoveRaftVoterResponse: ProtocolResponse {
    public static var apiKey: APIKey { .removeRaftVoter }
    public static var validVersions: ClosedRange<Int16> { 0...0 }
    public static var flexibleSince: Int16? { 0 }

    public var throttleTimeMs: Int32 = 0
    public var errorCode: Int16 = 0
    public var errorMessage: String?

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        throttleTimeMs = try reader.readInt32()
        errorCode = try reader.readInt16()
        errorMessage = try reader.readNullableString(flexible: true)
        try reader.skipTaggedFields()
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        writer.writeInt32(throttleTimeMs)
        writer.writeInt16(errorCode)
        writer.writeNullableText(errorMessage, flexible: true)
        writer.writeUInt8(0)
    }
}
