// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Tables/47-OffsetDelete.kafka: change that, not this.

public import Primitives

/// OffsetDelete request (API 47), version 0.
public struct OffsetDeleteRequest: ProtocolRequest {
    public typealias Response = OffsetDeleteResponse
    public static var apiKey: APIKey { .offsetDelete }
    public static var validVersions: ClosedRange<Int16> { 0...0 }
    public static var flexibleSince: Int16? { nil }

    /// Group.
    public var groupID: String = ""
    public var topics: [OffsetDeleteRequestTopic] = []

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        groupID = try reader.readString(flexible: false)
        topics = try reader.readArray(flexible: false, elementByteCountMin: 6, version: version)
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        writer.writeString(groupID, flexible: false)
        writer.writeArray(topics, flexible: false, version: version)
    }

    /// A struct inside `OffsetDeleteRequest`.
    public struct OffsetDeleteRequestTopic: WireStructure {
        /// Topic.
        public var name: String = ""
        public var partitions: [OffsetDeleteRequestPartition] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            name = try reader.readString(flexible: false)
            partitions = try reader.readArray(flexible: false, elementByteCountMin: 4, version: version)
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            writer.writeString(name, flexible: false)
            writer.writeArray(partitions, flexible: false, version: version)
        }
    }

    /// A struct inside `OffsetDeleteRequest`.
    public struct OffsetDeleteRequestPartition: WireStructure {
        public var partitionIndex: Int32 = 0

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            partitionIndex = try reader.readInt32()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            writer.writeInt32(partitionIndex)
        }
    }
}

/// OffsetDelete response (API 47), version 0.
public struct OffsetDeleteResponse: ProtocolResponse {
    public static var apiKey: APIKey { .offsetDelete }
    public static var validVersions: ClosedRange<Int16> { 0...0 }
    public static var flexibleSince: Int16? { nil }

    public var errorCode: Int16 = 0
    public var throttleTimeMs: Int32 = 0
    public var topics: [OffsetDeleteResponseTopic] = []

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        errorCode = try reader.readInt16()
        throttleTimeMs = try reader.readInt32()
        topics = try reader.readArray(flexible: false, elementByteCountMin: 6, version: version)
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        writer.writeInt16(errorCode)
        writer.writeInt32(throttleTimeMs)
        writer.writeArray(topics, flexible: false, version: version)
    }

    /// A struct inside `OffsetDeleteResponse`.
    public struct OffsetDeleteResponseTopic: WireStructure {
        /// Topic.
        public var name: String = ""
        public var partitions: [OffsetDeleteResponsePartition] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            name = try reader.readString(flexible: false)
            partitions = try reader.readArray(flexible: false, elementByteCountMin: 6, version: version)
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            writer.writeString(name, flexible: false)
            writer.writeArray(partitions, flexible: false, version: version)
        }
    }

    /// A struct inside `OffsetDeleteResponse`.
    public struct OffsetDeleteResponsePartition: WireStructure {
        public var partitionIndex: Int32 = 0
        public var errorCode: Int16 = 0

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            partitionIndex = try reader.readInt32()
            errorCode = try reader.readInt16()
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            writer.writeInt32(partitionIndex)
            writer.writeInt16(errorCode)
        }
    }
}
