// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Tables/80-AddRaftVoter.kafka: change that, not this.

public import Primitives

/// AddRaftVoter request (API 80), versions 0-1.
public struct AddRaftVoterRequest: ProtocolRequest {
    public typealias Response = AddRaftVoterResponse
    public static var apiKey: APIKey { .addRaftVoter }
    public static var validVersions: ClosedRange<Int16> { 0...1 }
    public static var flexibleSince: Int16? { 0 }

    public var clusterID: String?
    public var timeoutMs: Int32 = 0
    public var voterID: Int32 = 0
    public var voterDirectoryID: ProtocolUUID = .zero
    public var listeners: [Listener] = []
    /// In version 1.
    public var ackWhenCommitted: Bool = true

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        clusterID = try reader.readNullableString(flexible: true)
        timeoutMs = try reader.readInt32()
        voterID = try reader.readInt32()
        voterDirectoryID = try reader.readUUID()
        listeners = try reader.readArray(flexible: true, elementByteCountMin: 5, version: version)
        if version == 1 { ackWhenCommitted = try reader.readBool() }
        try reader.skipTaggedFields()
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        precondition(version == 1 || ackWhenCommitted, "no ackWhenCommitted in version \(version)")
        writer.writeNullableString(clusterID, flexible: true)
        writer.writeInt32(timeoutMs)
        writer.writeInt32(voterID)
        writer.writeUUID(voterDirectoryID)
        writer.writeArray(listeners, flexible: true, version: version)
        if version == 1 { writer.writeBool(ackWhenCommitted) }
        writer.writeUInt8(0)
    }

    /// A struct inside `AddRaftVoterRequest`.
    public struct Listener: WireStructure {
        public var name: String = ""
        public var host: String = ""
        public var port: UInt16 = 0

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            name = try reader.readString(flexible: true)
            host = try reader.readString(flexible: true)
            port = try reader.readInteger()
            try reader.skipTaggedFields()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            writer.writeString(name, flexible: true)
            writer.writeString(host, flexible: true)
            writer.writeInteger(port)
            writer.writeUInt8(0)
        }
    }
}

/// AddRaftVoter response (API 80), versions 0-1.
public struct AddRaftVoterResponse: ProtocolResponse {
    public static var apiKey: APIKey { .addRaftVoter }
    public static var validVersions: ClosedRange<Int16> { 0...1 }
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
