// SPDX-License-Identifier: Apache-2.0
// Made by protocol-generator from Tables/21-DeleteRecords.kafka: change that, not this.

public import Primitives

/// DeleteRecords request (API 21), versions 0-2.
public struct DeleteRecordsRequest: ProtocolRequest {
    public typealias Response = DeleteRecordsResponse
    public static var apiKey: APIKey { .deleteRecords }
    public static var validVersions: ClosedRange<Int16> { 0...2 }
    public static var flexibleSince: Int16? { 2 }

    public var topics: [DeleteRecordsTopic] = []
    public var timeoutMs: Int32 = 0

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 2
        topics = try reader.readArray(flexible: flexible, elementByteCountMin: flexible ? 3 : 6, version: version)
        timeoutMs = try reader.readInt32()
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 2
        writer.writeArray(topics, flexible: flexible, version: version)
        writer.writeInt32(timeoutMs)
        if flexible { writer.writeUInt8(0) }
    }

    /// A struct inside `DeleteRecordsRequest`.
    public struct DeleteRecordsTopic: WireStructure {
        /// Topic.
        public var name: String = ""
        public var partitions: [DeleteRecordsPartition] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 2
            name = try reader.readString(flexible: flexible)
            partitions = try reader.readArray(
                flexible: flexible, elementByteCountMin: flexible ? 13 : 12, version: version)
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 2
            writer.writeString(name, flexible: flexible)
            writer.writeArray(partitions, flexible: flexible, version: version)
            if flexible { writer.writeUInt8(0) }
        }
    }

    /// A struct inside `DeleteRecordsRequest`.
    public struct DeleteRecordsPartition: WireStructure {
        public var partitionIndex: Int32 = 0
        public var offset: Int64 = 0

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 2
            partitionIndex = try reader.readInt32()
            offset = try reader.readInt64()
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 2
            writer.writeInt32(partitionIndex)
            writer.writeInt64(offset)
            if flexible { writer.writeUInt8(0) }
        }
    }
}

/// DeleteRecords response (API 21), versions 0-2.
public struct DeleteRecordsResponse: ProtocolResponse {
    public static var apiKey: APIKey { .deleteRecords }
    public static var validVersions: ClosedRange<Int16> { 0...2 }
    public static var flexibleSince: Int16? { 2 }

    public var throttleTimeMs: Int32 = 0
    public var topics: [DeleteRecordsTopicResult] = []

    public init() {}

    public init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
        try reader.checkVersion(version, in: Self.validVersions)
        let flexible = version >= 2
        throttleTimeMs = try reader.readInt32()
        topics = try reader.readArray(flexible: flexible, elementByteCountMin: flexible ? 3 : 6, version: version)
        if flexible { try reader.skipTaggedFields() }
    }

    public func encode(into writer: inout ByteWriter, version: Int16) {
        requireVersion(version, in: Self.validVersions)
        let flexible = version >= 2
        writer.writeInt32(throttleTimeMs)
        writer.writeArray(topics, flexible: flexible, version: version)
        if flexible { writer.writeUInt8(0) }
    }

    /// A struct inside `DeleteRecordsResponse`.
    public struct DeleteRecordsTopicResult: WireStructure {
        /// Topic.
        public var name: String = ""
        public var partitions: [DeleteRecordsPartitionResult] = []

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 2
            name = try reader.readString(flexible: flexible)
            partitions = try reader.readArray(
                flexible: flexible, elementByteCountMin: flexible ? 15 : 14, version: version)
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 2
            writer.writeString(name, flexible: flexible)
            writer.writeArray(partitions, flexible: flexible, version: version)
            if flexible { writer.writeUInt8(0) }
        }
    }

    /// A struct inside `DeleteRecordsResponse`.
    public struct DeleteRecordsPartitionResult: WireStructure {
        public var partitionIndex: Int32 = 0
        public var lowWatermark: Int64 = 0
        public var errorCode: Int16 = 0

        /// All fields at the protocol's defaults.
        public init() {}

        init(decoding reader: inout ByteReader, version: Int16) throws(DecodeError) {
            let flexible = version >= 2
            partitionIndex = try reader.readInt32()
            lowWatermark = try reader.readInt64()
            errorCode = try reader.readInt16()
            if flexible { try reader.skipTaggedFields() }
        }

        func encode(into writer: inout ByteWriter, version: Int16) {
            let flexible = version >= 2
            writer.writeInt32(partitionIndex)
            writer.writeInt64(lowWatermark)
            writer.writeInt16(errorCode)
            if flexible { writer.writeUInt8(0) }
        }
    }
}
